//! Certificates against a real TLS server on loopback: who is trusted, and as whom we come. What
//! each way of failing says about the money is in `loopback.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use bytes::Bytes;
use pagos_core::Clock;
use pagos_core::Departure;
use pagos_core::Reached;
use pagos_core::Timestamp;
use pagos_core::Transport;
use pagos_http::ClientIdentity;
use pagos_http::HttpOptions;
use pagos_http::HttpTransport;
use pagos_http::RootCertificates;
use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::CertifiedIssuer;
use rcgen::ExtendedKeyUsagePurpose;
use rcgen::IsCa;
use rcgen::KeyPair;
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A clock that stands still.
#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_733_140_800_000)
    }
}

/// A certificate authority of a test.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, as PEM texts.
struct Issued {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(params, key).unwrap() }
    }

    fn issue(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> Issued {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    fn client(&self) -> Issued {
        self.issue("merchant.example", ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn roots(&self) -> RootCertificates {
        RootCertificates::from_pem(self.issuer.pem().as_bytes()).unwrap()
    }
}

impl Issued {
    fn identity(&self) -> ClientIdentity {
        ClientIdentity::from_pem(self.certificate.as_bytes(), self.key.as_bytes()).unwrap()
    }
}

/// Serves connections that show a certificate of `authority`, and says hello in HTTP.
async fn serve(authority: &Authority) -> u16 {
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
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0_u8; 4096];
            let _ = stream.read(&mut request).await;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

fn request(port: u16) -> http::Request<Bytes> {
    http::Request::get(format!("https://localhost:{port}/")).body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn a_known_client_is_let_in() {
    let authority = Authority::new();
    let port = serve(&authority).await;
    let options = HttpOptions {
        client_identity: Some(authority.client().identity()),
        extra_roots: authority.roots(),
        ..HttpOptions::default()
    };
    let transport = HttpTransport::new(&options, Arc::new(Noon)).unwrap();
    assert_eq!(transport.send(request(port), Departure::Anytime).await.unwrap().body(), "hello");
}

#[tokio::test]
async fn no_certificate_and_a_foreign_one_are_not_let_in() {
    let authority = Authority::new();
    let port = serve(&authority).await;
    for client_identity in [None, Some(Authority::new().client().identity())] {
        let options = HttpOptions {
            client_identity,
            extra_roots: authority.roots(),
            ..HttpOptions::default()
        };
        // TLS 1.3 refuses a client after the handshake, when the request may have left already: no
        // word on whether it arrived.
        let sent = HttpTransport::new(&options, Arc::new(Noon))
            .unwrap()
            .send(request(port), Departure::Anytime)
            .await;
        assert!(sent.is_err(), "{sent:?}");
    }
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_certainly_no() {
    let authority = Authority::new();
    let port = serve(&authority).await;
    for extra_roots in [RootCertificates::default(), Authority::new().roots()] {
        let options = HttpOptions {
            client_identity: Some(authority.client().identity()),
            extra_roots,
            ..HttpOptions::default()
        };
        let error = HttpTransport::new(&options, Arc::new(Noon))
            .unwrap()
            .send(request(port), Departure::Anytime)
            .await
            .unwrap_err();
        assert_eq!(error.reached, Reached::No, "{error}");
    }
}

#[test]
fn a_key_belongs_to_its_certificate() {
    let authority = Authority::new();
    let (one, other) = (authority.client(), authority.client());
    let mixed = ClientIdentity::from_pem(one.certificate.as_bytes(), other.key.as_bytes()).unwrap();
    let options = HttpOptions { client_identity: Some(mixed), ..HttpOptions::default() };
    let refused = HttpTransport::new(&options, Arc::new(Noon)).unwrap_err();
    assert_eq!(refused.field(), Some("client_certificate"));
    assert_ne!(one.identity(), other.identity());
    assert_eq!(one.identity(), one.identity());
}

#[test]
fn what_is_no_pem_is_refused_without_showing_it() {
    let issued = Authority::new().client();
    let torn = issued.key.replace("-----END PRIVATE KEY-----", "canary");
    let (certificate, key) = (issued.certificate.as_bytes(), issued.key.as_bytes());
    let cases = [
        (&b"canary"[..], key, "client_certificate"),
        (key, key, "client_certificate"),
        (certificate, &b"canary"[..], "client_key"),
        (certificate, torn.as_bytes(), "client_key"),
        (certificate, certificate, "client_key"),
    ];
    for (certificate, key, field) in cases {
        let refused = ClientIdentity::from_pem(certificate, key).unwrap_err();
        assert_eq!(refused.field(), Some(field));
        assert!(!format!("{refused:?}").contains("canary"), "{refused:?}");
    }
    assert!(RootCertificates::from_pem(b"").is_err());
    assert!(RootCertificates::from_pem(key).is_err());
    let both = [certificate, key].concat();
    let identity = ClientIdentity::from_pem(&both, &both).unwrap();
    let options = HttpOptions { client_identity: Some(identity), ..HttpOptions::default() };
    let start: String = issued.key.lines().nth(1).unwrap().to_owned();
    assert!(!format!("{options:?}").contains(&start), "{options:?}");
}
