//! Tables for people: as wide as the terminal, or a list if the terminal is too narrow. Without a
//! terminal, every row is one complete line.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use comfy_table::{CellAlignment, ColumnConstraint, Table, Width, presets};
use unicode_width::UnicodeWidthStr;

use crate::{
    output::{
        List, Screen, Style,
        style::{marked, painted},
        text::{SHORTENED_MIN, broken, printable, shortened},
    },
    words::Text,
};

/// On a narrower terminal there is always a list.
const TABLE_COLUMNS_MIN: usize = 60;

/// The minimum width of the lines into which a note is broken.
const NOTE_MIN: usize = 16;

/// The width that a note gets before references are shown in full.
const NOTE_FAIR: usize = 32;

const GAP: usize = 2;

/// The number of rows that are laid out at a time.
const ROWS_LAID_OUT: usize = 1_000;

/// The kind of a column's content, which decides what happens if there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Always shown in full.
    Whole,
    /// Always shown in full, aligned to the right.
    Number,
    /// A number that is left out if a table has no room for it.
    Spare,
    /// An id of another system: its first and last letters distinguish it.
    Reference,
    /// An address: like a reference, but shown in full in a list, from which it can be copied.
    Address,
    /// Text, which is broken into lines.
    Note,
}

/// The position of a table's notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notes {
    /// In columns of their own.
    Beside,
    /// Below their row, if the columns have no room.
    Below,
}

/// A column and the kind of its content.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) heading: Cow<'static, str>,
    pub(crate) kind: Kind,
}

/// A text and its style.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) style: Style,
}

impl Piece {
    /// A text without a style.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::Plain }
    }
}

/// Rows under headings. It keeps all of them, so their number must be bounded.
#[derive(Debug)]
pub(crate) struct Grid {
    columns: Vec<Column>,
    rows: Vec<Vec<Piece>>,
}

impl Column {
    /// A column of this kind.
    pub(crate) const fn new(heading: &'static str, kind: Kind) -> Self {
        Self { heading: Cow::Borrowed(heading), kind }
    }

    /// A column with a heading in the language of the process.
    pub(crate) fn said(heading: Text, kind: Kind) -> Self {
        Self { heading: Cow::Owned(heading.into()), kind }
    }
}

impl Grid {
    /// A table without rows.
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, with one cell for each column.
    pub(crate) fn push(&mut self, cells: impl IntoIterator<Item = Piece>) {
        let cells = cells.into_iter();
        self.rows.push(cells.map(|cell| Piece { text: printable(&cell.text), ..cell }).collect());
    }

    /// Adds a row of texts without a style.
    pub(crate) fn push_plain(&mut self, cells: impl IntoIterator<Item = String>) {
        self.push(cells.into_iter().map(Piece::plain));
    }

    /// Writes the headings and the rows; nothing if there are no rows.
    pub(crate) fn write(&self, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let beside = self.fit(screen.columns, Notes::Beside);
        match beside.or_else(|| self.fit(screen.columns, Notes::Below)) {
            Some(widths) => self.write_table(out, screen, &widths),
            None => self.write_list(out, screen),
        }
    }

    /// Writes some rows at a time, because laid out they take ten times the memory.
    fn write_table(&self, out: &mut dyn Write, screen: Screen, widths: &[usize]) -> io::Result<()> {
        let headings =
            self.columns.iter().map(|column| (Style::Heading, column.heading.to_string()));
        let headings = self.laid_out(widths, [headings.collect()]);
        let parts = self.rows.chunks(ROWS_LAID_OUT).map(|rows| {
            let cells = |row: &Vec<Piece>| {
                row.iter().map(|piece| (piece.style, piece.text.clone())).collect::<Vec<_>>()
            };
            (rows, self.laid_out(widths, rows.iter().map(cells)))
        });
        let below = self.columns_below(widths);
        for (rows, part) in std::iter::once((&[][..], headings)).chain(parts) {
            for (at, line) in part.lines().enumerate() {
                writeln!(out, "{}", painted(screen.colour, line.trim_end()))?;
                // Without notes beside it, a row is one line.
                if let (Some(row), false) = (rows.get(at), below.is_empty()) {
                    write_below(out, screen, row, &below)?;
                }
            }
        }
        Ok(())
    }

