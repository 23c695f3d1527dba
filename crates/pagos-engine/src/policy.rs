//! The engine's waiting times and limits. `decide.rs` acts on them.

use std::time::Duration;

use pagos_core::{Absence, Descriptor, Timestamp};

use crate::{rate::Limited, world::World};

/// Waiting times and limits. [`Policy::live`] is for real money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How long a claim holds. If a worker dies, its payouts are free again after this time.
    pub lease: Duration,
    /// How long one call to a provider may take; shorter than the lease.
    pub deadline: Duration,
    /// Delays before query 1, 2, 3 ... about a payout in doubt; the last one repeats.
    pub query_delays: Vec<Duration>,
    /// Delays before query 1, 2, 3 ... about a pending payout; the last one repeats.
    pub poll_delays: Vec<Duration>,
    /// Delays before query 1, 2, 3 ... about a settled payout; the last one repeats. Each is
    /// shortened by up to an eighth, depending on the payout's key. One more query follows when the
    /// window closes.
    pub watch_delays: Vec<Duration>,
    /// How often the list of a provider that has one is read, and how far back; each entry reaches
    /// further back and is read less often than the one before. Payouts that such a list shows get
    /// no queries of their own except the one that ends their watch. Empty: lists are not read.
    pub sweeps: Vec<Sweep>,
    /// How long a settled payout is watched if the provider states no return window.
    pub watch_for: Duration,
    /// Delays before query 1, 2, 3 ... about a payment whose payer may still pay; the last one
    /// repeats.
    pub payment_delays: Vec<Duration>,
    /// How long a payment is queried after it became final.
    pub payment_watch_for: Duration,
    /// Delays before attempt 1, 2, 3 ... after a request that certainly did not arrive.
    pub retry_delays: Vec<Duration>,
    /// The longest wait that a provider's "retry after ..." can cause.
    pub retry_after_max: Duration,
    /// How long to wait before querying about a contradiction.
    pub confirm_delay: Duration,
    /// The number of unanswered queries after which a person is called; the queries go on.
    pub queries_max: u32,
    /// How long a payout may wait before a person is called.
    pub budgets: Budgets,
    /// Delays before trial 1, 2, 3 ... of an account whose credentials were refused; the last one
    /// repeats.
    pub halt_delays: Vec<Duration>,
    /// The number of lost attempts of one payout after which a person is called instead of another
    /// attempt.
    pub lost_max: u32,
    /// Overrides the provider's own grace for "no such payout". A value below the provider's is
    /// accepted only in a simulated world.
    pub absence: Option<Absence>,
    /// Overrides for how long a provider remembers a key ([`pagos_core::Deduplication::ByKeyFor`]). A
    /// longer time than the provider's is never taken.
    pub keys_kept_for: Option<Duration>,
    /// The maximum number of new payouts per second and account; `None` for no limit of ours.
    pub sends_per_second_max: Option<u32>,
    /// The maximum number of queries per second and account by this engine, about payouts and
    /// payments; `None` for no limit of ours. A payment counts as one, however many of its sessions
    /// are queried. Settled payouts get what the others leave.
    pub queries_per_second_max: Option<u32>,
    /// The maximum number of hints per second and account that become queries, within the rate
    /// above; `None` for no limit of ours.
    pub hints_per_second_max: Option<u32>,
}

/// A part of a provider's list that is read again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// The interval between readings.
    pub every: Duration,
    /// How far back a reading goes. It is more than twice `every`, so that one missed reading
    /// leaves no gap.
    pub back: Duration,
}

/// How long a payout may wait in each state before a person is called, once. Queries go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budgets {
    /// It cannot be sent.
    pub leave: Duration,
    /// The provider does not say what became of it.
    pub doubt: Duration,
    /// The provider does not finish. `None` uses the provider's descriptor, or three days if that
    /// gives no value.
    pub pending: Option<Duration>,
    /// The provider denies a payout that it had.
    pub denied: Duration,
    /// The provider used an undocumented status word about a payout under way. If the payout is
    /// settled, a person is called at once.
    pub not_understood: Duration,
    /// No answer confirms or refutes a contradiction.
    pub confirm: Duration,
}

