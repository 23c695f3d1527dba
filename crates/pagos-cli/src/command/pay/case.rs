//! `pagos pay` from the release of a file to its exit code. From here on no message says that
//! nothing was sent: whatever fails, the outcomes in the store determine the exit code.

use std::{future::Future, time::Duration};

use pagos_engine::{EngineError, RunApproval, RunId, StoreError, Tally};

use crate::{
    arguments::PayArguments,
    command::approval::has_approvers,
    console,
    exit::{Exit, Failure, with_causes},
    output::{Progress, Visibility, approval_lines, blocked_line},
    run::{
        document::Document,
        follow::{Followed, Payer, follow},
        instance::Instance,
        need::Need,
        report::{self, Report, Waiting},
        signal::{self, Stop},
        target::Target,
        witness,
    },
    words::{Text, pay as words},
};

/// How often a process that watches another one tries to take the turn.
const TURN_BEAT: Duration = Duration::from_millis(500);

/// How long reading the outcomes may take after a failure.
const OUTCOMES_MAX: Duration = Duration::from_secs(5);

/// A file whose orders are stored.
pub(super) struct Case<'a> {
    pub(super) arguments: &'a PayArguments,
    pub(super) instance: &'a Instance,
    pub(super) run: RunId,
    /// How many payouts the file has.
    pub(super) rows: u64,
    /// What of it needs approval, if an account has rules.
    pub(super) need: Option<Need>,
    pub(super) stop: Stop,
}

/// How the work on a run ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// Nothing changes any more, or what is left belongs to accounts out of service.
    Followed(Followed),
    /// A person or the system asked to stop.
    Interrupted,
    /// The witness could not be used for too long, so nothing was sent.
    Unwitnessed(String),
    /// Nothing was released: people must approve first.
    Waits(Box<RunApproval>),
    /// Nothing was released: somebody said no, or a limit does.
    Held(String),
    /// The release or the work failed.
    Broken,
}

/// The result of the report.
enum Reported {
    /// The store was read to the end, and the report may be complete.
    Read(Report),
    /// The report is incomplete, and why.
    Missing(Text),
}

