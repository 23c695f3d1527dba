//! A store around another one, for tests: every call goes through a hook.

use std::{collections::BTreeMap, fmt::Debug, ops::Deref, sync::Arc};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use pagos_core::{
    AccountName, BookName, Day, Delivery, OrderKey, PaymentOrder, ProviderRef, Timestamp,
};

use crate::{
    Begin, BookLine, BookStore, Candidate, Claim, ClaimRequest, Closed, Committed, Entry, Filed,
    Filing, Filter, InboxId, InboxItem, InboxState, InboxStore, Intent, KnownSession, Lane,
    Leaving, LineFilter, LineMatch, LineStep, Notice, Page, Payment, PaymentCommitted, PaymentStep,
    PaymentStore, Payout, Permit, Record, RecordKind, RecordStore, RecordWrite, RecordWritten,
    Refused, Released, RetentionStore, Run, RunId, Scope, Seal, Sealing, Step, Store, StoreError,
    Submitted, SubmittedPayment, Tally, Trust, Turn, Verdict,
};

/// What to do around the calls of a [`HookedStore`].
pub trait Hook: Debug + Send + Sync {
    /// Makes a call: `run` calls the inner store; the hook may delay it, fail it or leave it out.
    fn around<'a, T: Send + 'a>(
        &'a self,
        call: Call,
        run: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>>;

    /// Called within `run` with what the inner store has done.
    fn note(&self, _done: Done<'_>) {}

    /// The turn to send, if the inner store is not to be asked for it.
    fn turn(&self) -> Option<Turn> {
        None
    }
}

/// Describes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The name of the method.
    pub name: &'static str,
    /// The point before it: `commit, before`.
    pub before: &'static str,
    /// The point after it: `commit, after`.
    pub after: &'static str,
}

/// What a call has done.
#[derive(Debug)]
pub enum Done<'a> {
    /// Intents under these keys were submitted.
    Submitted(&'a [OrderKey], &'a [Submitted]),
    /// These payouts were claimed.
    Claimed(&'a [Claim]),
    /// A step was written or refused.
    Committed(&'a Step, Committed),
    /// A delivery was stored.
    Received(InboxId),
}

/// A store whose every call goes through a hook.
///
/// ```
/// # use std::sync::Arc;
/// # use futures_util::future::{BoxFuture, FutureExt};
/// use pagos_engine::{MemoryStore, Store, StoreError};
/// use pagos_engine::suite::{Call, Hook, HookedStore};
///
/// #[derive(Debug)]
/// struct Broken;
///
/// impl Hook for Broken {
///     fn around<'a, T: Send + 'a>(
///         &'a self,
///         call: Call,
///         _run: BoxFuture<'a, Result<T, StoreError>>,
///     ) -> BoxFuture<'a, Result<T, StoreError>> {
///         Box::pin(async move { Err(StoreError::new(call.name)) })
///     }
/// }
///
/// let store = HookedStore::new(Arc::new(MemoryStore::new()), Broken);
/// let failed = store.identity().now_or_never().expect("never waits");
/// assert_eq!(failed.unwrap_err().to_string(), "identity");
/// ```
#[derive(Debug)]
pub struct HookedStore<H> {
    inner: Arc<dyn Store>,
    hook: H,
}

impl<H: Hook> HookedStore<H> {
    /// Wraps `inner`, whose calls go through `hook`.
    pub fn new(inner: Arc<dyn Store>, hook: H) -> Arc<Self> {
        Arc::new(Self { inner, hook })
    }

    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    fn noted(&self) -> Noted<'_, H> {
        Noted(self)
    }
}

impl<H> Deref for HookedStore<H> {
    type Target = H;

    fn deref(&self) -> &H {
        &self.hook
    }
}

/// The calls of the inner store that the hook is told about.
struct Noted<'a, H>(&'a HookedStore<H>);

