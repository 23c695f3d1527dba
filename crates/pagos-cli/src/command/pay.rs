//! `pagos pay`: plans a file, asks for confirmation, stores it as a whole, pays it, follows every
//! payout, reports.
//!
//! Run again, it resumes: all state is in the store. A file that needs approval is submitted by the
//! owner of a token; whoever runs it again needs none, because nothing joins a run that waits.

mod case;

use std::path::Path;

use pagos_api::token::Scope;
use pagos_core::Environment;
use pagos_engine::{Actor, RunId};

use crate::{
    accounts::Accounts,
    arguments::{FaultProfile, PayArguments},
    command::{pay::case::Case, plan},
    console,
    exit::{Exit, Failure},
    input::{self, Payroll, Plan},
    output::{Screen, Totals, write_banks, write_plan_totals},
    run::{
        self,
        actor::{actor, how_to_prove},
        database::{self, Database},
        document::Document,
        instance::Instance,
        need::Need,
        signal::Stop,
        submit::{self, Stored},
        target::{Choice, Target},
    },
    words,
};

pub(crate) fn run(arguments: &PayArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(pay(arguments, config))
}

async fn pay(arguments: &PayArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let db = database_of(arguments);
    db.check()?;
    // A pipe is read to its end before anything is opened or locked.
    let payroll = Payroll::open(&arguments.file)?;
    // A refused token ends it before anything is made.
    let by = actor(&db, Scope::Submit).await?;
    let is_first_sandbox = arguments.sandbox && !db.bank().exists();
    let mut target = Target::open(choice(arguments, config, &db)).await?;
    target.limit_rates(&arguments.rates);
    target.witness_at(&arguments.witness);
    if let Some(about) = target.about_sandbox() {
        console::tell(&words::pay::sandbox_kept(about, db.to_string()));
    }
    let sandbox = target.sandbox.take();
    let exit = pay_through(target, arguments, &payroll, (&db, by.as_ref())).await;
    if let Some(sandbox) = sandbox {
        sandbox.shut_down().await;
        if is_first_sandbox {
            db.forget_bank().await;
        }
    }
    exit
}

/// The database of the payouts: each kind of target has a file of its own.
fn database_of(arguments: &PayArguments) -> Database {
    let file = match (&arguments.store.db, arguments.sandbox, &arguments.sandbox_url) {
        (Some(db), _, _) => return db.clone(),
        (None, _, Some(_)) => database::TWIN_FILE,
        (None, true, None) => database::SANDBOX_FILE,
        (None, false, None) => database::LIVE_FILE,
    };
    Database::usual(file)
}

fn choice(arguments: &PayArguments, config: Option<&Path>, db: &Database) -> Choice {
    match &arguments.sandbox_url {
        Some(origin) => Choice::RunningTwins { origin: origin.clone() },
        None if arguments.sandbox => Choice::Twins {
            db: db.clone(),
            profile: arguments.faults.unwrap_or(FaultProfile::None).into(),
            seed: arguments.seed.unwrap_or(1),
        },
        None => Choice::Configured { config: config.map(Path::to_owned) },
    }
}

async fn pay_through(
    target: Target,
    arguments: &PayArguments,
    payroll: &Payroll,
    (db, by): (&Database, Option<&Actor>),
) -> Result<Exit, Failure> {
    let mut document = Document::of_run(arguments.json);
    let planned =
        plan::report(payroll, &target.accounts, &mut |problem| document.problem(problem))?;
    plan::tell_cautions(&planned, &target.accounts);
    if is_refused(&planned, arguments, &mut document)? {
        document.refuse()?;
        return Ok(Exit::Refused);
    }
    let run = RunId(planned.digest.to_string());
    let mut need = Need::of(payroll, &planned, &target.accounts)?;
    // What was submitted to a closed run stays theirs who did it, whoever runs the command again.
    let must_be_proven = need.is_some() && is_open(db, &run).await?;
    if let Some(need) = need.as_ref().filter(|_| must_be_proven) {
        tell_need(need, 0);
        if is_unproven(need, by) {
            return refuse_unproven(need, document);
        }
    }
    if planned.rows == 0 || !may_begin(&planned, &target.accounts, arguments)? {
        console::tell(&words::pay::nothing_sent());
        document.refuse()?;
        let is_empty = planned.rows_bad == 0 && planned.rows == 0;
        return Ok(if is_empty { Exit::Succeeded } else { Exit::Refused });
    }
    db.announce_if_new(target.is_live(), arguments.new.new_db.into()).await?;
    let if_lost = arguments.witness.new_witness.into();
    let instance = Instance::to_send(db, &target, if_lost).await?;
    document.of_database(db, instance.store.identity().await?);
    if let Some(need) = need.as_mut().filter(|_| must_be_proven) {
        let before = need.needed;
        need.add_today(&instance.engine, &run).await?;
        tell_need(need, before);
        if is_unproven(need, by) {
            return refuse_unproven(need, document);
        }
    }
    let stored =
        submit::store(&instance.engine, payroll, &planned, &target.accounts, &run, by).await?;
    if !stored.refused.is_empty() {
        return refuse_stored(&stored, payroll, document);
    }
    tell_known(&stored);
    // From here on money can move: whatever fails, the outcomes determine the exit code.
    let stop = Stop::listen(instance.engine.sending());
    let case = Case { arguments, instance: &instance, run, rows: planned.rows, need, stop };
    Ok(case.carry_out(target, document).await)
}

