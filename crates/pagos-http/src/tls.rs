//! The TLS settings: ring for cryptography, the system's certificate authorities for trust, and the
//! authorities and client certificate that an account adds. No check can be turned off.
//!
//! We use ring rather than aws-lc-rs, reqwest's own choice: signatures of webhooks need ring
//! anyway, and one cryptographic library compiles once, without cmake. Only this client gets the
//! provider; the process-wide default of rustls belongs to the application and is not changed.

use std::{fmt, sync::Arc};

use pagos_core::{Error, ErrorKind};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use rustls_platform_verifier::{BuilderVerifierExt, Verifier};

use crate::HttpOptions;

/// Which authorities the client trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The certificate authorities of the system, and the additional ones.
    System,
    /// No authorities were found: https fails and says why; plain http (a twin on loopback) works.
    Nobody,
}

/// A client certificate with its key, for servers that authenticate their callers (mutual TLS).
///
/// `Debug` hides the key. It stays in memory as long as a transport that was built with it.
#[derive(Clone)]
pub struct ClientIdentity {
    inner: Arc<Identity>,
}

struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl ClientIdentity {
    /// Parses PEM texts: the certificate, followed by the chain to its authority, and the key (PKCS
    /// #8, PKCS #1 or SEC 1, not encrypted). Both may be the same text.
    ///
    /// ```
    /// use pagos_http::ClientIdentity;
    ///
    /// let refused = ClientIdentity::from_pem(b"no certificate", b"no key").unwrap_err();
    /// assert_eq!(refused.field(), Some("client_certificate"));
    /// ```
    ///
    /// # Errors
    /// `Invalid` for `client_certificate` or `client_key`, without any part of either in the
    /// message. [`crate::HttpTransport::new`] checks that they belong together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, Error> {
        let chain = read_certificates("client_certificate", certificates)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
            Error::invalid("client_key").because("there is no plain private key in the PEM text")
        })?;
        Ok(Self { inner: Arc::new(Identity { chain, key }) })
    }
}

/// Two identities are equal if they show the same certificates.
impl PartialEq for ClientIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.inner.chain == other.inner.chain
    }
}

impl Eq for ClientIdentity {}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity(..)")
    }
}

/// Certificate authorities to trust in addition to the system's.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RootCertificates {
    certificates: Vec<CertificateDer<'static>>,
}

impl RootCertificates {
    /// Parses a PEM text with one or more certificates.
    ///
    /// ```
    /// use pagos_http::RootCertificates;
    ///
    /// let refused = RootCertificates::from_pem(b"no certificate").unwrap_err();
    /// assert_eq!(refused.field(), Some("root_certificate"));
    /// ```
    ///
    /// # Errors
    /// `Invalid` for `root_certificate` if it contains none or one cannot be read.
    pub fn from_pem(certificates: &[u8]) -> Result<Self, Error> {
        Ok(Self { certificates: read_certificates("root_certificate", certificates)? })
    }
}

impl fmt::Debug for RootCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootCertificates({})", self.certificates.len())
    }
}

fn read_certificates(
    field: &'static str,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, Error> {
    let refused = |because| Error::invalid(field).because(because);
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates =
        certificates.map_err(|_| refused("a certificate in the PEM text cannot be read"))?;
    match certificates.is_empty() {
        true => Err(refused("there is no certificate in the PEM text")),
        false => Ok(certificates),
    }
}

/// Builds the settings for TLS 1.2 and 1.3.
///
/// # Errors
/// `Invalid` for certificates and keys that do not belong together, and if rustls refuses its own
/// defaults, which it does not.
pub(crate) fn build_config(options: &HttpOptions) -> Result<(ClientConfig, Trust), Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (trusting, trust) = trust(&provider, &options.extra_roots)?;
    let Some(identity) = &options.client_identity else {
        return Ok((trusting.with_no_client_auth(), trust));
    };
    let Identity { chain, key } = identity.inner.as_ref();
    let config =
        trusting.with_client_auth_cert(chain.clone(), key.clone_key()).map_err(|cause| {
            Error::invalid("client_certificate")
                .because("the certificate cannot be used with this key")
                .with_source(cause)
        })?;
    Ok((config, trust))
}

/// The system's authorities and the additional ones. Without any, no server is trusted, and nothing
/// fails before the first https call.
fn trust(
    provider: &Arc<CryptoProvider>,
    extra_roots: &RootCertificates,
) -> Result<(Trusting, Trust), Error> {
    let extra_roots = &extra_roots.certificates;
    if !extra_roots.is_empty() {
        let verifier =
            Verifier::new_with_extra_roots(extra_roots.iter().cloned(), Arc::clone(provider))
                .map_err(|cause| {
                    Error::invalid("root_certificate")
                        .because("a certificate cannot be an authority")
                        .with_source(cause)
                })?;
        // The name is what rustls calls any verifier that is passed in. This one checks everything
        // that the system's does, with more authorities.
        let trusting =
            builder(provider)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        return Ok((trusting, Trust::System));
    }
    match builder(provider)?.with_platform_verifier() {
        Ok(trusting) => Ok((trusting, Trust::System)),
        Err(_) => {
            let nobody = RootCertStore::empty();
            Ok((builder(provider)?.with_root_certificates(nobody), Trust::Nobody))
        }
    }
}

type Trusting = rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>;

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;

fn builder(provider: &Arc<CryptoProvider>) -> Result<Builder, Error> {
    ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Invalid, "TLS cannot be set up").with_source(error))
}