impl Budgets {
    /// The same budget for every state.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use pagos_engine::{Budgets, Policy};
    ///
    /// let policy = Policy { budgets: Budgets::all(Duration::from_secs(600)), ..Policy::live() };
    /// assert_eq!(policy.budgets.doubt, Duration::from_secs(600));
    /// ```
    pub fn all(budget: Duration) -> Self {
        Self {
            leave: budget,
            doubt: budget,
            pending: Some(budget),
            denied: budget,
            not_understood: budget,
            confirm: budget,
        }
    }
}

impl Policy {
    /// The policy for real money:
    ///
    /// * Leases last two minutes, calls at most 30 seconds.
    /// * Payouts in doubt are queried after 2 s, 5 s, 15 s, 1 min, 5 min, 15 min and 1 h; pending
    ///   ones after 30 s up to hourly.
    /// * Settled payouts are queried after 1 h, 6 h, 1 day, 3, 6 and 11 days, and at the end of 30
    ///   days: seven queries. If the provider has a list, it is read every 6 hours, daily, every 3
    ///   and every 8 days, back to 2, 5, 14 and 38 days, and only the last of these queries
    ///   remains.
    /// * Payments are queried every 5 min, then hourly, until a day after their end.
    /// * Each account gets five new payouts, twenty queries and ten hints a second.
    /// * A person is called after an hour (cannot be sent, denied, contradicted), six hours (not
    ///   understood), a day (in doubt), three days (pending, unless the provider's descriptor names
    ///   another time).
    ///
    /// We chose the delays; no provider documents better ones, and none states a rate limit.
    ///
    /// ```
    /// use pagos_engine::Policy;
    ///
    /// let slower = Policy { sends_per_second_max: Some(1), ..Policy::live() };
    /// assert!(slower.deadline < slower.lease);
    /// ```
    pub fn live() -> Self {
        let seconds = |list: &[u64]| list.iter().copied().map(Duration::from_secs).collect();
        Self {
            lease: Duration::from_secs(120),
            deadline: Duration::from_secs(30),
            query_delays: seconds(&[2, 5, 15, 60, 300, 900, 3_600]),
            poll_delays: seconds(&[30, 60, 120, 300, 600, 1_800, 3_600]),
            watch_delays: [1, 6, 24, 3 * 24, 6 * 24, 11 * 24]
                .map(|hours| Duration::from_secs(hours * 3_600))
                .to_vec(),
            sweeps: [(6, 2 * 24), (24, 5 * 24), (3 * 24, 14 * 24), (8 * 24, 38 * 24)]
                .map(|(every_h, back_h)| Sweep {
                    every: Duration::from_secs(every_h * 3_600),
                    back: Duration::from_secs(back_h * 3_600),
                })
                .to_vec(),
            watch_for: Duration::from_secs(30 * 24 * 3_600),
            payment_delays: seconds(&[300, 300, 300, 300, 300, 300, 300, 300, 300, 3_600]),
            payment_watch_for: Duration::from_secs(24 * 3_600),
            retry_delays: seconds(&[1, 5, 30, 120, 600]),
            retry_after_max: Duration::from_secs(3_600),
            confirm_delay: Duration::from_secs(1),
            queries_max: 12,
            budgets: Budgets {
                leave: Duration::from_secs(3_600),
                doubt: Duration::from_secs(24 * 3_600),
                pending: None,
                denied: Duration::from_secs(3_600),
                not_understood: Duration::from_secs(6 * 3_600),
                confirm: Duration::from_secs(3_600),
            },
            halt_delays: seconds(&[60, 300, 900, 3_600]),
            lost_max: 5,
            absence: None,
            keys_kept_for: None,
            sends_per_second_max: Some(5),
            queries_per_second_max: Some(20),
            hints_per_second_max: Some(10),
        }
    }