impl Case<'_> {
    /// Releases the file, works or watches, and reports.
    pub(super) async fn carry_out(self, target: Target, document: Document) -> Exit {
        let ended = match self.release_and_follow(target).await {
            Ok(ended) => ended,
            Err(failure) => {
                tell_broken(&failure);
                Ended::Broken
            }
        };
        match &ended {
            Ended::Waits(waits) => return self.tell_waits(waits, document).await,
            Ended::Held(because) => return self.tell_held(because, document).await,
            Ended::Followed(_) | Ended::Interrupted | Ended::Unwitnessed(_) | Ended::Broken => {
                self.explain(&ended);
            }
        }
        let Some(tally) = self.outcomes(&ended).await else {
            console::tell(&words::report_is_missing());
            return Exit::InDoubt;
        };
        let mut exit = match ended {
            // The rest waits for accounts that are out of service, or for the witness, so it has no
            // outcome yet.
            Ended::Followed(Followed::Halted) | Ended::Unwitnessed(_) => Exit::InDoubt,
            Ended::Followed(Followed::Done)
            | Ended::Interrupted
            | Ended::Broken
            | Ended::Waits(_)
            | Ended::Held(_) => report::exit_of(&tally, self.rows),
        };
        self.stop.ends_as(exit);
        match self.report(document).await {
            Reported::Read(report) => {
                if let Err(lost) = &report.written {
                    tell_incomplete(&Text::heard(lost.to_string()));
                }
                tell_waiting(&report.waiting);
                if report.rows != self.rows {
                    exit = Exit::InDoubt;
                    if tally.total() == self.rows {
                        self.tell_difference(report.rows);
                    }
                }
            }
            Reported::Missing(because) => tell_incomplete(&because),
        }
        if exit == Exit::InDoubt {
            console::tell(&words::some_in_doubt());
        }
        exit
    }

    async fn release_and_follow(&self, target: Target) -> Result<Ended, Failure> {
        match self.instance.engine.release(&self.run, self.rows).await {
            Ok(_) => {}
            Err(EngineError::WaitsForApproval(waits)) => return Ok(Ended::Waits(waits)),
            Err(
                error @ (EngineError::RunRejected(_)
                | EngineError::OverLimit { .. }
                | EngineError::Refused(_)),
            ) => return Ok(Ended::Held(error.to_string())),
            Err(error) => return Err(error.into()),
        }
        match self.instance.engine.take_turn().await {
            Ok(()) => {}
            Err(EngineError::Taken) => {
                if let Some(ended) = self.look_on(&target).await? {
                    return Ok(ended);
                }
            }
            Err(error @ EngineError::Restored(_)) => return Ok(Ended::Held(error.to_string())),
            Err(error) => return Err(error.into()),
        }
        witness::tell_comparison(&self.instance.engine);
        self.work(target).await
    }

    /// Says what waits, for whom, and how to go on.
    async fn tell_waits(&self, waits: &RunApproval, document: Document) -> Exit {
        approval_lines(waits).iter().for_each(|line| console::tell(line));
        let Instance { engine, store, .. } = self.instance;
        match has_approvers(engine, store.as_ref(), waits).await {
            Ok(true) => console::tell(&words::waits_for(waits.missing(), &waits.run.0)),
            Ok(false) => console::tell(&blocked_line(waits)),
            Err(failure) => console::tell(failure.to_string().trim_end()),
        }
        drop(self.report(document).await);
        Exit::Waits
    }

    async fn tell_held(&self, because: &str, document: Document) -> Exit {
        console::tell(&words::nothing_sent_because(Text::heard(because)));
        drop(self.report(document).await);
        Exit::Refused
    }

    /// Pays and follows until the run is done or the process is asked to stop.
    async fn work(&self, mut target: Target) -> Result<Ended, Failure> {
        let instance = self.instance;
        let progress = self.progress();
        let receiving = match target.listener.take() {
            Some(listener) => {
                target.announce(listener.local_addr()?).await?;
                Some(instance.spawn_receiver(listener, &target)?)
            }
            None => None,
        };
        let mut ended = Ok(Ended::Interrupted);
        let stop = async {
            let payer = Payer::Here(&instance.engine);
            tokio::select! {
                followed = follow(&instance.store, &self.run, target.until, &progress, payer) => {
                    ended = followed.map(Ended::Followed);
                }
                because = witness::away_too_long(
                    || instance.engine.without_witness(),
                    instance.without_witness,
                    |line| progress.tell(line),
                ) => {
                    ended = Ok(Ended::Unwitnessed(because));
                }
                () = self.stop.requested() => progress.tell(&words::stopping()),
            }
        };
        let hurry = self.stop.asked_for(signal::WORK_MAX);
        let worked = instance.work(usize::from(self.arguments.concurrency), stop, hurry).await;
        // The receiver outlives the engine's work, so that no delivery in between is lost.
        if let Some(receiving) = receiving {
            receiving.shut_down(self.stop.asked_for(signal::RECEIVER_MAX)).await;
        }
        worked?;
        Ok(ended?)
    }

    /// Another process works on this database: the orders are stored, and it pays them while it
    /// lives. Returns `None` if it is gone (done with its own run, or dead): then this process pays
    /// the rest.
    async fn look_on(&self, target: &Target) -> Result<Option<Ended>, Failure> {
        let progress = self.progress();
        progress.tell(&words::another_pays());
        let store = &self.instance.store;
        tokio::select! {
            followed = follow(store, &self.run, target.until, &progress, Payer::Elsewhere) => {
                let followed = followed?;
                if followed == Followed::Halted {
                    self.tell_halted_elsewhere().await?;
                }
                Ok(Some(Ended::Followed(followed)))
            }
            turn = self.turn_when_free() => {
                turn?;
                progress.tell(&words::other_has_ended());
                Ok(None)
            }
            () = self.stop.requested() => Ok(Some(Ended::Interrupted)),
        }
    }

    async fn tell_halted_elsewhere(&self) -> Result<(), StoreError> {
        for account in self.instance.store.halted().await? {
            console::tell(&words::halted_elsewhere(account.as_str()));
        }
        Ok(())
    }

    /// Waits for the end of the process that works on this database.
    async fn turn_when_free(&self) -> Result<(), EngineError> {
        loop {
            tokio::time::sleep(TURN_BEAT).await;
            match self.instance.engine.take_turn().await {
                Err(EngineError::Taken) => {}
                taken => return taken,
            }
        }
    }

    fn progress(&self) -> Progress {
        let visibility = match self.arguments.json {
            true => Visibility::Hidden,
            false => Visibility::Auto,
        };
        Progress::new(self.rows, visibility)
    }

    fn explain(&self, ended: &Ended) {
        for (account, because) in self.instance.engine.halted() {
            console::tell(&words::halted(account.as_str(), Text::heard(because)));
        }
        if let Ended::Unwitnessed(because) = ended {
            console::tell(&words::unwitnessed(Text::heard(because)));
        }
        if *ended == Ended::Interrupted {
            console::tell(&words::how_to_resume(self.arguments.file.display().to_string()));
        }
    }

    /// Where the payouts of the file stand according to the store. `None` if it cannot be read,
    /// which is then reported.
    async fn outcomes(&self, ended: &Ended) -> Option<Tally> {
        let limit = async {
            match ended {
                Ended::Broken if !self.stop.is_requested() => {
                    tokio::time::sleep(OUTCOMES_MAX).await;
                }
                Ended::Followed(_)
                | Ended::Interrupted
                | Ended::Unwitnessed(_)
                | Ended::Waits(_)
                | Ended::Held(_)
                | Ended::Broken => {
                    self.stop.asked_for(signal::OUTCOMES_MAX).await;
                }
            }
        };
        match within(self.instance.store.tally(Some(&self.run)), limit).await {
            Some(Ok(tally)) => {
                // Payouts that were not released yet may be missing.
                if tally.total() != self.rows && *ended != Ended::Broken {
                    self.tell_difference(tally.total());
                }
                Some(tally)
            }
            Some(Err(error)) => {
                console::tell(&words::error(with_causes(&error)));
                None
            }
            None => None,
        }
    }

    /// Writes the report. If nobody reads it, a signal ends the wait for a reader.
    async fn report(&self, mut document: Document) -> Reported {
        console::settle();
        if let Some(need) = &self.need
            && let Ok(approval) = self.instance.engine.approval(&self.run).await
        {
            document.of_approval(need, approval.as_ref());
        }
        let filter = report::of_run(&self.run);
        match within(document.write(&self.instance.store, &filter), self.hurry()).await {
            Some(Ok(report)) => Reported::Read(report),
            Some(Err(error)) => Reported::Missing(with_causes(&error)),
            None => Reported::Missing(words::nobody_read()),
        }
    }

    /// Resolves when the process was asked to stop and standard output has been blocked since then.
    async fn hurry(&self) {
        self.stop.requested().await;
        console::output().stalled(console::GRACE).await;
    }

    fn tell_difference(&self, rows: u64) {
        console::tell(&words::some_are_not_read(self.rows, rows));
    }
}

