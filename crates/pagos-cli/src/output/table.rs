//! The tables of payouts and of their sums. `grid.rs` lays them out.

use std::io::{self, Write};

use crate::{
    input::BanksPaid,
    output::{Column, Grid, Kind, OutcomeTotal, Piece, Row, Screen, major_text},
    words::{Text, payout},
};

/// A table with one payout per row. It keeps all of them, so their number must be bounded.
#[derive(Debug)]
pub(crate) struct Table {
    grid: Grid,
}

impl Table {
    /// An empty table.
    pub(crate) fn new() -> Self {
        Self { grid: Grid::new(&payout_columns()) }
    }

    /// Adds a payout.
    pub(crate) fn push(&mut self, row: &Row<'_>) {
        let status = match row.reversals {
            0 => row.outcome.text(),
            1 => payout::reversed(row.outcome.text()),
            times => payout::reversed_times(row.outcome.text(), times),
        };
        self.grid.push([
            Piece::plain(row.key),
            Piece::plain(row.account.as_str()),
            Piece::plain(row.amount.to_string()),
            Piece { text: status.into(), style: row.outcome.style() },
            Piece::plain(row.attempts.to_string()),
            Piece::plain(row.reference.unwrap_or("-")),
            Piece::plain(Text::heard_alone(row.reason.unwrap_or(""))),
        ]);
    }

    /// Writes the heading and the payouts; nothing if there are none.
    pub(crate) fn write(&self, out: &mut dyn Write, screen: Screen) -> io::Result<()> {
        self.grid.write(out, screen)
    }
}

/// Writes the sums of a plan, one per row. Nothing was sent, so all of them have the same state.
pub(crate) fn write_plan_totals(
    out: &mut dyn Write,
    screen: Screen,
    totals: &[OutcomeTotal],
) -> io::Result<()> {
    let mut grid = Grid::new(&plan_columns());
    for total in totals {
        grid.push_plain([
            total.account.to_string(),
            total.count.to_string(),
            major_text(total.amount_minor, total.currency),
            total.currency.to_string(),
        ]);
    }
    grid.write(out, screen)
}

