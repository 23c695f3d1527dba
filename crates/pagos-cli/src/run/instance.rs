//! Engine, webhook receiver and accounts over one store: how they are assembled, work and stop.

use std::{
    collections::BTreeSet, convert::Infallible, future::Future, net::TcpListener, sync::Arc,
    time::Duration,
};

use pagos_core::Clock;
use pagos_engine::{
    Engine, EngineError, InstrumentedStore, Policy, Pulse, Store, WithoutWitness, World,
};
use pagos_system::System;
use pagos_webhook::{Receiver, Worker};
use tokio::sync::Notify;

#[cfg(feature = "failpoints")]
use crate::failpoints;
use crate::{
    accounts::Account,
    console,
    exit::Failure,
    run::{
        database::Database,
        listen::Serving,
        refused, signal,
        target::Target,
        witness::{self, Connected, IfLost},
    },
    words::{Text, pay},
};

/// The store, instrumented for engine and receiver.
pub(crate) fn instrumented(store: Arc<dyn Store>) -> InstrumentedStore {
    #[cfg(feature = "failpoints")]
    return failpoints::instrumented(store);
    #[cfg(not(feature = "failpoints"))]
    store.into()
}

/// The accounts for the engine, each with its own limits.
pub(crate) fn engine_accounts(accounts: &[Account], policy: &Policy) -> pagos_engine::Accounts {
    accounts.iter().fold(pagos_engine::Accounts::new(), |all, account| {
        let (name, provider) = (account.name.clone(), Arc::clone(&account.provider));
        let own = account.limits.policy(policy, provider.descriptor());
        let guards = account.guards.clone();
        let all = all
            .with(name.clone(), provider)
            .with_approvals(name.clone(), guards.approvals)
            .with_limits(name.clone(), guards.limits)
            .with_days_at(guards.day_offset);
        match own {
            Some(own) => all.under(name, own),
            None => all,
        }
    })
}

/// Adds the database's name to an error about another world: payouts of a test must never be sent
/// as real money, nor the other way round.
pub(crate) fn of_database(db: &Database, error: EngineError) -> Failure {
    match error {
        EngineError::OtherWorld { account, stored, given } => {
            let (stored, given) = (stored.to_string(), given.to_string());
            Failure::new(pay::other_world(db.to_string(), account.as_str(), stored, given))
        }
        other => other.into(),
    }
}

/// Engine and receiver over one store.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) engine: Arc<Engine>,
    pub(crate) store: Arc<dyn Store>,
    /// What is done without the witness, if there is one.
    pub(crate) without_witness: WithoutWitness,
    wake: Arc<Notify>,
}

impl Instance {
    /// An instance over a database that others may work on. It sends nothing before its engine
    /// takes the turn.
    ///
    /// # Errors
    /// If the database cannot be opened, or ties an account to another world.
    pub(crate) async fn beside(db: &Database, target: &Target) -> Result<Self, Failure> {
        let store = db.open().await?;
        let accounts = engine_accounts(target.accounts.all(), &target.policy);
        let opened = Self::over(store, &target.world, accounts, target.policy.clone()).await;
        opened.map_err(|error| of_database(db, error))
    }

    /// The same with the witness of the database, for commands that send payouts.
    ///
    /// # Errors
    /// Likewise; or if the witness is not there.
    pub(crate) async fn to_send(
        db: &Database,
        target: &Target,
        if_lost: IfLost,
    ) -> Result<Self, Failure> {
        let store = db.open().await?;
        let known = instrumented(Arc::clone(&store)).witnessed_as().await?;
        let settings = (target.witness.as_ref(), target.money());
        let witness = witness::connect(db, &store, known, settings, if_lost).await?;
        let accounts = engine_accounts(target.accounts.all(), &target.policy);
        let policy = target.policy.clone();
        let opened = Self::assemble(store, witness, &target.world, accounts, policy).await;
        opened.map_err(|error| of_database(db, error))
    }

    pub(crate) async fn over(
        store: Arc<dyn Store>,
        world: &World,
        accounts: pagos_engine::Accounts,
        policy: Policy,
    ) -> Result<Self, EngineError> {
        Self::assemble(store, None, world, accounts, policy).await
    }

    async fn assemble(
        store: Arc<dyn Store>,
        witness: Option<Connected>,
        world: &World,
        accounts: pagos_engine::Accounts,
        policy: Policy,
    ) -> Result<Self, EngineError> {
        let mut instrumented = instrumented(Arc::clone(&store));
        let mut without_witness = WithoutWitness::Stop;
        if let Some(Connected { witness, rules }) = witness {
            instrumented = instrumented.witnessed_by(witness, rules);
            without_witness = rules.without;
        }
        let timer = Arc::new(System);
        let engine = Engine::open_beside(instrumented, world, accounts, timer, policy).await?;
        let engine = Arc::new(engine);
        Ok(Self { engine, store, without_witness, wake: Arc::new(Notify::new()) })
    }

