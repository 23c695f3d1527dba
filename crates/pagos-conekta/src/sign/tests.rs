//! The header that says who we are. Signatures of webhooks are tested in `tests/digest.rs`.

use super::*;

/// Source: manual (`curl -u key_DePruebaDeApi:`); the value is computed with coreutils.
#[test]
fn the_key_is_a_user_name_without_a_password() {
    let credentials = Credentials::new(Secret::new("key_DePruebaDeApi")).unwrap();
    assert_eq!(credentials.header(), "Basic a2V5X0RlUHJ1ZWJhRGVBcGk6");
    assert!(credentials.header().is_sensitive());
    assert_eq!(format!("{credentials:?}"), "Credentials(..)");
    let told = "key_DePruebaDeApi or a2V5X0RlUHJ1ZWJhRGVBcGk6";
    assert_eq!(credentials.hide(told), "****** or ******");
}

#[test]
fn prefixes_of_others_are_left_out() {
    for text in ["Zm9v", " Zm9v\t", "sha-256=Zm9v", "sha-256=:Zm9v:"] {
        assert_eq!(bare(text), "Zm9v", "{text}");
    }
    assert_eq!(bare("sha-256=:Zm9v"), ":Zm9v");
    assert_eq!(bare(""), "");
}
