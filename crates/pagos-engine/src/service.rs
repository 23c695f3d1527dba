//! Which accounts are in service. If a provider refuses an account's credentials, the account is
//! out of service: nothing of it is claimed except a single payout now and then, to see whether it
//! works again.

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError},
};

use pagos_core::{AccountName, Error, ErrorKind, Timestamp};

use crate::{
    engine::{Engine, EngineError},
    history::{Notice, NoticeAbout, NoticeKind},
};

/// The state of the accounts. One that is not listed was not tried yet.
#[derive(Debug, Default)]
pub(crate) struct Services {
    accounts: BTreeMap<AccountName, Service>,
}

#[derive(Debug, Clone)]
enum Service {
    Works,
    Halted(Halt),
}

#[derive(Debug, Clone)]
struct Halt {
    because: String,
    /// How often it was refused in a row.
    refusals: u32,
    /// When one payout may be tried.
    retry_at: Timestamp,
}

/// How much of an account may be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// As much as there is room for.
    Open,
    /// One payout, to see whether the account works again.
    One,
    /// Nothing before that moment.
    NotBefore(Timestamp),
}

/// What a call revealed about its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// The provider accepts the account.
    Works,
    /// The provider refuses the account's credentials, for this reason.
    Refused(String),
    /// Nothing.
    Nothing,
}

impl Told {
    pub(crate) fn by<T>(answer: &Result<T, Error>) -> Self {
        match answer {
            Ok(_) => Self::Works,
            Err(error) if error.kind() == ErrorKind::Unauthorized => {
                Self::Refused(error.to_string())
            }
            Err(_) => Self::Nothing,
        }
    }
}

impl Engine {
    /// The accounts that are out of service because the provider refused their credentials, with
    /// the provider's reason. The engine tries them again by itself.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// assert!(engine.halted().is_empty()); // every account is in service
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    pub fn halted(&self) -> BTreeMap<AccountName, String> {
        let services = self.services();
        let halted = services.accounts.iter().filter_map(|(account, service)| match service {
            Service::Works => None,
            Service::Halted(halt) => Some((account.clone(), halt.because.clone())),
        });
        halted.collect()
    }

    pub(crate) fn admission(&self, account: &AccountName, now: Timestamp) -> Admission {
        match self.services().accounts.get(account) {
            None | Some(Service::Works) => Admission::Open,
            Some(Service::Halted(halt)) if halt.retry_at <= now => Admission::One,
            Some(Service::Halted(halt)) => Admission::NotBefore(halt.retry_at),
        }
    }

    /// Whether nothing may be sent for the account now.
    pub(crate) fn is_out_of_service(&self, account: &AccountName) -> bool {
        matches!(self.admission(account, self.timer.now()), Admission::NotBefore(_))
    }

    /// Notes what a call revealed about the account: a refusal of its credentials takes it out of
    /// service, an answer puts it back.
    pub(crate) async fn note_service(
        &self,
        account: &AccountName,
        told: Told,
    ) -> Result<(), EngineError> {
        match told {
            Told::Works => self.note_works(account).await,
            Told::Refused(because) => self.note_refused(account, because).await,
            Told::Nothing => Ok(()),
        }
    }

    async fn note_works(&self, account: &AccountName) -> Result<(), EngineError> {
        let before = self.services().accounts.insert(account.clone(), Service::Works);
        // The store knows whether a previous process left it out of service.
        if !matches!(before, Some(Service::Works)) {
            self.store.resume(self.account_notice(account, NoticeKind::InServiceAgain)).await?;
        }
        Ok(())
    }

    async fn note_refused(
        &self,
        account: &AccountName,
        because: String,
    ) -> Result<(), EngineError> {
        {
            let mut services = self.services();
            let refusals = match services.accounts.get(account) {
                Some(Service::Halted(halt)) => halt.refusals.saturating_add(1),
                None | Some(Service::Works) => 0,
            };
            let retry_at = self.timer.now().plus(self.policy_of(account).halt_delay(refusals));
            let halt = Halt { because: because.clone(), refusals, retry_at };
            services.accounts.insert(account.clone(), Service::Halted(halt));
        }
        let because = format!(
            "account {account} is out of service: {because}; correct its credentials; it is tried \
             again by itself"
        );
        self.store.halt(self.account_notice(account, NoticeKind::Attention { because })).await?;
        Ok(())
    }

    fn account_notice(&self, account: &AccountName, event: NoticeKind) -> Notice {
        Notice {
            account: account.clone(),
            event,
            about: NoticeAbout::Account,
            at: self.timer.now(),
        }
    }

    fn services(&self) -> MutexGuard<'_, Services> {
        // The guarded value is whole, since nothing panics while it holds the lock.
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
