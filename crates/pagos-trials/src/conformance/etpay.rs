//! ETpay as a fixture case describes it. Only the public API: the seams are the suite's.

use pagos_conformance::{Case, Seams, Signer, Subject};
use pagos_core::{Error, Secret};
use pagos_etpay::{Etpay, EtpayConfig};

/// The provider over the seams of the case; with a signer where the case has a session's secret.
pub(super) fn build(case: &Case, seams: Seams) -> Result<Subject, Error> {
    let config = EtpayConfig::from_lookup(|name| case.setting(name))?;
    let provider = Box::new(Etpay::new(config, seams.transport, seams.clock)?);
    let signer = match &case.secret {
        Some(secret) => Some(Box::new(TokenSigner::new(secret)?) as Box<dyn Signer>),
        None => None,
    };
    Ok(Subject { provider, signer })
}

/// Signs claims: what is signed are the first two parts of a token, and the third is the signature.
struct TokenSigner {
    signature_token: Secret,
}

impl TokenSigner {
    fn new(secret: &str) -> Result<Self, Error> {
        let signature_token = Secret::new(secret);
        // An empty key fails here, so that it cannot fail below.
        pagos_etpay::sign(b"{}", &signature_token)?;
        Ok(Self { signature_token })
    }

    fn token(&self, claims: &[u8]) -> String {
        pagos_etpay::sign(claims, &self.signature_token).unwrap_or_default()
    }
}

impl Signer for TokenSigner {
    fn string_to_sign(&self, claims: &[u8]) -> Vec<u8> {
        let token = self.token(claims);
        token.rsplit_once('.').map(|(signed, _)| signed.as_bytes().to_vec()).unwrap_or_default()
    }

    fn signature(&self, claims: &[u8]) -> String {
        let token = self.token(claims);
        token.rsplit_once('.').map(|(_, signature)| signature.to_owned()).unwrap_or_default()
    }
}
