//! A bank's answer to a pain.001, as a table or as JSON. It changes nothing that is stored.

use std::{io::Write, path::PathBuf};

use pagos_bankfile::pain002::{self, Level, Outcome, Reason, Report, Stated};
use pagos_wire::redact;
use serde::Serialize;

use crate::{
    command::export::{NAMED_MAX, read_bytes},
    console,
    exit::{Exit, Failure},
    input::{path_text, printable},
    output::{Column, Grid, Kind, List, Screen},
};

const COLUMNS: [Column; 5] = [
    Column::new("KEY", Kind::Whole),
    Column::new("STATUS", Kind::Whole),
    Column::new("MEANING", Kind::Whole),
    Column::new("OF", Kind::Whole),
    Column::new("REASON", Kind::Note),
];

/// A text of a bank is cut there.
const TEXT_MAX: usize = 64;

/// The document of `--json`. Its names are stable.
#[derive(Serialize)]
struct Wire {
    message_id: String,
    original_message_id: String,
    created: String,
    /// The status of the whole file, if the bank gave one.
    group: Option<StatedWire>,
    payments: Vec<PaymentWire>,
    payouts: Vec<PayoutWire>,
    /// What is missing, and what contradicts.
    doubts: Vec<String>,
}

#[derive(Serialize)]
struct StatedWire {
    status: String,
    meaning: &'static str,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct PaymentWire {
    id: String,
    #[serde(flatten)]
    stated: Option<StatedWire>,
}

#[derive(Serialize)]
struct PayoutWire {
    key: String,
    #[serde(flatten)]
    stated: StatedWire,
    /// Whose status it is: `transfer`, `payment` or `group`.
    of: &'static str,
    reference: Option<String>,
}

pub(super) fn read(path: &PathBuf, is_json: bool) -> Result<Exit, Failure> {
    let report = pain002::read(&read_bytes(path)?).map_err(|problems| {
        Failure::many(problems.iter().map(|it| format!("{}: {it}", path_text(path))).collect())
    })?;
    let wire = wire(&report);
    match is_json {
        true => console::print_json(&wire)?,
        false => print(&wire)?,
    }
    wire.doubts.iter().take(NAMED_MAX).for_each(|doubt| {
        console::tell(&format!("{}: {doubt}", path_text(path)));
    });
    if let Some(more) = wire.doubts.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        console::tell(&format!("... and {more} more questions to the bank"));
    }
    Ok(match report.outcome() {
        Outcome::Settled => Exit::Succeeded,
        Outcome::SomeRefused => Exit::SomeFailed,
        Outcome::Open => Exit::InDoubt,
    })
}

fn print(wire: &Wire) -> Result<(), Failure> {
    let mut out = console::stdout();
    let mut list = List::new();
    list.whole("answers", &wire.original_message_id);
    list.whole("of the bank", &wire.message_id);
    let described = |stated: &StatedWire| {
        let reasons = stated.reasons.join(", ");
        let reasons = if reasons.is_empty() { reasons } else { format!(": {reasons}") };
        format!("{} ({}){reasons}", stated.status, stated.meaning)
    };
    if let Some(group) = &wire.group {
        list.note("the whole file", described(group));
    }
    for payment in &wire.payments {
        if let Some(stated) = &payment.stated {
            list.note(format!("payment {}", payment.id), described(stated));
        }
    }
    list.write(&mut out, Screen::of_stdout())?;
    writeln!(out)?;
    let mut grid = Grid::new(&COLUMNS);
    for payout in &wire.payouts {
        let stated = &payout.stated;
        let words = [&payout.key, &stated.status, stated.meaning, payout.of];
        let [key, status, meaning, of] = words.map(str::to_owned);
        grid.push_plain([key, status, meaning, of, stated.reasons.join(", ")]);
    }
    grid.write(&mut out, Screen::of_stdout())?;
    Ok(out.flush()?)
}

fn wire(report: &Report) -> Wire {
    let payouts = report.transfers().map(|transfer| PayoutWire {
        key: shown(&transfer.key),
        stated: stated_wire(&transfer.stated),
        of: match transfer.level {
            Level::Transfer => "transfer",
            Level::Payment => "payment",
            Level::Group => "group",
        },
        reference: transfer.reference.as_deref().map(shown),
    });
    let payments = report.payments.iter().map(|payment| PaymentWire {
        id: shown(&payment.id),
        stated: payment.stated.as_ref().map(stated_wire),
    });
    Wire {
        message_id: shown(&report.message_id),
        original_message_id: shown(&report.original_message_id),
        created: shown(&report.created),
        group: report.group.as_ref().map(stated_wire),
        payments: payments.collect(),
        payouts: payouts.collect(),
        doubts: report.doubts.iter().map(ToString::to_string).collect(),
    }
}

fn stated_wire(stated: &Stated) -> StatedWire {
    StatedWire {
        status: shown(stated.code.as_str()),
        meaning: stated.code.meaning().word(),
        reasons: stated.reasons.iter().map(reason).filter(|text| !text.is_empty()).collect(),
    }
}

/// A bank may write numbers of accounts into its words.
fn reason(reason: &Reason) -> String {
    let code = reason.code.iter().map(|code| shown(code));
    let texts = reason.text.iter().map(|text| redact(text));
    code.chain(texts).collect::<Vec<_>>().join(" ")
}

fn shown(text: &str) -> String {
    printable(text, TEXT_MAX)
}
