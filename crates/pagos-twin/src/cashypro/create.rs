//! From a valid create to an order, through whatever goes wrong on the way.
//! Not the checks of the fields, and not what becomes of the order; see `payout` and `life`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use pagos_core::Timestamp;

use super::CashyproTwin;
use super::life::Coming;
use super::order::Ending;
use super::order::Kind;
use super::order::Notified;
use super::order::Order;
use super::order::OrderId;
use super::order::OrderStatus;
use super::request::Refusal;
use super::scenario;
use super::scenario::Scenario;
use super::settings::NoFunds;
use super::wire;
use crate::fault::Fault;
use crate::fault::Occasion;
use crate::random::Span;
use crate::twin::Reply;

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

/// Whether the merchant's balance counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Funds {
    AsTheyAre,
    Exhausted,
}

/// How an order will go.
struct Fate {
    ending: Ending,
    reason: Option<Arc<str>>,
    notified: Notified,
    is_stuck: bool,
    echoes_other_amount: bool,
}

impl CashyproTwin {
    /// Creates the order, or lets go wrong what has to go wrong.
    pub(super) fn create(&mut self, draft: Draft) -> Reply {
        let now = self.now;
        match self.fault_of_create(&draft) {
            Some(Fault::LoseRequest) => Reply::Drop,
            Some(Fault::Throttle) => Reply::too_many_requests(),
            Some(Fault::HtmlBefore) => Reply::html_bad_gateway(),
            Some(Fault::ErrorBefore) => wire::system_error(),
            Some(Fault::Busy) => wire::refusal(&Refusal::of("System_busy")),
            Some(Fault::LateApply) => {
                let span = self.settings.timing.late_apply;
                let wait = self.faults.wait("late_apply", &draft.key, 0, span);
                self.agenda.add(now.plus(wait), Coming::Create(Box::new(draft)));
                Reply::Drop
            }
            Some(Fault::LoseReply) => {
                self.apply(&draft, now, Funds::AsTheyAre);
                Reply::Drop
            }
            Some(Fault::ErrorAfter) => {
                self.apply(&draft, now, Funds::AsTheyAre);
                wire::system_error()
            }
            Some(Fault::HtmlAfter) => {
                self.apply(&draft, now, Funds::AsTheyAre);
                Reply::html_bad_gateway()
            }
            Some(Fault::Torn) => self.apply(&draft, now, Funds::AsTheyAre).torn(),
            Some(Fault::BalanceExhausted) => self.apply(&draft, now, Funds::Exhausted),
            Some(Fault::SlowReply) => {
                let span = self.settings.timing.slow_reply;
                let after = self.faults.wait("slow_reply", &draft.key, 0, span);
                let reply = Box::new(self.apply(&draft, now, Funds::AsTheyAre));
                Reply::Later { after, reply }
            }
            // The rest strikes on other occasions, and `Faults` hands out what fits this one.
            Some(_) | None => self.apply(&draft, now, Funds::AsTheyAre),
        }
    }

    /// A trigger wins over the remark, and the remark over chance.
    fn fault_of_create(&mut self, draft: &Draft) -> Option<Fault> {
        let nth = self.book_mut(draft.product.kind()).count_create(&draft.key);
        if let Some(fault) = self.faults.take_trigger(Occasion::Create, &draft.key) {
            return Some(fault);
        }
        match &draft.scenario {
            Some(scenario) if nth == 0 => scenario.call.inspect(|fault| self.faults.note(*fault)),
            Some(_) => None,
            None => self.faults.draw(Occasion::Create, &draft.key, nth),
        }
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
        let mut fate = self.fate(draft);
        if kind == Kind::Payout && !has_funds {
            if let NoFunds::Refuse(msg) = &self.settings.no_funds {
                return wire::refusal(&Refusal::of(msg));
            }
            fate.ending = Ending::Fail;
            fate.reason = Some("MERCHANT_BALANCE_NOT_ENOUGH".into());
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
            reason: fate.reason,
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

    /// How the order goes: a trigger first, then the remark, then the beneficiary, then chance.
    fn fate(&mut self, draft: &Draft) -> Fate {
        let triggered = self.faults.take_trigger(Occasion::Life, &draft.key);
        let scenario = draft.scenario.as_ref();
        let (ending, reason) = match (triggered, scenario, draft.forced) {
            (Some(fault), _, _) => self.ending_by(Some(fault), &draft.key),
            (None, Some(asked), _) if asked.ending != Ending::Success => {
                (asked.ending, asked.reason.as_deref())
            }
            (None, _, Some((ending, reason))) => (ending, Some(reason)),
            (None, Some(asked), None) => (asked.ending, None),
            (None, None, None) => {
                let drawn = self.faults.draw(Occasion::Life, &draft.key, 0);
                self.ending_by(drawn, &draft.key)
            }
        };
        let reason = reason.or(match ending {
            Ending::Success | Ending::SuccessThenFail => None,
            Ending::Fail | Ending::FailThenSuccess => Some("ACCOUNT NOT EXITS"),
            Ending::Cancel => Some("SYSTEM_REJECTION"),
        });
        Fate {
            ending,
            reason: reason.map(Arc::from),
            notified: scenario.map_or(Notified::ByChance, |it| it.notified),
            is_stuck: scenario.is_some_and(|it| it.is_stuck),
            echoes_other_amount: scenario.is_some_and(|it| it.echoes_other_amount),
        }
    }

    fn ending_by(&self, fault: Option<Fault>, key: &str) -> (Ending, Option<&'static str>) {
        match fault {
            Some(Fault::Decline) => {
                let drawn = self.faults.chance("reason", key, 0).next_u64();
                (Ending::Fail, Some(scenario::decline(drawn)))
            }
            Some(Fault::Cancel) => (Ending::Cancel, None),
            Some(Fault::SuccessThenFail) => (Ending::SuccessThenFail, None),
            Some(Fault::FailThenSuccess) => (Ending::FailThenSuccess, None),
            Some(_) | None => (Ending::Success, None),
        }
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