impl<'a, H: Hook> Noted<'a, H> {
    fn take_turn(self) -> BoxFuture<'a, Result<Turn, StoreError>> {
        match self.0.hook.turn() {
            Some(turn) => Box::pin(async { Ok(turn) }),
            None => self.0.inner.take_turn(),
        }
    }

    fn submit(
        self,
        run: &'a RunId,
        intents: Vec<Intent>,
    ) -> BoxFuture<'a, Result<Vec<Submitted>, StoreError>> {
        Box::pin(async move {
            let keys: Vec<_> = intents.iter().map(|intent| intent.order.key.clone()).collect();
            let outcomes = self.0.inner.submit(run, intents).await?;
            self.0.hook.note(Done::Submitted(&keys, &outcomes));
            Ok(outcomes)
        })
    }

    fn claim(
        self,
        request: ClaimRequest,
        begin: &'a dyn Begin,
    ) -> BoxFuture<'a, Result<Vec<Claim>, StoreError>> {
        Box::pin(async move {
            let claims = self.0.inner.claim(request, begin).await?;
            self.0.hook.note(Done::Claimed(&claims));
            Ok(claims)
        })
    }

    fn commit(self, step: Step) -> BoxFuture<'a, Result<Committed, StoreError>> {
        Box::pin(async move {
            let committed = self.0.inner.commit(step.clone()).await?;
            self.0.hook.note(Done::Committed(&step, committed));
            Ok(committed)
        })
    }

    fn receive(
        self,
        account: &'a AccountName,
        delivery: &'a Delivery,
        verdict: &'a Verdict,
    ) -> BoxFuture<'a, Result<InboxId, StoreError>> {
        Box::pin(async move {
            let id = self.0.inner.receive(account, delivery, verdict).await?;
            self.0.hook.note(Done::Received(id));
            Ok(id)
        })
    }
}

/// Lists every method of a trait: which store answers it, its arguments, and its result. What waits
/// for nothing comes first; the hook is not told of it.
macro_rules! through_the_hook {
    ($trait:ident: $([$plain:ident() -> $told:ty])* $($who:ident.$name:ident($($given:ident: $type:ty),*) -> $brings:ty;)*) => {
        #[async_trait]
        impl<H: Hook> $trait for HookedStore<H> {
            $(fn $plain(&self) -> $told {
                self.inner.$plain()
            })*

            $(async fn $name(&self, $($given: $type),*) -> Result<$brings, StoreError> {
                let call = Call {
                    name: stringify!($name),
                    before: concat!(stringify!($name), ", before"),
                    after: concat!(stringify!($name), ", after"),
                };
                self.hook.around(call, self.$who().$name($($given),*)).await
            })*
        }
    };
}

through_the_hook! { Store:
    [lineage() -> Option<String>]
    inner.identity() -> String;
    noted.take_turn() -> Turn;
    inner.bind(account: &AccountName, world: &str) -> String;
    noted.submit(run: &RunId, intents: Vec<Intent>) -> Vec<Submitted>;
    inner.close(run: &RunId, expected: u64, now: Timestamp) -> Closed;
    inner.release(run: &RunId, permit: Permit, now: Timestamp) -> Released;
    inner.withdraw(run: &RunId) -> u64;
    inner.run(run: &RunId) -> Option<Run>;
    inner.runs(before: Option<u64>, limit: usize) -> Vec<(RunId, Run)>;
    inner.held(run: &RunId, after: Option<&OrderKey>, limit: usize) -> Vec<Payout>;
    noted.claim(request: ClaimRequest, begin: &dyn Begin) -> Vec<Claim>;
    inner.end_claims() -> u64;
    noted.commit(step: Step) -> Committed;
    inner.payout(key: &OrderKey) -> Option<Payout>;
    inner.payout_of(account: &AccountName, reference: &ProviderRef) -> Option<OrderKey>;
    inner.list(filter: &Filter, page: &Page) -> Vec<Payout>;
    inner.doubts(account: &AccountName, limit: usize) -> Vec<Payout>;
    inner.history(key: &OrderKey) -> Vec<Entry>;
    inner.tally(run: Option<&RunId>) -> Tally;
    inner.next_due(lanes: &[Lane]) -> Option<Timestamp>;
    inner.outbox(after: u64, limit: usize) -> Vec<(u64, Notice)>;
    inner.newest_notice() -> u64;
    inner.reader(name: &str) -> Option<u64>;
    inner.acknowledge(name: &str, number: u64) -> ();
    inner.swept(account: &AccountName) -> BTreeMap<u32, Timestamp>;
    inner.note_swept(account: &AccountName, part: u32, was: Option<Timestamp>, at: Timestamp) -> bool;
    inner.halt(notice: Notice) -> bool;
    inner.resume(notice: Notice) -> bool;
    inner.halted() -> Vec<AccountName>;
}

