//! Aligned tables for people. Widths are counted in terminal cells, so `ñ` and CJK line up.

use std::io;
use std::io::Write;

use unicode_width::UnicodeWidthStr;

use crate::output::Colour;
use crate::output::OutcomeTotal;
use crate::output::Row;
use crate::output::Style;
use crate::output::major_text;

/// Texts of others (a provider's reason) are cut to this many letters.
const CELL_CHARS_MAX: usize = 48;

/// To which side a column leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Some payouts, one a line. Holds what it is given, so give it a bounded number of rows.
#[derive(Debug)]
pub(crate) struct Table {
    grid: Grid,
}

impl Table {
    /// An empty table.
    pub(crate) fn new() -> Self {
        let columns = [
            ("KEY", Side::Left),
            ("PROVIDER", Side::Left),
            ("AMOUNT", Side::Right),
            ("STATUS", Side::Left),
            ("TRIES", Side::Right),
            ("REFERENCE", Side::Left),
            ("REASON", Side::Left),
        ];
        Self { grid: Grid::new(columns.to_vec()) }
    }

    /// Adds a payout.
    pub(crate) fn push(&mut self, row: &Row<'_>) {
        let status = match row.reversals {
            0 => row.outcome.word().to_owned(),
            1 => format!("{} (reversed)", row.outcome.word()),
            times => format!("{} (reversed {times} times)", row.outcome.word()),
        };
        let plain = |text: &str| (text.to_owned(), Style::Plain);
        self.grid.rows.push(vec![
            plain(row.key),
            plain(row.account.as_str()),
            plain(&row.amount.to_string()),
            (status, row.outcome.style()),
            plain(&row.attempts.to_string()),
            plain(row.reference.unwrap_or("-")),
            plain(row.reason.unwrap_or("")),
        ]);
    }

    /// Writes the heading and the payouts; nothing if there are none.
    pub(crate) fn write(&self, out: &mut dyn Write, colour: Colour) -> io::Result<()> {
        self.grid.write(out, colour)
    }
}

/// Writes the sums of a plan, one a line: nothing was sent, so all of them stand at the same place.
pub(crate) fn write_plan_totals(
    out: &mut dyn Write,
    colour: Colour,
    totals: &[OutcomeTotal],
) -> io::Result<()> {
    let columns = [
        ("PROVIDER", Side::Left),
        ("PAYOUTS", Side::Right),
        ("TOTAL", Side::Right),
        ("CURRENCY", Side::Left),
    ];
    let mut grid = Grid::new(columns.to_vec());
    let plain = |text: String| (text, Style::Plain);
    for total in totals {
        grid.rows.push(vec![
            plain(total.account.to_string()),
            plain(total.count.to_string()),
            plain(major_text(total.amount_minor, total.currency)),
            plain(total.currency.to_string()),
        ]);
    }
    grid.write(out, colour)
}

/// Writes the sums of a run, one a line.
pub(crate) fn write_totals(
    out: &mut dyn Write,
    colour: Colour,
    totals: &[OutcomeTotal],
) -> io::Result<()> {
    let columns = [
        ("PROVIDER", Side::Left),
        ("STATUS", Side::Left),
        ("COUNT", Side::Right),
        ("TOTAL", Side::Right),
        ("CURRENCY", Side::Left),
    ];
    let mut grid = Grid::new(columns.to_vec());
    let plain = |text: String| (text, Style::Plain);
    for total in totals {
        grid.rows.push(vec![
            plain(total.account.to_string()),
            (total.outcome.word().to_owned(), total.outcome.style()),
            plain(total.count.to_string()),
            plain(major_text(total.amount_minor, total.currency)),
            plain(total.currency.to_string()),
        ]);
    }
    grid.write(out, colour)
}

