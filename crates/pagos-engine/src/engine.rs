//! The engine: what it is made of, and how orders get in. The steps are in the files beside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use pagos_core::AccountName;
use pagos_core::Error;
use pagos_core::OrderKey;
use pagos_core::PayoutOrder;
use pagos_core::Timestamp;
use pagos_core::Violation;

use crate::accounts::Accounts;
use crate::door::ProviderDoor;
use crate::door::ProviderDoors;
use crate::door::StoreDoor;
use crate::intent::Intent;
use crate::intent::RunId;
use crate::intent::Submitted;
use crate::policy::Policy;
use crate::store::Payout;
use crate::store::StoreError;
use crate::timer::Timer;

/// Pays what was submitted, follows it, and never sends it twice.
///
/// Any number of engines may work on one store. All state is in the store: an engine can be
/// dropped at any moment, and another one goes on.
#[derive(Debug)]
pub struct Engine {
    pub(crate) store: StoreDoor,
    pub(crate) providers: ProviderDoors,
    pub(crate) timer: Arc<dyn Timer>,
    pub(crate) policy: Policy,
    pub(crate) halted: Mutex<BTreeMap<AccountName, String>>,
    pub(crate) sends: Mutex<BTreeMap<AccountName, Timestamp>>,
}

impl Engine {
    /// An engine over a store, or over a [`StoreDoor`] whose probe then hears of its calls too.
    ///
    /// # Errors
    /// Refuses a policy that would be unsafe for one of the accounts' providers.
    pub fn new(
        store: impl Into<StoreDoor>,
        accounts: Accounts,
        timer: Arc<dyn Timer>,
        policy: Policy,
    ) -> Result<Self, EngineError> {
        let store = store.into();
        let providers = store.doors_to(accounts);
        for descriptor in providers.descriptors() {
            if let Some(fault) = policy.fault_with(descriptor) {
                return Err(EngineError::UnsafePolicy(fault));
            }
        }
        let halted = Mutex::default();
        let sends = Mutex::default();
        Ok(Self { store, providers, timer, policy, halted, sends })
    }

    /// Stores orders durably, all or none of them. They wait until [`Engine::release`].
    ///
    /// The order of the answers is the order of `orders`.
    ///
    /// # Errors
    /// Whatever the store says; nothing was stored then.
    pub async fn submit(
        &self,
        run: &RunId,
        orders: Vec<PayoutOrder>,
    ) -> Result<Vec<Submitted>, EngineError> {
        let created_at = self.timer.now();
        let intent = |order| Intent { order, run: run.clone(), created_at };
        Ok(self.store.submit(orders.into_iter().map(intent).collect()).await?)
    }

    /// Makes the submitted orders of a run due; returns how many there were.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn release(&self, run: &RunId) -> Result<u64, EngineError> {
        Ok(self.store.release(run, self.timer.now()).await?)
    }

    /// Takes back what of a run is still held; returns how many there were.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn withdraw(&self, run: &RunId) -> Result<u64, EngineError> {
        Ok(self.store.withdraw(run).await?)
    }

    /// Ends all claims, for a program that knows to be the only worker; returns how many.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn end_claims(&self) -> Result<u64, EngineError> {
        Ok(self.store.end_claims().await?)
    }

    /// Accounts that were taken out of service because the provider refused their credentials,
    /// with the provider's reason. They stay so until the engine is built again.
    pub fn halted(&self) -> BTreeMap<AccountName, String> {
        self.halted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn halt(&self, account: &AccountName, because: String) {
        let mut halted = self.halted.lock().unwrap_or_else(PoisonError::into_inner);
        halted.entry(account.clone()).or_insert(because);
    }

    pub(crate) fn provider_of(&self, payout: &Payout) -> Result<ProviderDoor<'_>, EngineError> {
        let account = &payout.order.account;
        self.providers.to(account).ok_or_else(|| EngineError::NoAccount(account.clone()))
    }

    pub(crate) async fn load(&self, key: &OrderKey) -> Result<Payout, EngineError> {
        let payout = self.store.payout(key).await?;
        payout.ok_or_else(|| EngineError::NoPayout(key.clone()))
    }
}

/// Why the engine cannot go on. Payouts lose nothing by it.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store failed; the outcome of the write is not known, and reading again tells.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// The waiting times would allow a second payout while a first is under way.
    #[error("unsafe policy: {0}")]
    UnsafePolicy(String),
    /// A payout belongs to an account that is not configured.
    #[error("no account {0} is configured")]
    NoAccount(AccountName),
    /// There is no such payout.
    #[error("no payout {0}")]
    NoPayout(OrderKey),
    /// There is no such payment.
    #[error("no payment {0}")]
    NoPayment(OrderKey),
    /// The provider cannot carry the order. Nothing was stored or sent.
    #[error("the order cannot be sent")]
    Invalid(Vec<Violation>),
    /// The provider did not do what a person waits for; the kind is the next step.
    #[error("{0}")]
    Provider(#[source] Error),
    /// The decision does not fit the payout.
    #[error("{0}")]
    Refused(String),
}
