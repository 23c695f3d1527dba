//! What the reader of a stream can display: its width, and whether colours.

use std::io::{self, IsTerminal};

use terminal_size::{Width, terminal_size_of};

use crate::output::Colour;

/// The width of a terminal that does not report one.
pub(crate) const COLUMNS_USUAL: usize = 80;

/// Narrower terminals are treated as this wide, because nothing is readable below it.
const COLUMNS_MIN: usize = 20;

/// The display behind a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    /// `None` without a terminal: then nothing is broken or shortened.
    pub(crate) columns: Option<usize>,
    pub(crate) colour: Colour,
}

impl Screen {
    /// Standard output.
    pub(crate) fn of_stdout() -> Self {
        let stdout = io::stdout();
        let told = terminal_size_of(&stdout).map(|(Width(columns), _)| columns);
        Self { columns: columns(&stdout, told), colour: Colour::of(&stdout) }
    }

    /// Standard error.
    pub(crate) fn of_stderr() -> Self {
        let stderr = io::stderr();
        let told = terminal_size_of(&stderr).map(|(Width(columns), _)| columns);
        Self { columns: columns(&stderr, told), colour: Colour::of(&stderr) }
    }
}

fn columns(stream: &impl IsTerminal, told: Option<u16>) -> Option<usize> {
    let told = told.map_or(COLUMNS_USUAL, usize::from);
    stream.is_terminal().then(|| told.max(COLUMNS_MIN))
}
