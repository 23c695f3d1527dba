//! Payouts: builds the payee and the transfer from an order. `lib.rs` sends them. `payout/check.rs`
//! checks orders, `payout/answer.rs` reads answers, `payout/transfer.rs` reads transfers anywhere,
//! and `payout/list.rs` reads lists.

pub(crate) mod answer;
pub(crate) mod check;
pub(crate) mod handle;
pub(crate) mod list;
pub(crate) mod transfer;

use bytes::Bytes;

use pagos_core::{Clabe, Error, PayoutOrder, Violation};
use pagos_wire::to_json;

use crate::{
    bank,
    config::Settings,
    payout::check::{read_account, read_amount, read_email, read_name, read_phone},
    wire::{DestinationRequest, PayeeRequest, TransferRequest},
};

/// For any other value, Conekta answers as if it had broken down itself. Source: manual.
const BANK_ACCOUNT: &str = "bank_account";

/// An order in Conekta's terms.
pub(crate) struct Instruction {
    pub(crate) account: Clabe,
    /// Centavos.
    pub(crate) amount_minor: i64,
    name: String,
    email: String,
    phone: String,
}

impl Instruction {
    /// The instruction of the order, or all problems of the order.
    ///
    /// Key, document and description are dropped, because Conekta has no field for them. Source:
    /// manual.
    pub(crate) fn of(settings: &Settings, order: &PayoutOrder) -> Result<Self, Vec<Violation>> {
        let payee = &order.beneficiary;
        let mut violations = Vec::new();
        let mut keep = |violation| violations.push(violation);

        let limits_minor = settings.amount_minor_min..=settings.amount_minor_max;
        let amount = read_amount(&limits_minor, order.amount).map_err(&mut keep);
        let name = read_name(&payee.name).map_err(&mut keep);
        let email = payee.email.as_deref().or(settings.default_email.as_deref());
        let email = read_email(email).map_err(&mut keep);
        let phone = payee.phone.as_deref().or(settings.default_phone.as_deref());
        let phone = read_phone(phone).map_err(&mut keep);
        let account = read_account(payee.account_type, &payee.account_number).map_err(&mut keep);
        if let (Some(bank), Ok(account)) = (&payee.bank, &account) {
            bank::agree(bank.as_str(), account).unwrap_or_else(&mut keep);
        }

        let (Ok(amount_minor), Ok(name), Ok(email)) = (amount, name, email) else {
            return Err(violations);
        };
        let (Ok(phone), Ok(account), true) = (phone, account, violations.is_empty()) else {
            return Err(violations);
        };
        Ok(Self { account, amount_minor, name, email, phone })
    }

    /// The body of the new payee, with its one account.
    pub(crate) fn payee(&self) -> Result<Bytes, Error> {
        to_json(&PayeeRequest {
            name: &self.name,
            email: Some(&self.email),
            phone: Some(&self.phone),
            destinations: Some([destination(&self.account, &self.name)]),
        })
    }

    /// The body of the transfer: three fields, because unknown ones are refused. Source: manual;
    /// openapi: resources/errors/422_whitelist.
    pub(crate) fn transfer(&self, payee: &str) -> Result<Bytes, Error> {
        to_json(&TransferRequest { payee_id: payee, amount: self.amount_minor, currency: "MXN" })
    }
}

/// The account of a payee.
pub(crate) fn destination<'a>(account: &'a Clabe, holder: &'a str) -> DestinationRequest<'a> {
    DestinationRequest {
        kind: BANK_ACCOUNT,
        account_number: account.as_str(),
        account_holder_name: holder,
    }
}
