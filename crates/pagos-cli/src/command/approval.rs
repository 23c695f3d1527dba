//! `pagos runs`, `approve`, `reject`, `withdraw`: what waits for approval, and what people say to it.
//! Nothing is sent here; the next `pagos pay` or `pagos serve` sends what was approved.

use std::{io::Write, path::Path};

use pagos_core::AccountName;
use pagos_engine::{Engine, Run, RunApproval, RunDigest, RunId};

use crate::{
    accounts::MissingFields,
    arguments::{ApproveArguments, RejectArguments, RunsArguments, WithdrawArguments},
    command::resolve,
    console,
    exit::{Exit, Failure},
    run::{self, actor::approver, database::Database},
};

pub(super) fn runs(arguments: &RunsArguments) -> Result<Exit, Failure> {
    run::block_on(async {
        let db = Database::existing(arguments.store.db.as_ref());
        let store = db.open().await?;
        // Reading needs no account.
        let engine = resolve::engine(&db, &[], MissingFields::Credentials, None).await?;
        if arguments.waiting {
            let waiting = engine.approvals().await?;
            return show(&waiting, arguments.json);
        }
        let mut rows = Vec::new();
        for (name, known) in store.runs(None, arguments.limit).await? {
            let approval = engine.approval(&name).await?;
            rows.push((name, known, approval));
        }
        if arguments.json {
            let rows: Vec<_> = rows.iter().map(run_json).collect();
            console::print_json(&serde_json::json!({ "runs": rows }))?;
            return Ok(Exit::Succeeded);
        }
        let mut out = console::stdout();
        for (name, known, approval) in &rows {
            let word = word_of(known, approval.as_ref());
            writeln!(out, "{}  {} payouts, {word}", name.0, known.members)?;
        }
        Ok(out.flush().map(|()| Exit::Succeeded)?)
    })
}

pub(super) fn approve(
    arguments: &ApproveArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    run::block_on(async {
        let (db, waits) = find(arguments.store.db.as_ref(), &arguments.run).await?;
        let digest = match &arguments.digest {
            Some(digest) => digest.parse::<RunDigest>()?,
            None => {
                lines(&waits).iter().for_each(|line| console::tell(line));
                let unasked = "name what you looked at with --digest";
                if !console::is_agreed("Approve this?", unasked)? {
                    return Ok(Exit::Refused);
                }
                waits.digest.clone()
            }
        };
        let by = approver(db.open().await?.as_ref()).await?;
        let engine = engine(&db, &waits, config).await?;
        let approval = engine.approve(&waits.run, &digest, &by, &arguments.note).await?;
        show(&[approval], arguments.json)
    })
}

pub(super) fn reject(arguments: &RejectArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(async {
        let (db, waits) = find(arguments.store.db.as_ref(), &arguments.run).await?;
        let by = approver(db.open().await?.as_ref()).await?;
        let engine = engine(&db, &waits, config).await?;
        let approval = engine.reject(&waits.run, &by, &arguments.note).await?;
        show(&[approval], arguments.json)
    })
}

pub(super) fn withdraw(
    arguments: &WithdrawArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    run::block_on(async {
        let (db, waits) = find(arguments.store.db.as_ref(), &arguments.run).await?;
        let deleted = engine(&db, &waits, config).await?.withdraw(&waits.run).await?;
        console::tell(&format!("run {} is withdrawn: {deleted} payouts deleted", waits.run.0));
        Ok(Exit::Succeeded)
    })
}

/// What a run that waits looks like to whoever is to approve it.
pub(super) fn lines(approval: &RunApproval) -> Vec<String> {
    let names = |names: Vec<&str>| match names.is_empty() {
        true => "nobody".to_owned(),
        false => names.join(", "),
    };
    let submitters = names(approval.submitters.iter().map(|it| it.as_str()).collect());
    let approved = names(approval.approvals.iter().map(|it| it.by.as_str()).collect());
    let mut lines = vec![format!("run {} is {}", approval.run.0, approval.state.word())];
    lines.extend(
        approval
            .totals
            .iter()
            .map(|total| format!("  {}: {} payouts, {}", total.account, total.count, total.amount)),
    );
    let unknown = if approval.has_unknown_submitter { " and somebody without a name" } else { "" };
    lines.push(format!("  submitted by {submitters}{unknown}"));
    lines.push(format!("  approved by {approved}; {} more needed", approval.missing()));
    if let Some(no) = &approval.rejection {
        lines.push(format!("  rejected by {}: {}", no.by, no.note));
    }
    lines.push(format!("  digest {}", approval.digest));
    lines
}

/// The approval as JSON, with what follows from it.
pub(super) fn approval_json(approval: &RunApproval) -> serde_json::Value {
    let mut json = serde_json::json!(approval);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("missing".to_owned(), approval.missing().into());
    }
    json
}

fn show(approvals: &[RunApproval], is_json: bool) -> Result<Exit, Failure> {
    if is_json {
        let approvals: Vec<_> = approvals.iter().map(approval_json).collect();
        console::print_json(&serde_json::json!({ "runs": approvals }))?;
        return Ok(Exit::Succeeded);
    }
    let mut out = console::stdout();
    for line in approvals.iter().flat_map(lines) {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush().map(|()| Exit::Succeeded)?)
}

fn word_of(known: &Run, approval: Option<&RunApproval>) -> String {
    match (known.released_at, approval) {
        (Some(at), _) => format!("released {at}"),
        (None, Some(approval)) => {
            format!("{}, {} more to approve", approval.state.word(), approval.missing())
        }
        (None, None) => "not released".to_owned(),
    }
}

fn run_json(row: &(RunId, Run, Option<RunApproval>)) -> serde_json::Value {
    let (name, known, approval) = row;
    serde_json::json!({
        "run": name,
        "id": known.id,
        "members": known.members,
        "created_at": known.created_at,
        "released_at": known.released_at,
        "submitted_by": known.submitted_by,
        "approval": approval.as_ref().map(approval_json),
    })
}

/// The run of this name that waits for approval; the beginning of a name will do if it is the only
/// one.
async fn find(db: Option<&Database>, name: &str) -> Result<(Database, RunApproval), Failure> {
    let db = Database::existing(db);
    let engine = resolve::engine(&db, &[], MissingFields::Credentials, None).await?;
    if let Some(exact) = engine.approval(&RunId::from(name)).await? {
        return Ok((db, exact));
    }
    let mut open = engine.approvals().await?;
    open.retain(|approval| approval.run.0.starts_with(name));
    match (open.pop(), open.is_empty()) {
        (Some(only), true) => Ok((db, only)),
        (Some(_), false) => Err(Failure::new(format!("several runs begin with {name:?}"))),
        (None, _) => Err(Failure::new(format!(
            "no run {name:?} waits for approval; `pagos runs --waiting` lists those that do"
        ))),
    }
}

/// An engine with the accounts of the run, without their credentials.
async fn engine(
    db: &Database,
    waits: &RunApproval,
    config: Option<&Path>,
) -> Result<Engine, Failure> {
    let names: Vec<AccountName> = waits.totals.iter().map(|it| it.account.clone()).collect();
    resolve::engine(db, &names, MissingFields::Credentials, config).await
}