/// Writes rows of anything else under their headings, leaning to the left.
pub(crate) fn write_rows(
    out: &mut dyn Write,
    colour: Colour,
    columns: &[&'static str],
    rows: &[Vec<String>],
) -> io::Result<()> {
    let mut grid = Grid::new(columns.iter().map(|name| (*name, Side::Left)).collect());
    let plain = |cells: &Vec<String>| {
        cells.iter().map(|text| (text.clone(), Style::Plain)).collect::<Vec<_>>()
    };
    grid.rows.extend(rows.iter().map(plain));
    grid.write(out, colour)
}

#[derive(Debug)]
struct Grid {
    columns: Vec<(&'static str, Side)>,
    rows: Vec<Vec<(String, Style)>>,
}

impl Grid {
    fn new(columns: Vec<(&'static str, Side)>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    fn write(&self, out: &mut dyn Write, colour: Colour) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let headings = self.columns.iter().map(|(name, _)| ((*name).to_owned(), Style::Heading));
        let headings: Vec<(String, Style)> = headings.collect();
        let widths = self.widths();
        self.write_line(out, colour, &widths, &headings)?;
        self.rows.iter().try_for_each(|cells| self.write_line(out, colour, &widths, cells))
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|(name, _)| name.width()).collect();
        for cells in &self.rows {
            for (width, (text, _)) in widths.iter_mut().zip(cells) {
                *width = (*width).max(fitted(text).width());
            }
        }
        widths
    }

    fn write_line(
        &self,
        out: &mut dyn Write,
        colour: Colour,
        widths: &[usize],
        cells: &[(String, Style)],
    ) -> io::Result<()> {
        let mut line = String::new();
        let mut gap = 0;
        for (((text, style), width), (_, side)) in cells.iter().zip(widths).zip(&self.columns) {
            let text = fitted(text);
            let padding = width.saturating_sub(text.width());
            let (before, after) = match side {
                Side::Left => (0, padding),
                Side::Right => (padding, 0),
            };
            // Spaces behind the last text of a line are never written.
            if !text.is_empty() {
                line.push_str(&" ".repeat(gap + before));
                line.push_str(&colour.paint(*style, &text));
                gap = after + 2;
            } else {
                gap += before + after + 2;
            }
        }
        writeln!(out, "{line}")
    }
}

/// One line, without control characters, not too long.
fn fitted(text: &str) -> String {
    let printable = |letter: char| if letter.is_control() { ' ' } else { letter };
    let whole: String = text.chars().take(CELL_CHARS_MAX + 1).map(printable).collect();
    if whole.chars().count() <= CELL_CHARS_MAX {
        return whole;
    }
    whole.chars().take(CELL_CHARS_MAX - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use pagos_core::AccountName;
    use pagos_core::Currency;
    use pagos_core::Money;

    use super::*;
    use crate::output::Outcome;
    use crate::output::Totals;

    fn written(colour: Colour) -> String {
        let account = AccountName::new("cashypro").unwrap();
        let row = |key, outcome, minor| Row {
            key,
            account: &account,
            outcome,
            reason: None,
            amount: Money::new(minor, Currency::Cop),
            reference: None,
            attempts: 1,
            reversals: 0,
        };
        let rows = [
            Row {
                reference: Some("PAYOUT8551739282639106048"),
                ..row("2026-11-nomina-001", Outcome::Succeeded, 15_000_000)
            },
            Row {
                reason: Some(
                    "la cuenta no existe: señal 界 from the bank, and far too long to be read\n",
                ),
                reversals: 1,
                ..row("n-2", Outcome::Failed, 1_000_000)
            },
            Row { attempts: 0, ..row("n-3", Outcome::Unknown, 500_000_000) },
        ];
        let (mut table, mut totals) = (Table::new(), Totals::default());
        for row in &rows {
            table.push(row);
            totals.add(row);
        }
        let mut out = Vec::new();
        table.write(&mut out, colour).unwrap();
        writeln!(out).unwrap();
        write_totals(&mut out, colour, totals.sums()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_line_up() {
        insta::assert_snapshot!(written(Colour::Off));
    }

    #[test]
    fn colours_do_not_move_columns() {
        let coloured = written(Colour::On);
        assert!(coloured.contains("\u{1b}[31mfailed (reversed)\u{1b}[0m"), "{coloured}");
        let codes = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"];
        let stripped = codes.iter().fold(coloured, |text, code| text.replace(code, ""));
        assert_eq!(stripped, written(Colour::Off));
    }
}