    /// The policy for twins that live `speed` times faster than we do. It is never for a provider,
    /// not even for its own sandbox: every wait shrinks (to between 100 ms and 2 s), "no such
    /// payout" counts as proof after six seconds, the limits of one call stay long enough for
    /// people, and no rate is limited. A person is called after the longest time that a twin's
    /// payout takes, and after a minute at least. [`crate::Engine::open`] accepts it only for a
    /// [`crate::World::Simulated`].
    ///
    /// ```
    /// use pagos_engine::Policy;
    ///
    /// assert!(Policy::twin(60).watch_for < Policy::live().watch_for);
    /// ```
    pub fn twin(speed: u32) -> Self {
        let speed = speed.max(1);
        let lease = Duration::from_secs(4);
        let deadline = Duration::from_millis(1_500);
        let shrink = |delays: Vec<Duration>| {
            let (shortest, longest) = (Duration::from_millis(100), Duration::from_secs(2));
            delays.into_iter().map(|delay| (delay / speed).clamp(shortest, longest)).collect()
        };
        let live = Self::live();
        // People live in real time, so twins let the days of a bank pass `speed` times faster
        // again.
        let budget = TWINS_BUDGET / speed + TWINS_DAYS / speed / speed;
        let budget = budget.max(Duration::from_secs(60));
        Self {
            lease,
            deadline,
            query_delays: shrink(live.query_delays),
            poll_delays: shrink(live.poll_delays),
            watch_delays: vec![Duration::from_millis(1_500), Duration::from_secs(3)],
            sweeps: Vec::new(),
            watch_for: Duration::from_secs(4),
            payment_delays: shrink(live.payment_delays),
            payment_watch_for: Duration::from_secs(4),
            retry_delays: shrink(live.retry_delays),
            retry_after_max: Duration::from_secs(2),
            confirm_delay: Duration::from_millis(50),
            queries_max: 60,
            budgets: Budgets::all(budget),
            halt_delays: vec![Duration::from_secs(1), Duration::from_secs(2)],
            lost_max: 20,
            absence: Some(Absence {
                answers_min: 3,
                grace: lease + deadline + Duration::from_millis(500),
            }),
            keys_kept_for: Some(TWINS_KEYS / speed),
            sends_per_second_max: None,
            queries_per_second_max: None,
            hints_per_second_max: None,
        }
    }

    /// This policy adjusted to one provider: it waits for an answer as long as the provider needs.
    /// Where the provider documents a limit of requests, two of five are queries, and a rate of ours that is
    /// lower stays. In a simulated world providers answer at once, so nothing changes.
    #[must_use]
    pub fn fitted(&self, descriptor: &Descriptor, world: &World) -> Self {
        let wanted = descriptor.answer_max.filter(|_| *world == World::Providers);
        let deadline = self.deadline.max(wanted.unwrap_or_default());
        let mut fitted = Self { deadline, ..self.clone() };
        if let Some(most) =
            descriptor.requests_per_second_max.filter(|_| *world == World::Providers)
        {
            let queries = (most * 2 / 5).max(1);
            let sends = most.saturating_sub(queries).max(1);
            let capped = |own: Option<u32>, most: u32| Some(own.map_or(most, |own| own.min(most)));
            fitted.sends_per_second_max = capped(self.sends_per_second_max, sends);
            fitted.queries_per_second_max = capped(self.queries_per_second_max, queries);
            fitted.hints_per_second_max = capped(self.hints_per_second_max, (queries / 2).max(1));
        }
        fitted
    }

    /// What proves absence at a provider under this policy.
    pub fn absence_of(&self, descriptor: &Descriptor) -> Absence {
        self.absence.unwrap_or(descriptor.absence)
    }

    /// Until when a payout whose first attempt began at `first_begun_at` may be sent again under its key,
    /// which the provider remembers for so long. An eighth of that time is left to requests that are slow
    /// on their way and to clocks that differ.
    pub(crate) fn resend_until(
        &self,
        remembered: Duration,
        first_begun_at: Timestamp,
    ) -> Timestamp {
        let kept_for = self.keys_kept_for.map_or(remembered, |own| own.min(remembered));
        let margin = (kept_for / 8).max(self.time_on_the_way());
        first_begun_at.plus(kept_for.saturating_sub(margin))
    }

