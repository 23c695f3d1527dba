//! A payment as it is reported. Field names and words are stable, because scripts read them. The
//! report contains nothing of the payer and no secret.

use std::io::{self, Write};

use pagos_core::{Currency, ProviderRef, Status, Timestamp};
use pagos_engine::{Attention, Payment, PaymentProgress, Session, Try};
use serde::Serialize;

use crate::{
    output::{List, Outcome, OutcomeTotal, Row},
    words::{Text, payout},
};

/// One payment of a report.
#[derive(Debug, Serialize)]
pub(crate) struct PaymentRow<'a> {
    key: &'a str,
    provider: &'a str,
    status: Outcome,
    /// Why it failed, or what it waits for, in words.
    reason: Option<String>,
    amount_minor: i64,
    currency: Currency,
    /// Whether somebody can still pay in the last session.
    is_open: bool,
    /// The page for the payer, while it is open.
    url: Option<&'a str>,
    /// A code to pay with, while it is open.
    code: Option<&'a str>,
    closes_at: Option<Timestamp>,
    /// The provider's id of the last session.
    reference: Option<&'a str>,
    times_paid: usize,
    attention: Option<&'a Attention>,
    created_at: Timestamp,
    /// When the provider is queried next.
    due_at: Option<Timestamp>,
    sessions: Vec<SessionRow<'a>>,
}

#[derive(Debug, Serialize)]
struct SessionRow<'a> {
    reference: &'a str,
    status: Outcome,
    is_open: bool,
    url: Option<&'a str>,
    code: Option<&'a str>,
    opened_at: Timestamp,
    closes_at: Option<Timestamp>,
    tries: Vec<TryRow<'a>>,
}

/// A try of a payer; without a transfer, the session itself.
#[derive(Debug, Serialize)]
struct TryRow<'a> {
    transfer: Option<&'a str>,
    status: Outcome,
    reason: Option<&'static str>,
    provider_code: Option<&'a str>,
    message: Option<&'a str>,
    provider_at: Option<Timestamp>,
    seen_at: Timestamp,
}

impl<'a> PaymentRow<'a> {
    /// The payment as of `now`.
    pub(crate) fn new(payment: &'a Payment, now: Timestamp) -> Self {
        let progress = &payment.progress;
        let open = progress.open_session(now);
        let sessions = progress.sessions.iter().map(|session| session_row(session, now));
        Self {
            key: payment.order.key.as_str(),
            provider: payment.order.account.as_str(),
            status: outcome(payment),
            reason: reason(progress),
            amount_minor: payment.order.amount.minor,
            currency: payment.order.amount.currency,
            is_open: open.is_some(),
            url: open.and_then(|session| session.url.as_deref()),
            code: open.and_then(|session| session.code.as_deref()),
            closes_at: open.and_then(|session| session.closes_at),
            reference: progress.sessions.last().map(|session| session.reference.as_str()),
            times_paid: progress.times_paid(),
            attention: progress.attention.as_ref(),
            created_at: progress.created_at,
            due_at: payment.due_at,
            sessions: sessions.collect(),
        }
    }
}

/// The state of a payment, in the words of the reports.
pub(crate) fn outcome(payment: &Payment) -> Outcome {
    match payment.progress.is_quarantined() {
        true => Outcome::Quarantined,
        false => Outcome::from(payment.progress.status()),
    }
}

/// Why it has this state: what calls a person, or why the last try failed, in the provider's words
/// if it gave more than a code.
pub(crate) fn reason(progress: &PaymentProgress) -> Option<String> {
    if let Some(attention) = &progress.attention {
        return Some(attention.because().to_owned());
    }
    let Status::Failed(reason) = progress.status() else { return None };
    let tries = progress.sessions.last()?.tries.iter().rev();
    let mut failed = tries
        .map(|one| one.standing.held())
        .filter(|held| matches!(held.status, Status::Failed(_)));
    let said = failed.next().and_then(|held| held.message.clone());
    Some(said.unwrap_or_else(|| reason.word().to_owned()))
}

