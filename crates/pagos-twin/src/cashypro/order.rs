//! An order, what it is made of and what becomes of it.
//! Not how it moves on; see `life`.

use std::{fmt, sync::Arc, time::Duration};

use pagos_core::Timestamp;

use crate::{
    balance::Payable,
    book::Entry,
    scenario::{End, Ending, Notified, Scenario},
};

/// Which of the two number ranges an order is in. Uniqueness holds within one. `[inferred]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Payout,
    Payment,
}

/// Names an order within the twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderId {
    pub(super) kind: Kind,
    pub(super) index: u32,
}

/// Source: appendix of Colombia, payout order status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderStatus {
    Processing,
    Waiting,
    Paying,
    Success,
    Fail,
    Cancel,
}

impl OrderStatus {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Waiting => "WAITING",
            Self::Paying => "PAYING",
            Self::Success => "SUCCESS",
            Self::Fail => "FAIL",
            Self::Cancel => "CANCEL",
        }
    }

    pub(super) const fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Fail | Self::Cancel)
    }

    pub(super) const fn of(end: End) -> Self {
        match end {
            End::Paid => Self::Success,
            End::Failed => Self::Fail,
            End::Cancelled => Self::Cancel,
        }
    }
}

/// One order. Small on purpose: a world holds a million.
pub(super) struct Order {
    pub(super) key: Arc<str>,
    pub(super) reference: Arc<str>,
    /// The beneficiary's account; empty for payments.
    pub(super) account: Arc<str>,
    pub(super) notify_url: Arc<str>,
    pub(super) amount_minor: i64,
    pub(super) fee_minor: i64,
    pub(super) status: OrderStatus,
    pub(super) ending: Ending,
    /// `resultDesc` of the first final status, if that is a failure.
    pub(super) reason: Option<Arc<str>>,
    pub(super) completed_at: Option<Timestamp>,
    pub(super) pay_type: u16,
    /// How many notices it has had.
    pub(super) notices: u32,
    pub(super) notified: Notified,
    pub(super) is_stuck: bool,
    /// Whether amount and fee are set aside.
    pub(super) is_covered: bool,
    pub(super) echoes_other_amount: bool,
    pub(super) is_desk: bool,
}

impl Order {
    /// The first final status.
    pub(super) const fn first(&self) -> OrderStatus {
        OrderStatus::of(self.ending.first())
    }

    /// The status that the first one turns into, if it does.
    pub(super) fn second(&self) -> Option<OrderStatus> {
        self.ending.second().map(OrderStatus::of)
    }

    /// The truth in the end.
    pub(super) fn last(&self) -> OrderStatus {
        OrderStatus::of(self.ending.last())
    }

    /// `resultDesc` beside `status`. A failure that is not the first final status took back a paid
    /// order.
    pub(super) fn result_of(&self, status: OrderStatus) -> Option<&str> {
        match status {
            OrderStatus::Fail | OrderStatus::Cancel if self.first() != status => {
                Some(PAYMENT_OFFSET)
            }
            OrderStatus::Fail | OrderStatus::Cancel => self.reason.as_deref(),
            OrderStatus::Processing
            | OrderStatus::Waiting
            | OrderStatus::Paying
            | OrderStatus::Success => None,
        }
    }

    /// The amount that queries and webhooks tell.
    pub(super) const fn echoed_minor(&self) -> i64 {
        if self.echoes_other_amount {
            self.amount_minor + ECHO_ERROR_MINOR
        } else {
            self.amount_minor
        }
    }

    /// Fourteen digits, as in a capture; derived from the reference. `[sim]`
    pub(super) fn pay_code(&self) -> String {
        let digits: String = self.reference.chars().rev().take(12).collect();
        format!("88{digits}")
    }
}

/// A create that passed every check.
#[derive(Clone)]
pub struct Draft {
    pub(super) product: Product,
    pub(super) key: String,
    pub(super) account: String,
    pub(super) notify_url: String,
    pub(super) amount_minor: i64,
    pub(super) pay_type: u16,
    /// What the remark asks for.
    pub(super) scenario: Option<Scenario>,
    /// How the beneficiary makes it end, whoever asks.
    pub(super) forced: Option<(Ending, &'static str)>,
    /// How long a payer may take; no limit for payouts.
    pub(super) expires_after: Duration,
}

/// What is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    Payout,
    Payment,
    Desk,
}

impl Product {
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Payout => Kind::Payout,
            Self::Payment | Self::Desk => Kind::Payment,
        }
    }

    /// First word of the reference. Source: manual samples; captures for the other two.
    const fn word(self) -> &'static str {
        match self {
            Self::Payout => "PAYOUT",
            Self::Payment => "PAYIN",
            Self::Desk => "PAYDESK",
        }
    }
}

/// Without the account: account numbers do not belong in logs.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("product", &self.product)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Payable for Order {
    fn account(&self) -> &Arc<str> {
        &self.account
    }

    fn amount_minor(&self) -> i64 {
        self.amount_minor
    }

    fn total_minor(&self) -> i64 {
        self.amount_minor.saturating_add(self.fee_minor)
    }
}

impl Entry for Order {
    fn reference(&self) -> &Arc<str> {
        &self.reference
    }

    fn key(&self) -> &Arc<str> {
        &self.key
    }
}

/// The reference of the order after this many others. It depends on nothing else.
///
/// Source: manual samples, a word and 19 digits; that the digits grow is inferred.
pub(super) fn reference(product: Product, count: u32) -> Arc<str> {
    let number = NUMBER_BASE.saturating_add(u64::from(count) * NUMBER_STEP);
    format!("{}{number}", product.word()).into()
}

/// The reason of a payment that was taken back. Source: appendix of Chile; that a reversal in
/// Colombia carries it is inferred.
pub(super) const PAYMENT_OFFSET: &str = "PAYMENT_OFFSET";

/// What a wrong echo adds: 100 pesos. `[sim]`
const ECHO_ERROR_MINOR: i64 = 10_000;

/// Lies among the manual's sample numbers.
const NUMBER_BASE: u64 = 8_551_000_000_000_000_000;
const NUMBER_STEP: u64 = 4_096;
