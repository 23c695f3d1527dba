//! What a payout should look like in a bank's book.

use std::{fmt, sync::Arc};

use pagos_core::{AccountName, Day, FailReason, Money, OrderKey, ProviderRef, Status};
use pagos_engine::Payout;

use crate::fold;

/// What one payout should look like in a bank's book, and what of it is already booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Our key.
    pub key: OrderKey,
    /// The account that pays.
    pub account: AccountName,
    /// How much the beneficiary is to receive.
    pub amount: Money,
    /// Where it stands.
    pub status: Status,
    /// The word for that, which is `quarantined` if a contradiction holds it back.
    pub word: &'static str,
    /// When it was submitted.
    pub submitted: Day,
    /// When it was first sent; `None` if it never was.
    pub sent: Option<Day>,
    /// When it was settled.
    pub settled: Option<Day>,
    /// The provider's reference.
    pub reference: Option<ProviderRef>,
    /// The tracking key of the rail, if an observation knows it.
    pub tracking: Option<Box<str>>,
    /// The run that a bank may have booked as one sum.
    pub batch: Option<Arc<str>>,
    /// Whoever is paid.
    pub payee: Payee,
    /// What the provider says came back.
    pub returned: Option<Money>,
    /// What lines that were matched earlier booked for it.
    pub booked: Booked,
}

/// Whoever is paid, in the capitals of banks. `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Payee {
    /// The number of the account, without punctuation and leading zeros.
    pub(crate) account: Box<str>,
    /// The name.
    pub(crate) name: Box<str>,
    /// The number of the document, without punctuation and leading zeros; may be empty.
    pub(crate) document: Box<str>,
}

impl Payee {
    /// A payee as texts of banks are compared with it.
    pub fn new(account: &str, name: &str, document: &str) -> Self {
        Self {
            account: fold::number(account).into(),
            name: fold::folded(name).into(),
            document: fold::number(document).into(),
        }
    }
}

impl fmt::Debug for Payee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payee(..)")
    }
}

/// What lines booked for one payout, in minor units of its currency. Sums stop at the largest
/// number there is, which is the amount of no payout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Booked {
    /// What left the account.
    pub paid: i64,
    /// What came back.
    pub came_back: i64,
    /// How many lines booked the whole amount.
    pub whole: u32,
    /// How many lines there are.
    pub lines: u32,
}

impl Booked {
    /// Adds a line that changed the balance by `change` for a payout of `amount`.
    pub fn add(&mut self, change: Money, amount: Money) {
        self.lines = self.lines.saturating_add(1);
        match change.minor {
            minor if minor < 0 => self.paid = self.paid.saturating_sub(minor),
            minor => self.came_back = self.came_back.saturating_add(minor),
        }
        if change.minor == amount.minor.saturating_neg() {
            self.whole = self.whole.saturating_add(1);
        }
    }
}

impl Booked {
    /// What left the account and did not come back.
    pub fn left(&self) -> i64 {
        self.paid.saturating_sub(self.came_back)
    }
}

/// What Pagos believes about the money, as far as the book can agree or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belief {
    /// It arrived.
    Paid,
    /// It was sent, and nobody knows yet whether it arrives.
    UnderWay,
    /// It was paid and came back.
    CameBack,
    /// It was sent and not paid.
    NotPaid,
    /// It was never sent.
    NotSent,
}

impl Expected {
    /// What `payout` should look like to a bank whose clocks show `utc_offset_minutes` more than
    /// UTC.
    pub fn of(payout: &Payout, utc_offset_minutes: i16) -> Self {
        let (order, progress) = (&payout.order, &payout.progress);
        let day = |at| Day::at(at, utc_offset_minutes);
        let held = progress.standing.held();
        // Providers that tell the tracking key tell it in these words.
        let tracking = held.message.as_deref().and_then(|it| it.strip_prefix("tracking key "));
        let document = order.beneficiary.document.as_ref().map_or("", |it| it.number());
        let payee = &order.beneficiary;
        // An order that came again after the database went back is younger than its payment.
        let submitted = match (progress.first_begun_at, held.provider_at) {
            (None, Some(paid_at)) => payout.created_at.min(paid_at),
            _ => payout.created_at,
        };
        Self {
            key: order.key.clone(),
            account: order.account.clone(),
            amount: order.amount,
            status: progress.status(),
            word: progress.word(),
            submitted: day(submitted),
            sent: progress.first_begun_at.map(day),
            settled: progress.settled_at.map(day),
            reference: progress.standing.reference().cloned(),
            tracking: tracking.map(Box::from),
            batch: None,
            payee: Payee::new(payee.account_number.as_str(), &payee.name, document),
            returned: held.returned,
            booked: Booked::default(),
        }
    }

    /// Whether it was ever sent.
    pub fn was_sent(&self) -> bool {
        self.sent.is_some()
    }

    /// The day on which the bank should book it: when it was settled, or else sent or submitted.
    pub fn due(&self) -> Day {
        self.settled.or(self.sent).unwrap_or(self.submitted)
    }

    /// The first day on which a bank can have booked it.
    pub(crate) fn begins(&self) -> Day {
        self.sent.unwrap_or(self.submitted)
    }

    pub(crate) fn belief(&self) -> Belief {
        match self.status {
            Status::Succeeded => Belief::Paid,
            Status::Failed(FailReason::Returned) => Belief::CameBack,
            Status::Failed(_) if self.was_sent() => Belief::NotPaid,
            Status::Unknown | Status::Pending => Belief::UnderWay,
            Status::Created if self.was_sent() => Belief::UnderWay,
            Status::Created | Status::Failed(_) => Belief::NotSent,
        }
    }
}

#[cfg(test)]
mod tests {
    use pagos_core::{
        AccountNumber, AccountType, Beneficiary, Observation, PayoutOrder, Source, Timestamp,
    };
    use pagos_engine::{Digest, Progress};

    use super::*;
    use crate::testing::pesos;

    /// The database went back, the order was submitted again days after it was paid, and the provider's
    /// webhook told that it is. The simulation found that its line was explained by nothing.
    #[test]
    fn an_order_that_came_again_may_have_been_paid_before() {
        let beneficiary = Beneficiary::new(
            "Ana",
            AccountType::Savings,
            AccountNumber::new("00012345678").unwrap(),
        );
        let order = PayoutOrder::new(
            OrderKey::new("a").unwrap(),
            AccountName::new("alpha").unwrap(),
            pesos(1_000),
            beneficiary,
        );
        let (paid_at, again_at) = (Timestamp::from_millis(0), Timestamp::from_millis(300_000_000));
        let mut progress = Progress::new(again_at);
        let paid = Observation {
            provider_at: Some(paid_at),
            ..Observation::new(Status::Succeeded, Source::VerifiedEvent, again_at)
        };
        progress.standing.apply(&paid);
        let digest = Digest::of(&order);
        let mut payout = Payout {
            order,
            digest,
            created_at: again_at,
            progress,
            due_at: None,
            version: 1,
            epoch: 0,
        };
        assert_eq!(Expected::of(&payout, 0).begins(), Day::at(paid_at, 0));
        payout.progress.first_begun_at = Some(again_at);
        assert_eq!(Expected::of(&payout, 0).begins(), Day::at(again_at, 0));
    }
}