/// Passes a payment to `take` as a row of a table or of sums.
pub(crate) fn with_table_row<R>(payment: &Payment, take: impl FnOnce(&Row<'_>) -> R) -> R {
    let progress = &payment.progress;
    let reason = reason(progress);
    let tries = || progress.sessions.iter().flat_map(|session| &session.tries);
    let by_payers = tries().filter(|one| one.transfer.is_some()).count();
    take(&Row {
        key: payment.order.key.as_str(),
        account: &payment.order.account,
        outcome: outcome(payment),
        reason: reason.as_deref(),
        attention: progress.attention.is_some(),
        amount: payment.order.amount,
        reference: progress.sessions.last().map(|session| session.reference.as_str()),
        attempts: u32::try_from(by_payers).unwrap_or(u32::MAX),
        reversals: tries().map(|one| one.standing.reversals()).sum(),
        created_at: None,
    })
}

/// The list of a payment for people.
pub(crate) fn list(payment: &Payment, now: Timestamp) -> List {
    let row = PaymentRow::new(payment, now);
    let mut list = List::new();
    list.whole("key", row.key);
    list.whole("provider", row.provider);
    list.whole("amount", payment.order.amount);
    list.whole("status", row.status.word());
    if let Some(reason) = &row.reason {
        list.note("reason", reason);
    }
    if row.attention.is_some() {
        let resolve = format!("`pagos payment resolve {}`", row.key);
        list.note("attention", format!("a person must look; then {resolve}"));
    }
    if row.times_paid > 1 {
        list.note("paid", format!("{} times", row.times_paid));
    }
    if let Some(page) = row.url.or(row.code) {
        list.whole("pay here", page);
    }
    if let Some(closes_at) = row.closes_at {
        list.whole("until", closes_at);
    }
    for session in &row.sessions {
        let (reference, opened_at) = (session.reference, session.opened_at);
        list.note("session", format!("{reference} since {opened_at}: {}", session.status.word()));
        for one in session.tries.iter().filter(|one| one.transfer.is_some()) {
            let mut text = format!("{}: {}", one.transfer.unwrap_or_default(), one.status.word());
            let told = one.message.or(one.provider_code).or(one.reason);
            if let Some(told) = told.filter(|told| !told.is_empty()) {
                text.push_str(&format!(", {told}"));
            }
            list.note("  try", text);
        }
    }
    list.note("next step", next_step(payment.due_at));
    list
}

/// When a payout or a payment is worked on next.
pub(crate) fn next_step(due_at: Option<Timestamp>) -> Text {
    due_at.map_or_else(payout::next_is_nothing, |at| at.to_string().into())
}

/// The document of `payment list`, written payment by payment: `{"payments":[..],"totals":[..]}`.
#[derive(Debug)]
pub(crate) struct PaymentsJson<W: Write> {
    out: W,
    is_first: bool,
}

impl<W: Write> PaymentsJson<W> {
    /// Begins a document on `out`, which should be buffered.
    pub(crate) fn new(mut out: W) -> io::Result<Self> {
        out.write_all(b"{\"payments\":[")?;
        Ok(Self { out, is_first: true })
    }

    /// Writes one payment.
    pub(crate) fn payment(&mut self, row: &PaymentRow<'_>) -> io::Result<()> {
        self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        Ok(serde_json::to_writer(&mut self.out, row)?)
    }

    /// Ends the document.
    pub(crate) fn finish(mut self, totals: &[OutcomeTotal]) -> io::Result<()> {
        self.out.write_all(b"],\n\"totals\":")?;
        serde_json::to_writer(&mut self.out, totals)?;
        self.out.write_all(b"}\n")?;
        self.out.flush()
    }
}

fn session_row(session: &Session, now: Timestamp) -> SessionRow<'_> {
    SessionRow {
        reference: session.reference.as_str(),
        status: Outcome::from(session.status()),
        is_open: session.is_open(now),
        url: session.url.as_deref(),
        code: session.code.as_deref(),
        opened_at: session.opened_at,
        closes_at: session.closes_at,
        tries: session.tries.iter().map(try_row).collect(),
    }
}

fn try_row(one: &Try) -> TryRow<'_> {
    let held = one.standing.held();
    TryRow {
        transfer: one.transfer.as_ref().map(ProviderRef::as_str),
        status: Outcome::from(held.status),
        reason: match held.status {
            Status::Failed(reason) => Some(reason.word()),
            Status::Created | Status::Unknown | Status::Pending | Status::Succeeded => None,
        },
        provider_code: held.provider_code.as_deref(),
        message: held.message.as_deref(),
        provider_at: held.provider_at,
        seen_at: held.seen_at,
    }
}
