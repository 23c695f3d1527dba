//! `pagos pay`: plans a file, asks, stores it whole, pays it, follows every payout, reports.
//!
//! Run again, it resumes: all state is in the store.

use std::io;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use pagos_core::Environment;
use pagos_engine::RunId;
use pagos_engine::StoreError;

use crate::accounts::Accounts;
use crate::arguments::FaultProfile;
use crate::arguments::PayArguments;
use crate::command::plan;
use crate::console;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::input::Plan;
use crate::output::Colour;
use crate::output::Outcome;
use crate::output::Progress;
use crate::output::Totals;
use crate::output::Visibility;
use crate::output::write_plan_totals;
use crate::run;
use crate::run::bank::Bank;
use crate::run::bank::Choice;
use crate::run::database;
use crate::run::database::Database;
use crate::run::database::Turn;
use crate::run::follow::Followed;
use crate::run::follow::follow;
use crate::run::office::Office;
use crate::run::paper::Paper;
use crate::run::signal;
use crate::run::submit::submit;
use crate::sandbox;

/// How often a process that looks on tries whether it is alone.
const TURN_BEAT: Duration = Duration::from_millis(500);

pub(crate) fn run(arguments: &PayArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(pay(arguments, config))
}

async fn pay(arguments: &PayArguments, config: Option<&Path>) -> Result<Exit, Failure> {
    let db = database_of(arguments);
    db.check()?;
    let mut bank = Bank::open(choice(arguments, config, &db)).await?;
    bank.limit_rate(arguments.rate);
    if bank.sandbox.is_some() {
        console::tell(&format!(
            "sandbox: simulated providers on this machine, no real money; their time runs {} times \
             faster; payouts are kept in {}",
            sandbox::SPEED,
            db
        ));
    }
    let sandbox = bank.sandbox.take();
    let exit = pay_through(bank, arguments, &db).await;
    if let Some(sandbox) = sandbox {
        sandbox.shut_down().await;
    }
    exit
}

/// Where the payouts are kept: each kind of bank has a file of its own.
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

async fn pay_through(bank: Bank, arguments: &PayArguments, db: &Database) -> Result<Exit, Failure> {
    let file = &arguments.file;
    let mut paper = Paper::new(arguments.json);
    let planned = plan::report(file, &bank.accounts, &mut |problem| paper.problem(problem))?;
    if !planned.is_good() && !arguments.skip_invalid {
        console::tell("nothing was sent; correct the rows, or pay the others with --skip-invalid");
        paper.refuse()?;
        return Ok(Exit::Refused);
    }
    if planned.rows == 0 || !may_begin(&planned, &bank.accounts, arguments)? {
        console::tell("nothing was sent");
        paper.refuse()?;
        return Ok(if planned.rows_bad == 0 && planned.rows == 0 {
            Exit::Succeeded
        } else {
            Exit::Refused
        });
    }
    let turn = db.take_turn()?;
    let office = Office::new(db.open().await?, &bank.accounts, bank.policy.clone())?;
    bank.bind(&office.store_door(), db).await?;
    let run = RunId(planned.digest.to_string());
    let accounts = &bank.accounts;
    let stored = submit(&office.engine, file, &planned, accounts, &run).await?;
    for problem in &stored.conflicts {
        console::tell(&format!("{}: {problem}", file.display()));
        paper.problem(problem)?;
    }
    if !stored.conflicts.is_empty() {
        console::tell("nothing of this file was sent");
        paper.refuse()?;
        return Ok(Exit::Refused);
    }
    if stored.existing > 0 {
        console::tell(&format!(
            "{} of these payouts are known already and are not sent again; {} are new",
            stored.existing, stored.new
        ));
    }
    let ended = match take_part(bank, arguments, &office, &run, (db, turn)).await {
        Ok(ended) => ended,
        Err(failure) => return Ok(tell_broken(&failure)),
    };
    explain(&ended, &office, file);
    let exit = exit_of(&paper.finish(&office.store, &run).await?);
    if exit == Exit::InDoubt {
        console::tell(
            "some payouts are not settled: do not pay them in another way; run the same command \
             again, or see `pagos history KEY` and `pagos resolve KEY`",
        );
    }
    Ok(exit)
}

/// Works if it is our turn; else looks on until it is, or until the run is done.
async fn take_part(
    bank: Bank,
    arguments: &PayArguments,
    office: &Office,
    run: &RunId,
    (db, turn): (&Database, Turn),
) -> Result<Ended, Failure> {
    let turn = match turn {
        Turn::Alone { .. } | Turn::Shared => turn,
        Turn::Taken => match look_on(&bank, arguments, office, run, db).await? {
            Looked::Ended(ended) => return Ok(ended),
            Looked::Alone(turn) => turn,
        },
    };
    work(bank, arguments, office, run, turn).await
}

/// The store failed after the first payout may have left: that is not "nothing was sent".
fn tell_broken(failure: &Failure) -> Exit {
    failure.messages().iter().for_each(|message| console::tell(&format!("error: {message}")));
    console::tell(
        "the run broke off, and what was under way is in doubt; nothing is lost: run the same \
         command again when the database is back, which sends nothing twice",
    );
    Exit::InDoubt
}