    /// The store, instrumented for engine and receiver.
    pub(crate) fn instrumented_store(&self) -> InstrumentedStore {
        instrumented(Arc::clone(&self.store))
    }

    /// The loop of this instance's engine, for those who give it work.
    pub(crate) fn behind(&self) -> impl Worker + use<> {
        Behind { wake: Arc::clone(&self.wake), pulse: self.engine.pulse() }
    }

    /// Receives webhooks in a task of its own, until the returned handle is stopped.
    pub(crate) fn spawn_receiver(
        &self,
        listener: TcpListener,
        target: &Target,
    ) -> Result<Receiving, Failure> {
        let accounts = target.accounts.all().iter();
        let endpoints = accounts.filter_map(|account| account.endpoint.clone()).collect();
        let clock = Arc::new(System);
        let (limits, worker) = (target.limits.clone(), self.behind());
        let instrumented = self.instrumented_store();
        let receiver = Receiver::new(instrumented.clone(), endpoints, clock, limits, worker)?;
        let (noting, served) = (instrumented.clone(), receiver.clone());
        let serving = Serving::spawn(|until| async move {
            tokio::select! {
                served = served.serve(listener, until) => served,
                never = refused::note_every_minute(&served, &noting) => match never {},
            }
        });
        Ok(Receiving { serving, receiver, instrumented })
    }

    /// Works until `stop`, then waits for what is under way until `hurry`. Anything that is then
    /// not done is cut off: reports how many payouts that leaves in doubt, as a crash would, and
    /// returns their number.
    pub(crate) async fn work(
        &self,
        concurrency: usize,
        stop: impl Future<Output = ()> + Send,
        hurry: impl Future<Output = ()> + Send,
    ) -> Result<usize, EngineError> {
        // This future contains everything that is under way.
        let mut working = Box::pin(async {
            tokio::select! {
                worked = self.engine.run(concurrency, stop, || self.wake.notified()) => worked,
                never = self.tell_of_lists() => match never {},
            }
        });
        tokio::select! {
            biased;
            worked = &mut working => return worked.map(|()| 0),
            () = hurry => {}
        }
        // Dropping the future also drops the payouts that are counted.
        let sending = self.engine.sending().count();
        drop(working);
        if sending > 0 {
            console::tell(&pay::stopped_waiting(signal::left_in_doubt(sending)));
        }
        Ok(sending)
    }

    /// Reports an account whose list cannot be read, once until it can be read again.
    async fn tell_of_lists(&self) -> Infallible {
        const BEAT: Duration = Duration::from_secs(60);

        let mut told = BTreeSet::new();
        loop {
            tokio::time::sleep(BEAT).await;
            let unswept = self.engine.unswept();
            told.retain(|account| unswept.contains_key(account));
            for (account, because) in unswept {
                let line = pay::list_is_not_read(account.as_str(), Text::heard(because));
                if told.insert(account) {
                    console::tell(&line);
                }
            }
        }
    }

    /// Tells the engine that something is due earlier than expected.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Resolves when a webhook was stored.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}

/// What is behind the receiver: the loop of this process's engine.
#[derive(Debug)]
struct Behind {
    wake: Arc<Notify>,
    pulse: Pulse,
}

/// A loop that has not gone round for this long is stuck, since it goes round every second.
const STILL_AFTER: Duration = Duration::from_secs(10);

impl Worker for Behind {
    fn wake(&self) {
        self.wake.notify_one();
    }

    fn is_working(&self) -> bool {
        let now = Clock::now(&System);
        self.pulse.last().is_some_and(|last| now.since(last) < STILL_AFTER)
    }
}

/// A running receiver.
#[derive(Debug)]
pub(crate) struct Receiving {
    serving: Serving,
    receiver: Receiver,
    instrumented: InstrumentedStore,
}

impl Receiving {
    /// Lets current deliveries finish, but waits for none of them after `hurry`, then stops.
    pub(crate) async fn shut_down(self, hurry: impl Future<Output = ()>) {
        // However it ended, it has acknowledged only what it stored; the provider sends again what
        // was cut off, and we query it.
        self.serving.shut_down(hurry).await;
        refused::note_last(&self.receiver, &self.instrumented).await;
    }
}
