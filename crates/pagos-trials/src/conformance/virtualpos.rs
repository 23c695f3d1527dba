//! VirtualPOS as a fixture case describes it. Only the public API: the seams are the suite's.

use pagos_conformance::{Case, Seams, Signer, Subject};
use pagos_core::{Error, Secret};
use pagos_virtualpos::{Claims, VirtualPos, VirtualPosConfig};

/// The provider over the seams of the case. VirtualPOS wants no nonce.
pub(super) fn build(case: &Case, seams: Seams) -> Result<Subject, Error> {
    let config = VirtualPosConfig::from_lookup(|name| case.setting(name))?;
    let (api_key, secret_key) = (config.api_key.clone(), config.secret_key.clone());
    let signer = VirtualPosSigner { api_key, secret_key };
    let provider = VirtualPos::new(config, seams.transport, seams.clock)?;
    Ok(Subject { provider: Box::new(provider), signer: Some(Box::new(signer)) })
}

struct VirtualPosSigner {
    api_key: Secret,
    secret_key: Secret,
}

impl Signer for VirtualPosSigner {
    fn string_to_sign(&self, body: &[u8]) -> Vec<u8> {
        let made = pagos_virtualpos::string_to_sign(claims(body), &self.api_key);
        made.unwrap_or_default().into_bytes()
    }

    fn signature(&self, body: &[u8]) -> String {
        let made = pagos_virtualpos::signature(claims(body), &self.api_key, &self.secret_key);
        made.unwrap_or_default()
    }
}

/// The instruction inside a request's body, or the body itself; the API key alone for an empty one.
fn claims(body: &[u8]) -> Claims<'_> {
    let inside = body.strip_prefix(br#"{"tef":"#).and_then(|rest| rest.strip_suffix(b"}"));
    match body.is_empty() {
        true => Claims::ApiKeyOnly,
        false => Claims::Tef(inside.unwrap_or(body)),
    }
}
