//! The TLS settings: ring for the arithmetic, the system's certificate authorities for the trust,
//! and what an account adds: authorities, and a certificate of its own. Nothing here can be turned
//! off.
//!
//! ring and not aws-lc-rs, reqwest's own choice: signatures of webhooks need ring anyway, and one
//! cryptographic library compiles once, without cmake. The provider is given to this client alone;
//! the process-wide default of rustls, which belongs to the application, is not touched.

use std::{fmt, sync::Arc};

use pagos_core::{Error, ErrorKind};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use rustls_platform_verifier::{BuilderVerifierExt, Verifier};

use crate::HttpOptions;

/// Whom the client trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The certificate authorities of the system, and those that were given.
    System,
    /// None were found: https fails, and says why; plain http (a twin on loopback) works.
    Nobody,
}

/// A client's certificate with its key, for servers that want to know who calls (mutual TLS).
///
/// `Debug` shows nothing of the key. It stays in memory as long as a transport that was built with
/// it.
#[derive(Clone)]
pub struct ClientIdentity {
    inner: Arc<Identity>,
}

struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl ClientIdentity {
    /// Reads PEM texts: the certificate, followed by what links it to its authority, and the key
    /// (PKCS #8, PKCS #1 or SEC 1, not encrypted). Both may be one text.
    ///
    /// ```
    /// use pagos_http::ClientIdentity;
    ///
    /// let refused = ClientIdentity::from_pem(b"no certificate", b"no key").unwrap_err();
    /// assert_eq!(refused.field(), Some("client_certificate"));
    /// ```
    ///
    /// # Errors
    /// `Invalid` for `client_certificate` or `client_key`, without a word of either. That they
    /// belong together is checked by [`crate::HttpTransport::new`].
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

/// Certificate authorities to trust beside the system's.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RootCertificates {
    certificates: Vec<CertificateDer<'static>>,
}

impl RootCertificates {
    /// Reads a PEM text of one certificate or several.
    ///
    /// ```
    /// use pagos_http::RootCertificates;
    ///
    /// let refused = RootCertificates::from_pem(b"no certificate").unwrap_err();
    /// assert_eq!(refused.field(), Some("root_certificate"));
    /// ```
    ///
    /// # Errors
    /// `Invalid` for `root_certificate` if there is none in it or one cannot be read.
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
/// `Invalid` for certificates and keys that do not fit together, and if rustls refuses its own
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

/// The system's authorities and the further ones. Without any, nobody is trusted, and nothing fails
/// before the first https call.
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
        // The name is rustls's for any verifier that is given. This one checks all that the
        // system's does, with more authorities.
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
