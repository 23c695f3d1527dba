//! `pagos runs`, `approve`, `reject`, `withdraw`: what waits for approval, and what people say to it.
//! Nothing is sent here; the next `pagos pay` or `pagos serve` sends what was approved.

mod resend;

use std::{io::Write, path::Path};

use pagos_api::token::Scope;
use pagos_core::{AccountName, Clock};
use pagos_engine::{ApprovalState, Engine, Resend, Run, RunApproval, RunDigest, RunId, Store};
use pagos_system::System;

use crate::{
    accounts::MissingFields,
    arguments::{ApproveArguments, RejectArguments, RunsArguments, WithdrawArguments},
    command::resolve,
    console,
    exit::{Exit, Failure, with_causes},
    output::{approval_json, approval_lines, blocked_line, resend_json, resend_lines},
    run::{
        self,
        actor::{actor, approver},
        database::Database,
    },
    words::pay,
};

pub(super) fn runs(arguments: &RunsArguments) -> Result<Exit, Failure> {
    run::block_on(async {
        let db = Database::existing(arguments.store.db.as_ref());
        let store = db.open().await?;
        // Reading needs no account.
        let engine = resolve::engine(&db, &[], MissingFields::Credentials, None).await?;
        let blocked = pagos_api::blocked_runs(&engine, store.as_ref(), Clock::now(&System)).await;
        blocked.map_err(|error| Failure::new(with_causes(&error)))?;
        let resends = engine.resends().await?;
        if arguments.waiting {
            return show(&engine.approvals().await?, &resends, arguments.json);
        }
        let mut rows = Vec::new();
        for (name, known) in store.runs(None, arguments.limit).await? {
            let approval = engine.approval(&name).await?;
            rows.push((name, known, approval));
        }
        if arguments.json {
            return print_json(rows.iter().map(run_json).collect(), &resends);
        }
        let mut out = console::stdout();
        for (name, known, approval) in &rows {
            let word = word_of(known, approval.as_ref());
            writeln!(out, "{}  {} payouts, {word}", name.0, known.members)?;
        }
        let blocked = rows.iter().filter_map(|(_, _, approval)| approval.as_ref());
        write_waiting(&mut out, blocked, &resends)?;
        Ok(out.flush().map(|()| Exit::Succeeded)?)
    })
}

pub(super) fn approve(
    arguments: &ApproveArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    run::block_on(async {
        if let Some(key) = &arguments.resend {
            return resend::approve(key, arguments, config).await;
        }
        let (db, waits) = find(arguments.store.db.as_ref(), arguments.run.as_deref()).await?;
        let by = approver(db.open().await?.as_ref()).await?;
        let digest = match &arguments.digest {
            Some(digest) => digest.parse::<RunDigest>()?,
            None => {
                approval_lines(&waits).iter().for_each(|line| console::tell(line));
                if !console::is_agreed(&pay::approve_this(), &pay::name_the_digest())? {
                    return Ok(Exit::Refused);
                }
                waits.digest.clone()
            }
        };
        let engine = engine(&db, &waits, config).await?;
        let approval = engine.approve(&waits.run, &digest, &by, &arguments.note).await?;
        show(&[approval], &[], arguments.json)
    })
}

pub(super) fn reject(arguments: &RejectArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(async {
        if let Some(key) = &arguments.resend {
            return resend::reject(key, arguments, config).await;
        }
        let (db, waits) = find(arguments.store.db.as_ref(), arguments.run.as_deref()).await?;
        let by = approver(db.open().await?.as_ref()).await?;
        let engine = engine(&db, &waits, config).await?;
        let approval = engine.reject(&waits.run, &by, &arguments.note).await?;
        show(&[approval], &[], arguments.json)
    })
}

pub(super) fn withdraw(
    arguments: &WithdrawArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    run::block_on(async {
        let (db, waits) = find(arguments.store.db.as_ref(), Some(&arguments.run)).await?;
        let by = actor(&db, Scope::Submit).await?;
        let deleted = engine(&db, &waits, config).await?.withdraw(&waits.run).await?;
        let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
        console::tell(&format!("run {} is withdrawn{by}: {deleted} payouts deleted", waits.run.0));
        Ok(Exit::Succeeded)
    })
}

/// Whether enough people with a token are left who can approve a run that waits. The first time that
/// they are not, there is a notice.
pub(super) async fn has_approvers(
    engine: &Engine,
    store: &dyn Store,
    waits: &RunApproval,
) -> Result<bool, Failure> {
    let who = pagos_api::approvers(store, Clock::now(&System)).await?;
    Ok(engine.has_approvers(&waits.run, &who).await?)
}

fn show(approvals: &[RunApproval], resends: &[Resend], is_json: bool) -> Result<Exit, Failure> {
    if is_json {
        return print_json(approvals.iter().map(approval_json).collect(), resends);
    }
    let mut out = console::stdout();
    for line in approvals.iter().flat_map(approval_lines) {
        writeln!(out, "{line}")?;
    }
    write_waiting(&mut out, approvals.iter(), resends)?;
    Ok(out.flush().map(|()| Exit::Succeeded)?)
}

fn print_json(runs: Vec<serde_json::Value>, resends: &[Resend]) -> Result<Exit, Failure> {
    let resends: Vec<_> = resends.iter().map(resend_json).collect();
    console::print_json(&serde_json::json!({ "runs": runs, "resends": resends }))?;
    Ok(Exit::Succeeded)
}

/// What waits in vain, and the payouts that are to be sent again.
fn write_waiting<'a>(
    out: &mut impl Write,
    approvals: impl Iterator<Item = &'a RunApproval>,
    resends: &[Resend],
) -> Result<(), Failure> {
    for blocked in
        approvals.filter(|approval| approval.state == ApprovalState::Waiting && approval.is_blocked)
    {
        writeln!(out, "{}", blocked_line(blocked))?;
    }
    if !resends.is_empty() {
        writeln!(out, "resends that wait:")?;
    }
    for line in resends.iter().flat_map(resend_lines) {
        writeln!(out, "{line}")?;
    }
    Ok(())
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
async fn find(
    db: Option<&Database>,
    name: Option<&str>,
) -> Result<(Database, RunApproval), Failure> {
    let (db, name) = (Database::existing(db), name.unwrap_or_default());
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
