//! Colours, on terminals that want them. Nothing else depends on what the terminal can do.

use std::io::IsTerminal;

/// How a piece of text stands out.
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

    /// `text` in `style`, or as it is.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match (self, style) {
            (Colour::Off, _) | (Colour::On, Style::Plain) => text.to_owned(),
            (Colour::On, _) => format!("{}{text}\u{1b}[0m", style.code()),
        }
    }
}
