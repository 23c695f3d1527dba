//! The TLS settings: ring for the arithmetic, the system's certificate authorities for the trust.
//! Not a place for switches: nothing here can be turned off.
//!
//! ring and not aws-lc-rs, reqwest's own choice: Conekta's signatures need ring anyway, and one
//! cryptographic library compiles once, without cmake. The provider is given to this client alone;
//! the process-wide default of rustls, which belongs to the application, is not touched.

use std::sync::Arc;

use pagos_core::Error;
use pagos_core::ErrorKind;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls_platform_verifier::BuilderVerifierExt;

/// Whom the client trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The certificate authorities of the system.
    System,
    /// None were found: https fails, and says why; plain http (a twin on loopback) works.
    Nobody,
}

/// Builds the settings for TLS 1.2 and 1.3.
///
/// # Errors
/// `Invalid` if rustls refuses its own defaults, which it does not.
pub(crate) fn build_config() -> Result<(ClientConfig, Trust), Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    match builder(&provider)?.with_platform_verifier() {
        Ok(trusting) => Ok((trusting.with_no_client_auth(), Trust::System)),
        Err(_) => {
            let nobody = RootCertStore::empty();
            let config = builder(&provider)?.with_root_certificates(nobody).with_no_client_auth();
            Ok((config, Trust::Nobody))
        }
    }
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;

fn builder(provider: &Arc<CryptoProvider>) -> Result<Builder, Error> {
    ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Invalid, "TLS cannot be set up").with_source(error))
}
