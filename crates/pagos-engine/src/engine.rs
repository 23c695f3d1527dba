//! The engine: its parts, how it is opened, and how orders are submitted. The other files hold the
//! steps.

mod error;
mod pay;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
};

use pagos_core::{AccountName, Clock, Error, ErrorKind, OrderKey, PayoutOrder, Timestamp};

use crate::{
    accounts::Accounts,
    actor::Actor,
    agenda::Agenda,
    instrumented::{InstrumentedProvider, InstrumentedProviders, InstrumentedStore},
    intent::{Intent, RunId, Submitted},
    policy::Policy,
    rate::Rates,
    sending::Sending,
    service::Services,
    store::{Guard, Payout, Turn},
    sweep::Sweeps,
    timer::Timer,
    witness::guard::Guarding,
    world::World,
};

pub use self::error::EngineError;

/// Tells when the loop of an engine last went round. Clones share the value.
#[derive(Debug, Clone)]
pub struct Pulse {
    /// In milliseconds; negative before the first round.
    last_ms: Arc<AtomicI64>,
}

impl Pulse {
    /// The moment of the last round by the engine's timer; `None` before the first. The loop goes
    /// round at least once a second, however busy it is, unless it is stuck.
    pub fn last(&self) -> Option<Timestamp> {
        let last_ms = self.last_ms.load(Ordering::Relaxed);
        (last_ms >= 0).then(|| Timestamp::from_millis(last_ms))
    }
}

impl Default for Pulse {
    fn default() -> Self {
        Self { last_ms: Arc::new(AtomicI64::new(-1)) }
    }
}

/// Sends submitted payouts, follows them to their end, and never sends one twice.
///
/// All state is in the store: an engine can be dropped at any moment, and another one continues.
/// Any number of engines may share a store on a server; an embedded store takes one at a time.
#[derive(Debug)]
pub struct Engine {
    pub(crate) store: InstrumentedStore,
    pub(crate) providers: InstrumentedProviders,
    pub(crate) timer: Arc<dyn Timer>,
    /// For everything outside the configured accounts.
    policy: Policy,
    policies: BTreeMap<AccountName, Policy>,
    pub(crate) services: Mutex<Services>,
    pub(crate) rates: Mutex<Rates>,
    pub(crate) sending: Sending,
    pub(crate) agenda: Agenda,
    pub(crate) sweeps: Mutex<Sweeps>,
    pub(crate) guarding: Guarding,
    pulse: Pulse,
    turn: OnceLock<Option<Box<dyn Guard>>>,
}

