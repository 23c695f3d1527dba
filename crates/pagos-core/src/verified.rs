//! Proof that bytes come from their claimed sender: a value, not a boolean that can be forgotten.

use subtle::ConstantTimeEq;

/// A value that only a passed verification can make. Its only public constructor is
/// [`Verified::new`], which needs a [`SignatureMatch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    value: T,
}

/// Proof that bytes carry a genuine tag: one that equals the tag that we computed, or a signature
/// that a public key confirms.
///
/// It cannot be built by hand:
///
/// ```compile_fail
/// let proof = pagos_core::SignatureMatch { _private: () };
/// ```
///
/// Nor can it be built from somebody else's verdict, which could be a mere `true`: each constructor
/// verifies the bytes itself. Another kind of signature needs another function here.
///
/// ```compile_fail
/// let proof = pagos_core::SignatureMatch::from(true);
/// ```
#[derive(Debug)]
pub struct SignatureMatch {
    _private: (),
}

impl SignatureMatch {
    /// Compares two tags in constant time (for equal lengths) and returns the proof, or `None`.
    /// An empty tag never matches.
    ///
    /// ```
    /// use pagos_core::SignatureMatch;
    ///
    /// assert!(SignatureMatch::of(b"\x01\x02", b"\x01\x02").is_some());
    /// assert!(SignatureMatch::of(b"\x01\x02", b"\x01\x03").is_none());
    /// assert!(SignatureMatch::of(b"", b"").is_none());
    /// ```
    pub fn of(computed: &[u8], presented: &[u8]) -> Option<Self> {
        let is_equal = bool::from(computed.ct_eq(presented));
        (is_equal && !computed.is_empty()).then_some(Self { _private: () })
    }

    /// Verifies an RSASSA-PKCS1-v1_5 signature of `message` with SHA-256 and returns the proof, or
    /// `None`. `key_der` is a bare PKCS#1 `RSAPublicKey` of 2,048 to 8,192 bits.
    ///
    /// Anything that is not a key or not a signature is `None` too. Nothing here is secret, so
    /// nothing needs constant time.
    #[cfg(feature = "rsa")]
    pub fn of_rsa_sha256(key_der: &[u8], message: &[u8], signature: &[u8]) -> Option<Self> {
        let scheme = &ring::signature::RSA_PKCS1_2048_8192_SHA256;
        let key = ring::signature::UnparsedPublicKey::new(scheme, key_der);
        key.verify(message, signature).ok().map(|()| Self { _private: () })
    }
}

impl<T> Verified<T> {
    /// Marks `value` as verified. Consumes the proof.
    pub fn new(_proof: SignatureMatch, value: T) -> Self {
        Self { value }
    }

    /// The verified value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Derives another value from the verified one; the result is verified as well.
    ///
    /// # Errors
    /// The error of `read`.
    pub fn try_map<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Verified<U>, E> {
        Ok(Verified { value: read(self.value)? })
    }

    /// Returns the verified value.
    pub fn into_value(self) -> T {
        self.value
    }
}

#[cfg(all(test, feature = "rsa"))]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    /// A throw-away key of 2,048 bits, wrapped, and its signature of [`BODY`]; both were made with
    /// OpenSSL.
    const KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAudpFRIa5b2nPScmv/17GbJfW5mN9BVEMWy/PNf4d\
        D/omqlMDsik43ufXYlE81j7W6pJYDzQxL1ySuWQHaJkI4IXF4bIg6D9kIwxQd8hjSbzPHn1d3s43ecgGoOUq\
        JMeftTgOAehlgdGCbzVKt3iEunE57v4LY6bMz9utcnvBqqTCj4ZMPexAGrtPv+DBt9ZNz5NHwSlpXGdZCGd3\
        +APxAcvYRXBKIRaRmAcHC/oB0mwKBIsF/PrMVbMS599mZIP/RMfZLCdSYYpJd0gfJ9NokmaWLP2z1o3Q3oXi\
        k9KTpsFTQXWD/pzjoXh7DRXtK+OEMJjim89OFw9WI1YJVgrHyQIDAQAB";
    const SIGNATURE: &str = "axw5S+Gk+thfWMkOBan3JucRSXTV0DYZv2nQbM5XFcqcwnsva6TdjN4OZTTldNk84Z6wY/8bZO/Q+OW04IsE\
        0LWgkUJ8omLvrjTGtkKbT0+KL+Rmk4aSIHxbfx0e5n3E+hwLgKyw/a/C+J7MzONuKcV34p1W6fk4npxi//cW\
        b7j6tVHOivPu5YlZpdD54RVoB3Z/pDuZu7XtbXg9Uffp+i0BwXlKqgnBBMRtMXx1inqvcH5pPKfBDtrubTva\
        QN76mqmM47m9qSkoKFQ/2VwwXXyPXdN4mbY6NnIPlN0+yn+P6n9XeP/x6xBBUO0PYu3eX3WvfdfXCxNnkKx+\
        1Jr6yg==";
    const BODY: &str = r#"{"data":{"livemode":false,"action":"ping"},"livemode":false,"webhook_status":"pending","webhook_logs":[],"id":"63fe3d2ddf70970001cfb41a","object":"event","type":"webhook_ping","created_at":1677606189}"#;

    fn key() -> Vec<u8> {
        STANDARD.decode(KEY).unwrap().split_off(24)
    }

    fn signature() -> Vec<u8> {
        STANDARD.decode(SIGNATURE).unwrap()
    }

    #[test]
    fn a_genuine_signature_is_proof() {
        let proof = SignatureMatch::of_rsa_sha256(&key(), BODY.as_bytes(), &signature()).unwrap();
        assert_eq!(Verified::new(proof, BODY).value(), &BODY);
    }

    #[test]
    fn nothing_else_is() {
        let (key, signature) = (key(), signature());
        let mut other_key = key.clone();
        other_key[100] ^= 1;
        let mut other_signature = signature.clone();
        other_signature[255] ^= 1;
        let shorter = BODY.get(1..).unwrap().as_bytes();
        let cases: [(&[u8], &[u8], &[u8]); 9] = [
            (&key, shorter, &signature),
            (&key, b"", &signature),
            (&key, BODY.as_bytes(), &other_signature),
            (&key, BODY.as_bytes(), &signature[1..]),
            (&key, BODY.as_bytes(), b""),
            (&other_key, BODY.as_bytes(), &signature),
            (&key[1..], BODY.as_bytes(), &signature),
            (b"", BODY.as_bytes(), &signature),
            (b"", b"", b""),
        ];
        for (position, (key, body, signature)) in cases.into_iter().enumerate() {
            assert!(
                SignatureMatch::of_rsa_sha256(key, body, signature).is_none(),
                "case {position}"
            );
        }
    }
}
