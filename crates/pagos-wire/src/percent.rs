//! Percent-encoding of one path segment, and of one value in a query or a form.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything except the characters that RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The text as one segment of a path, whatever it contains. `None` for `.`, `..` and the empty
/// text, which clients resolve to another path.
///
/// ```
/// use pagos_wire::path_segment;
///
/// assert_eq!(path_segment("a/../b?c=d").as_deref(), Some("a%2F..%2Fb%3Fc%3Dd"));
/// assert_eq!(path_segment(".."), None);
/// ```
pub fn path_segment(text: &str) -> Option<String> {
    let is_segment = !matches!(text, "" | "." | "..");
    is_segment.then(|| utf8_percent_encode(text, RESERVED).to_string())
}

/// Decodes percent-escapes. `None` for a `%` without two digits, and for bytes that are not UTF-8.
/// A plus stays a plus: it means a blank only in forms.
///
/// ```
/// use pagos_wire::percent_decoded;
///
/// assert_eq!(percent_decoded("a%2Fb+c").as_deref(), Some("a/b+c"));
/// assert_eq!(percent_decoded("100%"), None);
/// ```
pub fn percent_decoded(text: &str) -> Option<String> {
    let is_escape = |after: &str| {
        after.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_escape) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_one_segment_or_refused() {
        let cases = [
            ("aZ09-._~", Some("aZ09-._~")),
            ("a/../b?c=d#e%", Some("a%2F..%2Fb%3Fc%3Dd%23e%25")),
            ("../a?b=c#d%", Some("..%2Fa%3Fb%3Dc%23d%25")),
            ("100% +", Some("100%25%20%2B")),
            ("ñ", Some("%C3%B1")),
            ("...", Some("...")),
            ("..", None),
            (".", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(path_segment(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn escapes_are_read_and_broken_ones_are_nothing() {
        let cases = [
            ("po_1", Some("po_1")),
            ("a%2Db+%2b", Some("a-b++")),
            ("%C3%B1", Some("ñ")),
            ("", Some("")),
            ("%", None),
            ("%4", None),
            ("%%41", None),
            ("%zz", None),
            ("%+1", None),
            ("%ff", None),
        ];
        for (text, expected) in cases {
            assert_eq!(percent_decoded(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_reads_back(text in "\\PC{3,40}") {
            prop_assert_eq!(percent_decoded(&path_segment(&text).unwrap_or_default()), Some(text));
        }
    }
}