through_the_hook! { RecordStore:
    inner.record(kind: RecordKind, name: &str) -> Option<Record>;
    inner.records(kind: RecordKind, after: &str, limit: usize) -> Vec<Record>;
    inner.write_record(write: RecordWrite) -> RecordWritten;
}

through_the_hook! { BookStore:
    inner.add_lines(lines: Vec<BookLine>) -> Vec<bool>;
    inner.lines(filter: &LineFilter, after: Option<(Day, &str)>, limit: usize) -> Vec<BookLine>;
    inner.line(book: &BookName, id: &str) -> Option<BookLine>;
    inner.write_lines(steps: Vec<LineStep>) -> Vec<bool>;
    inner.matches(keys: &[OrderKey]) -> Vec<LineMatch>;
    inner.matches_of_line(book: &BookName, line: &str) -> Vec<LineMatch>;
}

through_the_hook! { InboxStore:
    noted.receive(account: &AccountName, delivery: &Delivery, verdict: &Verdict) -> InboxId;
    inner.inbox(trust: Trust, of: &[AccountName], now: Timestamp, limit: usize) -> Vec<InboxItem>;
    inner.file(id: InboxId, filing: Filing) -> ();
    inner.reopen(id: InboxId, verdict: Option<Verdict>, now: Timestamp) -> bool;
    inner.delivery(id: InboxId) -> Option<Filed>;
    inner.deliveries(state: Option<InboxState>, after: u64, limit: usize) -> Vec<Filed>;
    inner.count_refused(refused: Vec<Refused>) -> ();
    inner.refused() -> Vec<Refused>;
}

through_the_hook! { RetentionStore:
    inner.candidates(scope: Scope, after: u64, limit: usize) -> Vec<Candidate>;
    inner.seal(leaving: Vec<Leaving>, now: Timestamp) -> Vec<Sealing>;
    inner.sealed(key: &OrderKey) -> Option<Seal>;
    inner.archived(run: &RunId) -> Tally;
    inner.forgettable_deliveries(before: Timestamp) -> u64;
    inner.forget_deliveries(before: Timestamp, limit: usize) -> u64;
    inner.forget_notices(up_to: u64) -> u64;
    inner.forget_reader(name: &str) -> bool;
    inner.readers() -> Vec<(String, u64)>;
}

through_the_hook! { PaymentStore:
    inner.submit_payment(order: PaymentOrder, now: Timestamp) -> SubmittedPayment;
    inner.payment(key: &OrderKey) -> Option<Payment>;
    inner.session(account: &AccountName, reference: &ProviderRef) -> Option<KnownSession>;
    inner.commit_payment(step: PaymentStep) -> PaymentCommitted;
    inner.payments(status: Option<&str>, after: Option<&OrderKey>, limit: usize) -> Vec<Payment>;
    inner.claim_payments(request: ClaimRequest) -> Vec<Payment>;
    inner.payment_history(key: &OrderKey) -> Vec<Entry>;
}