/// Totals before the first payout, and the question, unless it was answered with `--yes`.
fn may_begin(
    planned: &Plan,
    accounts: &Accounts,
    arguments: &PayArguments,
) -> Result<bool, Failure> {
    let mut err = io::stderr().lock();
    let totals = Totals::of_plan(&planned.totals);
    write_plan_totals(&mut err, Colour::of(&io::stderr()), totals.sums())?;
    for total in &planned.totals {
        let environment = accounts.get(&total.account).map(|account| account.environment);
        if environment == Some(Environment::Live) {
            writeln!(err, "{} is LIVE: this is real money", total.account)?;
        }
    }
    drop(err);
    let question = format!("Pay {} payouts?", planned.rows);
    Ok(arguments.yes || console::is_agreed(&question, "say --yes to pay without asking")?)
}

/// How the work on a run ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// Nothing moves any more, or what is left is out of service.
    Followed(Followed),
    /// A person or the system asked us to stop.
    Interrupted,
}

fn progress_of(total: u64, arguments: &PayArguments) -> Progress {
    Progress::new(total, if arguments.json { Visibility::Hidden } else { Visibility::Auto })
}

/// Pays and follows until the run is done or the process is asked to stop.
async fn work(
    mut bank: Bank,
    arguments: &PayArguments,
    office: &Office,
    run: &RunId,
    turn: Turn,
) -> Result<Ended, Failure> {
    // Whoever holds a claim of a database that is ours alone is dead.
    if matches!(turn, Turn::Alone { .. }) {
        office.engine.end_claims().await?;
    }
    let progress = progress_of(office.store.tally(Some(run)).await?.total(), arguments);
    let receiving = match bank.listener.take() {
        Some(listener) => {
            bank.announce(listener.local_addr()?).await?;
            Some(office.spawn_receiver(listener, bank.accounts.all())?)
        }
        None => None,
    };
    let mut ended = Ok(Ended::Interrupted);
    let stop = async {
        let halted = || office.engine.halted();
        tokio::select! {
            followed = follow(&office.store, run, bank.until, &progress, halted) => {
                ended = followed.map(Ended::Followed);
            }
            () = signal::stop_requested() => {
                progress.tell(
                    "stopping: nothing new is sent, what is under way is waited for; once more \
                     stops at once, which loses nothing either",
                );
                signal::exit_when_asked_again();
            }
        }
    };
    let worked = office.work(usize::from(arguments.concurrency), stop).await;
    // The receiver outlives the engine's work, so that nothing told meanwhile is lost.
    if let Some(receiving) = receiving {
        receiving.shut_down().await;
    }
    worked?;
    Ok(ended?)
}

/// What ended looking on.
enum Looked {
    /// The run is done, or we were asked to stop.
    Ended(Ended),
    /// The other process is gone, done with its own run or dead: the rest of ours is for us to pay.
    Alone(Turn),
}

/// Another process works on this database: the orders are stored, and it pays them while it lives.
async fn look_on(
    bank: &Bank,
    arguments: &PayArguments,
    office: &Office,
    run: &RunId,
    db: &Database,
) -> Result<Looked, Failure> {
    let progress = progress_of(office.store.tally(Some(run)).await?.total(), arguments);
    progress.tell("another pagos process works on this database and pays these payouts; following");
    tokio::select! {
        followed = follow(&office.store, run, bank.until, &progress, Default::default) => {
            Ok(Looked::Ended(Ended::Followed(followed?)))
        }
        turn = turn_when_free(db) => {
            let turn = turn?;
            progress.tell("the other pagos process has ended; going on in its place");
            Ok(Looked::Alone(turn))
        }
        () = signal::stop_requested() => Ok(Looked::Ended(Ended::Interrupted)),
    }
}

/// Waits for the end of the process that works on this database. Dropping it takes no turn.
async fn turn_when_free(db: &Database) -> Result<Turn, StoreError> {
    loop {
        tokio::time::sleep(TURN_BEAT).await;
        match db.take_turn()? {
            Turn::Taken => {}
            turn => return Ok(turn),
        }
    }
}

fn explain(ended: &Ended, office: &Office, file: &Path) {
    for (account, because) in office.engine.halted() {
        console::tell(&format!(
            "account {account} is out of service: {because}; correct it (`pagos doctor` helps) and \
             run the same command again"
        ));
    }
    if *ended == Ended::Interrupted {
        console::tell(&format!(
            "stopped; nothing is lost. Run the same command again to resume: \
             `pagos pay {}` with the same options sends nothing twice",
            file.display()
        ));
    }
}

/// The exit code that the outcomes amount to.
fn exit_of(totals: &Totals) -> Exit {
    let open =
        [Outcome::Created, Outcome::Unknown, Outcome::Pending, Outcome::Quarantined].into_iter();
    if open.map(|outcome| totals.count(outcome)).sum::<u64>() > 0 {
        return Exit::InDoubt;
    }
    match totals.count(Outcome::Failed) {
        0 => Exit::Succeeded,
        _ => Exit::SomeFailed,
    }
}