/// Shows which bank each code or name stands for, for a person to compare.
pub(crate) fn write_banks(
    out: &mut dyn Write,
    screen: Screen,
    banks: &[BanksPaid],
) -> io::Result<()> {
    let mut grid = Grid::new(&bank_columns());
    for bank in banks {
        let understood = match (&bank.name, &bank.id) {
            (Some(name), Some(id)) if *id != bank.written => format!("{name} ({id})"),
            (Some(name), _) => name.clone(),
            (None, _) => payout::bank_sent_as_it_is().into(),
        };
        grid.push_plain([
            bank.account.to_string(),
            bank.shown(),
            understood,
            bank.count.to_string(),
        ]);
    }
    grid.write(out, screen)?;
    if !banks.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

/// Writes the sums of a run, one per row.
pub(crate) fn write_totals(
    out: &mut dyn Write,
    screen: Screen,
    totals: &[OutcomeTotal],
) -> io::Result<()> {
    let mut grid = Grid::new(&total_columns());
    for total in totals {
        grid.push([
            Piece::plain(total.account.to_string()),
            Piece { text: total.outcome.text().into(), style: total.outcome.style() },
            Piece::plain(total.count.to_string()),
            Piece::plain(major_text(total.amount_minor, total.currency)),
            Piece::plain(total.currency.to_string()),
        ]);
    }
    grid.write(out, screen)
}

fn payout_columns() -> [Column; 7] {
    [
        Column::said(payout::heading_key(), Kind::Whole),
        provider(),
        Column::said(payout::heading_amount(), Kind::Number),
        status(),
        Column::said(payout::heading_tries(), Kind::Spare),
        Column::said(payout::heading_reference(), Kind::Reference),
        Column::said(payout::heading_reason(), Kind::Note),
    ]
}

fn plan_columns() -> [Column; 4] {
    [provider(), Column::said(payout::heading_payouts(), Kind::Number), total(), currency()]
}

fn bank_columns() -> [Column; 4] {
    [
        provider(),
        Column::said(payout::heading_bank(), Kind::Whole),
        Column::said(payout::heading_understood(), Kind::Note),
        Column::said(payout::heading_payouts(), Kind::Number),
    ]
}

fn total_columns() -> [Column; 5] {
    let count = Column::said(payout::heading_count(), Kind::Number);
    [provider(), status(), count, total(), currency()]
}

fn provider() -> Column {
    Column::said(payout::heading_provider(), Kind::Whole)
}

fn status() -> Column {
    Column::said(payout::heading_status(), Kind::Whole)
}

fn total() -> Column {
    Column::said(payout::heading_total(), Kind::Number)
}

fn currency() -> Column {
    Column::said(payout::heading_currency(), Kind::Whole)
}

#[cfg(test)]
mod tests {
    use pagos_core::{AccountName, Currency, Money};
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::output::{Colour, Outcome, Totals};

    const PIPE: Screen = Screen { columns: None, colour: Colour::Off };

    fn screen(columns: usize) -> Screen {
        Screen { columns: Some(columns), colour: Colour::Off }
    }

    fn written(screen: Screen) -> String {
        let (bank_a, bank_b) = (account("bank-a"), account("bank-b"));
        let row = |key, outcome, minor| Row {
            key,
            account: &bank_a,
            outcome,
            reason: None,
            attention: false,
            amount: Money::new(minor, Currency::Cop),
            reference: None,
            attempts: 1,
            reversals: 0,
            created_at: None,
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
            Row {
                account: &bank_b,
                amount: Money::new(450_000, Currency::Clp),
                reference: Some("0d9b6a3e-7c51-4f0e-9a53-6e2f8b1c4d77"),
                ..row("2026-11-nomina-002", Outcome::Pending, 0)
            },
        ];
        let (mut table, mut totals) = (Table::new(), Totals::default());
        for row in &rows {
            table.push(row);
            totals.add(row);
        }
        let mut out = Vec::new();
        table.write(&mut out, screen).unwrap();
        writeln!(out).unwrap();
        write_totals(&mut out, screen, totals.sums()).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn account(name: &str) -> AccountName {
        AccountName::new(name).unwrap()
    }

    #[test]
    fn world_17_a_table_fits_its_terminal() {
        for columns in [40, 60, 80, 100, 160] {
            let text = written(screen(columns));
            let widest = text.lines().map(UnicodeWidthStr::width).max().unwrap();
            assert!(widest <= columns, "{widest} > {columns}:\n{text}");
            insta::assert_snapshot!(format!("at_{columns}"), text);
        }
    }

    #[test]
    fn world_17_no_width_breaks_a_layout_or_hides_a_payout() {
        for columns in 20..200 {
            let text = written(screen(columns));
            for key in ["2026-11-nomina-001", "n-2", "n-3", "2026-11-nomina-002"] {
                assert!(text.contains(key), "{columns}: {key}:\n{text}");
            }
            let widest = text.lines().map(UnicodeWidthStr::width).max().unwrap();
            assert!(widest <= columns, "{widest} > {columns}:\n{text}");
        }
    }

    #[test]
    fn world_17_a_pipe_gets_everything_a_payout_a_line() {
        let text = written(PIPE);
        assert!(text.contains("0d9b6a3e-7c51-4f0e-9a53-6e2f8b1c4d77"), "{text}");
        assert!(text.contains("far too long to be read"), "{text}");
        insta::assert_snapshot!("in_a_pipe", text);
    }

    #[test]
    fn colours_do_not_move_columns() {
        for columns in [None, Some(40), Some(100), Some(160)] {
            let coloured = written(Screen { columns, colour: Colour::On });
            assert!(coloured.contains("\u{1b}[31mfailed (reversed)\u{1b}[0m"), "{coloured}");
            let codes = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"];
            let stripped = codes.iter().fold(coloured, |text, code| text.replace(code, ""));
            assert_eq!(stripped, written(Screen { columns, colour: Colour::Off }));
        }
    }
}
