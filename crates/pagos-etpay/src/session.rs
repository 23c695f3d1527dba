//! The login of the payouts API: one at a time, a token that all callers share, and remembered
//! failures. (The sessions in which payers pay are elsewhere.)
//!
//! A login moves no money, so any caller may try again. But repeated attempts can lock an account,
//! so a failure is remembered: callers in the meantime get that error and nothing is sent.

mod exchange;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_once_cell::OnceCell;
use http::HeaderValue;

use pagos_core::{Clock, Error, ErrorKind, Timestamp, Transport};

use crate::config::{PayoutSettings, Settings};

/// How long a refused login is remembered. Our choice: repeated attempts can lock the account.
/// \[inferred\]
const REFUSAL_REMEMBERED: Duration = Duration::from_secs(60);

/// How long a login without a usable answer is remembered. Our choice.
const FAILURE_REMEMBERED: Duration = Duration::from_secs(5);

/// A refused token of this age has perhaps ended early; a younger one that no call has accepted is
/// not valid at all. Our choice.
const WORN_AFTER: Duration = Duration::from_secs(60);

/// What a login needs.
pub(crate) struct LoginContext<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) payouts: &'a PayoutSettings,
    pub(crate) transport: &'a dyn Transport,
    pub(crate) clock: &'a dyn Clock,
}

/// A token that callers share.
#[derive(Debug)]
pub(crate) struct Token {
    header: HeaderValue,
    born_at: Timestamp,
    is_accepted: AtomicBool,
}

impl Token {
    /// The value of the header `Authorization`: the token as it is, without `Bearer`.
    /// Source: docs: D8, D9, D10.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// Notes that a call was accepted with it.
    pub(crate) fn accept(&self) {
        self.is_accepted.store(true, Ordering::Relaxed);
    }

    fn standing(&self, now: Timestamp) -> Standing {
        let is_worn = self.is_accepted.load(Ordering::Relaxed);
        match is_worn || now.since(self.born_at) >= WORN_AFTER {
            true => Standing::Worn,
            false => Standing::Fresh,
        }
    }
}

/// The state of a refused token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was accepted once, or is old: another login may help.
    Worn,
    /// It is new and was never accepted: another login would have the same result.
    Fresh,
}

/// The login that all callers share. Each new cell is a new generation, so a caller with the token
/// of an old one cannot drop a newer one.
#[derive(Debug, Default)]
pub(crate) struct Login {
    current: Mutex<Arc<OnceCell<Visit>>>,
}

/// The result of one login, and until when it is valid.
#[derive(Debug)]
struct Visit {
    outcome: Result<Arc<Token>, Refused>,
    until: Timestamp,
}

#[derive(Debug)]
struct Refused {
    kind: ErrorKind,
    because: String,
}

impl Login {
    /// The token, after a login if no valid one exists. Callers that arrive during a login wait for
    /// it; if the caller that makes it goes away, one of them makes another.
    ///
    /// # Errors
    /// `Unauthorized` if the login was refused, `Throttled`, and `Undelivered` for all other
    /// failures. Callers of the next seconds get the same error without another login.
    pub(crate) async fn token(&self, context: &LoginContext<'_>) -> Result<Arc<Token>, Error> {
        let cell = self.cell(context.clock.now());
        let visit = cell.get_or_init(visit(context)).await;
        match &visit.outcome {
            Ok(token) => Ok(token.clone()),
            Err(refused) => Err(refused.tell(visit.until.since(context.clock.now()))),
        }
    }

    /// Whether there is a valid token.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        let current = self.lock();
        current.get().is_some_and(|visit| visit.outcome.is_ok() && now < visit.until)
    }

    /// Drops a token, so that the next caller logs in. Has no effect on a newer one.
    pub(crate) fn forget(&self, token: &Arc<Token>) {
        self.replace(token, OnceCell::new());
    }

    /// Drops a refused token. A fresh one stops logins for a minute: the login works but its token
    /// does not, which only a person can fix.
    pub(crate) fn refuse(&self, token: &Arc<Token>, now: Timestamp) -> Standing {
        let standing = token.standing(now);
        let next = match standing {
            Standing::Worn => OnceCell::new(),
            Standing::Fresh => {
                OnceCell::new_with(Visit::refused(ErrorKind::Unauthorized, FRESH_REFUSED, now))
            }
        };
        self.replace(token, next);
        standing
    }

    fn replace(&self, token: &Arc<Token>, next: OnceCell<Visit>) {
        let mut current = self.lock();
        let held = current.get().and_then(|visit| visit.outcome.as_ref().ok());
        if held.is_some_and(|held| Arc::ptr_eq(held, token)) {
            *current = Arc::new(next);
        }
    }

    /// The cell of the current generation; a new one if the value of the old one is no longer
    /// valid.
    fn cell(&self, now: Timestamp) -> Arc<OnceCell<Visit>> {
        let mut current = self.lock();
        if current.get().is_some_and(|visit| visit.until <= now) {
            *current = Arc::default();
        }
        current.clone()
    }

    /// Nothing panics under this lock, and each step under it leaves a complete state.
    fn lock(&self) -> MutexGuard<'_, Arc<OnceCell<Visit>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const FRESH_REFUSED: &str = "the payouts API refuses the token that its own login has just issued";

impl Visit {
    fn refused(kind: ErrorKind, because: impl Into<String>, now: Timestamp) -> Self {
        let remembered = match kind {
            ErrorKind::Unauthorized => REFUSAL_REMEMBERED,
            _ => FAILURE_REMEMBERED,
        };
        let refused = Refused { kind, because: because.into() };
        Self { outcome: Err(refused), until: now.plus(remembered) }
    }
}

impl Refused {
    /// Only "too many requests" has a time: after other failures the caller's own growing delay is
    /// better.
    fn tell(&self, wait: Duration) -> Error {
        let error = Error::new(self.kind, self.because.clone());
        match self.kind {
            ErrorKind::Throttled => error.with_retry_after(wait),
            _ => error,
        }
    }
}

/// Logs in, once.
async fn visit(context: &LoginContext<'_>) -> Visit {
    let response = match exchange::send(context).await {
        Ok(response) => response,
        Err(error) => {
            return Visit::refused(error.kind(), error.to_string(), context.clock.now());
        }
    };
    exchange::read(&response, context.clock.now())
}
