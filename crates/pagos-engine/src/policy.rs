//! How long the engine waits, and for what. Numbers only; what happens then is in `decide.rs`.

use std::time::Duration;

use pagos_core::Absence;
use pagos_core::Descriptor;

/// Waiting times and limits. [`Policy::live`] is for real money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// For how long a claim holds. A worker that dies frees its payouts after this.
    pub lease: Duration,
    /// How long one call to a provider may take; shorter than the lease.
    pub deadline: Duration,
    /// Delays before question 1, 2, 3 ... about a payout in doubt; the last one repeats.
    pub question_delays: Vec<Duration>,
    /// Delays before question 1, 2, 3 ... about a pending payout; the last one repeats.
    pub poll_delays: Vec<Duration>,
    /// Delays before question 1, 2, 3 ... about a settled payout; the last one repeats.
    pub watch_delays: Vec<Duration>,
    /// For how long a settled payout is watched where the provider states no return window.
    pub watch_for: Duration,
    /// Delays before question 1, 2, 3 ... about a payment whose payer may still pay; the last one
    /// repeats.
    pub payment_delays: Vec<Duration>,
    /// For how long a payment is asked about after its status was final.
    pub payment_watch_for: Duration,
    /// Delays before try 1, 2, 3 ... after a request that certainly did not arrive.
    pub retry_delays: Vec<Duration>,
    /// The longest wait that a provider's word ("retry after ...") can cause.
    pub retry_after_max: Duration,
    /// How long to wait before asking about a contradiction.
    pub confirm_delay: Duration,
    /// After so many questions without an answer a person is called; the questions go on.
    pub questions_max: u32,
    /// After so many lost attempts of one payout a person is called instead of another attempt.
    pub lost_max: u32,
    /// Overrides the provider's own grace for "no such payout"; only in a sandbox whose time runs
    /// faster than ours.
    pub absence: Option<Absence>,
    /// At most so many new payouts a second and account; `None` for no limit of ours.
    pub sends_per_second_max: Option<u32>,
}

impl Policy {
    /// For real money: leases of two minutes, calls of at most 30 seconds, questions after 2 s,
    /// 5 s, 15 s, 1 min, 5 min, 15 min, 1 h; polls after 30 s up to hourly; settled payouts asked
    /// about after 1 h, 6 h and then daily for 30 days; payments every 5 min, then hourly, until a
    /// day after their end; five new payouts a second and account.
    ///
    /// The delays are ours; no provider documents better ones, and none states a rate limit.
    pub fn live() -> Self {
        let seconds = |list: &[u64]| list.iter().copied().map(Duration::from_secs).collect();
        Self {
            lease: Duration::from_secs(120),
            deadline: Duration::from_secs(30),
            question_delays: seconds(&[2, 5, 15, 60, 300, 900, 3_600]),
            poll_delays: seconds(&[30, 60, 120, 300, 600, 1_800, 3_600]),
            watch_delays: seconds(&[3_600, 6 * 3_600, 24 * 3_600]),
            watch_for: Duration::from_secs(30 * 24 * 3_600),
            payment_delays: seconds(&[300, 300, 300, 300, 300, 300, 300, 300, 300, 3_600]),
            payment_watch_for: Duration::from_secs(24 * 3_600),
            retry_delays: seconds(&[1, 5, 30, 120, 600]),
            retry_after_max: Duration::from_secs(3_600),
            confirm_delay: Duration::from_secs(1),
            questions_max: 12,
            lost_max: 5,
            absence: None,
            sends_per_second_max: Some(5),
        }
    }