impl Engine {
    /// Opens an engine that may send. It ties the accounts to their world, takes the store's turn,
    /// and ends the claims of a previous process if nobody else can work on the store.
    ///
    /// `store` is a store or an [`InstrumentedStore`], whose probe is then told of the engine's
    /// calls too. `policy` applies to all accounts without a policy of their own
    /// ([`Accounts::under`]).
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use std::sync::Arc;
    /// use pagos_engine::{Accounts, Engine, MemoryStore, Policy, World};
    ///
    /// # scene::play(async {
    /// # let (account, provider, timer) = (scene::account(), scene::provider(), scene::timer());
    /// let store = Arc::new(MemoryStore::new());
    /// let accounts = Accounts::new().with(account, provider);
    /// let engine = Engine::open(store, &World::Providers, accounts, timer, Policy::live()).await?;
    /// assert!(engine.has_turn());
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::Taken`] if another process works on an embedded store;
    /// [`EngineError::OtherWorld`] if the store ties an account to another world;
    /// [`EngineError::UnsafePolicy`] for a policy that would allow a second payout; those of
    /// [`Engine::take_turn`].
    pub async fn open(
        store: impl Into<InstrumentedStore>,
        world: &World,
        accounts: Accounts,
        timer: Arc<dyn Timer>,
        policy: Policy,
    ) -> Result<Self, EngineError> {
        let engine = Self::open_beside(store, world, accounts, timer, policy).await?;
        engine.take_turn().await?;
        Ok(engine)
    }

    /// Opens an engine beside one that sends. It submits, releases, resolves, opens payments,
    /// applies deliveries and queries payments, and sends no payout before [`Engine::take_turn`].
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::{Accounts, Engine, Policy, World};
    ///
    /// # scene::play(async {
    /// # let (account, provider, timer) = (scene::account(), scene::provider(), scene::timer());
    /// # let store = std::sync::Arc::new(pagos_engine::MemoryStore::new());
    /// let accounts = Accounts::new().with(account, provider);
    /// let beside =
    ///     Engine::open_beside(store, &World::Providers, accounts, timer, Policy::live()).await?;
    /// assert!(!beside.has_turn());
    /// beside.pay(scene::order("salary-7")).await?; // stored; the other one sends it
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Engine::open`], except [`EngineError::Taken`].
    pub async fn open_beside(
        store: impl Into<InstrumentedStore>,
        world: &World,
        accounts: Accounts,
        timer: Arc<dyn Timer>,
        policy: Policy,
    ) -> Result<Self, EngineError> {
        let clock = Arc::clone(&timer) as Arc<dyn Clock>;
        let store = store.into().measured_by(Arc::clone(&clock));
        let mut policies = BTreeMap::new();
        for (name, provider) in accounts.iter() {
            let descriptor = provider.descriptor();
            let own = match accounts.policy(name) {
                Some(own) => own.clone(),
                None => policy.fitted(descriptor, world),
            };
            let payments = provider.payments().map(|payments| payments.terms().absence);
            let of_payments = || own.fault_with_payments(payments?, world);
            if let Some(fault) = own.fault_with(descriptor, world).or_else(of_payments) {
                return Err(EngineError::UnsafePolicy(format!("account {name}: {fault}")));
            }
            policies.insert(name.clone(), own);
            let word = world.word(provider.environment());
            let bound = store.bind(name, &word).await?;
            if bound != word {
                return Err(EngineError::OtherWorld {
                    account: name.clone(),
                    stored: bound,
                    given: word,
                });
            }
        }
        let providers = store.doors_to(accounts, clock);
        let sweeps = Mutex::default();
        let (services, rates, turn) = (Mutex::default(), Mutex::default(), OnceLock::new());
        let (sending, agenda, pulse) = (Sending::default(), Agenda::default(), Pulse::default());
        Ok(Self {
            store,
            providers,
            timer,
            policy,
            policies,
            services,
            rates,
            sending,
            agenda,
            sweeps,
            guarding: Guarding::default(),
            pulse,
            turn,
        })
    }

    /// Tells when the loop of [`Engine::run`] last went round, for a watchdog.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// let pulse = engine.pulse();
    /// assert_eq!(pulse.last(), None);
    /// engine.run(1, std::future::ready(()), std::future::pending::<()>).await?;
    /// assert!(pulse.last().is_some());
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Tells how many payouts are being sent, for a caller that may have to end the process.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// assert_eq!(engine.sending().count(), 0);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    pub fn sending(&self) -> Sending {
        self.sending.clone()
    }

    pub(crate) fn beat(&self) {
        self.pulse.last_ms.store(self.timer.now().as_millis(), Ordering::Relaxed);
    }

    /// Takes the store's turn to send, for an engine that was opened beside another one. Has no
    /// effect if this engine already has it.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::EngineError;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// match engine.take_turn().await {
    ///     Ok(()) => {} // it sends from here on
    ///     Err(EngineError::Taken) => println!("another process sends; try again later"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// The store is compared with its witness, if it has one, before anything can be sent.
    ///
    /// # Errors
    /// [`EngineError::Taken`] while another process has it; [`EngineError::Restored`] for a restored
    /// store that was not compared; [`EngineError::Witness`] if the witness cannot be used.
    pub async fn take_turn(&self) -> Result<(), EngineError> {
        if self.has_turn() {
            return Ok(());
        }
        let guard = match self.store.take_turn().await? {
            Turn::Taken => return Err(EngineError::Taken),
            Turn::Shared => None,
            Turn::Alone(guard) => {
                // Whoever held a claim is dead.
                self.store.end_claims().await?;
                Some(guard)
            }
        };
        Box::pin(self.compare_at_start()).await?;
        // If another call was faster, the turn is taken as well; the guard that was set first is
        // kept.
        drop(self.turn.set(guard));
        Ok(())
    }

    /// Whether this engine may send.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// assert!(engine.has_turn()); // `Engine::open` takes the turn, `open_beside` does not
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    pub fn has_turn(&self) -> bool {
        self.turn.get().is_some()
    }

    /// Whether no other process can send from this store.
    pub(crate) fn is_alone(&self) -> bool {
        self.turn.get().is_some_and(Option::is_some)
    }

    /// The accounts that this engine works for.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// let names: Vec<&str> = engine.accounts().iter().map(|(name, _)| name.as_str()).collect();
    /// assert_eq!(names, ["acme"]);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    pub fn accounts(&self) -> &Accounts {
        self.providers.accounts()
    }

    /// Stores orders durably as members of a run, either all or none of them. They wait until
    /// [`Engine::release`]; after a crash in between, submit the same orders again and release.
    ///
    /// The answers are in the order of `orders`.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::{RunId, Submitted};
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// let run = RunId::from("payroll of May");
    /// let orders = vec![scene::order("may-1"), scene::order("may-2")];
    /// let answers = engine.submit(&run, orders.clone()).await?;
    /// assert_eq!(answers, [Submitted::New, Submitted::New]);
    /// engine.submit(&run, orders).await?; // after a crash: nothing is stored twice
    /// assert_eq!(engine.release(&run, 2).await?, 2); // from here on they may be sent
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// Nothing is stored if an account is not configured ([`EngineError::NoAccount`]), an order
    /// cannot be sent ([`EngineError::Unsendable`]), a key exists with another body
    /// ([`EngineError::Conflict`]), or the run was released without the order
    /// ([`EngineError::RunClosed`]).
    pub async fn submit(
        &self,
        run: &RunId,
        orders: Vec<PayoutOrder>,
    ) -> Result<Vec<Submitted>, EngineError> {
        self.submit_as(run, orders, None).await
    }

    /// Like [`Engine::submit`], for somebody who is known by name and so cannot approve the run. A
    /// run that needs approval can be approved only if it is known who submitted all of it.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::{Actor, RunId, Submitted};
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let ana = Actor::new("ana").unwrap();
    /// let run = RunId::from("payroll of May");
    /// let answers = engine.submit_by(&run, vec![scene::order("may-1")], &ana).await?;
    /// assert_eq!(answers, [Submitted::New]);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Engine::submit`].
    pub async fn submit_by(
        &self,
        run: &RunId,
        orders: Vec<PayoutOrder>,
        by: &Actor,
    ) -> Result<Vec<Submitted>, EngineError> {
        self.submit_as(run, orders, Some(by.clone())).await
    }

    pub(crate) async fn submit_as(
        &self,
        run: &RunId,
        orders: Vec<PayoutOrder>,
        by: Option<Actor>,
    ) -> Result<Vec<Submitted>, EngineError> {
        self.check(&orders)?;
        let by = by.or_else(|| self.nobody(&orders));
        let keys: Vec<OrderKey> = orders.iter().map(|order| order.key.clone()).collect();
        let created_at = self.timer.now();
        let intents =
            orders.into_iter().map(|order| Intent { order, created_at, by: by.clone() }).collect();
        let answers = self.store.submit(run, intents).await?;
        let with = |wanted: Submitted| -> Vec<OrderKey> {
            let named = keys.iter().zip(&answers).filter(|(_, answer)| **answer == wanted);
            named.map(|(key, _)| key.clone()).collect()
        };
        let (conflicts, closed) = (with(Submitted::Conflict), with(Submitted::Closed));
        if !conflicts.is_empty() {
            return Err(EngineError::Conflict(conflicts));
        }
        if !closed.is_empty() {
            return Err(EngineError::RunClosed(closed));
        }
        Ok(answers)
    }

    /// Reports everything that the providers and the accounts' limits object to in the orders,
    /// exactly as [`Engine::submit`] would. Stores nothing. Sums of a day are looked at when the
    /// run is released.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::EngineError;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// let mut order = scene::order("salary-7");
    /// assert!(engine.check(&[order.clone()]).is_ok());
    /// order.amount.minor = 0;
    /// let Err(EngineError::Unsendable(orders)) = engine.check(&[order]) else { panic!("it is sent") };
    /// assert_eq!(orders[0].1[0].to_string(), "amount: it is nothing; pay more");
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::NoAccount`] and [`EngineError::Unsendable`].
    pub fn check(&self, orders: &[PayoutOrder]) -> Result<(), EngineError> {
        let mut unsendable = Vec::new();
        for order in orders {
            let provider = self.providers.to(&order.account);
            let provider = provider.ok_or_else(|| EngineError::NoAccount(order.account.clone()))?;
            let mut violations = provider.check(order).err().unwrap_or_default();
            let limits = self.accounts().limits(&order.account);
            violations.extend(limits.into_iter().flat_map(|limits| limits.violations(order)));
            if !violations.is_empty() {
                unsendable.push((order.key.clone(), violations));
            }
        }
        match unsendable.is_empty() {
            true => Ok(()),
            false => Err(EngineError::Unsendable(unsendable)),
        }
    }

    pub(crate) fn policy_of(&self, account: &AccountName) -> &Policy {
        self.policies.get(account).unwrap_or(&self.policy)
    }

    pub(crate) fn provider_of(
        &self,
        payout: &Payout,
    ) -> Result<InstrumentedProvider<'_>, EngineError> {
        let account = &payout.order.account;
        self.providers.to(account).ok_or_else(|| EngineError::NoAccount(account.clone()))
    }

    /// The same for a call, which is undelivered where the account is not configured.
    pub(crate) fn provider_to_call(
        &self,
        account: &AccountName,
    ) -> Result<InstrumentedProvider<'_>, Error> {
        let unconfigured = || Error::new(ErrorKind::Undelivered, "the account is not configured");
        self.providers.to(account).ok_or_else(unconfigured)
    }

    pub(crate) async fn load(&self, key: &OrderKey) -> Result<Payout, EngineError> {
        if let Some(payout) = self.store.payout(key).await? {
            return Ok(payout);
        }
        Err(match self.store.sealed(key).await? {
            Some(seal) => EngineError::Archived(key.clone(), seal),
            None => EngineError::NoPayout(key.clone()),
        })
    }
}
