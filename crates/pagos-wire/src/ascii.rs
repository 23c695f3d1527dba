//! Serialises a body as JSON: in UTF-8, or in pure ASCII, so that a signature over its bytes
//! depends on no character set.

use std::io;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Serializer, ser::Formatter};

use pagos_core::Error;

/// Compact JSON in which every character beyond ASCII is written as `\uXXXX`.
///
/// Characters beyond the basic plane become surrogate pairs. There is no newline at the end.
/// Serialise once, sign these bytes, send these bytes.
///
/// # Errors
/// `Invalid` if the value has no JSON form (a map whose keys are not text).
pub fn to_ascii_json(value: &(impl Serialize + ?Sized)) -> Result<Bytes, Error> {
    let mut body = Vec::with_capacity(512);
    let mut serializer = Serializer::with_formatter(&mut body, AsciiFormatter);
    value.serialize(&mut serializer).map_err(|cause| {
        Error::invalid("body").because("the request has no JSON form").with_source(cause)
    })?;
    Ok(Bytes::from(body))
}

/// Compact JSON in UTF-8. Serialise once, sign these bytes, send these bytes.
///
/// # Errors
/// `Invalid` if the value has no JSON form.
pub fn to_json(value: &(impl Serialize + ?Sized)) -> Result<Bytes, Error> {
    let body = serde_json::to_vec(value).map_err(|cause| {
        Error::invalid("body").because("it has no JSON form").with_source(cause)
    })?;
    Ok(Bytes::from(body))
}

struct AsciiFormatter;

impl Formatter for AsciiFormatter {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        if fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        for character in fragment.chars() {
            write_character(writer, character)?;
        }
        Ok(())
    }
}

fn write_character<W>(writer: &mut W, character: char) -> io::Result<()>
where
    W: ?Sized + io::Write,
{
    let mut buffer = [0_u16; 2];
    if character.is_ascii() {
        return write!(writer, "{character}");
    }
    for unit in character.encode_utf16(&mut buffer) {
        write!(writer, "\\u{unit:04x}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_beyond_ascii_is_escaped() {
        let cases = [
            ("José Muñoz", r#""Jos\u00e9 Mu\u00f1oz""#),
            ("🦀", r#""\ud83e\udd80""#),
            ("a/b \"c\"\n", r#""a/b \"c\"\n""#),
            ("", r#""""#),
        ];
        for (text, json) in cases {
            assert_eq!(to_ascii_json(text).unwrap(), json.as_bytes(), "{text}");
        }
    }

    #[test]
    fn a_value_without_json_form_is_invalid() {
        let keys_are_lists = std::collections::BTreeMap::from([(vec![1], 2)]);
        assert!(to_ascii_json(&keys_are_lists).is_err());
    }

    proptest! {
        #[test]
        fn every_text_reads_back_from_ascii(text in any::<String>()) {
            let json = to_ascii_json(text.as_str()).unwrap();
            prop_assert!(json.is_ascii());
            prop_assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
        }
    }
}
