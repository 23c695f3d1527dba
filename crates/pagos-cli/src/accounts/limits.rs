//! The limits of one account: its rates, how long a call may take, how long a claim holds, and what
//! proves that a payout never arrived. Limits that are not configured are the policy's.

use std::time::Duration;

use pagos_core::{Absence, Descriptor, PayoutProvider};
use pagos_engine::{Policy, World};

use crate::config::{AccountSettings, ConfigProblem};

/// The account's own limits. Each has the meaning of the field with the same name in [`Policy`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) sends_per_second_max: Option<u32>,
    pub(crate) queries_per_second_max: Option<u32>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) lease: Option<Duration>,
    pub(crate) absence_grace: Option<Duration>,
    pub(crate) absence_answers_min: Option<u32>,
}

/// One limit: its name in `pagos.toml` and its maximum. The minimum is 1.
struct Limit {
    name: &'static str,
    most: u32,
    set: fn(&mut Limits, u32),
}

const LIMITS: [Limit; 6] = [
    Limit {
        name: "sends_per_second_max",
        most: 1_000,
        set: |to, n| to.sends_per_second_max = Some(n),
    },
    Limit {
        name: "queries_per_second_max",
        most: 1_000,
        set: |to, n| to.queries_per_second_max = Some(n),
    },
    Limit { name: "deadline_s", most: 600, set: |to, n| to.deadline = seconds(n) },
    Limit { name: "lease_s", most: 3_600, set: |to, n| to.lease = seconds(n) },
    Limit { name: "absence_grace_s", most: 31_536_000, set: |to, n| to.absence_grace = seconds(n) },
    Limit { name: "absence_answers_min", most: 100, set: |to, n| to.absence_answers_min = Some(n) },
];

impl Limits {
    /// # Errors
    /// Every limit that is not a number within its bounds.
    pub(crate) fn read(settings: &AccountSettings) -> Result<Self, Vec<ConfigProblem>> {
        let mut limits = Self::default();
        let mut problems = Vec::new();
        for Limit { name, most, set } in &LIMITS {
            let Some(text) = settings.lookup(name) else { continue };
            match text.parse() {
                Ok(number) if (1..=*most).contains(&number) => set(&mut limits, number),
                _ => problems.push(ConfigProblem::new(
                    settings.origin_of(name).clone(),
                    *name,
                    format!("is no whole number between 1 and {most}"),
                    "correct it, or remove it",
                )),
            }
        }
        if problems.is_empty() { Ok(limits) } else { Err(problems) }
    }

    /// Refuses limits under which a payout could be sent again while the first request is on its
    /// way.
    ///
    /// # Errors
    /// Why they are not safe.
    pub(super) fn check(
        &self,
        settings: &AccountSettings,
        provider: &dyn PayoutProvider,
    ) -> Result<(), ConfigProblem> {
        let policy = self.fit(&Policy::live(), provider.descriptor());
        let fault = policy.fault_with(provider.descriptor(), &World::Providers);
        let payments = provider.payments().map(|payments| payments.terms().absence);
        let of_payments = || policy.fault_with_payments(payments?, &World::Providers);
        let Some(fault) = fault.or_else(of_payments) else { return Ok(()) };
        let named = LIMITS.iter().map(|limit| limit.name).find(|it| settings.lookup(it).is_some());
        Err(ConfigProblem::new(
            settings.origin_of(named.unwrap_or_default()).clone(),
            "the limits of the account are not safe:",
            fault,
            "correct lease_s, deadline_s or absence_grace_s, or remove them",
        ))
    }

    /// How long the provider may take to answer, if the account states it.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Drops rates that arguments set for the whole process.
    pub(super) fn yield_to(&mut self, told: &Self) {
        let is_free = |told: Option<u32>| move |_: &u32| told.is_none();
        self.sends_per_second_max =
            self.sends_per_second_max.filter(is_free(told.sends_per_second_max));
        self.queries_per_second_max =
            self.queries_per_second_max.filter(is_free(told.queries_per_second_max));
    }

    /// The account's own policy, if it has one.
    pub(crate) fn policy(&self, policy: &Policy, descriptor: &Descriptor) -> Option<Policy> {
        (*self != Self::default()).then(|| self.fit(policy, descriptor))
    }

