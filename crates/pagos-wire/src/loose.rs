//! Integers and texts that providers write sometimes as a number and sometimes as a string. Not for
//! amounts.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

/// An integer, written as a JSON number or as a string of digits.
///
/// ```
/// use pagos_wire::WireInteger;
///
/// let codes: [WireInteger; 2] = serde_json::from_str(r#"[200, "200"]"#).unwrap();
/// assert_eq!(codes.map(WireInteger::value), [200, 200]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WireInteger(i64);

impl WireInteger {
    /// The integer.
    pub fn value(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for WireInteger {
    fn deserialize<D>(deserializer: D) -> Result<Self, D::Error>
    where
        D: Deserializer<'de>,
    {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        unquoted(json)
            .and_then(|text| text.parse().ok())
            .map(Self)
            .ok_or_else(|| D::Error::custom("neither an integer nor a string of one"))
    }
}

/// A text, written as a JSON string or as a number, whose digits are kept as they are.
///
/// ```
/// use pagos_wire::WireText;
///
/// let merchants: [WireText; 2] = serde_json::from_str(r#"["1002001", 1002001]"#).unwrap();
/// assert!(merchants.iter().all(|merchant| merchant.as_str() == "1002001"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WireText(String);

impl WireText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for WireText {
    fn deserialize<D>(deserializer: D) -> Result<Self, D::Error>
    where
        D: Deserializer<'de>,
    {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        if json.starts_with('"') {
            return serde_json::from_str(json).map(Self).map_err(D::Error::custom);
        }
        let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        match is_number {
            true => Ok(Self(json.to_owned())),
            false => Err(D::Error::custom("neither a text nor a number")),
        }
    }
}

/// The digits of a number or of a string of digits. Escapes do not count as digits.
fn unquoted(json: &str) -> Option<&str> {
    match json.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"'),
        None => Some(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_from_both_forms() {
        let read = |json| serde_json::from_str::<WireInteger>(json).ok().map(WireInteger::value);
        let cases = [
            ("200", Some(200)),
            ("\"200\"", Some(200)),
            ("-1", Some(-1)),
            ("200.0", None),
            ("\"\"", None),
            ("null", None),
            ("true", None),
            ("9223372036854775808", None),
        ];
        for (json, expected) in cases {
            assert_eq!(read(json), expected, "{json}");
        }
    }

    #[test]
    fn texts_are_read_from_both_forms() {
        let read = |json| serde_json::from_str::<WireText>(json).ok().map(WireText::into_string);
        let cases = [
            ("\"a\\u00f1o\"", Some("año")),
            ("1863484722378907648", Some("1863484722378907648")),
            ("\"\"", Some("")),
            ("null", None),
            ("{}", None),
            ("false", None),
        ];
        for (json, expected) in cases {
            assert_eq!(read(json).as_deref(), expected, "{json}");
        }
    }
}
