//! Signatures: the text that is signed, the signature, and the verification of a webhook. Pure.

use http::HeaderMap;

use pagos_core::{Error, ErrorKind, Secret, SignatureMatch};

/// The header that carries the signature. Guess: no document was read yet.
pub(crate) const SIGN_HEADER: &str = "signature";

/// The bytes that are signed for `body`.
///
/// # Errors
/// `Invalid`: it is not filled in yet.
pub fn string_to_sign(_body: &[u8], _api_key: &Secret) -> Result<Vec<u8>, Error> {
    Err(not_filled("string_to_sign"))
}

/// The text of the header that signs `body`.
///
/// # Errors
/// As [`string_to_sign`].
pub fn signature(body: &[u8], api_key: &Secret) -> Result<String, Error> {
    let _text = string_to_sign(body, api_key)?;
    Err(not_filled("signature"))
}

/// The proof that the signature among `headers` is that of `body`.
///
/// # Errors
/// `Unauthorized` for every delivery, until it is filled in with `SignatureMatch::of`, which
/// compares in constant time.
pub fn verify(
    _body: &[u8],
    _headers: &HeaderMap,
    _api_key: &Secret,
) -> Result<SignatureMatch, Error> {
    let because =
        "webhooks cannot be verified: fill in `verify` in crates/pagos-fintoc/src/sign.rs";
    Err(Error::new(ErrorKind::Unauthorized, because))
}

fn not_filled(function: &'static str) -> Error {
    Error::invalid(function).because("fill it in, in crates/pagos-fintoc/src/sign.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body, its key, the text that is signed, and the signature, from the provider's documents or
    /// computed by a program that we did not write.
    const VECTORS: &[(&str, &str, &str, &str)] = &[];

    #[test]
    fn every_vector_is_reproduced() {
        VECTORS.first().expect("write a vector into VECTORS in crates/pagos-fintoc/src/sign.rs");
        for (body, key, text, sign) in VECTORS {
            let (body, key) = (body.as_bytes(), Secret::new(*key));
            assert_eq!(string_to_sign(body, &key).unwrap(), text.as_bytes(), "{sign}");
            assert_eq!(signature(body, &key).unwrap(), *sign);
        }
    }
}
