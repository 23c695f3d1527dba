//! One provider on one kind of day: every place is got to and ended at, everything is brought to its
//! end, and the bank's books judge. What is got to and how is in `reach.rs`.

mod payment;
mod payout;

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use pagos_engine::Point;
use pagos_twin::Fault;
use serde_json::Value;

use pagos_kit::{
    Kit,
    people::{self, Row},
};

use crate::{
    crash,
    failure::Failure,
    sweep::{
        fault::{self, InjectedFault},
        reach::{Place, Reach, reach},
        start::{Failpoint, ProcessEnd, Start},
    },
    trial::{
        self,
        payer::{Db, Payer},
        twin_server::TwinServer,
    },
};

/// So many queries stay without an answer while the bank's news is awaited.
const QUERIES_LOST: u32 = 12;

/// The code of a refusal.
const REFUSED: i32 = 1;

/// More rows than any case has places.
const ROWS_MAX: u64 = 1_000;

/// What one case is about.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) provider: Kit,
    pub(super) injected: InjectedFault,
    pub(super) places: Vec<Place>,
    pub(super) seed: u64,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// How often a process ended at a place.
    pub(super) aborts: BTreeMap<Place, u32>,
    /// What no process gets to, with the reason.
    pub(super) never: BTreeMap<Place, &'static str>,
    pub(super) starts: u32,
    pub(super) rows: usize,
    pub(super) payments: u32,
    pub(super) movements: usize,
    pub(super) paid_twice: usize,
    pub(super) decided: u64,
    /// What is wrong: a place that was not got to, or what the books say.
    pub(super) violations: Vec<String>,
    pub(super) took: Duration,
}

/// The case while it is played.
struct Harness {
    provider: Kit,
    injected: InjectedFault,
    payer: Payer,
    bank: TwinServer,
    people: Box<dyn Iterator<Item = Row>>,
    /// Those who are to be paid in the end.
    rows: Vec<Row>,
    /// Those payments that are to be opened in the end.
    payments: Vec<String>,
    /// A bank that greets, and the payer that it greets.
    greeter: Option<(TwinServer, Payer)>,
    /// Places that the present try did not get to.
    missed: Vec<String>,
    outcome: Outcome,
}

/// Plays a case from its start to the verdict.
pub(super) fn play(plan: &Plan, program: &Path, folder: &Path, db: Db) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    trial::empty(folder)?;
    let bank = TwinServer::start(program, folder, &[])?;
    let payer = Payer {
        program: program.to_owned(),
        folder: folder.to_owned(),
        file: folder.join("payouts.csv"),
        db,
        bank_url: bank.url().to_owned(),
        config: None,
        witness: None,
    };
    let people = Box::new(people::rows(ROWS_MAX, plan.seed, vec![plan.provider]));
    let (rows, payments, greeter, outcome) = (Vec::new(), Vec::new(), None, Outcome::default());
    let (provider, injected) = (plan.provider, plan.injected);
    let missed = Vec::new();
    let mut harness = Harness {
        provider,
        injected,
        payer,
        bank,
        people,
        rows,
        payments,
        greeter,
        missed,
        outcome,
    };
    // Another bank than that of the rows: it must be gone before there are any.
    let is_first = |place: &&Place| reach(**place, plan.provider, plan.injected) == Reach::Serve;
    let (first, others): (Vec<&Place>, Vec<&Place>) = plan.places.iter().partition(is_first);
    for place in first {
        harness.visit(*place)?;
    }
    harness.greeter = None;
    for place in others {
        harness.visit(*place)?;
    }
    let mut outcome = harness.end()?;
    outcome.took = begun.elapsed();
    Ok(outcome)
}

impl Harness {
    /// Brings a process to the place. A hint schedules a query only while none is due, which on a busy
    /// machine is a matter of chance; such a place gets three rows.
    fn visit(&mut self, place: Place) -> Result<(), Failure> {
        let is_of_chance =
            matches!(place.point, Point::ScheduleQuery | Point::SchedulePaymentQuery);
        let tries = if is_of_chance { 3 } else { 1 };
        for _ in 0..tries {
            self.missed.clear();
            self.try_place(place)?;
            if self.missed.is_empty() {
                break;
            }
        }
        let missed = std::mem::take(&mut self.missed);
        missed.into_iter().for_each(|missed| self.blame(missed));
        Ok(())
    }

