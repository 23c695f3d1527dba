//! Public keys: from PEM text to the input of a verification. It reads only the two forms in which
//! RSA keys are written.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

use pagos_core::Error;

/// The public half of a webhook key. Conekta issues PEM of the first form. Source: docs:
/// autenticación-webhooks.
pub(crate) struct PublicKey {
    /// PKCS#1 `RSAPublicKey`.
    der: Vec<u8>,
}

/// The form of a key in a PEM text.
#[derive(Clone, Copy)]
enum Form {
    /// `SubjectPublicKeyInfo`, which contains the algorithm.
    Spki,
    /// The bare `RSAPublicKey`.
    Pkcs1,
}

const LABELS: [(&str, &str, Form); 2] = [
    ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----", Form::Spki),
    ("-----BEGIN RSA PUBLIC KEY-----", "-----END RSA PUBLIC KEY-----", Form::Pkcs1),
];

/// More active keys than any account has. Our choice.
const KEYS_MAX: usize = 16;

/// The sizes that ring supports, in bytes of the modulus.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// `rsaEncryption` and its empty parameters. Source: RFC 3279, 2.3.1.
const RSA_ENCRYPTION: [u8; 13] =
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

impl PublicKey {
    /// Every key of a PEM text, which has at least one. `\n` written as two characters, as in
    /// environment files, is a line end.
    ///
    /// # Errors
    /// `Invalid` for a text without a key, and for a key that is not RSA of 2,048 to 8,192 bits.
    pub(crate) fn parse_all(text: &str) -> Result<Vec<Self>, Error> {
        let refused = |because: String| Error::invalid("webhook_keys").because(because);
        let text = text.replace("\\n", "\n").replace("\\r", "");
        let mut keys = Vec::new();
        let mut rest = text.as_str();
        while let Some((key, after)) = first(rest) {
            let number = keys.len() + 1;
            let key = key.ok_or_else(|| {
                refused(format!("key {number} is not an RSA key of 2048 to 8192 bits in PEM"))
            })?;
            if number > KEYS_MAX {
                return Err(refused(format!("more than {KEYS_MAX} keys")));
            }
            keys.push(key);
            rest = after;
        }
        let is_blank = rest.trim().is_empty();
        match keys.is_empty() || !is_blank {
            true => Err(refused("it holds something that is not a PEM public key".to_owned())),
            false => Ok(keys),
        }
    }

    /// PKCS#1 `RSAPublicKey`.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    fn of_der(der: &[u8], form: Form) -> Option<Self> {
        let inner = match form {
            Form::Spki => unwrap_spki(der)?,
            Form::Pkcs1 => der,
        };
        is_rsa_key(inner).then(|| Self { der: inner.to_vec() })
    }
}

/// It is public, but long.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(..)")
    }
}

/// The key at the start of `text`, if it is valid, and the rest. `None` if no key begins here.
fn first(text: &str) -> Option<(Option<PublicKey>, &str)> {
    let text = text.trim_start();
    let (rest, end, form) = LABELS
        .iter()
        .find_map(|(begin, end, form)| Some((text.strip_prefix(begin)?, *end, *form)))?;
    let Some((base64, after)) = rest.split_once(end) else { return Some((None, "")) };
    let base64: String = base64.split_whitespace().collect();
    let key = STANDARD.decode(base64).ok().and_then(|der| PublicKey::of_der(&der, form));
    Some((key, after))
}

/// Source: RFC 5280, 4.1: algorithm, then the key in a bit string without unused bits.
fn unwrap_spki(der: &[u8]) -> Option<&[u8]> {
    let info = whole(SEQUENCE, der)?;
    let (algorithm, rest) = take(SEQUENCE, info)?;
    let bits = whole(BIT_STRING, rest)?;
    if algorithm != RSA_ENCRYPTION {
        return None;
    }
    bits.strip_prefix(&[0])
}

/// Source: RFC 8017, A.1.1: modulus and exponent.
fn is_rsa_key(der: &[u8]) -> bool {
    let integers = || {
        let (modulus, rest) = take(INTEGER, whole(SEQUENCE, der)?)?;
        Some((modulus, whole(INTEGER, rest)?))
    };
    let Some((modulus, exponent)) = integers() else { return false };
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let is_odd = |integer: &[u8]| integer.last().is_some_and(|last| last & 1 == 1);
    MODULUS_BYTES.contains(&modulus.len()) && is_odd(modulus) && is_odd(exponent)
}

/// The content of the only element in `bytes`.
fn whole(tag: u8, bytes: &[u8]) -> Option<&[u8]> {
    let (content, rest) = take(tag, bytes)?;
    rest.is_empty().then_some(content)
}

/// The content of the first element, and the rest. Lengths are DER's: the shortest form, here of at
/// most two bytes.
fn take(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match bytes {
        [first, length, rest @ ..] if *first == tag && *length < 0x80 => {
            (usize::from(*length), rest)
        }
        [first, 0x81, length, rest @ ..] if *first == tag && *length >= 0x80 => {
            (usize::from(*length), rest)
        }
        [first, 0x82, high, low, rest @ ..] if *first == tag && *high > 0 => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests;
