//! The private key: from PEM text to what signs. Reads the two forms in which RSA keys are written, and
//! no encrypted ones.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};

use pagos_core::{Error, Secret};
use pagos_wire::NOT_CONFIGURED;

/// The private key that signs transfers. Fintoc wants RSA of 2,048 bits; ring takes up to 4,096.
/// Source: docs: guides/transfers/transfers-setup/setting-up-jws-keys.
pub struct SigningKey {
    /// `None` for what the table of settings puts in its place, with which nothing is signed.
    pair: Option<RsaKeyPair>,
}

const FIELD: &str = "jws_private_key";

const PKCS8: (&str, &str) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
const PKCS1: (&str, &str) = ("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----");

impl SigningKey {
    /// Reads a PEM text with one private key, in PKCS#8 or PKCS#1. `\n` written as two characters, as in
    /// environment files, is a line end.
    ///
    /// # Errors
    /// `Invalid` for anything else, without a word of it.
    pub fn parse(pem: &Secret) -> Result<Self, Error> {
        let text = pem.expose();
        if text == NOT_CONFIGURED {
            return Ok(Self { pair: None });
        }
        let refused = |because: &str| Error::invalid(FIELD).because(because);
        let text = Secret::new(text.replace("\\n", "\n").replace("\\r", ""));
        let text = text.expose().trim();
        let body = |(begin, end): (&str, &str)| text.strip_prefix(begin)?.strip_suffix(end);
        let (base64, is_pkcs8) = match (body(PKCS8), body(PKCS1)) {
            (Some(base64), _) => (base64, true),
            (None, Some(base64)) => (base64, false),
            (None, None) => {
                let because = "it is not the PEM text of one private RSA key without a password";
                return Err(refused(because));
            }
        };
        let base64 = Secret::new(base64.split_whitespace().collect::<String>());
        let der = STANDARD.decode(base64.expose()).map_err(|_| refused("its PEM is broken"))?;
        let pair = match is_pkcs8 {
            true => RsaKeyPair::from_pkcs8(&der),
            false => RsaKeyPair::from_der(&der),
        };
        // The cause says nothing of the key, and is no error of the standard library.
        let pair = pair.map_err(|cause| {
            refused(&format!("it is not an RSA key of 2048 to 4096 bits ({cause})"))
        })?;
        Ok(Self { pair: Some(pair) })
    }

    /// The RSASSA-PKCS1-v1_5 signature with SHA-256.
    pub(super) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Error> {
        let refused = |because: &str| Error::invalid(FIELD).because(because);
        let pair = self.pair.as_ref().ok_or_else(|| refused("it is not configured"))?;
        let mut signature = vec![0; pair.public().modulus_len()];
        // This padding draws nothing from the generator that ring wants: the same text has the same
        // signature always.
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
            .map_err(|_| refused("its parts do not belong together"))?;
        Ok(signature)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}
