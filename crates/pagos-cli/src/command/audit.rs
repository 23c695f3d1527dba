//! `pagos audit`: writes the history of payouts as a chain of JSON lines, and checks such a file.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use pagos_core::{Clock, Day};
use pagos_engine::{RunId, Store};
use pagos_system::System;

use crate::{
    arguments::{AuditCommand, AuditExportArguments, AuditVerifyArguments},
    audit::{self, Counts, Selection, Verified},
    console,
    exit::{Exit, Failure},
    input::path_text,
    output::{List, PrivateFile, Screen},
    run::{self, database::Database},
};

pub(super) fn run(command: &AuditCommand) -> Result<Exit, Failure> {
    match command {
        AuditCommand::Export(arguments) => run::block_on(export(arguments)),
        AuditCommand::Verify(arguments) => verify(arguments),
    }
}

async fn export(arguments: &AuditExportArguments) -> Result<Exit, Failure> {
    let selection = selection(arguments.run.as_deref(), arguments.from, arguments.to)?;
    let db = Database::existing(arguments.store.db.as_ref());
    let store = db.open_to_read().await?;
    check_run(store.as_ref(), &db, &selection).await?;
    let now = System.now();
    let (counts, last) = match &arguments.out {
        Some(path) => {
            let file = PrivateFile::create(path)?;
            let (counts, last, file) = audit::write(&store, &selection, now, file).await?;
            file.keep()?;
            (counts, last)
        }
        None => {
            // The lock on standard output cannot wait for a store, so the lines wait in a file.
            let unfinished = tempfile::tempfile()?;
            let (counts, last, mut file) =
                audit::write(&store, &selection, now, io::BufWriter::new(unfinished)).await?;
            io::Seek::rewind(&mut file)?;
            let mut out = console::stdout();
            io::copy(&mut file.into_inner().map_err(io::IntoInnerError::into_error)?, &mut out)?;
            out.flush()?;
            (counts, last)
        }
    };
    console::tell(&format!("{}; keep the hash of the last line elsewhere: {last}", text(&counts)));
    if counts.gaps > 0 {
        console::tell("warning: some payouts are not in the file; the lines of kind gap say why");
    }
    Ok(Exit::Succeeded)
}

/// The payouts that the arguments name.
pub(super) fn selection(
    run: Option<&str>,
    from: Option<Day>,
    to: Option<Day>,
) -> Result<Selection, Failure> {
    match (run, from, to) {
        (Some(run), ..) => Ok(Selection::Run(RunId::from(run))),
        (None, Some(from), Some(to)) if from <= to => Ok(Selection::Days { from, to }),
        (None, Some(from), Some(to)) => {
            Err(Failure::new(format!("--to {to} is before --from {from}, so no day is in between")))
        }
        _ => Err(Failure::new("say which payouts: --run DIGEST, or --from DAY --to DAY")),
    }
}

/// An empty result should mean that there are no payouts, and not that a name is misspelt.
pub(super) async fn check_run(
    store: &dyn Store,
    db: &Database,
    selection: &Selection,
) -> Result<(), Failure> {
    let Selection::Run(run) = selection else { return Ok(()) };
    match store.run(run).await? {
        Some(_) => Ok(()),
        None => Err(Failure::new(format!(
            "{db}: no file with the digest {} was paid from it; `pagos runs` lists those that were",
            run.0
        ))),
    }
}

fn text(counts: &Counts) -> String {
    let Counts { lines, payouts, entries, deliveries, .. } = counts;
    format!("{lines} lines: {payouts} payouts, {entries} entries, {deliveries} webhooks")
}

fn verify(arguments: &AuditVerifyArguments) -> Result<Exit, Failure> {
    let name = path_text(&arguments.file);
    let failed = |error: io::Error| Failure::new(format!("{name}: {error}"));
    let file: Box<dyn BufRead> = match arguments.file == Path::new("-") {
        true => Box::new(BufReader::new(io::stdin())),
        false => Box::new(BufReader::new(File::open(&arguments.file).map_err(failed)?)),
    };
    let verified = audit::verify(file).map_err(failed)?;
    let is_another = match (&arguments.last_sha256, &verified.last_sha256) {
        (Some(wanted), Some(last)) => !wanted.trim().eq_ignore_ascii_case(last),
        _ => false,
    };
    print(&verified, is_another, arguments.json)?;
    for (line, because) in &verified.faults {
        console::tell(&format!("{name}: line {line} {because}"));
    }
    if verified.faults_more > 0 {
        console::tell(&format!("{name}: ... and {} more faults", verified.faults_more));
    }
    if is_another {
        console::tell(&format!(
            "{name}: its lines fit together, but its last hash is not the one that was kept: this is \
             another file"
        ));
    }
    match verified.faults.is_empty() && !is_another {
        true => Ok(Exit::Succeeded),
        false => Ok(Exit::Refused),
    }
}

fn print(verified: &Verified, is_another: bool, is_json: bool) -> Result<(), Failure> {
    if is_json {
        let faults = verified.faults.iter();
        return Ok(console::print_json(&serde_json::json!({
            "counts": verified.counts,
            "last_sha256": verified.last_sha256,
            "is_another_file": is_another,
            "faults": faults.map(|(line, because)| {
                serde_json::json!({"line": line, "because": because})
            }).collect::<Vec<_>>(),
            "faults_more": verified.faults_more,
        }))?);
    }
    let mut out = console::stdout();
    let mut list = List::new();
    list.whole("lines", verified.counts.lines);
    list.whole("payouts", verified.counts.payouts);
    list.whole("entries", verified.counts.entries);
    list.whole("webhooks", verified.counts.deliveries);
    if let Some(hash) = &verified.last_sha256 {
        list.whole("last SHA-256", hash);
    }
    list.write(&mut out, Screen::of_stdout())?;
    Ok(out.flush()?)
}
