//! The second judge of a schedule: a bank statement. It is written from what each twin and each bank
//! really booked, and reconciled with what Pagos knows, as a merchant would do it.
//!
//! The first judge asks the providers where each order ended. This one sees nothing but money.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use pagos_core::{Day, Money, OrderKey, Timestamp};
use pagos_engine::Payout;
use pagos_reconcile::{Covered, Expected, OpenLine, Outcome, Rules, Verdict, match_lines, outcome};
use pagos_statement::{Counterparty, Kind, Line, Side, Text, Transaction};
use pagos_twin::{Direction, Movement, SplitMix64};

use crate::{
    drive::finish,
    sample::key,
    simulation::{Simulation, judge::Summary, participant::Participant},
};

/// Something that a bank booked for a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Booking {
    key: OrderKey,
    /// The provider's id, where the bank writes it.
    reference: Option<String>,
    /// What it changed the balance by: negative if it was paid.
    change: Money,
    at: Timestamp,
}

/// What Pagos knows of the payouts of an account, and what their bank booked.
#[derive(Debug, Clone, Default)]
struct Account {
    payouts: Vec<Payout>,
    bookings: Vec<Booking>,
}

/// A statement whose every line is explained and whose every difference somebody was called for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Compared {
    lines: u64,
    differences: u64,
}

impl Simulation {
    /// Writes a statement of each account and compares it with what is stored.
    pub(super) fn judge_statements(&self, summary: &mut Summary) -> Result<(), String> {
        for (participant, account) in self.accounts_with_bookings()? {
            let name = participant.name();
            let mut chance = SplitMix64::for_occasion(self.plan.seed, "statement", name, 0);
            let compared = account
                .compare(&mut chance)
                .map_err(|because| format!("the statement of {name}: {because}"))?;
            summary.lines += compared.lines;
            summary.differences += compared.differences;
        }
        Ok(())
    }

    fn accounts_with_bookings(&self) -> Result<BTreeMap<Participant, Account>, String> {
        let mut accounts: BTreeMap<Participant, Account> = BTreeMap::new();
        for (name, participant) in self.plan.keys() {
            let stored = finish(self.store.payout(&key(&name)));
            let stored = stored.map_err(|error| error.to_string())?;
            accounts.entry(participant).or_default().payouts.extend(stored);
        }
        for movement in self.world().movements() {
            let participant = Participant::named(movement.provider).unwrap();
            accounts.entry(participant).or_default().bookings.push(Booking::of(movement));
        }
        for (participant, bank) in &self.banks {
            let account = accounts.entry(*participant).or_default();
            for payout in &account.payouts {
                let of_payout = bank.booked(&payout.order).into_iter().map(|(change, at)| {
                    let key = payout.order.key.clone();
                    Booking { key, reference: None, change, at }
                });
                account.bookings.extend(of_payout);
            }
        }
        Ok(accounts)
    }
}

impl Account {
    /// # Errors
    /// A line that no payout explains, or a payout about which Pagos and the bank differ although
    /// nobody was called.
    fn compare(&self, chance: &mut SplitMix64) -> Result<Compared, String> {
        let mut expected: BTreeMap<&OrderKey, Expected> =
            self.payouts.iter().map(|it| (&it.order.key, Expected::of(it, 0))).collect();
        let lines: Vec<OpenLine> =
            (0..).zip(&self.bookings).map(|(place, it)| it.line(place, chance)).collect();
        let rules = Rules::default();
        let known: Vec<Expected> = expected.values().cloned().collect();
        let mut open: BTreeSet<&str> = lines.iter().map(|line| line.id.as_str()).collect();
        let findings = match_lines(&known, &lines, &rules);
        for finding in &findings {
            let Verdict::Matched { parts } = &finding.verdict else { continue };
            open.remove(finding.line.as_str());
            for part in parts {
                let it = expected.get_mut(&part.key).ok_or("a match of an unknown payout")?;
                it.booked.add(part.change, it.amount);
            }
        }
        // A store that went back may have forgotten the reference that such a line names, and waits for
        // the person who reads it.
        let is_recalled = |booking: &Booking| {
            let of_booking = self.payouts.iter().find(|it| it.order.key == booking.key);
            of_booking.is_some_and(|it| it.progress.is_recalled && it.progress.attention.is_some())
        };
        let unexplained = lines.iter().zip(&self.bookings);
        let mut unexplained = unexplained.filter(|(line, _)| open.contains(line.id.as_str()));
        if let Some((_, booking)) = unexplained.find(|(_, booking)| !is_recalled(booking)) {
            return Err(format!("no payout explains {booking}"));
        }
        // Nothing is to come any more, so the statement is of all days.
        let covered = Covered::of([(Day::MIN, Day::MAX)]);
        let mut differences = 0;
        for payout in &self.payouts {
            let it = expected.get(&payout.order.key).ok_or("two payouts of one key")?;
            match outcome(it, &covered, &rules) {
                Outcome::Matched | Outcome::NotPaid | Outcome::Returned => {}
                _ if payout.progress.attention.is_some() => differences += 1,
                differs => {
                    return Err(format!(
                        "payout {}: {}; it is {} here, and nobody was called",
                        it.key,
                        differs.word(),
                        it.word
                    ));
                }
            }
        }
        Ok(Compared { lines: lines.len() as u64, differences })
    }
}

impl Booking {
    fn of(movement: &Movement) -> Self {
        let minor = match movement.direction {
            Direction::Out => -movement.amount_minor,
            Direction::Back => movement.amount_minor,
        };
        Self {
            key: key(&movement.key),
            reference: Some(movement.reference.to_string()),
            change: Money::new(minor, movement.currency.parse().unwrap()),
            at: movement.at,
        }
    }

