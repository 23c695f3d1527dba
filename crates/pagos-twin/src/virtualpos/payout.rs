//! A payout: its states, its end, and how it is shown.
//! Not what goes wrong on the way; see `create` and `life`.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{account::Oddity, instruction::Instruction, wire};
use crate::{
    balance::{Payable, Whereabouts},
    book::{Book, Entry},
    scenario::{End, Ending, Notified, Scenario},
};

/// The words are those of the sibling APIs, and `devuelto` and `en_revision` are `[sim]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PayoutStatus {
    Pending,
    Processing,
    /// A state that no client knows.
    InReview,
    Paid,
    Rejected,
    Cancelled,
    Returned,
}

impl PayoutStatus {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pendiente",
            Self::Processing => "procesando",
            Self::InReview => "en_revision",
            Self::Paid => "pagado",
            Self::Rejected => "rechazado",
            Self::Cancelled => "cancelado",
            Self::Returned => "devuelto",
        }
    }

    pub(super) const fn is_final(self) -> bool {
        !matches!(self.whereabouts(), Whereabouts::UnderWay)
    }

    pub(super) const fn whereabouts(self) -> Whereabouts {
        match self {
            Self::Pending | Self::Processing | Self::InReview => Whereabouts::UnderWay,
            Self::Paid => Whereabouts::Paid,
            Self::Rejected | Self::Cancelled | Self::Returned => Whereabouts::Back,
        }
    }
}

/// One payout. Small on purpose: a world holds a million.
pub(super) struct Payout {
    pub(super) id: Arc<str>,
    /// Position of the account that ordered it.
    pub(super) account: usize,
    pub(super) instruction: Arc<Instruction>,
    pub(super) status: PayoutStatus,
    pub(super) ending: Ending,
    /// Why it is rejected, if it will be.
    pub(super) code: Box<str>,
    pub(super) oddity: Option<Oddity>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// From when it is found by its `merchant_id`.
    pub(super) found_at: Timestamp,
    /// How many queries by its `merchant_id` still miss it.
    pub(super) misses: u8,
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
        &self.instruction.merchant_id
    }
}

impl Payable for Payout {
    fn account(&self) -> &Arc<str> {
        &self.instruction.account_number
    }

    fn amount_minor(&self) -> i64 {
        self.instruction.amount_minor
    }

    fn total_minor(&self) -> i64 {
        self.instruction.amount_minor
    }
}

impl Payout {
    /// The first final state.
    pub(super) const fn first(&self) -> PayoutStatus {
        match self.ending.first() {
            End::Paid => PayoutStatus::Paid,
            End::Failed => PayoutStatus::Rejected,
            End::Cancelled => PayoutStatus::Cancelled,
        }
    }

    /// The state after this one, if there is one.
    pub(super) fn next_status(&self) -> Option<PayoutStatus> {
        match (self.status, self.ending) {
            (PayoutStatus::Pending, _) if self.oddity == Some(Oddity::UnknownWord) => {
                Some(PayoutStatus::InReview)
            }
            (PayoutStatus::Pending, _) => Some(PayoutStatus::Processing),
            (PayoutStatus::Processing | PayoutStatus::InReview, _) => Some(self.first()),
            (PayoutStatus::Paid, Ending::SuccessThenFail) => Some(PayoutStatus::Returned),
            (PayoutStatus::Rejected, Ending::FailThenSuccess) => Some(PayoutStatus::Paid),
            (
                PayoutStatus::Paid
                | PayoutStatus::Rejected
                | PayoutStatus::Cancelled
                | PayoutStatus::Returned,
                _,
            ) => None,
        }
    }

    /// The truth in the end.
    pub(super) const fn last(&self) -> PayoutStatus {
        match self.ending {
            Ending::SuccessThenFail => PayoutStatus::Returned,
            Ending::FailThenSuccess => PayoutStatus::Paid,
            Ending::Success | Ending::Fail | Ending::Cancel => self.first(),
        }
    }

    /// The payout as an answer shows it, with this amount.
    pub(super) fn shown(&self, amount_minor: i64) -> wire::Payout<'_> {
        let instruction = &*self.instruction;
        wire::Payout {
            id: &self.id,
            merchant_id: &instruction.merchant_id,
            status: self.status.word(),
            amount: amount_minor,
            message: &instruction.message,
            recipient: wire::Recipient {
                rut: &instruction.rut,
                name: &instruction.name,
                email: &instruction.email,
            },
            bank: wire::Bank {
                sbif_code: &instruction.sbif_code,
                account_number: &instruction.account_number,
            },
            created_at: wire::local_time(self.created_at),
            updated_at: wire::local_time(self.updated_at),
            rejected_object: self.rejected_object(),
        }
    }

    /// The amount that queries are told.
    pub(super) fn echoed_minor(&self) -> i64 {
        let error_minor = if self.echoes_other_amount { ECHO_ERROR_MINOR } else { 0 };
        self.instruction.amount_minor.saturating_add(error_minor)
    }

    fn rejected_object(&self) -> Option<wire::RejectedObject<'_>> {
        let code = match self.status {
            PayoutStatus::Pending
            | PayoutStatus::Processing
            | PayoutStatus::InReview
            | PayoutStatus::Paid => return None,
            PayoutStatus::Rejected | PayoutStatus::Cancelled => &*self.code,
            PayoutStatus::Returned => RETURNED,
        };
        Some(wire::RejectedObject { code, message: message(code) })
    }
}

/// The payouts of an account with this `merchant_id`, oldest first, each with its index.
pub(super) fn of_account<'a>(
    payouts: &'a Book<Payout>,
    account: usize,
    merchant_id: &str,
) -> impl Iterator<Item = (u32, &'a Payout)> + use<'a> {
    let named = payouts.by_key(merchant_id).iter();
    let found = named.filter_map(|index| Some((*index, payouts.get(*index)?)));
    found.filter(move |(_, payout)| payout.account == account)
}

/// A create that passed every check.
#[derive(Debug, Clone)]
pub struct PayoutDraft {
    pub(super) account: usize,
    pub(super) instruction: Arc<Instruction>,
    /// What the message asks for, or else the account.
    pub(super) scenario: Option<Scenario>,
    pub(super) oddity: Option<Oddity>,
}

/// A code for a failure that chance brings. All codes are invented. `[sim]`
pub(super) const fn decline(drawn: u64) -> &'static str {
    match drawn % 5 {
        0 => "SIM-R01",
        1 => "SIM-R02",
        2 => "SIM-R03",
        3 => "SIM-R04",
        _ => "SIM-R05",
    }
}

fn message(code: &str) -> &'static str {
    match code {
        "SIM-R01" => "la cuenta no existe",
        "SIM-R02" => "la cuenta está bloqueada",
        "SIM-R03" => "la cuenta no corresponde al RUT",
        "SIM-R04" => "rechazado por el banco",
        "SIM-R05" => "límite diario superado",
        CANCELLED => "cancelado",
        RETURNED => "devuelto por el banco",
        _ => "rechazado",
    }
}

pub(super) const CANCELLED: &str = "SIM-R06";
const RETURNED: &str = "SIM-R09";

/// What a wrong echo adds: 100 pesos. `[sim]`
const ECHO_ERROR_MINOR: i64 = 100;
