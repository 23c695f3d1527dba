//! Colours, on terminals that support them.

use std::io::IsTerminal;

const PLAIN: &str = "\u{1b}[0m";

/// The style of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Good,
    Bad,
    Doubt,
    Heading,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Good => "\u{1b}[32m",
            Style::Bad => "\u{1b}[31m",
            Style::Doubt => "\u{1b}[33m",
            Style::Heading => "\u{1b}[1m",
        }
    }
}

/// Whether a stream gets colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    On,
    Off,
}

impl Colour {
    /// On for a terminal, unless `NO_COLOR` is set to anything or the terminal is `dumb`.
    pub(crate) fn of(stream: &impl IsTerminal) -> Self {
        let is_set = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match stream.is_terminal() && !is_set && !is_dumb {
            true => Colour::On,
            false => Colour::Off,
        }
    }

    /// `text` in `style`, or unchanged.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match (self, style) {
            (Colour::Off, _) | (Colour::On, Style::Plain) => text.to_owned(),
            (Colour::On, _) => format!("{}{text}{PLAIN}", style.code()),
        }
    }
}

/// Zero-width letters that mark the beginnings of styles while a table is laid out, so that colours
/// do not change the layout. `text::printable` keeps them out of other text.
const MARKS: [(Style, char); 4] = [
    (Style::Good, '\u{2061}'),
    (Style::Bad, '\u{2062}'),
    (Style::Doubt, '\u{2063}'),
    (Style::Heading, '\u{2064}'),
];

/// The end of any style.
const END: char = '\u{2060}';

/// `text` with its marks, for the layout.
pub(super) fn marked(style: Style, text: &str) -> String {
    let mark = MARKS.iter().find(|(marked, _)| *marked == style).filter(|_| !text.is_empty());
    mark.map_or_else(|| text.to_owned(), |(_, mark)| format!("{mark}{text}{END}"))
}

/// A line of the layout with its colours, or without any.
pub(super) fn painted(colour: Colour, line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for letter in line.chars() {
        let mark = MARKS.iter().find(|(_, mark)| *mark == letter);
        match (mark, colour) {
            (Some((style, _)), Colour::On) => text.push_str(style.code()),
            (None, Colour::On) if letter == END => text.push_str(PLAIN),
            (None, _) if letter != END => text.push(letter),
            (Some(_) | None, _) => {}
        }
    }
    text
}