    fn try_place(&mut self, place: Place) -> Result<(), Failure> {
        let is_on_server = matches!(self.payer.db, Db::Server { .. });
        match reach(place, self.provider, self.injected) {
            _ if is_on_server && place.point == Point::EndClaims => {
                let because = "several processes may work on a server, so claims end by themselves";
                self.outcome.never.insert(place, because);
                Ok(())
            }
            _ if is_on_server
                && matches!(place.point, Point::NoteAttempts | Point::KeepWitness) =>
            {
                self.outcome.never.insert(place, "only a file has a witness here");
                Ok(())
            }
            Reach::Pay(way) => self.pay(place, way),
            Reach::Conflict => self.submit_conflict(place),
            Reach::Resolve => self.resolve(place),
            Reach::Serve => self.serve(place),
            Reach::OpenPayment => self.open_payment(place),
            Reach::AskPayment => self.ask_payment(place),
            Reach::WaitForPayer => self.wait_for_payer(place),
            Reach::Never(because) => {
                self.outcome.never.insert(place, because);
                Ok(())
            }
        }
    }

    /// Starts `pagos`, which is to end at the failpoint, and returns what it said. If it ends
    /// otherwise, the point was missed.
    fn crash(&mut self, words: &[&str], failpoint: &Failpoint) -> Result<String, Failure> {
        let start = Start::new(&self.payer, words, Some(failpoint.clone()))?;
        self.note(start, failpoint)
    }

    /// Waits for the end of a start and takes note of it.
    fn note(&mut self, start: Start, failpoint: &Failpoint) -> Result<String, Failure> {
        self.outcome.starts += 1;
        let (end, said) = start.end()?;
        match end {
            ProcessEnd::Aborted => *self.outcome.aborts.entry(failpoint.place).or_default() += 1,
            ProcessEnd::Ended(code) => {
                self.missed.push(format!("{failpoint} was not got to; exit code {code}"));
            }
        }
        Ok(said)
    }

    /// Starts `pagos` without a failpoint; returns its exit code and what it said.
    fn run(&mut self, words: &[&str]) -> Result<(i32, String), Failure> {
        self.outcome.starts += 1;
        match Start::new(&self.payer, words, None)?.end()? {
            (ProcessEnd::Ended(code), said) => Ok((code, said)),
            (ProcessEnd::Aborted, _) => Err(Failure::new("a start without a failpoint aborted")),
        }
    }

    /// Has the fault of this case meet a key, once.
    fn befall(&self, key: &str) -> Result<(), Failure> {
        self.injected.map_or(Ok(()), |fault| self.order(key, fault, 1))
    }

    /// The bank answers no queries about it for a while, so that its news comes first.
    fn silence(&self, key: &str) -> Result<(), Failure> {
        let lost = |name: &str| fault::trigger(name, Fault::QueryLost, QUERIES_LOST);
        let mut triggers = vec![lost(key)];
        triggers.extend(self.provider.list_trigger().map(lost));
        self.bank.order_triggers(self.provider.name(), &triggers)
    }

    /// What is prepared for a payout goes wrong like a query, under a name of its own.
    fn order(&self, key: &str, fault: Fault, times: u32) -> Result<(), Failure> {
        let preparing = format!("{key}/payee");
        let triggers: Vec<Value> =
            [key, &preparing].map(|name| fault::trigger(name, fault, times)).into();
        self.bank.order_triggers(self.provider.name(), &triggers)
    }

    fn blame(&mut self, what: String) {
        let (provider, fault) = (self.provider.name(), fault::word(self.injected));
        self.outcome.violations.push(format!("{provider}, {fault}: {what}"));
    }

    /// Pays every row to its end, lets the operator decide, and judges by the books.
    fn end(mut self) -> Result<Outcome, Failure> {
        for key in std::mem::take(&mut self.payments) {
            self.open_again(&key)?;
        }
        self.outcome.rows = self.rows.len();
        if self.rows.is_empty() {
            return Ok(self.outcome);
        }
        trial::write_payouts(&self.payer.file, self.rows.iter().cloned())?;
        let about = format!("{}, {}", self.provider.name(), fault::word(self.injected));
        let judged = crash::bring_to_end(self.payer, self.bank, self.rows);
        let judged = judged.map_err(Failure::while_doing(&about))?;
        let mut outcome = self.outcome;
        outcome.movements = judged.movements;
        outcome.paid_twice = judged.paid_twice;
        outcome.decided = judged.decided;
        outcome.violations.extend(judged.violations.iter().map(|it| format!("{about}: {it}")));
        Ok(outcome)
    }
}