    /// For a sandbox whose providers live `speed` times faster than we do: every wait for a
    /// provider shrinks with it (to between 100 ms and 2 s), the limits of one call stay humanly
    /// short, and nothing limits the rate.
    pub fn sandbox(speed: u32) -> Self {
        let speed = speed.max(1);
        let lease = Duration::from_secs(4);
        let deadline = Duration::from_millis(1_500);
        let shrink = |delays: Vec<Duration>| {
            let (shortest, longest) = (Duration::from_millis(100), Duration::from_secs(2));
            delays.into_iter().map(|delay| (delay / speed).clamp(shortest, longest)).collect()
        };
        let live = Self::live();
        Self {
            lease,
            deadline,
            question_delays: shrink(live.question_delays),
            poll_delays: shrink(live.poll_delays),
            watch_delays: vec![Duration::from_millis(1_500), Duration::from_secs(3)],
            watch_for: Duration::from_secs(4),
            payment_delays: shrink(live.payment_delays),
            payment_watch_for: Duration::from_secs(4),
            retry_delays: shrink(live.retry_delays),
            retry_after_max: Duration::from_secs(2),
            confirm_delay: Duration::from_millis(50),
            questions_max: 60,
            lost_max: 20,
            absence: Some(Absence {
                answers_min: 3,
                grace: lease + deadline + Duration::from_millis(500),
            }),
            sends_per_second_max: None,
        }
    }

    /// What is proof of absence for a provider under this policy.
    pub fn absence_of(&self, descriptor: &Descriptor) -> Absence {
        self.absence.unwrap_or(descriptor.absence)
    }

    /// Why this policy would be unsafe for a provider, if it would.
    ///
    /// A request that a dying worker sent last must have had its time to arrive before "no such
    /// payout" counts, or the same payout could be sent while the first is still under way.
    pub fn fault_with(&self, descriptor: &Descriptor) -> Option<String> {
        if self.deadline >= self.lease {
            return Some("the deadline of a call must be shorter than the lease".to_owned());
        }
        let absence = self.absence_of(descriptor);
        if absence.answers_min == 0 || absence.grace <= self.time_on_the_way() {
            return Some(format!(
                "{}: the absence grace must be longer than lease and deadline together",
                descriptor.provider
            ));
        }
        None
    }

    /// For how long a worker of ours may still be sending an attempt after it was begun.
    pub(crate) fn time_on_the_way(&self) -> Duration {
        self.lease + self.deadline
    }

    pub(crate) fn question_delay(&self, questions: u32) -> Duration {
        nth(&self.question_delays, questions)
    }

    pub(crate) fn poll_delay(&self, questions: u32) -> Duration {
        nth(&self.poll_delays, questions)
    }

    pub(crate) fn watch_delay(&self, questions: u32) -> Duration {
        nth(&self.watch_delays, questions)
    }

    /// The wait that a provider asked for, within reason.
    pub(crate) fn asked_delay(&self, retry_after: Option<Duration>) -> Option<Duration> {
        retry_after.map(|wait| wait.min(self.retry_after_max))
    }

    pub(crate) fn payment_delay(&self, questions: u32) -> Duration {
        nth(&self.payment_delays, questions)
    }

    pub(crate) fn retry_delay(&self, refusals: u32) -> Duration {
        nth(&self.retry_delays, refusals)
    }
}

/// The delay number `index`, or the last one, or an hour if there is none at all.
fn nth(delays: &[Duration], index: u32) -> Duration {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    let delay = delays.get(index).or(delays.last());
    delay.copied().unwrap_or(Duration::from_secs(3_600))
}

#[cfg(test)]
mod tests {
    use pagos_core::Contract;
    use pagos_core::Deduplication;

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
                contract: Contract::Documented,
            };
            let case = format!("deadline {deadline:?}, {answers_min} answers after {grace:?}");
            let policy = Policy { deadline, ..live.clone() };
            assert_eq!(policy.fault_with(&descriptor).is_none(), is_safe, "{case}");
            // What a sandbox states instead of the provider is judged alike.
            let absence = Some(descriptor.absence);
            let lenient =
                Descriptor { absence: Absence { answers_min: 9, grace: grace * 99 }, ..descriptor };
            let policy = Policy { absence, ..policy };
            assert_eq!(policy.fault_with(&lenient).is_none(), is_safe, "{case}");
        }
    }
}
