//! From a valid create to an order, through whatever goes wrong on the way.
//! Not the checks of the fields, and not what becomes of the order; see `payout` and `life`.

use std::{fmt, sync::Arc, time::Duration};

use pagos_core::Timestamp;

use super::{
    CashyproTwin,
    life::Coming,
    order::{Kind, Order, OrderId, OrderStatus},
    reason,
    request::Refusal,
    settings::NoFunds,
    wire,
};
use crate::{
    call::{self, Effect, Funds},
    fate::{Fate, Reason},
    random::Span,
    scenario::{Ending, Scenario},
    twin::Reply,
};

/// A create that passed every check.
#[derive(Clone)]
pub(super) struct Draft {
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
    const fn kind(self) -> Kind {
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

impl CashyproTwin {
    /// Creates the order, or lets go wrong what has to go wrong.
    pub(super) fn create(&mut self, draft: Draft) -> Reply {
        let now = self.now;
        let nth = self.book_mut(draft.product.kind()).count_create(&draft.key);
        let scenario = draft.scenario.as_ref();
        let fault = call::fault_of_create(&mut self.faults, &draft.key, nth, scenario);
        let (effect, sight) = call::course(fault);
        let slow = self.wait("slow_reply", &draft.key, self.settings.timing.slow_reply);
        let answer = match effect {
            Effect::Now(funds) => Some(self.apply(&draft, now, funds)),
            Effect::Late => {
                let wait = self.wait("late_apply", &draft.key, self.settings.timing.late_apply);
                self.agenda.add(now.plus(wait), Coming::Create(Box::new(draft)));
                None
            }
            Effect::Never => None,
        };
        sight.reply(answer, wire::COMPLAINTS, slow)
    }

    /// Creates the order unless its key has one, and answers as if nothing went wrong.
    ///
    /// A repeated number is refused and pays nothing. Source: manual "Request Parameters", unique
    /// `mchOrderNo`; the words of the refusal are not documented.
    pub(super) fn apply(&mut self, draft: &Draft, at: Timestamp, funds: Funds) -> Reply {
        let kind = draft.product.kind();
        if self.book(kind).by_key(&draft.key).is_some() {
            return wire::refusal(&Refusal::of(&self.settings.duplicate_msg));
        }
        let fee_minor = self.settings.fee.of(draft.amount_minor);
        let total_minor = draft.amount_minor.saturating_add(fee_minor);
        let has_funds = funds == Funds::AsTheyAre && self.balance.available_minor >= total_minor;
        let (mut fate, mut reason) = self.fate(draft);
        if kind == Kind::Payout && !has_funds {
            if let NoFunds::Refuse(msg) = &self.settings.no_funds {
                return wire::refusal(&Refusal::of(msg));
            }
            fate.ending = Ending::Fail;
            reason = Some("MERCHANT_BALANCE_NOT_ENOUGH".into());
        }
        let is_covered = kind == Kind::Payout && has_funds;
        if is_covered {
            self.balance.available_minor -= total_minor;
            self.balance.held_minor += total_minor;
        }
        let order = Order {
            key: draft.key.as_str().into(),
            reference: self.book(kind).next_reference(draft.product.word()),
            account: draft.account.as_str().into(),
            notify_url: self.shared_url(&draft.notify_url),
            amount_minor: draft.amount_minor,
            fee_minor,
            status: match kind {
                Kind::Payout => OrderStatus::Processing,
                Kind::Payment => OrderStatus::Paying,
            },
            ending: fate.ending,
            reason,
            completed_at: None,
            pay_type: draft.pay_type,
            notices: 0,
            notified: fate.notified,
            is_stuck: fate.is_stuck,
            is_covered,
            echoes_other_amount: fate.echoes_other_amount,
            is_desk: draft.product == Product::Desk,
        };
        match self.book_mut(kind).add(order) {
            Some(id) => {
                self.start(id, draft, at);
                self.answer_created(id, draft, at)
            }
            None => wire::system_error(),
        }
    }

    fn start(&mut self, id: OrderId, draft: &Draft, at: Timestamp) {
        match id.kind {
            Kind::Payout => self.schedule_step(id, at),
            Kind::Payment => self.await_payer(id, draft.expires_after, at),
        }
    }

    fn fate(&mut self, draft: &Draft) -> (Fate, Option<Arc<str>>) {
        let scenario = draft.scenario.as_ref();
        let fate = Fate::settle(&mut self.faults, &draft.key, 0, scenario, draft.forced);
        let reason = match &fate.reason {
            Reason::Given(reason) => Some(reason.as_str()),
            Reason::Drawn(drawn) => Some(reason::decline(*drawn)),
            Reason::Usual => match fate.ending {
                Ending::Success | Ending::SuccessThenFail => None,
                Ending::Fail | Ending::FailThenSuccess => Some("ACCOUNT NOT EXITS"),
                Ending::Cancel => Some("SYSTEM_REJECTION"),
            },
        };
        let reason = reason.map(Arc::from);
        (fate, reason)
    }

    fn answer_created(&self, id: OrderId, draft: &Draft, at: Timestamp) -> Reply {
        match draft.product {
            Product::Payout => self.answer_payout_created(id),
            Product::Payment => self.answer_payment_created(id),
            Product::Desk => self.answer_desk_created(id, at.plus(draft.expires_after)),
        }
    }

    /// Most orders of a merchant share one address: it is kept once as long as it does not change.
    fn shared_url(&mut self, url: &str) -> Arc<str> {
        if *self.last_url != *url {
            self.last_url = url.into();
        }
        Arc::clone(&self.last_url)
    }

    /// A wait that depends on the seed and the key only.
    pub(super) fn wait(&self, name: &str, key: &str, span: Span) -> Duration {
        self.faults.wait(name, key, 0, span)
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
