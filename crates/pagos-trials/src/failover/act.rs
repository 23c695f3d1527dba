//! One blow, from a cluster that is ready for it until payouts are sent again.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use pagos_kit::Random;

use crate::{
    failover::{
        Mode,
        blow::{self, Kind},
        cluster::Cluster,
        crew::Crew,
        loss,
        meter::Meter,
        report::{Event, Figures},
    },
    failure::Failure,
    trial::twin_server::TwinServer,
};

/// How long a new file is worked on before the blow.
const WORK_MS_MAX: u64 = 500;

/// How long another primary is there before a stopped one is woken.
const ZOMBIE_MS_MAX: u64 = 5_000;

/// How long another server may take to take over; then the old one is healed.
const TAKE_OVER_MAX: Duration = Duration::from_secs(40);

/// How long nothing may be paid although a primary is there: longer than a call waits for an answer
/// and then for a server.
const QUIET_MAX: Duration = Duration::from_secs(180);

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What one blow needs beside the cluster and the workers.
pub(super) struct Act<'a> {
    pub(super) bank: &'a TwinServer,
    pub(super) meter: &'a Meter,
    pub(super) files: &'a [BTreeSet<String>],
    pub(super) mode: Mode,
}

impl Act<'_> {
    /// Strikes the primary, waits for the next one, looks for what it does not know, heals, and
    /// waits until payouts are sent again.
    pub(super) fn strike_once(
        &self,
        cluster: &mut Cluster,
        crew: &mut Crew<'_>,
        kind: Kind,
        (random, figures): (&mut Random, &mut Figures),
    ) -> Result<Event, Failure> {
        let before = cluster.wait_until_ready(self.mode)?;
        blow::hold_back(cluster, before.node, kind, self.mode);
        let ready_at = Instant::now();
        crew.take_next_file()?;
        await_payout(crew, self.meter, ready_at)?;
        thread::sleep(Duration::from_millis(random.draw(0, WORK_MS_MAX)));
        let begun = Instant::now();
        let struck = blow::strike(cluster, before.node, kind, random)?;
        crew.take_next_file()?;
        let is_next = |node: usize| node != before.node || !kind.changes_primary();
        let next = cluster.wait_for(TAKE_OVER_MAX, |seen| is_next(seen.node));
        let mut seen_at = Instant::now();
        crew.look()?;
        let client = cluster.client();
        let committing = thread::spawn(move || client.commit());
        if next.is_some() {
            let loss = loss::find(self.bank, &cluster.client(), self.files)?;
            figures.lost_orders.extend(loss.orders);
            figures.lost_attempts.extend(loss.attempts);
        }
        if kind == Kind::Stop {
            thread::sleep(Duration::from_millis(random.draw(0, ZOMBIE_MS_MAX)));
        }
        blow::heal(cluster, &struck)?;
        let next = match next {
            Some(next) => next,
            None => {
                let next = cluster.wait_for(TAKE_OVER_MAX, |_| true);
                seen_at = Instant::now();
                next.ok_or_else(|| Failure::new(format!("no primary after {}", kind.name())))?
            }
        };
        crew.start_again()?;
        let committed = committing.join();
        let committed =
            committed.map_err(|_| Failure::new("the thread that commits panicked"))??;
        // A primary that is cut off goes on for a moment, and can have done with all that was left.
        if self.meter.first_since(seen_at).is_none() {
            crew.take_next_file()?;
        }
        let first_sent = await_payout(crew, self.meter, seen_at)?;
        let event = Event {
            kind,
            from: cluster.name_of(before.node),
            to: cluster.name_of(next.node),
            taken_over_after: seen_at - begun,
            committed_after: committed - begun,
            stall: self.meter.longest_pause(begun, first_sent),
        };
        figures.events.push(event);
        Ok(event)
    }
}

/// Waits until a payout is sent after this moment.
pub(super) fn await_payout(
    crew: &mut Crew<'_>,
    meter: &Meter,
    moment: Instant,
) -> Result<Instant, Failure> {
    let begun = Instant::now();
    loop {
        if let Some(first) = meter.first_since(moment) {
            return Ok(first);
        }
        if crew.is_done() {
            return Err(Failure::new("every row has ended; take more --rows"));
        }
        if begun.elapsed() > QUIET_MAX {
            let said = crew.gave_up.keys().cloned().collect::<Vec<_>>().join("\n");
            return Err(Failure::new(format!("no payout was sent for {QUIET_MAX:?}:\n{said}")));
        }
        crew.look()?;
        crew.start_again()?;
        // What is left of earlier files can be doubts alone.
        if crew.is_at_rest() {
            crew.take_next_file()?;
        }
        thread::sleep(LOOK_EVERY);
    }
}