/// The result of `work`, unless `limit` resolves first.
async fn within<T>(work: impl Future<Output = T>, limit: impl Future<Output = ()>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = limit => None,
    }
}

/// Reports a failure after the first payout may have been sent, so "nothing was sent" would be
/// wrong.
fn tell_broken(failure: &Failure) {
    failure.messages().iter().for_each(|message| console::tell(&words::error(message)));
    console::tell(&words::broke_off());
}

fn tell_incomplete(because: &Text) {
    console::tell(&words::report_is_incomplete(because));
}

fn tell_waiting(waiting: &Waiting) {
    let lines = waiting.lines();
    if lines.is_empty() {
        return;
    }
    console::tell(&words::for_a_person());
    lines.iter().for_each(|line| console::tell(line));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clap::Parser;
    use pagos_engine::MemoryStore;

    use super::*;
    use crate::arguments::{Arguments, Command};

    /// The run has no member at all, so the engine refuses to release it: an error after the line.
    #[tokio::test]
    async fn truth_03_an_error_of_the_release_is_never_told_as_nothing_was_sent() {
        let arguments = Arguments::try_parse_from(["pagos", "pay", "x.csv", "--json"]).unwrap();
        let Command::Pay(arguments) = arguments.command else { panic!("another command") };
        let target = Target::nobodys();
        let (store, accounts) = (Arc::new(MemoryStore::new()), pagos_engine::Accounts::new());
        let instance =
            Instance::over(store, &target.world, accounts, target.policy.clone()).await.unwrap();
        let (run, stop) = (RunId("x".to_owned()), Stop::listen(instance.engine.sending()));
        let case =
            Case { arguments: &arguments, instance: &instance, run, rows: 2, need: None, stop };
        let exit = case.carry_out(target, Document::of_run(true)).await;
        assert_eq!(exit, Exit::InDoubt);
    }
}
