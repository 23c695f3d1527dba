//! A transfer: what a create must hold, and what it becomes.
//! Not what goes wrong on the way, and not how it is shown; see `transfers`, `life` and `wire`.

use std::{fmt, sync::Arc};

use pagos_core::Timestamp;
use serde_json::{Map, Value};

use super::{refusal::Refusal, settings::FintocSettings};
use crate::{
    balance::{Payable, Whereabouts},
    book::Entry,
    fields::Fields,
    scenario::{self, End, Ending, Notified, Scenario},
    twin::Request,
};

/// The statuses of a transfer that is sent from here. Source: docs: transfer-object, as two others
/// quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    Succeeded,
    Rejected,
    Failed,
    Returned,
}

impl Status {
    const ALL: [Self; 5] =
        [Self::Pending, Self::Succeeded, Self::Rejected, Self::Failed, Self::Returned];

    pub(super) const WORDS: [&'static str; 5] = {
        let [a, b, c, d, e] = Self::ALL;
        [a.word(), b.word(), c.word(), d.word(), e.word()]
    };

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Returned => "returned",
        }
    }

    /// The event that tells it; nothing tells a beginning. Source: docs: event list, in which
    /// `transfer.outbound.returned` stands for what the guide calls `transfer.outbound.rejected`.
    pub(super) const fn event(self) -> Option<&'static str> {
        match self {
            Self::Pending => None,
            Self::Succeeded => Some("transfer.outbound.succeeded"),
            Self::Rejected => Some("transfer.outbound.rejected"),
            Self::Failed => Some("transfer.outbound.failed"),
            Self::Returned => Some("transfer.outbound.returned"),
        }
    }

    /// That the money of one that came to nothing is given back is `[sim]`.
    pub(super) const fn whereabouts(self) -> Whereabouts {
        match self {
            Self::Pending => Whereabouts::UnderWay,
            Self::Succeeded => Whereabouts::Paid,
            Self::Rejected | Self::Failed | Self::Returned => Whereabouts::Back,
        }
    }
}

/// One transfer. No `Debug`: it holds a name and an account.
pub(super) struct Transfer {
    pub(super) id: Arc<str>,
    pub(super) key: Arc<str>,
    pub(super) order: Order,
    pub(super) status: Status,
    pub(super) ending: Ending,
    pub(super) is_stuck: bool,
    pub(super) created_at: Timestamp,
    /// When its money was last moved.
    pub(super) posted_at: Option<Timestamp>,
    /// From when lists show it.
    pub(super) listed_at: Timestamp,
    pub(super) tracking_key: String,
    /// How many notices it has had.
    pub(super) notices: u32,
    pub(super) notified: Notified,
    pub(super) echoes_other_amount: bool,
}

/// A create that passed every check.
pub struct Draft {
    /// Its `Idempotency-Key`, which the ledger knows it by.
    pub(super) key: Option<Arc<str>>,
    pub(super) order: Order,
    pub(super) scenario: Option<Scenario>,
    /// As it came: what is kept under a key is kept with it.
    pub(super) request: Request,
}

/// What is to be paid, as it was written.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) amount_minor: i64,
    pub(super) account: Arc<str>,
    pub(super) holder_name: Option<String>,
    pub(super) holder_id: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) reference_id: Option<String>,
    pub(super) metadata: Map<String, Value>,
}

impl Draft {
    /// Reads the body of a create.
    ///
    /// Source: docs: /reference/transfers-create for the fields; the order of the checks is `[sim]`.
    pub(super) fn read(
        request: &Request,
        key: Option<&str>,
        settings: &FintocSettings,
    ) -> Result<Self, Refusal> {
        let fields = Fields::open(request.body()).map_err(|_| Refusal::no_json())?;
        let account_id = text(&fields, "account_id", TEXT_MAX)?;
        let account_id = account_id.ok_or_else(|| Refusal::missing("account_id"))?;
        if account_id != settings.account_id {
            return Err(Refusal::foreign_account());
        }
        let amount_minor = amount(&fields)?;
        check_currency(&fields)?;
        let counterparty =
            fields.object("counterparty").map_err(|_| Refusal::missing("counterparty"))?;
        let account = text(&counterparty, "account_number", TEXT_MAX)?;
        let account = account.ok_or_else(|| Refusal::missing("counterparty.account_number"))?;
        if account.len() != CLABE_DIGITS || !is_digits(account) {
            return Err(Refusal::wrong_account_number());
        }
        let comment = fields.text("comment", COMMENT_MAX).map_err(|_| {
            Refusal::bad("invalid_comment_size", "The comment is too long.", "comment")
        })?;
        let no_such_scenario =
            |_| Refusal::bad("invalid_params", "The comment asks for no scenario.", "comment");
        let asked = comment.map(scenario::parse).transpose().map_err(no_such_scenario)?.flatten();
        let funds = (account == CLABE_WITHOUT_FUNDS)
            .then(|| Scenario::call(crate::fault::Fault::BalanceExhausted));
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let order = Order {
            amount_minor,
            account: account.into(),
            holder_name: owned(text(&counterparty, "holder_name", TEXT_MAX)?),
            holder_id: owned(text(&counterparty, "holder_id", TEXT_MAX)?),
            comment: owned(comment),
            reference_id: reference_id(&fields)?,
            metadata: metadata(&fields)?,
        };
        let key = key.map(Arc::from);
        Ok(Self { key, order, scenario: asked.or(funds), request: request.clone() })
    }
}

