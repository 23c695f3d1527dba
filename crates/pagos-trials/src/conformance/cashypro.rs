//! Cashypro as a fixture case describes it. Only the public API: the seams are the suite's.

use std::sync::Arc;

use pagos_cashypro::{Cashypro, CashyproConfig, NonceText, SignCase};
use pagos_conformance::{Case, Nonces, Seams, Signer, Subject};
use pagos_core::{Error, Secret};

/// The provider over the seams of the case.
pub(super) fn build(case: &Case, seams: Seams) -> Result<Subject, Error> {
    let config = CashyproConfig::from_lookup(|name| case.setting(name))?;
    let signer = CashyproSigner { api_key: config.api_key.clone(), sign_case: config.sign_case };
    let nonces = Arc::new(AsWritten(Arc::clone(&seams.nonces)));
    let provider = Cashypro::new(config, seams.transport, seams.clock, seams.nonces)?;
    let provider = Box::new(provider.with_nonce_text(nonces));
    Ok(Subject { provider, signer: Some(Box::new(signer)) })
}

/// Documented examples have nonces of every form.
#[derive(Debug)]
struct AsWritten(Arc<Nonces>);

impl NonceText for AsWritten {
    fn draw(&self) -> String {
        self.0.text()
    }
}

struct CashyproSigner {
    api_key: Secret,
    sign_case: SignCase,
}

impl Signer for CashyproSigner {
    fn string_to_sign(&self, body: &[u8]) -> Vec<u8> {
        pagos_cashypro::string_to_sign(body, &self.api_key)
    }

    fn signature(&self, body: &[u8]) -> String {
        pagos_cashypro::signature(body, &self.api_key, self.sign_case)
    }
}
