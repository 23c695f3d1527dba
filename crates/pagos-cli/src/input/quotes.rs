//! Checks the quotes of a record against RFC 4180. `csv-core` reads `"15"0000` as `150000`; here it
//! is an error with its place.

use crate::words::{Text, file};

/// A quote where none is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StrayQuote {
    pub(crate) line: u64,
    /// The position of the field in its row, from 0.
    pub(crate) field: usize,
    pub(crate) kind: Stray,
}

impl StrayQuote {
    /// Whether the file ends within it.
    pub(crate) fn is_unclosed(&self) -> bool {
        self.kind == Stray::Unclosed
    }
}

/// The kind of a stray quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stray {
    /// `"15"0000`.
    TextBehind,
    /// `Ana "La Mona"`.
    Inside,
    /// The file ends within quotes.
    Unclosed,
}

impl Stray {
    /// What is wrong, and what to do.
    pub(crate) fn explain(self) -> (Text, Text) {
        match self {
            Stray::TextBehind => (file::text_behind_quote(), file::quote_whole_value()),
            Stray::Inside => (file::quote_inside(), file::quote_whole_value()),
            Stray::Unclosed => (file::quote_is_never_closed(), file::close_it()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote within quotes: the end of the field, or the first of two.
    QuoteInQuoted,
}

/// Follows the bytes of one record after another.
#[derive(Debug)]
pub(crate) struct Quotes {
    delimiter: u8,
    state: State,
    field: usize,
    found: Option<StrayQuote>,
}

impl Quotes {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::FieldStart, field: 0, found: None }
    }

    /// Processes bytes of a record, the first of which is in `line`.
    pub(crate) fn follow(&mut self, bytes: &[u8], mut line: u64) {
        for byte in bytes {
            self.step(*byte, line);
            line += u64::from(*byte == b'\n');
        }
    }

    /// Ends the record and returns its first stray quote.
    pub(crate) fn end_record(&mut self, line: u64) -> Option<StrayQuote> {
        if self.state == State::Quoted {
            let field = self.field;
            self.found = Some(StrayQuote { line, field, kind: Stray::Unclosed });
        }
        self.state = State::FieldStart;
        self.field = 0;
        self.found.take()
    }

    fn step(&mut self, byte: u8, line: u64) {
        let is_end = matches!(byte, b'\r' | b'\n');
        self.state = match (self.state, byte) {
            (State::FieldStart | State::QuoteInQuoted, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::Quoted, _) => State::Quoted,
            (_, byte) if byte == self.delimiter => {
                self.field += 1;
                State::FieldStart
            }
            (_, _) if is_end => State::FieldStart,
            (State::Plain, b'"') => {
                self.note(Stray::Inside, line);
                State::Plain
            }
            (State::QuoteInQuoted, _) => {
                self.note(Stray::TextBehind, line);
                State::Plain
            }
            (State::FieldStart | State::Plain, _) => State::Plain,
        };
    }

    fn note(&mut self, kind: Stray, line: u64) {
        let field = self.field;
        self.found.get_or_insert(StrayQuote { line, field, kind });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_11_a_quote_stands_around_a_whole_field_or_is_an_error() {
        let cases = [
            ("a,\"15\"0000,b\n", Some((1, Stray::TextBehind))),
            ("a,\"15\" ,b\n", Some((1, Stray::TextBehind))),
            ("a,Ana \"La Mona\",b", Some((1, Stray::Inside))),
            (" \"a\",b", Some((0, Stray::Inside))),
            ("a,\"b", Some((1, Stray::Unclosed))),
            ("a,\"Ana \"\"La Mona\"\"\",b\r\n", None),
            ("\"a\",\"\",\"b\nc\"", None),
            ("\"a\"\r\n", None),
            ("\"\"\"\",b", None),
            ("'a',b", None),
        ];
        for (text, expected) in cases {
            let mut quotes = Quotes::new(b',');
            quotes.follow(text.as_bytes(), 7);
            let found = quotes.end_record(7);
            assert_eq!(found.map(|stray| (stray.field, stray.kind)), expected, "{text}");
        }
    }
}
