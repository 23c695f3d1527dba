//! Addresses: parts of them that are encoded, and those that stay within the desk.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// One part of a path or a query.
pub(crate) fn encoded(part: &str) -> String {
    utf8_percent_encode(part, PART).to_string()
}

/// The unreserved characters of RFC 3986 stay.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path with the parameters that are set.
pub(crate) fn with_query(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let set = parameters.iter().filter_map(|(name, value)| {
        let value = value.filter(|value| !value.is_empty())?;
        Some(format!("{name}={}", encoded(value)))
    });
    let query = set.collect::<Vec<_>>().join("&");
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A page of the desk, whatever a link said: nobody is sent to another site.
pub(crate) fn own_page(named: Option<&str>) -> &str {
    let is_own = |path: &&str| {
        let rest = path.strip_prefix("/desk");
        let begins_well = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        begins_well && !path.contains(['\\', '\r', '\n'])
    };
    named.filter(is_own).unwrap_or("/desk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_to_a_page_of_the_desk_only() {
        let cases = [
            (Some("/desk/runs?after=3"), "/desk/runs?after=3"),
            (Some("/desk?x=1"), "/desk?x=1"),
            (Some("https://evil.example/desk"), "/desk"),
            (Some("//evil.example"), "/desk"),
            (Some("/deskevil"), "/desk"),
            (Some("/desk/\\evil"), "/desk"),
            (None, "/desk"),
        ];
        for (named, expected) in cases {
            assert_eq!(own_page(named), expected);
        }
    }
}
