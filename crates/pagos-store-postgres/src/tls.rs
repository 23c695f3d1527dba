//! Decides which database servers are trusted. TLS itself is rustls with ring.
//!
//! The process-wide default of rustls belongs to the application and is not changed.

use std::sync::Arc;

use pagos_engine::StoreError;
use rustls::{
    ClientConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::{BuilderVerifierExt, Verifier};

/// Trusts the system's authorities, and those in `extra_roots_pem` if there are any.
pub(crate) fn build_config(extra_roots_pem: &[u8]) -> Result<ClientConfig, StoreError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    if extra_roots_pem.is_empty() {
        let trusting = builder(&provider)?.with_platform_verifier().map_err(|cause| {
            let message = "this machine has no certificates of authorities, so no server can be \
                           verified; install them (ca-certificates), or name one (sslrootcert)";
            StoreError::new(message).with_source(cause)
        })?;
        return Ok(trusting.with_no_client_auth());
    }
    let roots = CertificateDer::pem_slice_iter(extra_roots_pem)
        .collect::<Result<Vec<_>, _>>()
        .ok()
        .filter(|roots| !roots.is_empty())
        .ok_or_else(|| StoreError::new("the authorities' certificates are not PEM text"))?;
    let verifier =
        Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(|cause| {
            StoreError::new("a certificate cannot be an authority").with_source(cause)
        })?;
    // The name is what rustls calls any verifier that is passed in. This one checks everything that
    // the system's does, with more authorities.
    let trusting =
        builder(&provider)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(trusting.with_no_client_auth())
}

fn builder(
    provider: &Arc<CryptoProvider>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, StoreError> {
    ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|cause| StoreError::new("TLS cannot be set up").with_source(cause))
}
