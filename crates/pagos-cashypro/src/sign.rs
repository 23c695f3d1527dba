//! The signature: MD5 over the exact bytes of a body followed by the API key. Pure.
//!
//! The scheme is the provider's. It has no timestamp, so a captured webhook can be replayed for
//! ever: the status machine recognises a repeat, and a contradiction causes a query.
//!
//! Source: docs: col/overview, quickstart. The `Sign` printed in every example of the documents is
//! one placeholder and no test vector. \[computed\]

use http::HeaderMap;
use md5::{Digest, Md5};

use pagos_core::{Error, Secret, SignatureMatch};
use pagos_wire::refused;

use crate::settings::SignCase;

/// The header of the signature, in requests and in webhooks.
pub(crate) const SIGN_HEADER: &str = "sign";

/// The bytes that are hashed: `body` as it is sent, directly followed by the key.
///
/// The result contains the key: use it to show how a signature is made, never in a log.
///
/// ```
/// use pagos_cashypro::string_to_sign;
/// use pagos_core::Secret;
///
/// let key = Secret::new("sandbox-key");
/// assert_eq!(string_to_sign(br#"{"nonceStr":"n1"}"#, &key), br#"{"nonceStr":"n1"}sandbox-key"#);
/// ```
pub fn string_to_sign(body: &[u8], api_key: &Secret) -> Vec<u8> {
    [body, api_key.expose().as_bytes()].concat()
}

/// The text of the header `Sign` for `body`: 32 hex digits.
///
/// ```
/// use pagos_cashypro::{SignCase, signature};
/// use pagos_core::Secret;
///
/// let key = Secret::new("sandbox-key-0123456789abcdef");
/// let sign = signature(br#"{"nonceStr":"n1"}"#, &key, SignCase::Lower);
/// assert_eq!(sign, "37bc4e6dc95e1dda6a6ea4625203d03f");
/// ```
pub fn signature(body: &[u8], api_key: &Secret, case: SignCase) -> String {
    let tag = u128::from_be_bytes(tag(body, api_key));
    match case {
        SignCase::Lower => format!("{tag:032x}"),
        SignCase::Upper => format!("{tag:032X}"),
    }
}

/// Proves that the header `Sign` of a webhook is the signature of `body`.
///
/// Upper and lower case are equivalent; the comparison takes constant time.
///
/// # Errors
/// `Unauthorized` if the header is missing, repeated, not 32 hex digits or not genuine.
pub fn verify(body: &[u8], headers: &HeaderMap, api_key: &Secret) -> Result<SignatureMatch, Error> {
    let mut presented = headers.get_all(SIGN_HEADER).iter();
    let (Some(sign), None) = (presented.next(), presented.next()) else {
        return Err(refused("the delivery has no header Sign, or several"));
    };
    let sign = parse_tag(sign.as_bytes())
        .ok_or_else(|| refused("the header Sign is not 32 hexadecimal digits"))?;
    SignatureMatch::of(&tag(body, api_key), &sign)
        .ok_or_else(|| refused("the header Sign is not the signature of the body"))
}

// Hashes the key directly from its secret, without a copy that is not wiped.
fn tag(body: &[u8], api_key: &Secret) -> [u8; 16] {
    Md5::new().chain_update(body).chain_update(api_key.expose()).finalize().into()
}

