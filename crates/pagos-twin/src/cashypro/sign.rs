//! The signature, derived from the documents without looking at any client: MD5 over body and key.
//! Not shared with a provider crate, so that one mistake cannot hide in both.

use md5::{Digest, Md5};
use pagos_core::Secret;

use super::settings::SignCase;

/// MD5 of the exact bytes of the body followed by the key.
///
/// Source: overview page of Colombia: the request package body followed by the key, then MD5.
pub(super) fn digest(body: &[u8], key: &Secret) -> [u8; 16] {
    Md5::new().chain_update(body).chain_update(key.expose()).finalize().into()
}

/// The digest as it stands in the header `Sign`.
pub(super) fn header(body: &[u8], key: &Secret, case: SignCase) -> String {
    let digits = match case {
        SignCase::Lower => b"0123456789abcdef",
        SignCase::Upper => b"0123456789ABCDEF",
    };
    let digit = |nibble: u8| digits.get(usize::from(nibble)).map_or('0', |it| char::from(*it));
    digest(body, key).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Whether `header` is the signature of these bytes, in either case of letters.
pub(super) fn is_valid(header: &[u8], body: &[u8], key: &Secret) -> bool {
    parse(header) == Some(digest(body, key))
}

/// The key itself. A twin's key is invented, and clients have to learn it from somewhere.
pub(super) fn shown(key: &Secret) -> String {
    key.expose().to_owned()
}

fn parse(header: &[u8]) -> Option<[u8; 16]> {
    let (pairs, rest) = header.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect();
    bytes?.try_into().ok()
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::settings::SANDBOX_API_KEY, *};

    const PAYOUT: &str = r#""bankId":33,"idType":"1","accountName":"Jeson","mchOrderNo":"order00000001","idCard":"43912345","accountNo":"3023612345","accountType":"0","notifyUrl":"https://xxxxxx.com/notify","currency":"COP","remark":"remark","nonceStr":"123456789"}"#;
    const NOTICE: &str = r#""mchOrderNo":"1863484722378907648","merchantId":"3002124","nonceStr":"1733103774518","orderNo":"PAYOUT8551739282639106048","orderStatus":"SUCCESS","payType":"11"}"#;
    const DONE: &str = r#","completionTime":"2024-12-02 08:42:54","fee":"#;

    fn vectors() -> Vec<(&'static str, String, &'static str)> {
        let text = str::to_owned;
        vec![
            ("V1", format!(r#"{{"amount":50000.00,{PAYOUT}"#), "e922c6750bbf9e97c18c0864f1a4c31e"),
            ("V1b", format!(r#"{{"amount":50000.0,{PAYOUT}"#), "7088daf2eea6a259b8a352d3096f9a1c"),
            ("V1c", format!(r#"{{"amount":50000,{PAYOUT}"#), "4d9cea7756e122adeae6ea92dec7d294"),
            (
                "V2",
                text(
                    r#"{"mchOrderNo":"1863484722378907648","nonceStr":"9459931608","orderNo":"PAYOUT8551739282639106048"}"#,
                ),
                "23ad90b7565452e9e390939725173ace",
            ),
            (
                "V3",
                format!(r#"{{"amount":60000.00{DONE}5150.0000,{NOTICE}"#),
                "c915d6e6f20b1cab0d6b7e1458d687bc",
            ),
            (
                "V3b",
                format!(r#"{{"amount":60000.0{DONE}5150.0,{NOTICE}"#),
                "1cf50a2726738a80f67d56e1dd990771",
            ),
            (
                "V3c",
                format!(r#"{{"amount":60000{DONE}5150,{NOTICE}"#),
                "d62489a07e88e212c2a867e4e2056de0",
            ),
            ("V4", text(r#"{"nonceStr":"4190026990"}"#), "fa8569ddee3ff3098e9604459d6914ba"),
            (
                "V5",
                text(
                    r#"{"accountName":"José Muñoz","amount":10000.00,"currency":"COP","nonceStr":"n1"}"#,
                ),
                "2aac5ab2550daa04e356f8b9fc36f2dd",
            ),
            (
                "V5b",
                text(
                    r#"{"accountName":"Jos\u00e9 Mu\u00f1oz","amount":10000.00,"currency":"COP","nonceStr":"n1"}"#,
                ),
                "0a2a2381ee8cc230515cf48f253ab211",
            ),
            (
                "V6",
                text(r#"{"nonceStr":"n1","notifyUrl":"https://m.example/cb"}"#),
                "f27033b39ef7aa2f6149f5973a023433",
            ),
            (
                "V6b",
                text(r#"{"nonceStr":"n1","notifyUrl":"https:\/\/m.example\/cb"}"#),
                "cfe94a0988a8853f3b00f7373c5bb59b",
            ),
            ("V7", text(r#"{"nonceStr":"n1"}"#), "37bc4e6dc95e1dda6a6ea4625203d03f"),
            ("V7b", text("{\"nonceStr\":\"n1\"}\n"), "960d600a3eb851a4dcbc2f9ed9f267c2"),
            (
                "V8",
                text(
                    r#"{"accountName":"Ana Perez","accountNo":"12345678901","accountType":1,"currency":"COP","amount":50000.00,"bankId":20,"mchOrderNo":"ord-0001","notifyUrl":"https://merchant.example/webhooks/cashypro","nonceStr":"n0001","idType":"1","idCard":"1012345678","remark":"payout"}"#,
                ),
                "0c58e030270eff17ae7816d7771b36ce",
            ),
            (
                "V9",
                text(
                    r#"{"amount":60000.00,"completionTime":"2024-12-02 08:42:54","fee":5150.0000,"mchOrderNo":"1863484722378907648","merchantId":"3002124","nonceStr":"1733103774518","orderNo":"PAYOUT8551739282639106048","orderStatus":"FAIL","resultDesc":"ACCOUNT NOT EXITS","payType":"11"}"#,
                ),
                "f81ab5be0ebae990bfe1d4963dcaa65e",
            ),
        ]
    }

    #[test]
    fn the_worked_vectors_come_out() {
        let key = Secret::new(SANDBOX_API_KEY);
        for (name, body, expected) in vectors() {
            assert_eq!(header(body.as_bytes(), &key, SignCase::Lower), expected, "{name}");
            let upper = header(body.as_bytes(), &key, SignCase::Upper);
            assert_eq!(upper, expected.to_uppercase(), "{name}");
            assert!(is_valid(expected.as_bytes(), body.as_bytes(), &key), "{name}");
            assert!(is_valid(upper.as_bytes(), body.as_bytes(), &key), "{name}");
        }
    }

    #[test]
    fn a_vector_fits_no_other_body() {
        let key = Secret::new(SANDBOX_API_KEY);
        for (name, body, _) in vectors() {
            for (other, _, signature) in vectors() {
                let is_own = is_valid(signature.as_bytes(), body.as_bytes(), &key);
                assert_eq!(is_own, name == other, "{name} with the signature of {other}");
            }
        }
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let key = Secret::new(SANDBOX_API_KEY);
        for header in
            ["", "e9", "e922c6750bbf9e97c18c0864f1a4c31", "g7bc4e6dc95e1dda6a6ea4625203d03f"]
        {
            assert!(!is_valid(header.as_bytes(), br#"{"nonceStr":"n1"}"#, &key), "{header}");
        }
        let other = Secret::new("another-key");
        let right = b"37bc4e6dc95e1dda6a6ea4625203d03f";
        assert!(!is_valid(right, br#"{"nonceStr":"n1"}"#, &other));
    }
}
