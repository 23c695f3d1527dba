//! What the reader of a stream can show: how wide, and whether in colours.

use std::io::{self, IsTerminal};

use terminal_size::{Width, terminal_size_of};

use crate::output::Colour;

/// Of a terminal that does not tell.
pub(crate) const COLUMNS_USUAL: usize = 80;

/// Narrower ones are treated as if they were so wide: below it nothing can be read anyway.
const COLUMNS_MIN: usize = 20;

/// A stream as whoever writes to it sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    /// `None` where no terminal is: then nothing is broken, and nothing is shortened.
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