fn parse_tag(text: &[u8]) -> Option<[u8; 16]> {
    // `from_str_radix` alone would accept a leading sign.
    if text.len() != 32 || !text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use pagos_core::ErrorKind;

    use super::*;

    /// Bodies and digests were computed with another program (Python's hashlib).
    const VECTORS: [(&str, &str); 16] = [
        (
            r#"{"amount":50000.00,"bankId":33,"idType":"1","accountName":"Jeson","mchOrderNo":"order00000001","idCard":"43912345","accountNo":"3023612345","accountType":"0","notifyUrl":"https://xxxxxx.com/notify","currency":"COP","remark":"remark","nonceStr":"123456789"}"#,
            "e922c6750bbf9e97c18c0864f1a4c31e",
        ),
        (
            r#"{"amount":50000.0,"bankId":33,"idType":"1","accountName":"Jeson","mchOrderNo":"order00000001","idCard":"43912345","accountNo":"3023612345","accountType":"0","notifyUrl":"https://xxxxxx.com/notify","currency":"COP","remark":"remark","nonceStr":"123456789"}"#,
            "7088daf2eea6a259b8a352d3096f9a1c",
        ),
        (
            r#"{"amount":50000,"bankId":33,"idType":"1","accountName":"Jeson","mchOrderNo":"order00000001","idCard":"43912345","accountNo":"3023612345","accountType":"0","notifyUrl":"https://xxxxxx.com/notify","currency":"COP","remark":"remark","nonceStr":"123456789"}"#,
            "4d9cea7756e122adeae6ea92dec7d294",
        ),
        (
            r#"{"mchOrderNo":"1863484722378907648","nonceStr":"9459931608","orderNo":"PAYOUT8551739282639106048"}"#,
            "23ad90b7565452e9e390939725173ace",
        ),
        (
            r#"{"amount":60000.00,"completionTime":"2024-12-02 08:42:54","fee":5150.0000,"mchOrderNo":"1863484722378907648","merchantId":"3002124","nonceStr":"1733103774518","orderNo":"PAYOUT8551739282639106048","orderStatus":"SUCCESS","payType":"11"}"#,
            "c915d6e6f20b1cab0d6b7e1458d687bc",
        ),
        (
            r#"{"amount":60000.0,"completionTime":"2024-12-02 08:42:54","fee":5150.0,"mchOrderNo":"1863484722378907648","merchantId":"3002124","nonceStr":"1733103774518","orderNo":"PAYOUT8551739282639106048","orderStatus":"SUCCESS","payType":"11"}"#,
            "1cf50a2726738a80f67d56e1dd990771",
        ),
        (
            r#"{"amount":60000,"completionTime":"2024-12-02 08:42:54","fee":5150,"mchOrderNo":"1863484722378907648","merchantId":"3002124","nonceStr":"1733103774518","orderNo":"PAYOUT8551739282639106048","orderStatus":"SUCCESS","payType":"11"}"#,
            "d62489a07e88e212c2a867e4e2056de0",
        ),
        (r#"{"nonceStr":"4190026990"}"#, "fa8569ddee3ff3098e9604459d6914ba"),
        (
            r#"{"accountName":"José Muñoz","amount":10000.00,"currency":"COP","nonceStr":"n1"}"#,
            "2aac5ab2550daa04e356f8b9fc36f2dd",
        ),
        (
            r#"{"accountName":"Jos\u00e9 Mu\u00f1oz","amount":10000.00,"currency":"COP","nonceStr":"n1"}"#,
            "0a2a2381ee8cc230515cf48f253ab211",
        ),
        (
            r#"{"nonceStr":"n1","notifyUrl":"https://m.example/cb"}"#,
            "f27033b39ef7aa2f6149f5973a023433",
        ),
        (
            r#"{"nonceStr":"n1","notifyUrl":"https:\/\/m.example\/cb"}"#,
            "cfe94a0988a8853f3b00f7373c5bb59b",
        ),
        (r#"{"nonceStr":"n1"}"#, "37bc4e6dc95e1dda6a6ea4625203d03f"),
        ("{\"nonceStr\":\"n1\"}\n", "960d600a3eb851a4dcbc2f9ed9f267c2"),
        (
            r#"{"accountName":"Ana Perez","accountNo":"12345678901","accountType":1,"currency":"COP","amount":50000.00,"bankId":20,"mchOrderNo":"ord-0001","notifyUrl":"https://merchant.example/webhooks/cashypro","nonceStr":"n0001","idType":"1","idCard":"1012345678","remark":"payout"}"#,
            "0c58e030270eff17ae7816d7771b36ce",
        ),
        (
            r#"{"amount":60000.00,"completionTime":"2024-12-02 08:42:54","fee":5150.0000,"mchOrderNo":"1863484722378907648","merchantId":"3002124","nonceStr":"1733103774518","orderNo":"PAYOUT8551739282639106048","orderStatus":"FAIL","resultDesc":"ACCOUNT NOT EXITS","payType":"11"}"#,
            "f81ab5be0ebae990bfe1d4963dcaa65e",
        ),
    ];

    fn key() -> Secret {
        Secret::new("sandbox-key-0123456789abcdef")
    }

    fn headers(sign: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            http::HeaderName::from_static(SIGN_HEADER),
            HeaderValue::from_str(sign).unwrap(),
        )])
    }

    #[test]
    fn every_vector_is_reproduced_and_verified() {
        for (body, sign) in VECTORS {
            let body = body.as_bytes();
            assert_eq!(signature(body, &key(), SignCase::Lower), sign);
            assert_eq!(signature(body, &key(), SignCase::Upper), sign.to_uppercase());
            assert!(verify(body, &headers(sign), &key()).is_ok());
            assert!(verify(body, &headers(&sign.to_uppercase()), &key()).is_ok());
            let hashed = Md5::digest(string_to_sign(body, &key()));
            assert_eq!(<[u8; 16]>::from(hashed), tag(body, &key()));
        }
    }

    #[test]
    fn no_vector_verifies_another() {
        for (position, (body, _)) in VECTORS.iter().enumerate() {
            for (other, (_, sign)) in VECTORS.iter().enumerate() {
                let is_genuine = verify(body.as_bytes(), &headers(sign), &key()).is_ok();
                assert_eq!(is_genuine, position == other, "{position} {other}");
            }
        }
    }

    #[test]
    fn malformed_signatures_are_unauthorized() {
        let (body, sign) = VECTORS[0];
        let short = &sign[1..];
        let long = format!("{sign}0");
        let plus = format!("+{short}");
        for bad in ["", short, &long, &plus, "zz22c6750bbf9e97c18c0864f1a4c31e"] {
            let refused = verify(body.as_bytes(), &headers(bad), &key()).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Unauthorized, "{bad}");
        }
        let mut twice = headers(sign);
        twice.append(SIGN_HEADER, HeaderValue::from_str(sign).unwrap());
        assert!(verify(body.as_bytes(), &twice, &key()).is_err());
        assert!(verify(body.as_bytes(), &HeaderMap::new(), &key()).is_err());
        assert!(verify(body.as_bytes(), &headers(sign), &Secret::new("another key")).is_err());
    }
}
