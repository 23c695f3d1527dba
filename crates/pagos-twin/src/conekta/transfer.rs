//! A transfer: what a create must hold, what it becomes, and how it is shown.
//! Not what goes wrong on the way; see `transfers` and `life`.

use std::{fmt, sync::Arc};

use pagos_core::Timestamp;

use super::{
    Conekta, bank,
    destination::last_four,
    payee::Payees,
    refusal::Refusal,
    request::fields,
    scenario,
    settings::AnswerShape,
    wire::{self, Account, ShortAccount, TransferAccount, TransferShown, WholeAccount},
};
use crate::{
    balance::{Payable, Whereabouts},
    book::Entry,
    machine::Protocol,
    scenario::{End, Ending, Notified, Scenario},
    twin::Request,
};

/// Source: manual; `retrying` is inferred from the event of that name in `mock: GET /webhooks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    InTransit,
    Retrying,
    PaidOut,
    Failed,
}

impl Status {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InTransit => "in_transit",
            Self::Retrying => "retrying",
            Self::PaidOut => "paid_out",
            Self::Failed => "failed",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        let all = [Self::Pending, Self::InTransit, Self::Retrying, Self::PaidOut, Self::Failed];
        all.into_iter().find(|it| it.word() == word)
    }

    /// Source: manual; `payout.in_transit`: a capture of 2025.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Pending => "payout.created",
            Self::InTransit => "payout.in_transit",
            Self::Retrying => "payout.retrying",
            Self::PaidOut => "payout.paid_out",
            Self::Failed => "payout.failed",
        }
    }

    pub(super) const fn is_final(self) -> bool {
        match self {
            Self::Pending | Self::InTransit | Self::Retrying => false,
            Self::PaidOut | Self::Failed => true,
        }
    }

    /// That a failed transfer's money is given back is `[sim]`.
    pub(super) const fn whereabouts(self) -> Whereabouts {
        match self {
            Self::Pending | Self::InTransit | Self::Retrying => Whereabouts::UnderWay,
            Self::PaidOut => Whereabouts::Paid,
            Self::Failed => Whereabouts::Back,
        }
    }
}

/// One transfer. No `Debug`: it holds a name and an account.
pub(super) struct Transfer {
    pub(super) id: Arc<str>,
    pub(super) order: Order,
    pub(super) fee_minor: i64,
    pub(super) status: Status,
    pub(super) ending: Ending,
    /// How many statuses it has had, so that what was planned for an earlier one is left undone.
    pub(super) steps: u32,
    pub(super) is_retried: bool,
    pub(super) is_stuck: bool,
    pub(super) created_at: Timestamp,
    /// From when lists show it.
    pub(super) listed_at: Timestamp,
    /// Seven digits, which may begin with zeros.
    pub(super) statement_reference: u32,
    /// How many notices it has had.
    pub(super) notices: u32,
    pub(super) notified: Notified,
    pub(super) echoes_other_amount: bool,
    /// The last thing that was told of it.
    pub(super) last_event: Option<u32>,
}

/// A create that passed every check.
#[derive(Debug)]
pub struct Draft {
    pub(super) order: Order,
    pub(super) scenario: Option<Scenario>,
}

/// What is to be paid, to the account that its payee has when it is ordered.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) key: Arc<str>,
    pub(super) payee_id: Arc<str>,
    pub(super) destination_id: Arc<str>,
    pub(super) destination_at: Timestamp,
    pub(super) account: Arc<str>,
    pub(super) holder: Arc<str>,
    pub(super) amount_minor: i64,
}

impl Draft {
    /// Reads the body of a create: the order of checks is inferred, and that there are no other
    /// fields follows `openapi: resources/errors/422_whitelist`.
    pub(super) fn read(payees: &Payees, request: &Request) -> Result<Self, Refusal> {
        let fields = fields(request)?;
        let named = |name| fields.value(name).and_then(serde_json::Value::as_str);
        // Ruby's and Go's clients say `payee`.
        let payee = named("payee_id").or_else(|| named("payee"));
        let index = payee.and_then(|id| payees.book.by_reference(id));
        let payee = index.and_then(|index| payees.book.get(index)).filter(|it| !it.is_deleted);
        let payee = payee.ok_or_else(Refusal::no_such_payee)?;
        let amount = fields.value("amount").and_then(serde_json::Value::as_i64);
        let amount_minor = amount.filter(|it| *it > 0).ok_or_else(Refusal::no_amount)?;
        if named("currency") != Some(Conekta::CURRENCY) {
            return Err(Refusal::wrong_currency());
        }
        let is_known = |name: &str| ["payee_id", "payee", "amount", "currency"].contains(&name);
        if let Some((name, _)) = fields.iter().find(|(name, _)| !is_known(name)) {
            return Err(Refusal::unlisted(name));
        }
        let destination = payee.destination().ok_or_else(Refusal::wrong_account)?;
        let (account, holder) = (&destination.draft.account, &destination.draft.holder);
        // Both were seen to be right when they were taken in.
        let asked = |name: &str| scenario::of_text(name).ok().flatten();
        let scenario = asked(holder).or_else(|| asked(&payee.person.name));
        let order = Order {
            key: Arc::clone(&payee.key),
            payee_id: Arc::clone(&payee.id),
            destination_id: Arc::clone(&destination.id),
            destination_at: destination.created_at,
            account: Arc::clone(account),
            holder: Arc::clone(holder),
            amount_minor,
        };
        Ok(Self { order, scenario: scenario.or_else(|| scenario::of_clabe(account)) })
    }
}