    /// Why this policy would be unsafe for a provider; `None` if it is safe.
    ///
    /// A request that a dying worker sent last must have had time to arrive before "no such payout"
    /// counts; otherwise the payout could be sent again while the first request is still under way.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use std::time::Duration;
    ///
    /// use pagos_engine::{Policy, World};
    ///
    /// # let descriptor = scene::provider().descriptor();
    /// assert_eq!(Policy::live().fault_with(descriptor, &World::Providers), None);
    /// let policy = Policy { deadline: Duration::from_secs(300), ..Policy::live() };
    /// let fault = policy.fault_with(descriptor, &World::Providers);
    /// assert_eq!(fault.as_deref(), Some("the deadline of a call must be shorter than the lease"));
    /// ```
    pub fn fault_with(&self, descriptor: &Descriptor, world: &World) -> Option<String> {
        if self.deadline >= self.lease {
            return Some("the deadline of a call must be shorter than the lease".to_owned());
        }
        let absence = self.absence_of(descriptor);
        let is_weaker = absence.grace < descriptor.absence.grace
            || absence.answers_min < descriptor.absence.answers_min;
        if is_weaker && *world == World::Providers {
            return Some(format!(
                "{}: its \"no such payout\" is proof after {} answers and {} s, and this policy \
                 would take less for proof; that is for twins only",
                descriptor.provider,
                descriptor.absence.answers_min,
                descriptor.absence.grace.as_secs()
            ));
        }
        if absence.answers_min == 0 || absence.grace <= self.time_on_the_way() {
            return Some(format!(
                "{}: the absence grace must be longer than lease and deadline together",
                descriptor.provider
            ));
        }
        None
    }

    /// Why this policy would be unsafe for the payments of a provider that states `stated`; `None`
    /// if it is safe. A session must not count as unpaid, and another one be opened, before the
    /// provider allows it.
    pub fn fault_with_payments(&self, stated: Absence, world: &World) -> Option<String> {
        let own = self.absence.filter(|_| *world == World::Providers)?;
        let is_weaker = own.grace < stated.grace || own.answers_min < stated.answers_min;
        is_weaker.then(|| {
            format!(
                "nobody paid a session, says the provider, is proof after {} answers and {} s, and this \
                 policy would take less for proof",
                stated.answers_min,
                stated.grace.as_secs()
            )
        })
    }

    /// How long after its beginning one of our workers may still be sending an attempt.
    pub(crate) fn time_on_the_way(&self) -> Duration {
        self.lease + self.deadline
    }

    pub(crate) fn query_delay(&self, queries: u32) -> Duration {
        nth(&self.query_delays, queries)
    }

    pub(crate) fn poll_delay(&self, queries: u32) -> Duration {
        nth(&self.poll_delays, queries)
    }

    pub(crate) fn watch_delay(&self, queries: u32) -> Duration {
        nth(&self.watch_delays, queries)
    }

    /// The wait that a provider asked for, up to a limit.
    pub(crate) fn asked_delay(&self, retry_after: Option<Duration>) -> Option<Duration> {
        retry_after.map(|wait| wait.min(self.retry_after_max))
    }

    pub(crate) fn payment_delay(&self, queries: u32) -> Duration {
        nth(&self.payment_delays, queries)
    }

    /// How long a payout may be pending.
    pub(crate) fn pending_budget(&self, descriptor: &Descriptor) -> Duration {
        self.budgets.pending.or(descriptor.pending_max).unwrap_or(PENDING_MAX)
    }

    pub(crate) fn halt_delay(&self, tries: u32) -> Duration {
        nth(&self.halt_delays, tries)
    }

