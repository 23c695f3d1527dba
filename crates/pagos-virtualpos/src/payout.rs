//! Payouts: builds the instruction from an order, and what is signed and sent. `lib.rs` sends it,
//! `payout/check.rs` checks orders, and `payout/answer.rs` reads answers.

pub(crate) mod answer;
pub(crate) mod check;
pub(crate) mod instruction;

use bytes::Bytes;
use http::Method;

use pagos_core::{Error, PayoutOrder, PayoutRef, Violation};
use pagos_wire::to_json;

use crate::{
    config::Settings,
    payout::{
        check::{read_account, read_amount, read_email, read_message, read_name, read_rut},
        instruction::Instruction,
    },
    settings::{CreateBody, QueryMethod, QuerySignature},
    sign::Claims,
    wire::{BankAccount, Recipient, Tef, Wrapped},
};

/// The instruction of an order, or all problems of the order.
///
/// The account type is dropped, because the manual's structure has none; so is a telephone number.
pub(crate) fn tef(settings: &Settings, order: &PayoutOrder) -> Result<Tef, Vec<Violation>> {
    let beneficiary = &order.beneficiary;
    let mut violations = Vec::new();
    let mut keep = |violation| violations.push(violation);

    let limits_minor = settings.amount_minor_min..=settings.amount_minor_max;
    let amount = read_amount(&limits_minor, order.amount).map_err(&mut keep);
    let name = read_name(&beneficiary.name).map_err(&mut keep);
    let rut = read_rut(settings.rut_check, beneficiary.document.as_ref()).map_err(&mut keep);
    let email = read_email(beneficiary.email.as_deref()).map_err(&mut keep);
    let bank = beneficiary.bank.as_ref().map(|bank| bank.as_str());
    let bank = crate::bank::read(bank).map_err(&mut keep);
    let account = read_account(beneficiary.account_number.as_str()).map_err(&mut keep);
    let description = order.description.as_deref().filter(|text| !text.trim().is_empty());
    let message = read_message(description.unwrap_or(&settings.default_message)).map_err(&mut keep);

    let (Ok(amount), Ok(name), Ok(rut), Ok(email)) = (amount, name, rut, email) else {
        return Err(violations);
    };
    let (Ok(bank), Ok(account), Ok(message)) = (bank, account, message) else {
        return Err(violations);
    };
    Ok(Tef {
        merchant_id: order.key.as_str().to_owned(),
        message,
        amount,
        recipient: Recipient { rut, name, email: email.to_owned() },
        bank: BankAccount { sbif_code: bank.to_owned(), account_number: account.to_owned() },
    })
}

/// The body of a new payout, around exactly the bytes that are signed.
pub(crate) fn create_body(settings: &Settings, instruction: &Instruction) -> Result<Bytes, Error> {
    match settings.create_body {
        CreateBody::TefWrapped => wrapped(instruction),
        CreateBody::SignedDictionary => settings.credentials.payload(instruction.claims()),
        CreateBody::Flat => Ok(Bytes::copy_from_slice(instruction.bytes())),
    }
}

/// What a query signs, and what a refused signature means.
pub(crate) struct Query {
    /// The instruction to sign; `None` for the API key alone.
    pub(crate) instruction: Option<Instruction>,
    /// Whether the signature is certainly the one that VirtualPOS expects. If not, its refusal says
    /// nothing about the account.
    pub(crate) is_certain: bool,
}

impl Query {
    /// The stored instruction, else the one that the order gives today, else none.
    ///
    /// # Errors
    /// `Invalid` for a handle that is not the order's.
    pub(crate) fn about(settings: &Settings, payout: &PayoutRef<'_>) -> Result<Self, Error> {
        if settings.query_signature == QuerySignature::ApiKeyOnly {
            return Ok(Self { instruction: None, is_certain: true });
        }
        if let Some(handle) = payout.handle {
            let instruction = Instruction::of_handle(handle)?;
            instruction.check_order(payout.order)?;
            return Ok(Self { instruction: Some(instruction), is_certain: true });
        }
        let rebuilt = tef(settings, payout.order).ok().map(Instruction::new).transpose()?;
        Ok(Self { instruction: rebuilt, is_certain: false })
    }

    pub(crate) fn claims(&self) -> Claims<'_> {
        self.instruction.as_ref().map_or(Claims::ApiKeyOnly, Instruction::claims)
    }

    /// The method and the body.
    pub(crate) fn message(&self, method: QueryMethod) -> Result<(Method, Bytes), Error> {
        match (method, &self.instruction) {
            (QueryMethod::Get, _) => Ok((Method::GET, Bytes::new())),
            (QueryMethod::Post, Some(instruction)) => Ok((Method::POST, wrapped(instruction)?)),
            (QueryMethod::Post, None) => Ok((Method::POST, Bytes::from_static(b"{}"))),
        }
    }
}

fn wrapped(instruction: &Instruction) -> Result<Bytes, Error> {
    to_json(&Wrapped { tef: instruction.json() })
}
