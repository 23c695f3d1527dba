//! Lists of named values, one below the other: `pagos status`, and a table on a narrow terminal.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::output::{
    Kind, Piece, Screen, Style,
    text::{SHORTENED_MIN, broken, printable, shortened},
};

/// Most names are no wider, so that the texts of most lists are aligned.
const NAME_WIDTH: usize = 9;

const GAP: usize = 2;

/// Named values in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct List {
    entries: Vec<Entry>,
    name_width: usize,
}

#[derive(Debug)]
struct Entry {
    name: String,
    piece: Piece,
    kind: Kind,
}

impl List {
    /// An empty list, with room for the usual names.
    pub(crate) fn new() -> Self {
        Self { name_width: NAME_WIDTH, ..Self::default() }
    }

    /// An empty list that is only as wide as its names.
    pub(crate) fn narrow() -> Self {
        Self::default()
    }

    /// Adds a value that must be readable in full, such as a key: it is never broken or shortened.
    pub(crate) fn whole(&mut self, name: impl Into<String>, text: impl ToString) {
        self.add(name.into(), Piece::plain(text.to_string()), Kind::Whole);
    }

    /// Adds a text.
    pub(crate) fn note(&mut self, name: impl Into<String>, text: impl ToString) {
        self.add(name.into(), Piece::plain(text.to_string()), Kind::Note);
    }

    /// Adds a value of this kind.
    pub(crate) fn add(&mut self, name: String, piece: Piece, kind: Kind) {
        self.name_width = self.name_width.max(name.width());
        self.entries.push(Entry { name, piece, kind });
    }

    /// Writes the whole list.
    pub(crate) fn write(&self, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
        self.entries.iter().try_for_each(|entry| self.write_entry(entry, out, screen))
    }

    fn write_entry(&self, entry: &Entry, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
        let (name, text) = (printable(&entry.name), printable(&entry.piece.text));
        let columns = screen.columns.unwrap_or(usize::MAX);
        // If long names leave no room on a narrow terminal, the text goes below its name.
        let is_below = self.name_width + GAP > columns / 2;
        let indent = if is_below { GAP } else { self.name_width + GAP };
        let room = columns.saturating_sub(indent);
        let mut lines = match entry.kind {
            Kind::Note => broken(&text, room),
            Kind::Reference => vec![shortened(&text, room.max(SHORTENED_MIN))],
            Kind::Whole | Kind::Number | Kind::Spare | Kind::Address => vec![text],
        }
        .into_iter();
        let first = lines.next().unwrap_or_default();
        // A text that may not be broken begins its line, where a terminal that wraps it breaks it
        // least.
        let indent_first = if first.width() > room { 0 } else { indent };
        let first = screen.colour.paint(entry.piece.style, &first);
        match is_below || indent_first == 0 {
            true => {
                let name = screen.colour.paint(Style::Heading, &name);
                writeln!(out, "{name}\n{}{first}", " ".repeat(indent_first))?;
            }
            false => {
                let padding = " ".repeat(indent.saturating_sub(name.width()));
                writeln!(out, "{}", format!("{name}{padding}{first}").trim_end())?;
            }
        }
        lines.try_for_each(|line| {
            let line = screen.colour.paint(entry.piece.style, &line);
            writeln!(out, "{}{line}", " ".repeat(indent))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Colour;

    const PAGE: &str = "https://pay.bank-b.example/session/0d9b6a3e-7c51-4f0e-9a53-6e2f8b1c4d77";

    fn written(list: &List, columns: Option<usize>) -> String {
        let mut out = Vec::new();
        list.write(&mut out, Screen { columns, colour: Colour::Off }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn world_17_a_list_is_broken_at_words_and_what_is_copied_is_not() {
        let mut payment = List::new();
        payment.whole("key", "order-2026-11-0001");
        payment
            .note("reason", "the bank says: la cuenta\u{1b}[2J no existe, señal 界, ask the payer");
        payment.whole("pay here", PAGE);
        payment.note("next step", "none, until something is learned");
        let mut history = List::narrow();
        let sent = "attempt 1 begun: it may be sent from here on";
        history.note("2026-11-29T01:46:13.694Z", sent);
        let mut text = String::new();
        for columns in [Some(40), Some(60), Some(80), Some(100), Some(160), None] {
            let payment = written(&payment, columns);
            assert!(payment.contains(PAGE), "{payment}");
            let history = written(&history, columns);
            text.push_str(&format!("{columns:?}\n{payment}\n{history}\n"));
        }
        insta::assert_snapshot!("a_list", text);
    }
}