/// Refuses a file with bad rows, unless they are to be skipped, and with `--strict` a doubtful one.
fn is_refused(
    planned: &Plan,
    arguments: &PayArguments,
    document: &mut Document,
) -> Result<bool, Failure> {
    if arguments.strict && !planned.is_clean() {
        console::tell(&words::pay::nothing_sent_because(words::pay::strict_warning()));
        for warning in &planned.warnings {
            document.problem(warning)?;
        }
        return Ok(true);
    }
    if !planned.is_good() && !arguments.skip_invalid {
        console::tell(&words::pay::nothing_sent_rows());
        return Ok(true);
    }
    Ok(false)
}

/// Tells the rows that the store refused; nothing of the file is stored.
fn refuse_stored(
    stored: &Stored,
    payroll: &Payroll,
    mut document: Document,
) -> Result<Exit, Failure> {
    for problem in &stored.refused {
        console::tell_patiently(&format!("{}: {problem}", input::path_text(&payroll.name)));
        document.problem(problem)?;
    }
    console::tell(&words::pay::nothing_sent_known());
    document.refuse()?;
    Ok(Exit::Refused)
}

/// Tells which payouts of the file are not sent again.
fn tell_known(stored: &Stored) {
    if stored.existing > 0 {
        console::tell(&words::pay::known_already(stored.existing, stored.new));
    }
    if let Some(seal) = stored.archived_since {
        console::tell(&words::pay::archived_already(stored.archived, seal.day_text()));
    }
}

/// Whether payouts can still join the run.
async fn is_open(db: &Database, run: &RunId) -> Result<bool, Failure> {
    if db.is_new().await? {
        return Ok(true);
    }
    let known = db.open_to_read().await?.run(run).await?;
    Ok(known.is_none_or(|known| known.closed_at.is_none() && known.released_at.is_none()))
}

/// Tells who must approve, if that is more than was told before.
fn tell_need(need: &Need, told: u32) {
    if need.needed > told {
        need.lines().iter().for_each(|line| console::tell_patiently(line));
    }
}

/// Whether others must approve the file, and whoever submits it could be one of them.
fn is_unproven(need: &Need, by: Option<&Actor>) -> bool {
    need.needed > 0 && !by.is_some_and(Actor::is_proven)
}

fn refuse_unproven(need: &Need, mut document: Document) -> Result<Exit, Failure> {
    let because = words::pay::is_unproven(how_to_prove(Scope::Submit));
    console::tell(&words::pay::error(because));
    document.of_approval(need, None);
    document.refuse()?;
    Ok(Exit::Refused)
}

/// Shows totals before the first payout, and asks, unless `--yes` was given.
fn may_begin(
    planned: &Plan,
    accounts: &Accounts,
    arguments: &PayArguments,
) -> Result<bool, Failure> {
    let mut table = Vec::new();
    let totals = Totals::of_plan(&planned.totals);
    if !arguments.yes {
        write_banks(&mut table, Screen::of_stderr(), &planned.banks)?;
    }
    write_plan_totals(&mut table, Screen::of_stderr(), totals.sums())?;
    console::tell_patiently(String::from_utf8_lossy(&table).trim_end());
    for total in &planned.totals {
        let environment = accounts.get(&total.account).map(|account| account.environment);
        if environment == Some(Environment::Live) {
            console::tell_patiently(&words::pay::is_live(total.account.as_str()));
        }
    }
    let question = match planned.rows {
        1 => words::pay::pay_one(),
        rows => words::pay::pay_many(rows),
    };
    Ok(arguments.yes || console::is_agreed(&question, &words::pay::say_yes())?)
}
