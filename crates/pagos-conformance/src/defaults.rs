//! The head of a file, and what a case takes from the defaults of its operation: fields, settings and
//! sections that it does not have itself.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    case::Kind,
    section::{Part, numbered, split_number},
};

/// The section that begins an exchange, whichever it is.
const MESSAGES: [&str; 3] = ["request", "delivery", "body"];

/// How a request ends.
const ANSWERS: [&str; 2] = ["response", "failure"];

/// What is made of a message.
const SIGNATURES: [&str; 3] = ["string-to-sign", "signature", "wrong-signature"];

/// The head of a file. Description, source and date are for people; that they are there is checked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) description: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) read: Option<String>,
    pub(crate) clock: Option<String>,
    pub(crate) nonces: Option<Vec<String>>,
    pub(crate) reference: Option<String>,
    pub(crate) handle: Option<String>,
    pub(crate) begun_at: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) secret: Option<String>,
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, String>,
}

impl Head {
    /// What a case does not say itself. Where its bytes come from, each says itself.
    pub(crate) fn or(self, mut defaults: Self) -> Self {
        defaults.settings.extend(self.settings);
        Self {
            clock: self.clock.or(defaults.clock),
            nonces: self.nonces.or(defaults.nonces),
            reference: self.reference.or(defaults.reference),
            handle: self.handle.or(defaults.handle),
            begun_at: self.begun_at.or(defaults.begun_at),
            from: self.from.or(defaults.from),
            until: self.until.or(defaults.until),
            cursor: self.cursor.or(defaults.cursor),
            secret: self.secret.or(defaults.secret),
            settings: defaults.settings,
            ..self
        }
    }
}

/// Gives a case the sections that it lacks. It says itself how many exchanges there are, by the last
/// one of which it has a part. A documented case has all of its exchanges itself: they are what the
/// provider said.
pub(crate) fn inherit(
    parts: &mut BTreeMap<String, Part>,
    kind: Kind,
    defaults: &BTreeMap<String, Part>,
) {
    let last = match kind {
        Kind::Documented => 0,
        Kind::Computed => {
            let numbers = parts.keys().filter_map(|name| split_number(name));
            numbers.map(|(_, number)| number).max().unwrap_or(0)
        }
    };
    let mut names = vec!["order".to_owned()];
    for number in 1..=last {
        let lacks =
            |words: &[&str]| words.iter().all(|word| !parts.contains_key(&numbered(word, number)));
        if lacks(&MESSAGES) {
            names.extend(MESSAGES.iter().chain(&SIGNATURES).map(|word| numbered(word, number)));
        }
        if lacks(&ANSWERS) {
            names.extend(ANSWERS.map(|word| numbered(word, number)));
        }
    }
    for name in names {
        if let Some(part) = defaults.get(&name) {
            parts.entry(name).or_insert_with(|| part.clone());
        }
    }
}

/// Every number up to the last has a message; else a section would be read by nobody.
pub(crate) fn check_numbers(parts: &BTreeMap<String, Part>) -> Result<(), String> {
    for (name, part) in parts {
        let Some((_, last)) = split_number(name) else { continue };
        for number in 1..=last {
            if !MESSAGES.iter().any(|word| parts.contains_key(&numbered(word, number))) {
                let because = format!("`{name}` stands here, but there is no `request {number}`");
                return Err(part.fault(0, because));
            }
        }
    }
    Ok(())
}
