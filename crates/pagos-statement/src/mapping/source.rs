//! Where a mapping finds a value: columns by name or number, patterns, and rules about rows.

use regex_lite::Regex;

use crate::fold::fold;

/// A column, by its folded name or its number from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    Name { folded: String, written: String },
    Number(usize),
}

impl Column {
    pub(crate) fn named(name: &str) -> Self {
        Self::Name { folded: fold(name), written: name.to_owned() }
    }

    /// For a problem.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Name { written, .. } => format!("column {written:?}"),
            Self::Number(number) => format!("column {number}"),
        }
    }
}

/// A column, or what a pattern finds in it.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) column: Column,
    pub(crate) regex: Option<Regex>,
}

impl Source {
    /// The first group of the pattern, or the whole cell without one; empty if there is none.
    pub(crate) fn find<'a>(&self, cell: &'a str) -> &'a str {
        let Some(regex) = &self.regex else { return cell.trim() };
        let groups = regex.captures(cell);
        groups.and_then(|it| it.get(1)).map_or("", |group| group.as_str().trim())
    }
}

/// Where something about the other side stands, for each side of the line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sided {
    pub(crate) debit: Option<Source>,
    pub(crate) credit: Option<Source>,
}

/// A rule about a cell.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) column: Column,
    pub(crate) test: Test,
}

/// Folded words.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Is(String),
    Starts(String),
}

impl Rule {
    pub(crate) fn is_met(&self, cell: &str) -> bool {
        let cell = fold(cell);
        match &self.test {
            Test::Is(words) => cell == *words,
            Test::Starts(words) => cell.starts_with(words.as_str()),
        }
    }
}
