//! A payout: what a create must hold, what it becomes, and how it is shown.
//! Not what goes wrong on the way; see `create` and `life`.

use std::{fmt, sync::Arc};

use pagos_core::Timestamp;

use super::{
    bank, beneficiary,
    request::Refusal,
    settings::{EtpaySettings, Switches},
    wire,
};
use crate::{
    balance::{Payable, Whereabouts},
    book::Entry,
    fields::Fields,
    scenario::{self, End, Ending, Notified, Scenario},
};

/// Source: `docs: D6` for `completed`, `docs: D22` for `rejected`; the rest is `[sim]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutStatus {
    Pending,
    Completed,
    Rejected,
    Returned,
}

impl PayoutStatus {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Returned => "returned",
        }
    }

    pub(super) const fn is_final(self) -> bool {
        !matches!(self, Self::Pending)
    }

    pub(super) const fn whereabouts(self) -> Whereabouts {
        match self {
            Self::Pending => Whereabouts::UnderWay,
            Self::Completed => Whereabouts::Paid,
            Self::Rejected | Self::Returned => Whereabouts::Back,
        }
    }
}

/// One payout. Small on purpose: a world holds a million.
pub(super) struct Payout {
    pub(super) id: Arc<str>,
    pub(super) key: Arc<str>,
    pub(super) account: Arc<str>,
    pub(super) rut: Arc<str>,
    pub(super) amount_minor: i64,
    pub(super) status: PayoutStatus,
    pub(super) ending: Ending,
    /// Why it is rejected, if it will be.
    pub(super) code: Arc<str>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// From when lists show it.
    pub(super) listed_at: Timestamp,
    /// How many notices it has had.
    pub(super) notices: u32,
    pub(super) notified: Notified,
    pub(super) is_stuck: bool,
    pub(super) echoes_other_amount: bool,
}

impl Entry for Payout {
    fn reference(&self) -> &Arc<str> {
        &self.id
    }

    fn key(&self) -> &Arc<str> {
        &self.key
    }
}

impl Payable for Payout {
    fn account(&self) -> &Arc<str> {
        &self.account
    }

    fn amount_minor(&self) -> i64 {
        self.amount_minor
    }

    fn total_minor(&self) -> i64 {
        self.amount_minor
    }
}

impl Payout {
    /// The first final status.
    pub(super) const fn first(&self) -> PayoutStatus {
        match self.ending.first() {
            End::Paid => PayoutStatus::Completed,
            End::Failed | End::Cancelled => PayoutStatus::Rejected,
        }
    }

    /// The status after this one, if there is one.
    pub(super) fn next_status(&self) -> Option<PayoutStatus> {
        match (self.status, self.ending) {
            (PayoutStatus::Pending, _) => Some(self.first()),
            (PayoutStatus::Completed, Ending::SuccessThenFail) => Some(PayoutStatus::Returned),
            (PayoutStatus::Rejected, Ending::FailThenSuccess) => Some(PayoutStatus::Completed),
            (PayoutStatus::Completed | PayoutStatus::Rejected | PayoutStatus::Returned, _) => None,
        }
    }

    /// The truth in the end.
    pub(super) fn last(&self) -> PayoutStatus {
        match self.ending {
            Ending::SuccessThenFail => PayoutStatus::Returned,
            Ending::FailThenSuccess => PayoutStatus::Completed,
            Ending::Success | Ending::Fail | Ending::Cancel => self.first(),
        }
    }

    /// The amount that queries, lists and webhooks tell.
    pub(super) const fn echoed_minor(&self) -> i64 {
        if self.echoes_other_amount {
            self.amount_minor.saturating_add(ECHO_ERROR_MINOR)
        } else {
            self.amount_minor
        }
    }

    /// The code and text beside a status, where there are any.
    pub(super) fn error_of(&self, status: PayoutStatus) -> Option<(&str, &'static str)> {
        match status {
            PayoutStatus::Pending | PayoutStatus::Completed => None,
            PayoutStatus::Rejected => Some((&self.code, message(&self.code))),
            PayoutStatus::Returned => Some((RETURNED, message(RETURNED))),
        }
    }