    fn fit(&self, policy: &Policy, descriptor: &Descriptor) -> Policy {
        let fitted = policy.fitted(descriptor, &World::Providers);
        let absence = fitted.absence_of(descriptor);
        let absence = Absence {
            grace: self.absence_grace.unwrap_or(absence.grace),
            answers_min: self.absence_answers_min.unwrap_or(absence.answers_min),
        };
        let has_absence = self.absence_grace.is_some() || self.absence_answers_min.is_some();
        let mut own = Policy {
            deadline: self.deadline.unwrap_or(fitted.deadline),
            lease: self.lease.unwrap_or(fitted.lease),
            absence: if has_absence { Some(absence) } else { fitted.absence },
            sends_per_second_max: self.sends_per_second_max.or(fitted.sends_per_second_max),
            ..fitted
        };
        if let Some(queries) = self.queries_per_second_max {
            own.limit_queries(queries);
        }
        own
    }
}

fn seconds(number: u32) -> Option<Duration> {
    Some(Duration::from_secs(number.into()))
}

#[cfg(test)]
mod tests {
    use crate::accounts::{
        MissingFields, providers,
        tests::{account, built},
    };

    use super::*;

    fn policy_of(provider: &str, fields: &[(&str, &str)]) -> Option<Policy> {
        let account = built(&account(provider, fields), MissingFields::Credentials).unwrap();
        account.limits.policy(&Policy::live(), account.provider.descriptor())
    }

    #[test]
    fn every_limit_is_read_within_its_bounds() {
        for limit in &LIMITS {
            let with = |text: &str| Limits::read(&account("bank-a", &[(limit.name, text)]));
            assert_ne!(with("1").unwrap(), Limits::default(), "{}", limit.name);
            assert!(with(&limit.most.to_string()).is_ok(), "{}", limit.name);
            for bad in ["0", "-1", "x", "", "1.5", &(limit.most + 1).to_string()] {
                let told = with(bad).unwrap_err();
                let told = told.first().unwrap().to_string();
                assert!(told.starts_with(&format!("pagos.toml:3: {}", limit.name)), "{told}");
            }
        }
    }

    #[test]
    fn an_account_has_the_limits_that_it_states_and_no_others() {
        for provider in providers().map(|known| known.name) {
            assert_eq!(policy_of(provider, &[]), None, "{provider}");
        }
        let own = policy_of("etpay", &[("sends_per_second_max", "1"), ("deadline_s", "45")]);
        let deadline = Duration::from_secs(45);
        let live = Policy::live();
        assert_eq!(own, Some(Policy { sends_per_second_max: Some(1), deadline, ..live.clone() }));
        // Conekta is waited for, whatever else is said.
        let own = policy_of("conekta", &[("queries_per_second_max", "1")]).unwrap();
        assert_eq!(own.deadline, Duration::from_secs(60));
        assert_eq!((own.queries_per_second_max, own.hints_per_second_max), (Some(1), Some(1)));
        assert_eq!(own.sends_per_second_max, live.sends_per_second_max);
    }

    #[test]
    fn limits_that_could_pay_twice_are_refused_with_their_place() {
        for fields in [
            &[("lease_s", "30")][..],
            &[("deadline_s", "300")],
            &[("absence_grace_s", "60")],
            &[("absence_answers_min", "1")],
        ] {
            let told = built(&account("conekta", fields), MissingFields::Credentials)
                .unwrap_err()
                .concat();
            assert!(told.starts_with("pagos.toml:3: the limits of the account are not"), "{told}");
        }
        let longer = [("lease_s", "600"), ("deadline_s", "300"), ("absence_grace_s", "9000000")];
        assert!(built(&account("conekta", &longer), MissingFields::Credentials).is_ok());
    }

    /// VirtualPOS states a day for payments and half an hour for payouts.
    #[test]
    fn a_grace_that_does_for_payouts_may_be_too_short_for_payments() {
        let grace = ("absence_grace_s", "3600");
        assert!(built(&account("virtualpos", &[grace]), MissingFields::Credentials).is_ok());
        let both = [grace, ("payments_url", "https://payments.example/")];
        let told =
            built(&account("virtualpos", &both), MissingFields::Credentials).unwrap_err().concat();
        assert!(told.contains("nobody paid a session"), "{told}");
    }

    #[test]
    fn what_is_said_for_the_whole_process_wins() {
        let fields = [("sends_per_second_max", "1"), ("queries_per_second_max", "2")];
        let mut limits = Limits::read(&account("bank-a", &fields)).unwrap();
        limits.yield_to(&Limits { sends_per_second_max: Some(9), ..Limits::default() });
        let queries_per_second_max = Some(2);
        assert_eq!(limits, Limits { queries_per_second_max, ..Limits::default() });
    }
}
