//! The fields of a JSON body, and what can be wrong with one.
//! Not which fields a call has, and not how a provider refuses it.

use std::fmt;

use serde_json::{Map, Value};

use crate::web::is_web_address;

/// One field that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) field: String,
    pub(crate) kind: FlawKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlawKind {
    Missing,
    Wrong,
}

impl Flaw {
    pub(crate) fn missing(field: &str) -> Self {
        Self { field: field.to_owned(), kind: FlawKind::Missing }
    }

    pub(crate) fn wrong(field: &str) -> Self {
        Self { field: field.to_owned(), kind: FlawKind::Wrong }
    }
}

/// The fields of a JSON object. Unknown ones are nobody's concern.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body, whatever content type it comes with: the official SDK names none.
    pub(crate) fn open(body: &[u8]) -> Result<Self, Flaw> {
        serde_json::from_slice(body).map(Self).map_err(|_| Flaw::wrong("body"))
    }

    /// The fields of a value, if it has any.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        value.as_object().cloned().map(Self)
    }

    /// The fields within a field.
    pub(crate) fn object(&self, name: &str) -> Result<Self, Flaw> {
        let value = self.value(name).ok_or_else(|| Flaw::missing(name))?;
        Self::of(value).ok_or_else(|| Flaw::wrong(name))
    }

    /// Refuses every field but these.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Flaw> {
        match self.0.keys().find(|it| !names.contains(&it.as_str())) {
            Some(name) => Err(Flaw::wrong(name)),
            None => Ok(()),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// The field, unless it is absent or null.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|it| !it.is_null())
    }

    /// A text of at most `chars_max` characters; empty counts as absent.
    pub(crate) fn text(&self, name: &str, chars_max: usize) -> Result<Option<&str>, Flaw> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let text = value.as_str().ok_or_else(|| Flaw::wrong(name))?;
        if text.chars().count() > chars_max {
            return Err(Flaw::wrong(name));
        }
        Ok(Some(text).filter(|it| !it.is_empty()))
    }

    pub(crate) fn required(&self, name: &str, chars_max: usize) -> Result<&str, Flaw> {
        self.text(name, chars_max)?.ok_or_else(|| Flaw::missing(name))
    }

    /// Whole pesos from 1 to `max`, as a JSON integer.
    pub(crate) fn amount(&self, name: &str, max: i64) -> Result<i64, Flaw> {
        let value = self.value(name).ok_or_else(|| Flaw::missing(name))?;
        value.as_i64().filter(|amount| (1..=max).contains(amount)).ok_or_else(|| Flaw::wrong(name))
    }

    /// An http or https address with a host, in visible ASCII, of at most 2048 characters.
    pub(crate) fn url(&self, name: &str) -> Result<Option<&str>, Flaw> {
        let Some(text) = self.text(name, 2_048)? else {
            return Ok(None);
        };
        if is_web_address(text) { Ok(Some(text)) } else { Err(Flaw::wrong(name)) }
    }
}

/// Without the values: they are names and accounts.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields").field("len", &self.0.len()).finish_non_exhaustive()
    }
}