    /// Limits queries to a number per second and account. Hints count within that rate and take at
    /// most half of it, but at least one.
    ///
    /// ```
    /// use pagos_engine::Policy;
    ///
    /// let mut policy = Policy::live();
    /// policy.limit_queries(2);
    /// assert_eq!(policy.queries_per_second_max, Some(2));
    /// assert_eq!(policy.hints_per_second_max, Some(1));
    /// ```
    pub fn limit_queries(&mut self, per_second_max: u32) {
        self.queries_per_second_max = Some(per_second_max);
        self.hints_per_second_max = Some((per_second_max / 2).max(1));
    }

    /// How many times a second an account may do it.
    pub(crate) fn rate_of(&self, what: Limited) -> Option<u32> {
        match what {
            Limited::Sends => self.sends_per_second_max,
            Limited::Queries => self.queries_per_second_max,
            Limited::Hints => self.hints_per_second_max,
        }
    }

    pub(crate) fn retry_delay(&self, refusals: u32) -> Duration {
        nth(&self.retry_delays, refusals)
    }
}

/// The longest time that a twin's payout takes without a fault that delays it, with a margin: it
/// settles within minutes of its time, and is reported and seen minutes later.
const TWINS_BUDGET: Duration = Duration::from_secs(9_600);

/// For how long the twins of providers that forget keys remember them, in their own time.
const TWINS_KEYS: Duration = Duration::from_secs(24 * 3_600);

/// The wait for the next bank day, longer than a long weekend.
const TWINS_DAYS: Duration = Duration::from_secs(5 * 24 * 3_600);

/// Used if neither the policy nor the provider says how long a payout may be pending.
const PENDING_MAX: Duration = Duration::from_secs(3 * 24 * 3_600);

/// The delay number `index`, or the last one, or an hour if the list is empty.
fn nth(delays: &[Duration], index: u32) -> Duration {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    let delay = delays.get(index).or(delays.last());
    delay.copied().unwrap_or(Duration::from_secs(3_600))
}

#[cfg(test)]
mod tests {
    use pagos_core::{Contract, Deduplication};

    use super::*;

    /// The request of a worker that died last must have had its time before absence counts.
    #[test]
    fn a_policy_under_which_a_request_outlives_its_claim_is_unsafe() {
        let (live, moment) = (Policy::live(), Duration::from_millis(1));
        let on_the_way = live.lease + live.deadline;
        let table = [
            (live.deadline, 3, on_the_way + moment, true),
            (live.deadline, 1, on_the_way + moment, true),
            (live.deadline, 0, on_the_way + moment, false),
            (live.deadline, 3, on_the_way, false),
            (live.deadline, 3, live.lease, false),
            (live.lease - moment, 3, live.lease * 2, true),
            (live.lease, 3, live.lease * 3, false),
            (live.lease + moment, 3, live.lease * 3, false),
        ];
        for (deadline, answers_min, grace, is_safe) in table {
            let descriptor = Descriptor {
                provider: "bank",
                countries: &[],
                currencies: &[],
                deduplication: Deduplication::ByKey,
                absence: Absence { answers_min, grace },
                return_window: None,
                pending_max: None,
                answer_max: None,
                requests_per_second_max: None,
                contract: Contract::Documented,
            };
            let case = format!("deadline {deadline:?}, {answers_min} answers after {grace:?}");
            let policy = Policy { deadline, ..live.clone() };
            let world = World::Simulated("twins".to_owned());
            assert_eq!(policy.fault_with(&descriptor, &world).is_none(), is_safe, "{case}");
            // What a sandbox states instead of the provider is judged alike.
            let absence = Some(descriptor.absence);
            let lenient =
                Descriptor { absence: Absence { answers_min: 9, grace: grace * 99 }, ..descriptor };
            let policy = Policy { absence, ..policy };
            assert_eq!(policy.fault_with(&lenient, &world).is_none(), is_safe, "{case}");
        }
    }

    fn descriptor_of(seconds: Option<u64>) -> Descriptor {
        Descriptor {
            provider: "bank",
            countries: &[],
            currencies: &[],
            deduplication: Deduplication::ByKey,
            absence: Absence { answers_min: 3, grace: Duration::from_secs(3_600) },
            return_window: None,
            pending_max: None,
            answer_max: seconds.map(Duration::from_secs),
            requests_per_second_max: None,
            contract: Contract::Documented,
        }
    }

