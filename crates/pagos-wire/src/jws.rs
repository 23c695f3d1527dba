//! HS256 compact tokens: sign and verify. The algorithm is fixed here; a token cannot choose it.
//!
//! Claims such as `exp` are not checked here; the provider crate does that.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;

use pagos_core::{Error, SignatureMatch, Verified};

use crate::refused;

/// `{"typ":"JWT","alg":"HS256"}` in base64url.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
const TOKEN_SIZE_MAX: usize = 64 * 1024;

/// A key that signs and verifies compact tokens with HS256 (RFC 7515).
///
/// ```
/// use pagos_wire::Hs256;
///
/// let key = Hs256::new(b"an invented key of thirty-two by")?;
/// let token = key.sign(br#"{"amount":4700}"#);
/// assert_eq!(&key.verify(&token)?.value()[..], br#"{"amount":4700}"#);
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Hs256 {
    mac: Hmac<Sha256>,
}

impl Hs256 {
    /// Prepares the key for any number of tokens.
    ///
    /// # Errors
    /// `Invalid` for an empty key, with which anybody could sign. A key shorter than the 32 bytes
    /// of RFC 7518 is allowed, because the provider issues the key.
    pub fn new(key: &[u8]) -> Result<Self, Error> {
        let refused = || Error::invalid("key").because("the signing key is empty");
        if key.is_empty() {
            return Err(refused());
        }
        let mac = Hmac::new_from_slice(key).map_err(|_| refused())?;
        Ok(Self { mac })
    }

    /// The compact token of `payload`, with the header `{"typ":"JWT","alg":"HS256"}`.
    pub fn sign(&self, payload: &[u8]) -> String {
        let mut token = String::with_capacity(HEADER.len() + payload.len() * 4 / 3 + 50);
        token.push_str(HEADER);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let tag = self.tag(&token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(tag, &mut token);
        token
    }

    /// The payload of a token whose header says HS256 and whose signature is genuine.
    ///
    /// Base64url is decoded strictly: no padding, no blanks, no stray bits. The payload is not
    /// decoded before the signature is verified.
    ///
    /// # Errors
    /// `Unauthorized` for anything else. The message contains nothing of the token.
    pub fn verify(&self, token: &str) -> Result<Verified<Bytes>, Error> {
        if token.len() > TOKEN_SIZE_MAX {
            return Err(refused("the token is larger than 64 KiB"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or_else(not_a_token)?;
        let (header, payload) = signed.split_once('.').ok_or_else(not_a_token)?;
        if payload.contains('.') {
            return Err(not_a_token());
        }
        check_header(header)?;
        let presented = URL_SAFE_NO_PAD.decode(signature).map_err(|_| not_a_token())?;
        let proof = SignatureMatch::of(&self.tag(signed), &presented)
            .ok_or_else(|| refused("the token's signature is not genuine"))?;
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| not_a_token())?;
        Ok(Verified::new(proof, Bytes::from(payload)))
    }

    fn tag(&self, signed: &str) -> [u8; 32] {
        self.mac.clone().chain_update(signed).finalize().into_bytes().into()
    }
}

impl fmt::Debug for Hs256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hs256(..)")
    }
}

#[derive(Deserialize)]
struct Header<'a> {
    alg: &'a str,
    /// Extensions that a verifier must understand. We support none.
    #[serde(borrow)]
    crit: Option<&'a RawValue>,
}

fn check_header(encoded: &str) -> Result<(), Error> {
    if encoded == HEADER {
        return Ok(());
    }
    let json = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| not_a_token())?;
    let header: Header<'_> = serde_json::from_slice(&json).map_err(|_| not_a_token())?;
    if header.alg != "HS256" {
        return Err(refused("the token is not signed with HS256"));
    }
    if header.crit.is_some() {
        return Err(refused("the token demands an extension"));
    }
    Ok(())
}

