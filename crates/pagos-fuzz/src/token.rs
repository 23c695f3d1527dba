//! Target: tokens under HS256. What is verified was signed, under this key and no other.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pagos_core::{Secret, Timestamp};
use pagos_wire::Hs256;

const KEY: &[u8] = b"an invented key of thirty-two by";
const OTHER_KEY: &[u8] = b"an invented key of thirty-two bz";

/// The input is a token; and it is claims that are signed here, then spoilt at a place of its choice.
pub(crate) fn run(input: &[u8]) {
    let (Ok(ours), Ok(others)) = (Hs256::new(KEY), Hs256::new(OTHER_KEY)) else { return };
    if let Ok(token) = std::str::from_utf8(input) {
        if let Ok(payload) = ours.verify(token) {
            assert!(others.verify(token).is_err(), "verified under two keys");
            was_signed(token, payload.value());
        }
        // Readers of tokens from strangers: no rule but that they end.
        let _ = pagos_etpay::read_redirect(token);
        let _ = pagos_etpay::verify(token, &Secret::new("x"), Timestamp::from_millis(0));
    }
    if input.len() > CLAIMS_MAX {
        return;
    }
    let token = ours.sign(input);
    let payload = ours.verify(&token).expect("what was signed is not verified");
    assert_eq!(payload.value().as_ref(), input, "signed and verified differ");
    assert!(others.verify(&token).is_err(), "verified under another key");
    let place = input.iter().fold(7_usize, |sum, byte| sum.wrapping_mul(31) ^ usize::from(*byte));
    let mut forged = token.into_bytes();
    let (place, bit) = (place % forged.len(), (place / 7) % 7);
    forged[place] ^= 1 << bit;
    if let Ok(forged) = String::from_utf8(forged) {
        assert!(ours.verify(&forged).is_err(), "one bit was flipped: {forged}");
    }
}

/// Every token of this key that exists is a seed, or says what it says over the same bytes.
fn was_signed(token: &str, payload: &[u8]) {
    let signed = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    assert_eq!(signed.as_deref(), Some(payload), "the payload is not the token's");
    let is_seed = seeds().iter().any(|seed| seed == token.as_bytes());
    assert!(is_seed, "verified, and nobody signed it: {token}");
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let claims = [r#"{"amount":4700}"#, "{}", r#"{"iat":1643663332,"payment_status":true}"#];
    let token = |claims: &&str| Hs256::new(KEY).map(|key| key.sign(claims.as_bytes())).ok();
    let mut seeds: Vec<String> = claims.iter().filter_map(token).collect();
    let headers = [
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS512"}"#,
        r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
    ];
    let forged = headers.iter().map(|header| {
        let genuine = seeds[0].split('.').skip(1).collect::<Vec<_>>().join(".");
        format!("{}.{genuine}", URL_SAFE_NO_PAD.encode(header))
    });
    let forged: Vec<String> = forged.collect();
    seeds.extend(forged);
    seeds.extend(claims.map(str::to_owned));
    seeds.push("https://shop.test/ok?order=7&jwt=eyJhbGciOiJIUzI1NiJ9.e30.c2ln".to_owned());
    seeds.into_iter().map(String::into_bytes).collect()
}

/// Claims that are larger make a token that is refused for its size.
const CLAIMS_MAX: usize = 40 * 1024;