/// Without name and account: neither belongs in logs.
impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Entry for Transfer {
    fn reference(&self) -> &Arc<str> {
        &self.id
    }

    fn key(&self) -> &Arc<str> {
        &self.order.key
    }
}

impl Payable for Transfer {
    fn account(&self) -> &Arc<str> {
        &self.order.account
    }

    fn amount_minor(&self) -> i64 {
        self.order.amount_minor
    }

    fn total_minor(&self) -> i64 {
        self.order.amount_minor.saturating_add(self.fee_minor)
    }
}

impl Transfer {
    const fn first(&self) -> Status {
        match self.ending.first() {
            End::Paid => Status::PaidOut,
            // Nothing can be cancelled. Source: manual.
            End::Failed | End::Cancelled => Status::Failed,
        }
    }

    /// The status after this one, if there is one.
    pub(super) const fn next_status(&self) -> Option<Status> {
        match (self.status, self.ending) {
            (Status::Pending | Status::Retrying, _) => Some(Status::InTransit),
            (Status::InTransit, _) if self.is_retried => Some(Status::PaidOut),
            (Status::InTransit, _) => Some(self.first()),
            (Status::PaidOut, Ending::SuccessThenFail) => Some(Status::Failed),
            (Status::Failed, Ending::FailThenSuccess) if !self.is_retried => Some(Status::Retrying),
            (Status::PaidOut | Status::Failed, _) => None,
        }
    }

    /// The truth in the end.
    pub(super) const fn last(&self) -> Status {
        match self.ending {
            Ending::Success | Ending::FailThenSuccess => Status::PaidOut,
            Ending::Fail | Ending::Cancel | Ending::SuccessThenFail => Status::Failed,
        }
    }

    /// As its creation answers it. Source: manual.
    pub(super) fn accepted(&self) -> TransferShown<'_> {
        let account = TransferAccount::Short(self.short(self.order.destination_id.to_string()));
        self.shown(self.status, Account::Destination(account))
    }

    /// As a query answers it. Source: `mock: GET /transfers/:id`; `openapi: schemas/transfers`.
    pub(super) fn found(&self, shape: AnswerShape) -> TransferShown<'_> {
        let account = match shape {
            AnswerShape::Manual => TransferAccount::Short(self.short(self.method_id())),
            AnswerShape::Openapi => TransferAccount::Whole(self.whole(shape)),
        };
        let shown = self.shown(self.status, Account::Destination(account));
        let statement_description =
            format!("{:07} {}", self.statement_reference, self.order.holder);
        TransferShown { statement_description, ..shown }
    }

    /// As lists and events tell it, in a status that need not be the present one. Source: manual;
    /// `mock: GET /transfers`.
    pub(super) fn told(&self, status: Status, shape: AnswerShape) -> TransferShown<'_> {
        self.shown(status, Account::Method(TransferAccount::Whole(self.whole(shape))))
    }

    fn shown<'a>(&'a self, status: Status, account: Account<'a>) -> TransferShown<'a> {
        let reference = format!("{:07}", self.statement_reference);
        TransferShown {
            livemode: false,
            currency: Conekta::CURRENCY,
            account,
            object: "transfer",
            amount: self.echoed_minor(),
            id: &self.id,
            created_at: wire::seconds(self.created_at),
            status: status.word(),
            statement_description: format!("{} {reference}", self.order.holder),
            statement_reference: reference,
        }
    }

    fn short(&self, id: String) -> ShortAccount<'_> {
        ShortAccount {
            payee_id: &self.order.payee_id,
            id,
            created_at: wire::seconds(self.created_at),
            object: "destination",
            kind: "bank_transfer",
            last4: last_four(&self.order.account),
            account_holder_name: &self.order.holder,
            bank: bank::label(&self.order.account),
        }
    }

    fn whole(&self, shape: AnswerShape) -> WholeAccount<'_> {
        let kind = Some("BankTransferPayoutMethod");
        let is_manual = shape == AnswerShape::Manual;
        WholeAccount {
            id: self.method_id(),
            created_at: wire::seconds(self.order.destination_at),
            payee_id: &self.order.payee_id,
            underscored: kind.filter(|_| is_manual),
            kind: kind.filter(|_| !is_manual),
            object: "bank_transfer_payout_method",
            account_number: &self.order.account,
            account_holder: &self.order.holder,
            bank: bank::label(&self.order.account),
        }
    }

    /// The same account has another prefix here. Source: manual.
    fn method_id(&self) -> String {
        self.order.destination_id.replace("pytdst_", "pytmtd_")
    }

    /// Source: manual, whose samples answer other amounts than they were asked for.
    const fn echoed_minor(&self) -> i64 {
        if self.echoes_other_amount {
            self.order.amount_minor.saturating_add(ECHO_ERROR_MINOR)
        } else {
            self.order.amount_minor
        }
    }
}

/// What a wrong echo adds: 100 pesos. `[sim]`
const ECHO_ERROR_MINOR: i64 = 10_000;