    #[test]
    fn a_provider_is_waited_for_as_long_as_it_asks_unless_it_is_simulated() {
        let (live, twins) = (Policy::live(), World::Simulated("twins".to_owned()));
        for (asked, waited) in [(None, 30), (Some(10), 30), (Some(60), 60)] {
            let descriptor = descriptor_of(asked);
            let fitted = live.fitted(&descriptor, &World::Providers);
            assert_eq!(fitted, Policy { deadline: Duration::from_secs(waited), ..live.clone() });
            assert_eq!(live.fitted(&descriptor, &twins), live);
        }
    }

    /// What a provider answers 429 to is not sent; whoever is slower stays slower.
    #[test]
    fn a_documented_limit_of_requests_is_shared_by_sends_and_queries() {
        let rates = |policy: &Policy| {
            (
                policy.sends_per_second_max,
                policy.queries_per_second_max,
                policy.hints_per_second_max,
            )
        };
        let live = Policy::live();
        let (slow, free) = (
            Policy { sends_per_second_max: Some(1), ..live.clone() },
            Policy { sends_per_second_max: None, queries_per_second_max: None, ..live.clone() },
        );
        let cases = [
            (&live, None, (Some(5), Some(20), Some(10))),
            (&live, Some(5), (Some(3), Some(2), Some(1))),
            (&slow, Some(5), (Some(1), Some(2), Some(1))),
            (&free, Some(5), (Some(3), Some(2), Some(1))),
            (&live, Some(1), (Some(1), Some(1), Some(1))),
            (&live, Some(100), (Some(5), Some(20), Some(10))),
        ];
        for (policy, most, expected) in cases {
            let descriptor = Descriptor { requests_per_second_max: most, ..descriptor_of(None) };
            let fitted = policy.fitted(&descriptor, &World::Providers);
            assert_eq!(rates(&fitted), expected, "{most:?}");
            let twins = World::Simulated("twins".to_owned());
            assert_eq!(policy.fitted(&descriptor, &twins), *policy, "{most:?}");
        }
    }

    /// Payouts take the twins' time, and a person was called after a minute of ours.
    #[test]
    fn world_23_a_slow_twin_has_its_own_time() {
        for (speed, budget_s) in [(0, 441_600), (1, 441_600), (20, 1_560), (400, 60), (5_000, 60)] {
            let budgets = Budgets::all(Duration::from_secs(budget_s));
            assert_eq!(Policy::twin(speed).budgets, budgets, "{speed}");
        }
    }

    /// The twins' proof of absence takes six seconds; a bank's list may lag for days.
    #[test]
    fn truth_21_a_twins_policy_is_refused_for_a_provider() {
        let descriptor = Descriptor {
            provider: "bank",
            countries: &[],
            currencies: &[],
            deduplication: Deduplication::ByHandle,
            absence: Absence { answers_min: 4, grace: Duration::from_secs(4 * 24 * 3_600) },
            return_window: None,
            pending_max: None,
            answer_max: None,
            requests_per_second_max: None,
            contract: Contract::Documented,
        };
        let simulated = World::Simulated("twins".to_owned());
        let stated = |answers_min, days: u64| Policy {
            absence: Some(Absence { answers_min, grace: Duration::from_secs(days * 24 * 3_600) }),
            ..Policy::live()
        };
        assert_eq!(Policy::twin(60).fault_with(&descriptor, &simulated), None);
        for weak in [Policy::twin(60), Policy::twin(1), stated(3, 4), stated(4, 3)] {
            assert!(weak.fault_with(&descriptor, &World::Providers).is_some(), "{weak:?}");
        }
        for strong in [Policy::live(), stated(4, 4), stated(5, 5)] {
            assert_eq!(strong.fault_with(&descriptor, &World::Providers), None, "{strong:?}");
        }
    }
}
