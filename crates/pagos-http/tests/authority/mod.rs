//! A certificate authority of a test, and a provider on loopback with a certificate of it.

#![allow(dead_code)]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use pagos_core::{Clock, Timestamp};
use pagos_http::{ClientIdentity, RootCertificates};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// A clock that stands still.
#[derive(Debug)]
pub(crate) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_733_140_800_000)
    }
}

/// A certificate authority of a test.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, as PEM texts.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(params, key).unwrap() }
    }

    pub(crate) fn issue(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> Issued {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    pub(crate) fn client(&self) -> Issued {
        self.issue("merchant.example", ExtendedKeyUsagePurpose::ClientAuth)
    }

    pub(crate) fn roots(&self) -> RootCertificates {
        RootCertificates::from_pem(self.issuer.pem().as_bytes()).unwrap()
    }
}

impl Issued {
    pub(crate) fn identity(&self) -> ClientIdentity {
        ClientIdentity::from_pem(self.certificate.as_bytes(), self.key.as_bytes()).unwrap()
    }
}

/// What a provider does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Hello,
    /// It reads the request, and the connection breaks.
    Nothing,
}

/// A provider that lets those in who show a certificate of its authority, as `localhost`.
pub(crate) struct Provider {
    pub(crate) port: u16,
    /// Connections that anybody opened.
    pub(crate) connections: Arc<AtomicUsize>,
    /// Every request, as it came.
    pub(crate) requests: tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>,
}

impl Provider {
    pub(crate) async fn serve(authority: &Authority, answer: Answer) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config(authority)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = tokio::sync::mpsc::unbounded_channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = vec![0_u8; 4096];
                let size = stream.read(&mut request).await.unwrap_or(0);
                request.truncate(size);
                let _ = sender.send(request);
                if answer == Answer::Nothing {
                    continue;
                }
                let hello =
                    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
                let _ = stream.write_all(hello).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { port, connections, requests }
    }
}

/// The settings of a server that has a certificate of this authority, and asks for one.
pub(crate) fn config(authority: &Authority) -> ServerConfig {
    let server = authority.issue("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.issuer.der().clone()).unwrap();
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let chain = vec![
        rustls::pki_types::CertificateDer::from_pem_slice(server.certificate.as_bytes()).unwrap(),
    ];
    let key = PrivateKeyDer::from_pem_slice(server.key.as_bytes()).unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap()
}