    /// What a bank writes about it. It names our key or the provider's reference, in a field of its
    /// own or somewhere in the text.
    fn line(&self, place: u64, chance: &mut SplitMix64) -> OpenLine {
        let (side, kind) = match self.change.minor < 0 {
            true => (Side::Debit, Kind::Transfer),
            false => (Side::Credit, Kind::Return),
        };
        let amount = Money::new(self.change.minor.abs(), self.change.currency);
        let mut transaction = Transaction {
            amount,
            bank_reference: None,
            references: Vec::new(),
            tracking: None,
            counterparty: Counterparty::default(),
            text: Text::default(),
            returned_because: None,
            charges: Vec::new(),
        };
        match (chance.below(4), &self.reference) {
            (0, Some(reference)) => transaction.bank_reference = Some(Text::new(reference)),
            (1, Some(reference)) => transaction.text = Text::new(format!("PAGO {reference}.")),
            (0 | 2, _) => transaction.references = vec![Text::new(self.key.as_str())],
            _ => transaction.text = Text::new(format!("TRANSFERENCIA ({})", self.key)),
        }
        let day = Day::at(self.at, 0);
        let transactions = vec![transaction];
        let line =
            Line { place, day, value_day: None, side, amount, kind, balance: None, transactions };
        OpenLine { id: place.to_string(), line }
    }
}

/// For the words of a judge.
impl fmt::Display for Booking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} at {} ({:?})", self.change, self.key, self.at, self.reference)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pagos_core::{Clock, Observation, Source, Standing};
    use pagos_engine::{Lease, MemoryStore, Step, Store};

    use super::*;
    use crate::{
        sample::declined,
        simulation::{log::Detail, plan::Schedule},
    };

    /// A schedule that has ended as it should.
    fn ended(seed: u64, among: &[Participant]) -> Simulation {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let mut simulation =
            Simulation::new(Schedule::of(seed, among), store, None, Detail::Counts);
        simulation.run().unwrap();
        simulation.judge_statements(&mut Summary::default()).unwrap();
        simulation
    }

    /// A schedule in which a payout was paid that nobody was called for: what its account comes to,
    /// and the place of the one booking of the payout.
    fn paid(participant: Participant) -> (Simulation, Account, usize) {
        for seed in 1..50 {
            let simulation = ended(seed, &[participant]);
            let mut accounts = simulation.accounts_with_bookings().unwrap();
            let account = accounts.remove(&participant).unwrap();
            let is_quiet = |booking: &Booking| {
                let same = account.bookings.iter().filter(|it| it.key == booking.key);
                let payout = account.payouts.iter().find(|it| it.order.key == booking.key);
                same.count() == 1 && payout.is_some_and(|it| it.progress.attention.is_none())
            };
            if let Some(place) = account.bookings.iter().position(is_quiet) {
                return (simulation, account, place);
            }
        }
        panic!("no payout of {} was paid", participant.name())
    }

    fn fault(account: &Account) -> String {
        let mut chance = SplitMix64::for_occasion(1, "statement", "", 0);
        account.compare(&mut chance).unwrap_err()
    }

    #[test]
    fn what_the_bank_lost_doubled_or_changed_is_a_fault() {
        for participant in Participant::all() {
            let (_, account, place) = paid(participant);
            let booking = &account.bookings[place];
            let check = |change: &dyn Fn(&mut Vec<Booking>), expected: &str| {
                let mut other = account.clone();
                change(&mut other.bookings);
                let fault = fault(&other);
                assert!(fault.contains(expected), "{}: {fault}", participant.name());
            };
            check(&|bookings| drop(bookings.remove(place)), "missing_there");
            check(&|bookings| bookings.push(booking.clone()), "duplicate_there");
            check(&|bookings| bookings[place].change.minor += 1, "amount_differs");
            let change = Money::new(-booking.change.minor, booking.change.currency);
            check(
                &|bookings| bookings.push(Booking { change, ..booking.clone() }),
                "status_differs",
            );
            let (key, reference) = (key("nobody-knows-it"), None);
            let strange = Booking { key, reference, ..booking.clone() };
            check(&|bookings| bookings[place] = strange.clone(), "no payout explains");
        }
    }

    /// The store is told that a payout failed which the bank paid: the statement shows it.
    #[test]
    fn a_payout_that_is_falsely_told_as_failed_is_a_fault() {
        for participant in Participant::all() {
            let (simulation, account, place) = paid(participant);
            let key = account.bookings[place].key.clone();
            let payout = finish(simulation.store.payout(&key)).unwrap().unwrap();
            let mut progress = payout.progress;
            let now = simulation.timer.now();
            let seen = Observation {
                asked_at: Some(now),
                reference: progress.standing.reference().cloned(),
                ..Observation::new(declined(), Source::Query, now)
            };
            progress.standing = Standing::new(payout.created_at);
            progress.standing.apply(&seen);
            assert_eq!(progress.status(), declined());
            let step = Step {
                key,
                version: payout.version,
                fence: None,
                lease: Lease::Keep,
                progress,
                due_at: None,
                entries: Vec::new(),
                notices: Vec::new(),
                applies: None,
            };
            finish(simulation.store.commit(step)).unwrap();
            let fault = simulation.judge_statements(&mut Summary::default()).unwrap_err();
            assert!(fault.contains("status_differs; it is failed here"), "{fault}");
        }
    }
}