    /// The payout as queries and lists show it.
    pub(super) fn shown(&self, switches: &Switches) -> wire::Shown<'_> {
        let created_at = Some(wire::utc(self.created_at));
        wire::Shown { created_at, ..self.told(switches, self.status, self.updated_at) }
    }

    /// The payout as its webhook tells it, in a status that need not be the present one.
    pub(super) fn told(
        &self,
        switches: &Switches,
        status: PayoutStatus,
        at: Timestamp,
    ) -> wire::Shown<'_> {
        let has_codes = switches.error_codes;
        let (error_code, error_message) = self.error_of(status).filter(|_| has_codes).unzip();
        wire::Shown {
            id: &self.id,
            merchant_order_id: &self.key,
            amount: self.echoed_minor(),
            status: status.word(),
            rut: &self.rut,
            error_code,
            error_message,
            created_at: None,
            updated_at: wire::utc(at),
        }
    }

    pub(super) fn accepted(&self) -> wire::Accepted<'_> {
        wire::Accepted {
            id: &self.id,
            merchant_order_id: &self.key,
            amount: self.amount_minor,
            status: PayoutStatus::Pending.word(),
            created_at: wire::utc(self.created_at),
        }
    }
}

/// A create that passed every check.
#[derive(Clone)]
pub struct PayoutDraft {
    pub(super) key: Arc<str>,
    pub(super) account: Arc<str>,
    pub(super) rut: Arc<str>,
    pub(super) amount_minor: i64,
    /// What the description asks for, or else the beneficiary.
    pub(super) scenario: Option<Scenario>,
}

impl PayoutDraft {
    /// Reads the body of a create. The fields are those of the working contract. `[sim]`
    pub(super) fn read(settings: &EtpaySettings, body: &[u8]) -> Result<Self, Refusal> {
        let fields = Fields::open(body)?;
        let key = fields.required("merchant_order_id", 64)?;
        if !key.bytes().all(|it| it.is_ascii_alphanumeric()) {
            return Err(Refusal::invalid("merchant_order_id"));
        }
        let amount_minor = fields.amount("amount", settings.switches.amount_max)?;
        let rut = fields.required("rut", 9)?;
        if !beneficiary::is_rut(rut) {
            return Err(Refusal::invalid("rut"));
        }
        fields.required("name", 100)?;
        fields.text("email", 254)?;
        if !bank::is_beneficiary(fields.required("bank_code", 32)?) {
            return Err(Refusal::invalid("bank_code"));
        }
        if !ACCOUNT_TYPES.contains(&fields.required("account_type", 32)?) {
            return Err(Refusal::invalid("account_type"));
        }
        let account = fields.required("account_number", 20)?;
        if !account.bytes().all(|it| it.is_ascii_digit()) {
            return Err(Refusal::invalid("account_number"));
        }
        let description = fields.text("description", 30)?.unwrap_or_default();
        let is_odd = description.chars().any(|it| it == ',' || it.is_control());
        let asked = scenario::parse(description).map_err(|_| Refusal::invalid("description"))?;
        if is_odd {
            return Err(Refusal::invalid("description"));
        }
        Ok(Self {
            key: key.into(),
            account: account.into(),
            rut: rut.into(),
            amount_minor,
            scenario: asked.or_else(|| beneficiary::scenario(rut)),
        })
    }
}

/// Without account and tax number: neither belongs in logs.
impl fmt::Debug for PayoutDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayoutDraft").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A code for a failure that chance brings. All codes are invented. `[sim]`
pub(super) const fn decline(drawn: u64) -> &'static str {
    match drawn % 5 {
        0 => "SIM01",
        1 => "SIM02",
        2 => "SIM03",
        3 => "SIM04",
        _ => "SIM05",
    }
}

fn message(code: &str) -> &'static str {
    match code {
        "SIM01" => "account does not exist",
        "SIM02" => "account is blocked",
        "SIM03" => "account and rut do not match",
        "SIM04" => "refused by the bank",
        "SIM05" => "daily limit exceeded",
        CANCELLED => "cancelled",
        RETURNED => "returned by the bank",
        _ => "rejected",
    }
}

pub(super) const CANCELLED: &str = "SIM06";
const RETURNED: &str = "SIM09";

/// What a wrong echo adds: 100 pesos. `[sim]`
const ECHO_ERROR_MINOR: i64 = 100;

/// Source: manual names none; the first two are of `sdk`, the others inferred.
const ACCOUNT_TYPES: [&str; 4] =
    ["cuenta_corriente", "cuenta_vista", "cuenta_ahorro", "cuenta_rut"];
