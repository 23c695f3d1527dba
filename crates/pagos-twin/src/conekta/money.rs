//! The merchant's money: the balance and what changed it.
//! Not the beneficiaries' side; that is the ledger.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{
    Conekta, ConektaTwin, identifier,
    listing::{Address, Query},
    refusal::{Language, Refusal},
    request::ask_of_route,
    transfer::Transfer,
    wire::{self, BalanceShown, Sum, TransactionShown},
};
use crate::{
    book::{Book, Entry},
    fault::Faults,
    machine::Protocol,
    twin::{Reply, Request},
    web,
};

/// Source: `openapi: schemas/transactions`. That transfers have these two is inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransactionKind {
    Payout,
    PayoutReversal,
}

impl TransactionKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Payout => "payout",
            Self::PayoutReversal => "payout_reversal",
        }
    }
}

/// One change of the balance.
#[derive(Debug)]
pub(super) struct Transaction {
    id: Arc<str>,
    transfer_id: Arc<str>,
    kind: TransactionKind,
    amount_minor: i64,
    fee_minor: i64,
    at: Timestamp,
}

impl Entry for Transaction {
    fn reference(&self) -> &Arc<str> {
        &self.id
    }

    fn key(&self) -> &Arc<str> {
        &self.transfer_id
    }
}

impl Transaction {
    fn shown(&self) -> TransactionShown<'_> {
        let total = self.amount_minor.saturating_add(self.fee_minor);
        let net = match self.kind {
            TransactionKind::Payout => -total,
            TransactionKind::PayoutReversal => total,
        };
        TransactionShown {
            id: &self.id,
            object: "transaction",
            amount: self.amount_minor,
            fee: self.fee_minor,
            net,
            currency: Conekta::CURRENCY,
            status: "paid_out",
            kind: self.kind.word(),
            created_at: wire::seconds(self.at),
            charge: &self.transfer_id,
            livemode: false,
        }
    }
}

/// `GET /balance`. Source: `openapi: resources/balances`.
pub(super) fn show_balance(twin: &mut ConektaTwin, language: Language) -> Result<Reply, Refusal> {
    ask_of_route(twin, "balance", language, |twin| {
        let sum = |amount| Sum { amount, currency: Conekta::CURRENCY };
        Ok(wire::answer(&BalanceShown {
            available: [sum(twin.balance.left_minor)],
            pending: [sum(0)],
            retention_amount: [sum(0)],
            retained: [sum(0)],
            temporarily_retained: [sum(0)],
            target_retention_amount: [sum(0)],
            conekta_retention: [sum(0)],
            target_collateral_amount: sum(0),
            gateway: [],
            cashout_retention_amount: [sum(0)],
        }))
    })
}

/// `GET /transactions`. Source: `openapi: resources/transactions/transactions`.
pub(super) fn list_transactions(
    twin: &mut ConektaTwin,
    request: &Request,
    language: Language,
) -> Result<Reply, Refusal> {
    let query = Query::of(request)?;
    let filters = ["id", "charge_id", "type", "currency"]
        .map(|name| (name, web::parameter(request, name)))
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let filters: Vec<(&str, String)> = filters.collect();
    let mut address = Address::of(request, &twin.settings.switches);
    for (name, value) in &filters {
        address = address.filtered(name, value);
    }
    ask_of_route(twin, "transactions", language, |twin| {
        let is_meant = |it: &Transaction| {
            filters.iter().all(|(name, value)| match *name {
                "id" => *it.id == **value,
                "charge_id" => *it.transfer_id == **value,
                "type" => it.kind.word() == value,
                _ => Conekta::CURRENCY == value,
            })
        };
        query.list(&twin.own.transactions, is_meant, |it| Some(it.shown()), &address)
    })
}

/// `GET /transactions/{id}`. Source: `openapi: resources/transactions`.
pub(super) fn show_transaction(
    twin: &mut ConektaTwin,
    id: &str,
    language: Language,
) -> Result<Reply, Refusal> {
    ask_of_route(twin, "transaction", language, |twin| {
        let found = twin.own.transactions.by_reference(id);
        let found = found.and_then(|index| twin.own.transactions.get(index));
        Ok(wire::answer(&found.ok_or_else(Refusal::not_found)?.shown()))
    })
}

/// Notes that a transfer changed the balance.
pub(super) fn note_transaction(
    transactions: &mut Book<Transaction>,
    transfer: &Transfer,
    kind: TransactionKind,
    at: Timestamp,
    faults: &Faults,
) {
    let chance = faults.chance("transaction", &transfer.id, transfer.steps);
    let transaction = Transaction {
        id: identifier::object_id(at, chance),
        transfer_id: Arc::clone(&transfer.id),
        kind,
        amount_minor: transfer.order.amount_minor,
        fee_minor: transfer.fee_minor,
        at,
    };
    transactions.add(transaction);
}