fn text<'a>(fields: &'a Fields, name: &str, max: usize) -> Result<Option<&'a str>, Refusal> {
    let message = "A text is wrong, or too long.";
    fields.text(name, max).map_err(|_| Refusal::bad("invalid_string_size", message, name))
}

/// Source: docs: /reference/transfers-create, an integer of centavos from 1.
fn amount(fields: &Fields) -> Result<i64, Refusal> {
    let value = fields.value("amount").ok_or_else(|| Refusal::missing("amount"))?;
    let message = "The amount is no whole number of centavos above zero.";
    let wrong = || Refusal::bad("invalid_positive_integer", message, "amount");
    value.as_i64().filter(|it| *it > 0).ok_or_else(wrong)
}

/// Source: docs: test pages, where lower case works too.
fn check_currency(fields: &Fields) -> Result<(), Refusal> {
    let currency =
        text(fields, "currency", TEXT_MAX)?.ok_or_else(|| Refusal::missing("currency"))?;
    match currency.to_ascii_uppercase().as_str() {
        "MXN" => Ok(()),
        "CLP" => {
            let message = "The account has another currency.";
            Err(Refusal::bad("currency_mismatch", message, "currency"))
        }
        _ => Err(Refusal::bad("invalid_currency", "There is no such currency.", "currency")),
    }
}

/// Source: docs: /reference/transfers-create, at most seven digits and no zero in front.
fn reference_id(fields: &Fields) -> Result<Option<String>, Refusal> {
    let message = "The reference has one to seven digits and no zero in front.";
    let wrong = || Refusal::bad("invalid_reference_id_size", message, "reference_id");
    let reference = fields.text("reference_id", 7).map_err(|_| wrong())?;
    let is_right = |it: &str| is_digits(it) && !it.starts_with('0');
    match reference {
        Some(reference) if !is_right(reference) => Err(wrong()),
        reference => Ok(reference.map(str::to_owned)),
    }
}

fn metadata(fields: &Fields) -> Result<Map<String, Value>, Refusal> {
    let Some(value) = fields.value("metadata") else {
        return Ok(Map::new());
    };
    let wrong = || Refusal::bad("invalid_hash", "The metadata is no object.", "metadata");
    value.as_object().cloned().ok_or_else(wrong)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|it| it.is_ascii_digit())
}

/// Without name and account: neither belongs in logs.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Entry for Transfer {
    fn reference(&self) -> &Arc<str> {
        &self.id
    }

    fn key(&self) -> &Arc<str> {
        &self.key
    }
}

impl Payable for Transfer {
    fn account(&self) -> &Arc<str> {
        &self.order.account
    }

    fn amount_minor(&self) -> i64 {
        self.order.amount_minor
    }

    /// Fintoc's price is unknown, and none is taken.
    fn total_minor(&self) -> i64 {
        self.order.amount_minor
    }
}

impl Transfer {
    /// The status after this one, if there is one. That a failed one can succeed after all is `[sim]`.
    pub(super) const fn next_status(&self) -> Option<Status> {
        match (self.status, self.ending.second()) {
            (Status::Pending, _) => Some(match self.ending.first() {
                End::Paid => Status::Succeeded,
                End::Failed => Status::Failed,
                End::Cancelled => Status::Rejected,
            }),
            (Status::Succeeded, Some(End::Failed | End::Cancelled)) => Some(Status::Returned),
            (Status::Failed, Some(End::Paid)) => Some(Status::Succeeded),
            (Status::Succeeded, Some(End::Paid) | None)
            | (Status::Failed, Some(End::Failed | End::Cancelled) | None)
            | (Status::Rejected | Status::Returned, _) => None,
        }
    }

    /// The truth in the end.
    pub(super) const fn last(&self) -> Status {
        match self.ending {
            Ending::Success | Ending::FailThenSuccess => Status::Succeeded,
            Ending::Fail => Status::Failed,
            Ending::Cancel => Status::Rejected,
            Ending::SuccessThenFail => Status::Returned,
        }
    }
}

/// Source: docs: /docs/transfers-test-your-integration. That it is the request which is refused is
/// `[sim]`.
pub(super) const CLABE_WITHOUT_FUNDS: &str = "012969100000000013";

const CLABE_DIGITS: usize = 18;

/// Unknown; the code `invalid_comment_size` says that there is one. `[sim]`
const COMMENT_MAX: usize = 40;

const TEXT_MAX: usize = 255;
