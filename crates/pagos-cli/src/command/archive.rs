//! `pagos archive`: checks an archive, and finds payouts in it. It needs no database.

use std::io::Write;

use pagos_core::OrderKey;
use pagos_engine::ArchivedPayout;

use crate::{
    archive::{self, Fault},
    arguments::{ArchiveCommand, ArchiveFindArguments, ArchiveVerifyArguments},
    console,
    exit::{Exit, Failure},
    output::{List, Screen},
};

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(fault.to_string())
    }
}

pub(super) fn run(command: &ArchiveCommand) -> Result<Exit, Failure> {
    match command {
        ArchiveCommand::Verify(arguments) => verify(arguments),
        ArchiveCommand::Find(arguments) => find(arguments),
    }
}

fn verify(arguments: &ArchiveVerifyArguments) -> Result<Exit, Failure> {
    let verified = archive::verify(&arguments.folder)?;
    if arguments.json {
        console::print_json(&serde_json::json!({
            "files": verified.files,
            "payouts": verified.payouts,
            "last_sha256": verified.last_sha256,
            "unlisted": verified.unlisted,
            "faults": verified.faults.iter().map(|fault| {
                serde_json::json!({"file": fault.file, "because": fault.because})
            }).collect::<Vec<_>>(),
        }))?;
    } else {
        let mut out = console::stdout();
        let mut list = List::new();
        list.whole("whole files", verified.files);
        list.whole("payouts", verified.payouts);
        if let Some(hash) = &verified.last_sha256 {
            list.whole("last SHA-256", hash);
        }
        list.write(&mut out, Screen::of_stdout())?;
        out.flush()?;
    }
    if let Some(file) = &verified.unlisted {
        console::tell(&format!(
            "{file} is whole and not listed yet, as after a crash; the next `pagos prune` lists it"
        ));
    }
    for fault in &verified.faults {
        console::tell(&fault.to_string());
    }
    match verified.faults.is_empty() {
        true => Ok(Exit::Succeeded),
        false => {
            console::tell("the archive is damaged: bring the named files back from a backup");
            Ok(Exit::Refused)
        }
    }
}

fn find(arguments: &ArchiveFindArguments) -> Result<Exit, Failure> {
    let key: OrderKey = arguments.key.parse()?;
    let found = newest(arguments, &key)?.ok_or_else(|| {
        Failure::new(format!("{}: no payout has the key {key}", arguments.folder.display()))
    })?;
    if arguments.json {
        let mut document = serde_json::to_value(&found).map_err(std::io::Error::from)?;
        if let (false, Some(order)) = (arguments.order, document.get_mut("order")) {
            // The other fields are in `status` too.
            if let Some(order) = order.as_object_mut() {
                order.retain(|field, _| matches!(field.as_str(), "account" | "amount"));
            }
        }
        console::print_json(&document)?;
        return Ok(Exit::Succeeded);
    }
    let mut out = console::stdout();
    let progress = &found.progress;
    let mut list = List::new();
    list.whole("key", &found.key);
    list.whole("provider", &found.order.account);
    list.whole("amount", found.order.amount);
    list.whole("status", progress.word());
    if let Some(reason) = progress.reason() {
        list.note("reason", reason);
    }
    if let Some(reference) = progress.standing.reference() {
        list.whole("reference", reference);
    }
    list.whole("submitted", found.created_at);
    list.whole("last changed", found.changed_at);
    list.whole("archived", found.archived_at);
    list.whole("attempts", progress.attempts);
    list.whole("reversals", progress.standing.reversals());
    list.write(&mut out, Screen::of_stdout())?;
    writeln!(out)?;
    out.flush()?;
    drop(out);
    super::history::print(&found.history, super::history::line, "nothing was sent")?;
    Ok(Exit::Succeeded)
}

/// The last copy of a payout. One that changed while it was archived is there more than once.
fn newest(
    arguments: &ArchiveFindArguments,
    key: &OrderKey,
) -> Result<Option<ArchivedPayout>, Failure> {
    let beginning = format!("{{\"key\":\"{key}\",");
    let mut found: Option<ArchivedPayout> = None;
    let mut is_unreadable = false;
    let mut take = |line: &[u8]| {
        if !line.starts_with(beginning.as_bytes()) {
            return;
        }
        match serde_json::from_slice::<ArchivedPayout>(line) {
            Ok(copy) if found.as_ref().is_none_or(|found| found.version <= copy.version) => {
                found = Some(copy);
            }
            Ok(_) => {}
            Err(_) => is_unreadable = true,
        }
    };
    for fault in archive::read_all(&arguments.folder, &mut take)? {
        console::tell(&format!("warning: {fault}"));
    }
    match is_unreadable && found.is_none() {
        true => Err(Failure::new(format!(
            "payout {key} is in the archive, and this version of pagos cannot read it; use the version \
             that wrote it or a later one"
        ))),
        false => Ok(found),
    }
}
