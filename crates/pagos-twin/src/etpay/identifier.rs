//! Identifiers that look random and can be repeated. Not secrets worth the name: whoever knows the
//! seed knows them all.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::random::SplitMix64;

/// 64 letters and digits, as in the documents' examples.
pub(super) fn token(mut chance: SplitMix64) -> String {
    (0..64)
        .filter_map(|_| {
            let drawn = usize::try_from(chance.below(62)).ok()?;
            ALPHABET.get(drawn).map(|it| char::from(*it))
        })
        .collect()
}

/// A text of the shape of the platform's tokens: a header that names RS256, a subject, and a
/// signature that nobody made. Source: `docs: D5, D10` for the shape.
///
/// Clients keep it and send it back; they have no key to check it with, so none is needed here.
pub(super) fn authorization(mut chance: SplitMix64) -> String {
    let mut hex = |count: usize| -> String {
        (0..count)
            .map(|_| {
                char::from_digit(u32::try_from(chance.below(16)).unwrap_or(0), 16).unwrap_or('0')
            })
            .collect()
    };
    let subject = [8, 4, 4, 4, 12].map(&mut hex).join("-");
    let header = format!(r#"{{"kid":"{}","alg":"RS256"}}"#, hex(16));
    let claims = format!(r#"{{"sub":"{subject}","token_use":"access"}}"#);
    let signature: Vec<u8> = (0..32).flat_map(|_| chance.next_u64().to_le_bytes()).collect();
    [header.as_bytes(), claims.as_bytes(), &signature]
        .map(|it| URL_SAFE_NO_PAD.encode(it))
        .join(".")
}

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