fn not_a_token() -> Error {
    refused("not a compact token")
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
    use proptest::prelude::*;

    use pagos_core::ErrorKind;

    use super::*;

    const KEY: &[u8] = b"an invented key of thirty-two by";

    fn ours() -> Hs256 {
        Hs256::new(KEY).unwrap()
    }

    fn token(header: &str, payload: &str) -> String {
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let tag = URL_SAFE_NO_PAD.encode(ours().tag(&signed));
        format!("{signed}.{tag}")
    }

    #[track_caller]
    fn check_refused(token: &str) {
        let refused = ours().verify(token).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unauthorized, "{token}");
    }

    /// Source: RFC 7515, appendix A.1.
    #[test]
    fn the_example_of_the_rfc_verifies() {
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\
            .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
            .dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let payload = Hs256::new(&key).unwrap().verify(token).unwrap();
        assert!(payload.value().starts_with(b"{\"iss\":\"joe\""));
    }

    #[test]
    fn our_header_is_what_it_says() {
        assert_eq!(URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS256"}"#), HEADER);
    }

    #[test]
    fn a_token_cannot_choose_its_algorithm() {
        let headers = [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"HS384"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS256","alg":"none"}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
            "[]",
            "",
        ];
        for header in headers {
            check_refused(&token(header, "{}"));
        }
        assert!(ours().verify(&token(r#"{"alg":"HS256","kid":"a"}"#, "{}")).is_ok());
    }

    #[test]
    fn a_token_without_signature_is_refused() {
        let genuine = ours().sign(b"{}");
        let (signed, _) = genuine.rsplit_once('.').unwrap();
        check_refused(signed);
        check_refused(&format!("{signed}."));
        check_refused(&format!("{}.e30.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#)));
    }

    #[test]
    fn a_token_has_three_parts_in_strict_base64url() {
        let genuine = ours().sign(b"{\"a\":1}");
        for bad in ["", ".", "..", "...", "a.b.c"] {
            check_refused(bad);
        }
        for bad in [
            format!("{genuine}="),
            format!("{genuine}\n"),
            format!(" {genuine}"),
            format!("{genuine}.e30"),
            genuine.replace('.', ".."),
        ] {
            check_refused(&bad);
        }
        assert!(genuine.len() > 2);
        for length in 0..genuine.len() {
            check_refused(&genuine[..length]);
        }
    }

    #[test]
    fn stray_bits_at_the_end_are_refused() {
        // 32 bytes are 43 digits, of which the last carries 4 bits: its low 2 bits must be zero.
        let genuine = ours().sign(b"{}");
        let (start, last) = genuine.split_at(genuine.len() - 1);
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let position = alphabet.find(last).unwrap();
        check_refused(&format!("{start}{}", &alphabet[position + 1..position + 2]));
    }

    #[test]
    fn another_key_an_empty_key_and_a_huge_token_are_refused() {
        let other = Hs256::new(b"another invented key").unwrap();
        assert!(other.verify(&ours().sign(b"{}")).is_err());
        assert!(Hs256::new(b"").is_err());
        check_refused(&ours().sign(&vec![b'a'; TOKEN_SIZE_MAX]));
        assert_eq!(format!("{:?}", ours()), "Hs256(..)");
    }

    #[test]
    fn every_flipped_byte_is_refused() {
        let genuine = ours().sign(br#"{"amount":4700,"order":"order00000001"}"#).into_bytes();
        for position in 0..genuine.len() {
            for bit in 0..7 {
                let mut forged = genuine.clone();
                forged[position] ^= 1 << bit;
                check_refused(std::str::from_utf8(&forged).unwrap());
            }
        }
    }

    proptest! {
        #[test]
        fn jsonwebtoken_agrees_in_both_directions(
            key in proptest::collection::vec(any::<u8>(), 1..100),
            claims in proptest::collection::btree_map(".{0,8}", ".{0,20}", 0..5),
        ) {
            let ours = Hs256::new(&key).unwrap();
            let json = serde_json::to_vec(&claims).unwrap();

            let mut validation = Validation::new(Algorithm::HS256);
            validation.required_spec_claims.clear();
            validation.validate_exp = false;
            let read = jsonwebtoken::decode::<serde_json::Value>(
                ours.sign(&json),
                &DecodingKey::from_secret(&key).unwrap(),
                &validation,
            );
            prop_assert_eq!(read.unwrap().claims, serde_json::to_value(&claims).unwrap());

            let header = jsonwebtoken::Header::new(Algorithm::HS256);
            let theirs =
                jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&key).unwrap()).unwrap();
            let payload = ours.verify(&theirs).unwrap().into_value();
            prop_assert_eq!(&payload[..], &json[..]);
            prop_assert_eq!(ours.sign(&json), theirs);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            let _ = ours().verify(&text);
        }
    }
}
