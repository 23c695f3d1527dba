//! Keys in every form, whole and spoilt.

use super::*;

const SPKI: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0iz57mpVAvxQtuxOyWsW
hM1Jai7WB5cNZFs8xK53A9X9LQiXz30pzoFIhVo9Zm5K5GBpb9frCH8w6yr+/xrX
0VUjbp1VTgZ2iGOm83ykLN7YYQJk5pCt/B69eFPYbMCKFzvauwTtN9tf2KcLQQ2y
Sohxd3H51uUIGcxnSR5oVPoCdY4geSWfK0/FE4SAyVsTB/b3mS0KUor7R2tZupKm
rS26O6QFQrk0ELuGIIriJimjxaQG9V7E/TumKkbDPAcJsiZBF8oep02sXbdNpaxl
j5PNkVIQ2F09BfDJl71DrcAIKYXG7HSgDEoiRkZ3jIzudUNA+qkpYwHJ5Qx9qmgy
uQIDAQAB
-----END PUBLIC KEY-----
";

fn der() -> Vec<u8> {
    let base64: String = SPKI.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

#[test]
fn both_forms_are_one_key() {
    let key = PublicKey::parse_all(SPKI).unwrap();
    let inner = key[0].der().to_vec();
    // The wrapping of a key of this size has 24 bytes.
    assert_eq!(inner, der()[24..]);
    let bare = PublicKey::parse_all(&pem("RSA PUBLIC KEY", &inner)).unwrap();
    assert_eq!(bare[0].der(), inner);
    assert_eq!(format!("{:?}", bare[0]), "PublicKey(..)");
}

#[test]
fn several_keys_and_other_line_ends_are_read() {
    let count = |text: &str| PublicKey::parse_all(text).map(|keys| keys.len()).ok();
    assert_eq!(count(&format!("{SPKI}{SPKI}")), Some(2));
    assert_eq!(count(&format!("\n {SPKI}\n\n{SPKI}")), Some(2));
    assert_eq!(count(&SPKI.replace('\n', "\r\n")), Some(1));
    assert_eq!(count(&SPKI.replace('\n', "\\n")), Some(1));
    assert_eq!(count(&SPKI.replace('\n', "\\r\\n")), Some(1));
    assert_eq!(count(&SPKI.repeat(16)), Some(16));
    assert_eq!(count(&SPKI.repeat(17)), None);
}

#[test]
fn what_is_no_key_is_refused() {
    let inner = der()[24..].to_vec();
    let with_oid =
        der().iter().copied().map(|byte| if byte == 0x86 { 0x87 } else { byte }).collect();
    let cases: [(&str, String); 12] = [
        ("nothing", String::new()),
        ("blanks", " \n".to_owned()),
        ("another text", "key".to_owned()),
        ("a text before it", format!("key\n{SPKI}")),
        ("a text after it", format!("{SPKI}key")),
        ("no end", SPKI.replace("-----END PUBLIC KEY-----", "")),
        ("not base64", SPKI.replace("MIIB", "MII*")),
        ("a certificate", SPKI.replace("PUBLIC KEY", "CERTIFICATE")),
        ("a private key", SPKI.replace("PUBLIC KEY", "PRIVATE KEY")),
        ("the wrong label", pem("PUBLIC KEY", &inner)),
        ("the wrong label the other way round", pem("RSA PUBLIC KEY", &der())),
        ("another kind of key", pem("PUBLIC KEY", &Vec::<u8>::clone(&with_oid))),
    ];
    for (what, text) in cases {
        let refused = PublicKey::parse_all(&text).unwrap_err();
        assert_eq!(refused.field(), Some("webhook_keys"), "{what}");
    }
}

/// A key that breaks off or goes on, at any place.
#[test]
fn every_torn_key_is_refused() {
    let whole = der();
    for length in 0..whole.len() {
        assert!(PublicKey::of_der(&whole[..length], Form::Spki).is_none(), "{length}");
    }
    // A bit string with unused bits is no key, and this is their number.
    let mut odd = whole.clone();
    assert_eq!(std::mem::replace(&mut odd[23], 1), 0);
    assert!(PublicKey::of_der(&odd, Form::Spki).is_none());
    let longer = [whole.as_slice(), &[0]].concat();
    assert!(PublicKey::of_der(&longer, Form::Spki).is_none());
}

#[test]
fn keys_are_of_2048_bits_or_more() {
    let key = |modulus: &[u8], exponent: &[u8]| {
        let element = |tag: u8, content: &[u8]| {
            let length = u16::try_from(content.len()).unwrap().to_be_bytes();
            let head = match content.len() {
                0..0x80 => vec![tag, length[1]],
                0x80..0x100 => vec![tag, 0x81, length[1]],
                _ => vec![tag, 0x82, length[0], length[1]],
            };
            [head, content.to_vec()].concat()
        };
        let integers = [element(INTEGER, modulus), element(INTEGER, exponent)].concat();
        is_rsa_key(&element(SEQUENCE, &integers))
    };
    let modulus = |bytes: usize| [vec![0, 0x80], vec![1; bytes - 1]].concat();
    assert!(key(&modulus(256), &[1, 0, 1]));
    assert!(key(&modulus(1024), &[3]));
    assert!(!key(&modulus(255), &[1, 0, 1]));
    assert!(!key(&modulus(1025), &[1, 0, 1]));
    assert!(!key(&modulus(256), &[2]));
    assert!(!key(&modulus(256), &[]));
    let even = [modulus(255), vec![2]].concat();
    assert!(!key(&even, &[3]));
}

/// Lengths in a longer form than needed are not DER.
#[test]
fn lengths_are_in_their_shortest_form() {
    assert_eq!(take(INTEGER, &[0x02, 0x01, 0x07, 0x09]), Some((&[7][..], &[9][..])));
    let cases: [&[u8]; 7] = [
        &[],
        &[0x02],
        &[0x03, 0x01, 0x07],
        &[0x02, 0x02, 0x07],
        &[0x02, 0x81, 0x01, 0x07],
        &[0x02, 0x82, 0x00, 0x01, 0x07],
        &[0x02, 0x80, 0x07],
    ];
    for bytes in cases {
        assert_eq!(take(INTEGER, bytes), None, "{bytes:02x?}");
    }
}
