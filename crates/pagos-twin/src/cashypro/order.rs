//! An order, its statuses and its fate, and the books that find it again.
//! Not how it moves on; see `life`.

use std::{collections::HashMap, fmt, sync::Arc};

use pagos_core::Timestamp;

use crate::scenario::{End, Ending, Notified};

/// Which of the two number ranges an order is in. Uniqueness holds within one. `[inferred]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Payout,
    Payment,
}

/// Names an order within the twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OrderId {
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

    /// What the order takes from the balance.
    pub(super) const fn total_minor(&self) -> i64 {
        self.amount_minor.saturating_add(self.fee_minor)
    }
}

/// All orders of one kind.
pub(super) struct Book {
    kind: Kind,
    orders: Vec<Order>,
    keys: HashMap<Arc<str>, KeyState>,
}

/// What is known of a merchant's number, whether or not there is an order.
#[derive(Debug, Clone, Copy, Default)]
struct KeyState {
    order: Option<u32>,
    creates: u32,
    queries: u32,
}

impl Book {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, orders: Vec::new(), keys: HashMap::new() }
    }

    pub(super) fn order(&self, index: u32) -> Option<&Order> {
        self.orders.get(usize::try_from(index).ok()?)
    }

    pub(super) fn order_mut(&mut self, index: u32) -> Option<&mut Order> {
        self.orders.get_mut(usize::try_from(index).ok()?)
    }

    pub(super) fn orders(&self) -> &[Order] {
        &self.orders
    }

    pub(super) fn by_key(&self, key: &str) -> Option<OrderId> {
        let index = self.keys.get(key)?.order?;
        Some(OrderId { kind: self.kind, index })
    }

    pub(super) fn by_reference(&self, reference: &str) -> Option<OrderId> {
        let digits = reference.trim_start_matches(|it: char| it.is_ascii_uppercase());
        let distance = digits.parse::<u64>().ok()?.checked_sub(NUMBER_BASE)?;
        let index = u32::try_from(distance / NUMBER_STEP).ok()?;
        self.order(index).filter(|order| &*order.reference == reference)?;
        Some(OrderId { kind: self.kind, index })
    }

    /// The reference that the next order gets. It depends on nothing but the count.
    ///
    /// Source: manual samples, a word and 19 digits; that the digits grow is inferred.
    pub(super) fn next_reference(&self, word: &str) -> Arc<str> {
        let count = u64::try_from(self.orders.len()).unwrap_or(u64::MAX);
        format!("{word}{}", NUMBER_BASE.saturating_add(count.saturating_mul(NUMBER_STEP))).into()
    }

    /// Adds an order whose key has none. `None` beyond 2^32 orders.
    pub(super) fn add(&mut self, mut order: Order) -> Option<OrderId> {
        let index = u32::try_from(self.orders.len()).ok()?;
        let state = self.keys.entry(Arc::clone(&order.key));
        order.key = Arc::clone(state.key());
        state.or_default().order = Some(index);
        self.orders.push(order);
        Some(OrderId { kind: self.kind, index })
    }

    /// How many creates this key had before this one.
    pub(super) fn count_create(&mut self, key: &str) -> u32 {
        let state = self.state(key);
        let before = state.creates;
        state.creates = before.saturating_add(1);
        before
    }

    /// How many queries this key had before this one.
    pub(super) fn count_query(&mut self, key: &str) -> u32 {
        let state = self.state(key);
        let before = state.queries;
        state.queries = before.saturating_add(1);
        before
    }

    fn state(&mut self, key: &str) -> &mut KeyState {
        self.keys.entry(key.into()).or_default()
    }
}

/// Orders hold account numbers, so only their count shows.
impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book")
            .field("kind", &self.kind)
            .field("orders", &self.orders.len())
            .finish_non_exhaustive()
    }
}

/// The reason of a payment that was taken back. Source: appendix of Chile; that a reversal in
/// Colombia carries it is inferred.
pub(super) const PAYMENT_OFFSET: &str = "PAYMENT_OFFSET";

/// What a wrong echo adds: 100 pesos. `[sim]`
const ECHO_ERROR_MINOR: i64 = 10_000;

/// Lies among the manual's sample numbers.
const NUMBER_BASE: u64 = 8_551_000_000_000_000_000;
const NUMBER_STEP: u64 = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_counted_without_an_order() {
        let mut book = Book::new(Kind::Payout);
        assert_eq!([book.count_create("k"), book.count_create("k")], [0, 1]);
        assert_eq!([book.count_query("k"), book.count_query("l")], [0, 0]);
        assert_eq!(book.by_key("k"), None);
        assert_eq!(book.by_reference("PAYOUT8551000000000000000"), None);
        assert_eq!(&*book.next_reference("PAYOUT"), "PAYOUT8551000000000000000");
    }
}
