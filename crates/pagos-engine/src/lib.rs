//! Durable payouts: stored before they are sent, and never sent twice.
//!
//! The engine depends on no provider and no database; it is given both, and a clock.
//!
//! Start with [`Engine::open`]. [`Engine::submit`] makes an order durable as a member of a run, and
//! [`Engine::release`] lets workers claim it. [`Engine::work`] (one round) or [`Engine::run`]
//! (until stopped) then carries it to its end. [`Engine::pay`] submits and releases a single order.
//! Events reach the application as [`Notice`]s, which a named reader gets at least once and in
//! order.
//!
//! ```no_run
//! # use std::{future::pending, sync::Arc};
//! # use pagos_core::PayoutOrder;
//! # use pagos_engine::{Accounts, Engine, EngineError, InstrumentedStore, Policy, RunId, Timer, World};
//! # async fn example(
//! #     store: InstrumentedStore, accounts: Accounts, timer: Arc<dyn Timer>, orders: Vec<PayoutOrder>,
//! # ) -> Result<(), EngineError> {
//! # let (stop, wake) = (pending::<()>(), pending::<()>);
//! let engine = Engine::open(store, &World::Providers, accounts, timer, Policy::live()).await?;
//! let run = RunId("payroll of may".to_owned());
//! let count = orders.len() as u64;
//! engine.submit(&run, orders).await?; // all or none; a conflict is an error
//! engine.release(&run, count).await?; // from here on they may be sent
//! engine.run(64, stop, wake).await?;  // sends, queries, applies webhooks, follows
//! # Ok(()) }
//! ```
//!
//! What keeps a payout from being sent twice is in `decide.rs` (which attempt may begin) and
//! `send.rs` (the one place that sends, after the attempt is durable).
//! [`pagos_core::manual::unknown`] says when a payout may be sent again.
//!
//! For payments there is [`Engine::open_payment`]: it stores a session before anybody is told its
//! address, and the same loop follows it.

// docs.rs shows which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod accounts;
mod actor;
mod agenda;
mod approval;
mod ask;
mod books;
mod decide;
mod delivery;
mod difference;
mod engine;
mod fingerprint;
mod headers;
mod history;
mod inbox;
mod instrumented;
mod intent;
mod judge;
mod lanes;
mod list;
#[cfg(feature = "suite")]
mod memory;
mod moving;
mod operator;
mod payment;
mod place;
mod point;
mod policy;
mod progress;
mod rate;
mod recognise;
mod record;
mod records;
mod retention;
mod send;
mod sending;
mod service;
mod settled;
mod shares;
mod spread;
mod store;
#[cfg(feature = "suite")]
pub mod suite;
mod sweep;
mod tally;
mod telemetry;
mod timer;
mod witness;
mod work;
mod world;

pub use accounts::Accounts;
pub use actor::Actor;
pub use approval::{
    Approval, ApprovalState, Approvals, Limits, Measure, Payee, Resend, Rule, RunApproval,
    RunDigest, RunTotal, UtcOffset, Weight,
};
pub use books::{
    BookLine, BookStore, LineFilter, LineMatch, LineState, LineStep, check_lines, check_steps,
};
pub use delivery::{
    Filed, Filing, InboxId, InboxItem, InboxState, InboxStore, REPETITION_SPACING, Refused, Trust,
    Verdict,
};
pub use difference::{Answer, Listed};
pub use engine::{Engine, EngineError, Pulse};
pub use fingerprint::fingerprint;
pub use headers::{headers_from_bytes, headers_to_bytes};
pub use history::{Entry, Notice, NoticeAbout, NoticeKind, OrderNews, Proof, RunNews};
pub use instrumented::InstrumentedStore;
pub use intent::{Canonical, Closed, Digest, Intent, Permit, Released, Run, RunId, Submitted};
pub use judge::Judged;
pub use list::{Cursor, Filter, Page, Sorted, Span};
#[cfg(feature = "suite")]
pub use memory::{MemoryStore, Snapshot};
pub use moving::{Moved, MovedSum};
pub use operator::Decision;
pub use payment::{
    KnownSession, Opening, Payment, PaymentProgress, Session, Try,
    open::Opened,
    store::{OpenedSession, PaymentCommitted, PaymentStep, PaymentStore, SubmittedPayment},
};
pub use point::{Deed, NoProbe, Phase, Point, Probe};
pub use policy::{Budgets, Policy, Sweep};
pub use progress::{Asking, Attempt, Attention, Progress, Wait, Waiting};
pub use recognise::{About, Recognised, recognise};
pub use records::{Record, RecordKind, RecordStore, RecordWrite, RecordWritten};
pub use retention::{
    Archive, ArchivedPayout, Candidate, Horizon, Leaving, Mark, Portion, PruneError,
    RetentionStore, Scope, Seal, SealedAs, Sealing, Stay, Survey, SurveyRow, changed_at, stay,
};
pub use sending::Sending;
pub use spread::Spawner;
pub use store::{
    Begin, Begun, Claim, ClaimRequest, Committed, Guard, Lane, Lease, NoAttempt, Payout, Share,
    Step, Store, StoreError, StoreErrorKind, Turn, Work, stride,
};
pub use tally::{Tally, TallyRow};
pub use timer::{ManualTimer, Timer};
#[cfg(feature = "suite")]
pub use witness::MemoryWitness;
pub use witness::{
    Comparison, Doubted, Noted, Reading, Restored, SentAttempt, WithoutWitness, Witness,
    WitnessError, WitnessErrorKind, WitnessMark, WitnessRules,
};
pub use work::Worked;
pub use world::World;
