//! A problem of the configuration: the place, the field, what is wrong, and the remedy. It never
//! contains a value.

use std::{fmt, path::PathBuf};

use crate::{
    input::printable,
    words::{Text, pay},
};

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A line of the configuration file.
    File { path: PathBuf, line: usize },
    /// An environment variable.
    Variable(String),
    /// The program's own default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::Variable(name) => f.write_str(name),
            Origin::Default => f.write_str("configuration"),
        }
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigProblem {
    origin: Origin,
    field: String,
    because: String,
    remedy: String,
}

impl ConfigProblem {
    /// What is wrong with `field`, as the rest of a sentence, and what to do.
    pub(crate) fn new(
        origin: Origin,
        field: impl Into<String>,
        because: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { origin, field: field.into(), because: because.into(), remedy: remedy.into() }
    }
}

impl ConfigProblem {
    /// The problem in both languages.
    pub(crate) fn text(&self) -> Text {
        let [field, because, remedy] =
            [&self.field, &self.because, &self.remedy].map(|part| Text::heard(part.as_str()));
        // A field's name and a path come from the file, and may contain terminal commands.
        let [field, because] = [field, because].map(|part| part.map(|it| printable(it, LONGEST)));
        let origin = match self.origin {
            Origin::Default => Text::heard(self.origin.to_string()),
            Origin::File { .. } | Origin::Variable(_) => self.origin.to_string().into(),
        };
        pay::setting(origin, field, because, remedy)
    }
}

/// Prints `pagos.toml:4: api_key is empty; fill it in or remove it`.
impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().english())
    }
}

const LONGEST: usize = 1_000;
