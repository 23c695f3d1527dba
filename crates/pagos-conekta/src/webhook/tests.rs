//! Bodies that nobody should send. Deliveries are in the fixtures.

use proptest::prelude::*;

use super::*;

#[test]
fn one_header_has_one_value() {
    let mut headers = HeaderMap::new();
    assert_eq!(digest(&headers, "digest"), None);
    headers.insert("digest", http::HeaderValue::from_static(""));
    assert_eq!(digest(&headers, "digest"), Some(""));
    headers.append("digest", http::HeaderValue::from_static("a"));
    assert_eq!(digest(&headers, "digest"), None);
    let odd = http::HeaderValue::from_bytes(b"\xff").unwrap();
    headers.insert("digest", odd);
    assert_eq!(digest(&headers, "digest"), None);
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = News::read(&body);
    }

    #[test]
    fn no_json_makes_it_panic(inside in r#"[\{\}\[\]":,a-z0-9_. -]{0,60}"#) {
        let _ = News::read(format!(r#"{{"object":"event","data":{{"object":{inside}}}}}"#).as_bytes());
    }
}
