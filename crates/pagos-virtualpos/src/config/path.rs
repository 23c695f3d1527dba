//! Paths with one placeholder for an id, which becomes one path segment.

use pagos_core::Error;
use pagos_wire::path_segment;

/// A checked path below a base address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    before: String,
    after: String,
}

impl Template {
    /// A path without a placeholder.
    pub(crate) fn plain(field: &'static str, path: &str) -> Result<Self, Error> {
        let path = check(field, path)?;
        Ok(Self { before: path.to_owned(), after: String::new() })
    }

    /// A path with exactly one `place`.
    pub(crate) fn parse(field: &'static str, path: &str, place: &str) -> Result<Self, Error> {
        let refused = || {
            Error::invalid(field).because(format!("{path:?} does not have {place} exactly once"))
        };
        let (before, after) = path.split_once(place).ok_or_else(refused)?;
        check(field, &format!("{before}{after}"))?;
        Ok(Self { before: before.to_owned(), after: after.to_owned() })
    }

    /// The path itself, if it has no placeholder.
    pub(crate) fn as_str(&self) -> &str {
        &self.before
    }

    /// The path with `id` in place of the placeholder, escaped so that it stays one segment. `None`
    /// for an id that clients would resolve to another path.
    pub(crate) fn fill(&self, id: &str) -> Option<String> {
        path_segment(id).map(|segment| format!("{}{segment}{}", self.before, self.after))
    }
}

fn check<'a>(field: &'static str, path: &'a str) -> Result<&'a str, Error> {
    let is_legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'{' | b'}');
    match path.starts_with('/') && path.bytes().all(is_legal) {
        true => Ok(path),
        false => Err(Error::invalid(field).because(format!(
            "{path:?} is no path: it starts with / and has no blanks, no # and no other place"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_segment() {
        let template = Template::parse("path_by_id", "/v3/payout/{id}/state", "{id}").unwrap();
        let cases = [
            ("po_3f1c", Some("/v3/payout/po_3f1c/state")),
            ("a/../b?c=d#e%", Some("/v3/payout/a%2F..%2Fb%3Fc%3Dd%23e%25/state")),
            ("ñ", Some("/v3/payout/%C3%B1/state")),
            ("...", Some("/v3/payout/.../state")),
            ("..", None),
            (".", None),
            ("", None),
        ];
        for (id, expected) in cases {
            assert_eq!(template.fill(id).as_deref(), expected, "{id}");
        }
    }

    #[test]
    fn templates_are_checked() {
        for good in ["/v3/{id}", "/v3/payout?id={id}", "/{id}/x"] {
            assert!(Template::parse("path_by_id", good, "{id}").is_ok(), "{good}");
        }
        let refused = ["/v3", "v3/{id}", "/{id}/{id}", "/{id}#a", "/{id} ", "/{ID}", "{id}", ""];
        for bad in refused {
            let error = Template::parse("path_by_id", bad, "{id}").unwrap_err();
            assert_eq!(error.field(), Some("path_by_id"), "{bad}");
        }
        assert!(Template::plain("path_create", "/v3/payout").is_ok());
        assert!(Template::plain("path_create", "/v3/{id}").is_err());
    }
}
