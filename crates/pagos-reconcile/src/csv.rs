//! The rows of a report as CSV, for programs that calculate: payouts one by one, and lines.

use pagos_core::{Money, OrderKey};

use crate::report::{LineRow, PayoutRow, Report};

/// The first row of the payouts.
pub const PAYOUTS_HEADER: &str =
    "outcome,key,account,beneficiary_account,due,status,amount,booked,currency\r\n";

/// The first row of the lines.
pub const LINES_HEADER: &str =
    "day,line,bank_reference,state,payouts,candidates,text,change,open,currency\r\n";

impl PayoutRow {
    /// The payout as a row of CSV below [`PAYOUTS_HEADER`], so that a report of any length can be
    /// written as it is made.
    pub fn csv(&self) -> String {
        let texts = [
            self.outcome.word(),
            self.key.as_str(),
            self.account.as_str(),
            &self.beneficiary_account,
            &self.due.to_string(),
            self.status,
        ];
        let amounts = [number(self.amount), number(self.booked)];
        format!("{},{},{}\r\n", row(&texts), amounts.join(","), self.amount.currency)
    }
}

impl LineRow {
    /// The line as a row of CSV below [`LINES_HEADER`].
    pub fn csv(&self) -> String {
        let keys =
            |keys: &[OrderKey]| keys.iter().map(OrderKey::as_str).collect::<Vec<_>>().join(" ");
        let texts = [
            &self.day.to_string(),
            &self.id,
            self.bank_reference.as_deref().unwrap_or_default(),
            self.state,
            &keys(&self.payouts),
            &keys(&self.candidates),
            &self.text,
        ];
        let amounts = [number(self.change), number(self.open)];
        format!("{},{},{}\r\n", row(&texts), amounts.join(","), self.change.currency)
    }
}

impl Report {
    /// The payouts about which the book does not agree, as CSV.
    pub fn payouts_csv(&self) -> String {
        PAYOUTS_HEADER.to_owned() + &self.payouts.iter().map(PayoutRow::csv).collect::<String>()
    }

    /// What somebody must look at, and closed periods that changed, as CSV; empty if there is neither.
    pub fn remarks_csv(&self) -> String {
        let alarms = self
            .alarms
            .iter()
            .map(|it| ["look at", it.key.as_str(), &it.because].map(str::to_owned));
        let late = self.late.iter().map(|it| {
            let days = format!("{}/{}", it.from, it.through);
            ["changed since it was closed".to_owned(), days, String::new()]
        });
        let rows: Vec<String> =
            alarms.chain(late).map(|it| row(&[&it[0], &it[1], &it[2]]) + "\r\n").collect();
        match rows.is_empty() {
            true => String::new(),
            false => format!("\r\nremark,about,because\r\n{}", rows.concat()),
        }
    }

    /// The lines that are open or proposed, as CSV.
    pub fn lines_csv(&self) -> String {
        LINES_HEADER.to_owned() + &self.lines.iter().map(LineRow::csv).collect::<String>()
    }
}

fn row(cells: &[&str]) -> String {
    cells.iter().map(|it| cell(it)).collect::<Vec<_>>().join(",")
}

/// A cell in quotes. Programs take what begins with one of these signs for a formula, so an
/// apostrophe keeps it a text.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// Major units with the decimals of the currency. It has nothing but digits, a dot and perhaps a
/// minus sign, so it is a number and no formula.
fn number(amount: Money) -> String {
    let decimals = amount.currency.exponent();
    // An amount has no more decimals than its currency.
    amount.to_major(decimals).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{day, pesos};

    #[test]
    fn no_cell_is_a_formula() {
        let row = LineRow {
            id: "a-1".to_owned(),
            day: day("2026-05-11"),
            change: pesos(-1_000),
            open: pesos(-1_000),
            state: "open",
            bank_reference: Some("=HYPERLINK(\"x\")".to_owned()),
            place: 1,
            text: "+1".to_owned(),
            payouts: Vec::new(),
            candidates: Vec::new(),
            decided: Vec::new(),
        };
        let expected = "\"2026-05-11\",\"a-1\",\"'=HYPERLINK(\"\"x\"\")\",\"open\",\"\",\"\",\"'+1\",\
                        -1000,-1000,CLP\r\n";
        assert_eq!(row.csv(), expected);
        for text in ["+1", "-1", "@A1", "\tx", "\rx"] {
            assert_eq!(cell(text), format!("\"'{text}\""));
        }
    }
}