    /// The indexes of the notes that do not fit into the table.
    fn columns_below(&self, widths: &[usize]) -> Vec<usize> {
        let columns = self.columns.iter().zip(widths).enumerate();
        let hidden =
            columns.filter(|(_, (column, width))| column.kind == Kind::Note && **width == 0);
        hidden.map(|(at, _)| at).collect()
    }

    fn laid_out(
        &self,
        widths: &[usize],
        rows: impl IntoIterator<Item = Vec<(Style, String)>>,
    ) -> Table {
        let columns = || self.columns.iter().zip(widths.iter().copied());
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        for row in rows {
            let cells = row.into_iter().zip(columns()).filter(|(_, (_, width))| *width > 0);
            table.add_row(cells.map(|((style, text), (column, width))| {
                let is_fitted = matches!(column.kind, Kind::Reference | Kind::Address);
                let text = if is_fitted { shortened(&text, width) } else { text };
                marked(style, &text)
            }));
        }
        let shown: Vec<(&Column, usize)> = columns().filter(|(_, width)| *width > 0).collect();
        for (laid_out, (column, width)) in table.column_iter_mut().zip(&shown) {
            let width = u16::try_from(width + GAP).unwrap_or(u16::MAX);
            laid_out.set_padding((0, 2));
            laid_out.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
            if matches!(column.kind, Kind::Number | Kind::Spare) {
                laid_out.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }

    /// Writes the rows one below the other; the headings name their cells.
    fn write_list(&self, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
        for (at, row) in self.rows.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            let mut list = List::new();
            for (column, piece) in self.columns.iter().zip(row) {
                if !piece.text.is_empty() {
                    list.add(column.heading.to_lowercase(), piece.clone(), column.kind);
                }
            }
            list.write(out, screen)?;
        }
        Ok(())
    }

    /// The width of each column, if a table fits; a hidden column has no width.
    fn fit(&self, columns: Option<usize>, notes: Notes) -> Option<Vec<usize>> {
        let whole = || (0..self.columns.len()).map(|at| self.width(at));
        let Some(columns) = columns else { return Some(whole().collect()) };
        if columns < TABLE_COLUMNS_MIN {
            return None;
        }
        // An empty column takes no room from the others.
        let is_left_out = |at: usize| {
            let kind = self.columns.get(at).map(|column| column.kind);
            notes == Notes::Below && matches!(kind, Some(Kind::Note | Kind::Spare))
        };
        let is_empty = |at: usize| is_left_out(at) || self.cells(at).all(str::is_empty);
        let wanted = whole().enumerate().map(|(at, width)| if is_empty(at) { 0 } else { width });
        let mut widths: Vec<(Kind, usize)> =
            self.columns.iter().map(|column| column.kind).zip(wanted).collect();
        let shown = widths.iter().filter(|(_, width)| *width > 0).count();
        let room = columns.checked_sub(GAP * shown.saturating_sub(1))?;
        let least = sum(&widths, |kind| kind.least());
        if least > room {
            return None;
        }
        let fair = sum(&widths, |kind| match kind {
            Kind::Reference | Kind::Address => 0,
            Kind::Note => NOTE_FAIR,
            Kind::Whole | Kind::Number | Kind::Spare => usize::MAX,
        });
        share(&mut widths, room.saturating_sub(fair), |kind| {
            matches!(kind, Kind::Reference | Kind::Address)
        });
        let others = sum(&widths, |kind| if kind == Kind::Note { 0 } else { usize::MAX });
        share(&mut widths, room.saturating_sub(others), |kind| kind == Kind::Note);
        Some(widths.into_iter().map(|(_, width)| width).collect())
    }

    /// The width of a column whose cells are one line.
    fn width(&self, at: usize) -> usize {
        let heading = self.columns.get(at).map_or(0, |column| column.heading.width());
        self.cells(at).map(UnicodeWidthStr::width).chain([heading]).max().unwrap_or_default()
    }

    fn cells(&self, at: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(move |row| row.get(at)).map(|piece| piece.text.as_str())
    }
}

/// The notes of a row that have no column, indented below it.
fn write_below(
    out: &mut dyn Write,
    screen: Screen,
    row: &[Piece],
    places: &[usize],
) -> io::Result<()> {
    let room = screen.columns.unwrap_or(usize::MAX).saturating_sub(GAP);
    let notes = places.iter().filter_map(|at| row.get(*at)).filter(|note| !note.text.is_empty());
    for line in notes.flat_map(|note| broken(&note.text, room)) {
        writeln!(out, "{:GAP$}{}", "", line.trim_end())?;
    }
    Ok(())
}

impl Kind {
    /// The minimum width of a column of this kind.
    fn least(self) -> usize {
        match self {
            Kind::Whole | Kind::Number | Kind::Spare => usize::MAX,
            Kind::Reference | Kind::Address => SHORTENED_MIN,
            Kind::Note => NOTE_MIN,
        }
    }
}

/// The total width, if no column exceeds the maximum of its kind.
fn sum(widths: &[(Kind, usize)], most: impl Fn(Kind) -> usize) -> usize {
    widths.iter().map(|(kind, width)| (*width).min(most(*kind))).sum()
}

/// Divides the remaining width among the columns of a kind. None gets less than its minimum.
fn share(widths: &mut [(Kind, usize)], mut left: usize, is_one: impl Fn(Kind) -> bool) {
    let mut waiting = widths.iter().filter(|(kind, width)| is_one(*kind) && *width > 0).count();
    for (kind, width) in widths.iter_mut().filter(|(kind, width)| is_one(*kind) && *width > 0) {
        let part = left.checked_div(waiting).unwrap_or(left);
        *width = (*width).min(part.max(kind.least()));
        left = left.saturating_sub(*width);
        waiting = waiting.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Colour;

    #[test]
    fn world_17_notes_and_addresses_share_what_is_left() {
        let mut grid = Grid::new(&[
            Column::new("ID", Kind::Whole),
            Column::new("URL", Kind::Address),
            Column::new("EVENTS", Kind::Note),
            Column::new("NEVER", Kind::Note),
            Column::new("BECAUSE", Kind::Note),
        ]);
        for id in ["651f0c1e", "651f0c1f"] {
            grid.push_plain([
                id.to_owned(),
                format!("https://pagos.example/webhooks/bank-c/{id}/0d9b6a3e7c514f0e"),
                "payout.created payout.paid payout.failed payout.rejected".to_owned(),
                String::new(),
                "names no order that Pagos handles; another system has the account".to_owned(),
            ]);
        }
        let mut text = String::new();
        for columns in [Some(40), Some(60), Some(80), Some(100), Some(160), None] {
            let mut out = Vec::new();
            grid.write(&mut out, Screen { columns, colour: Colour::Off }).unwrap();
            let written = String::from_utf8(out).unwrap();
            if let Some(columns) = columns.filter(|columns| *columns >= TABLE_COLUMNS_MIN) {
                assert!(written.lines().all(|line| line.width() <= columns), "{written}");
            }
            text.push_str(&format!("{columns:?}\n{written}\n"));
        }
        insta::assert_snapshot!("a_grid", text);
    }

    #[test]
    fn world_17_a_note_that_has_no_room_stands_under_its_row() {
        let mut grid = Grid::new(&[
            Column::new("KEY", Kind::Whole),
            Column::new("AMOUNT", Kind::Number),
            Column::new("REASON", Kind::Note),
        ]);
        let reason = "the bank says that this account was closed by its holder in March";
        grid.push_plain(
            ["a-key-of-thirty-two-characters-ab", "5000000.00 COP", reason].map(String::from),
        );
        grid.push_plain(["b", "1.00 COP", ""].map(String::from));
        let mut out = Vec::new();
        grid.write(&mut out, Screen { columns: Some(60), colour: Colour::Off }).unwrap();
        let expected = "KEY                                        AMOUNT\n\
                        a-key-of-thirty-two-characters-ab  5000000.00 COP\n  \
                        the bank says that this account was closed by its holder\n  \
                        in March\n\
                        b                                        1.00 COP\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn world_17_rows_that_are_laid_out_apart_stand_under_each_other() {
        let mut grid =
            Grid::new(&[Column::new("N", Kind::Number), Column::new("NOTE", Kind::Note)]);
        let rows = ROWS_LAID_OUT * 2 + 1;
        (1..=rows).for_each(|row| grid.push_plain([row.to_string(), "x".to_owned()]));
        let mut out = Vec::new();
        grid.write(&mut out, Screen { columns: None, colour: Colour::Off }).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), rows + 1);
        assert!(
            text.lines().skip(1).all(|line| line.ends_with("  x") && line.len() == 7),
            "{text}"
        );
    }
}
