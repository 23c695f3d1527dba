//! What is wrong with a file, in words for whoever got it from the bank. Names and numbers of
//! accounts are never quoted; amounts and dates may be.

use std::fmt;

use crate::Counts;

/// One thing that is wrong with a file, where, and what to do.
///
/// ```
/// let mut ignored = |_| ();
/// let problems = pagos_statement::read_mt940(&b":20:A\n:25:1\n:60F:D1\n"[..], &mut ignored);
/// let problems = problems.unwrap_err();
/// assert!(problems[0].to_string().starts_with("line 3, field 60F: "));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The number of the line, or of the row of a sheet, from 1; 0 if it is about the whole file.
    pub place: u64,
    /// The column, field or element.
    pub column: Option<String>,
    /// What is wrong.
    pub because: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Problem {
    pub(crate) fn new(place: u64, because: impl Into<String>, remedy: &'static str) -> Self {
        Self { place, column: None, because: because.into(), remedy }
    }

    #[must_use]
    pub(crate) fn of(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }
}

/// Prints `line 12, field 61: what is wrong; what to do`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.place, &self.column) {
            (0, None) => {}
            (0, Some(column)) => write!(f, "{column}: ")?,
            (place, None) => write!(f, "line {place}: ")?,
            (place, Some(column)) => write!(f, "line {place}, {column}: ")?,
        }
        write!(f, "{}; {}", self.because, self.remedy)
    }
}

impl std::error::Error for Problem {}

/// The problems of one file, up to a limit.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    pub(crate) fn add(&mut self, problem: Problem) {
        if !self.is_full() {
            self.list.push(problem);
        }
    }

    /// The value, or `None` and one problem more.
    pub(crate) fn take<T>(&mut self, read: Result<T, Problem>) -> Option<T> {
        read.map_err(|problem| self.add(problem)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are. What rests on a statement as a whole is only checked while this stays.
    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    /// Whether there is no use in reading on.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= PROBLEMS_MAX
    }

    pub(crate) fn finish(self, counts: Counts) -> Result<Counts, Vec<Problem>> {
        if self.list.is_empty() { Ok(counts) } else { Err(self.list) }
    }
}

/// What is not an amount or a date is named by its length: it may be a name or an account.
pub(crate) fn quote(text: &str) -> String {
    let is_sign = |letter: char| "+-.,/:'()$ ".contains(letter);
    let is_plain = text.chars().all(|letter| letter.is_ascii_digit() || is_sign(letter));
    let digits = text.chars().filter(char::is_ascii_digit).count();
    // A number of an account may have a check digit behind a hyphen; an amount of that length has none.
    let is_short = digits <= 8 || (digits <= 13 && text.contains(['.', ',', '\'']));
    match text.chars().count() {
        0 => "nothing".to_owned(),
        // Numbers of accounts have no separators, and amounts that are refused have one.
        1..=20 if is_plain && is_short => {
            format!("{text:?}")
        }
        characters => format!("a text of {characters} characters"),
    }
}

/// A problem beyond this is not told: the file is of another kind.
const PROBLEMS_MAX: usize = 1_000;

pub(crate) const AGAIN: &str =
    "get the file from the bank again; if it is the same, show the bank this message";
