//! Payouts: builds requests from orders and reads observations from answers. `payout/call.rs` sends
//! the requests, and `payout/search.rs` finds payouts by their date.

pub(crate) mod call;
mod check;
mod day;
pub(crate) mod search;

use bytes::Bytes;
use http::Response;

use pagos_core::{
    Currency, Echo, Error, FailReason, Lookup, Observation, OrderKey, PayoutOrder, ProviderRef,
    Source, Status, Timestamp, Violation,
};
use pagos_wire::{WireText, redact};

use crate::{
    config::{PayoutSettings, Settings},
    contract::{CreateRequest, PayoutAnswer, PayoutRow},
    payment::check::{read_email, read_key},
    payout::check::{read_account, read_amount, read_bank, read_description, read_name, read_rut},
    status::{Told, refused_payout, status, unknown_outcome},
};

/// The request of a payout, or all problems of the order. The telephone number is not sent, since
/// no field for it is known.
pub(crate) fn request<'a>(
    settings: &'a Settings,
    payouts: &'a PayoutSettings,
    order: &'a PayoutOrder,
) -> Result<CreateRequest<'a>, Vec<Violation>> {
    let beneficiary = &order.beneficiary;
    let mut violations = Vec::new();
    let mut keep = |violation| violations.push(violation);

    let key = read_key(&order.key).map_err(&mut keep);
    let amount = read_amount(payouts, order.amount).map_err(&mut keep);
    let rut = read_rut(beneficiary.document.as_ref()).map_err(&mut keep);
    let name = read_name(&beneficiary.name).map_err(&mut keep);
    let email = beneficiary.email.as_deref().filter(|email| !email.is_empty());
    let email = read_email(email).map_err(&mut keep);
    let bank = beneficiary.bank.as_ref();
    let bank = read_bank(settings.environment, payouts, bank).map_err(&mut keep);
    let account = read_account(
        bank.as_ref().copied().unwrap_or_default(),
        rut.as_deref().unwrap_or_default(),
        beneficiary,
    )
    .map_err(&mut keep);
    let description = read_description(order.description.as_deref()).map_err(&mut keep);

    let (Ok(key), Ok(amount), Ok(rut), Ok(name)) = (key, amount, rut, name) else {
        return Err(violations);
    };
    let (Ok(email), Ok(bank), Ok(account), Ok(description)) = (email, bank, account, description)
    else {
        return Err(violations);
    };
    Ok(CreateRequest {
        merchant_order_id: key,
        amount,
        rut,
        name,
        email,
        bank_code: bank,
        account_type: account.kind,
        account_number: account.number,
        description,
    })
}

/// Reads the answer to a new payout: an observation, or the caller's next step. `call.rs` handles a
/// 401, because it knows the token.
pub(crate) fn read_reply(
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Observation, Error> {
    if !response.status().is_success() {
        return Err(refused_payout(response));
    }
    let answer: PayoutAnswer = serde_json::from_slice(response.body())
        .map_err(|_| unknown_outcome("the answer has another form, or was cut"))?;
    observe(&answer.payout, Source::Reply, asked_at, seen_at).map_err(unknown_outcome)
}

/// Reads the answer to a query by id.
///
/// "Not found" is never `Absent` here: ETpay gave us the id, so it has the payout, even if a path
/// that we assume or a copy that lags says otherwise.
pub(crate) fn read_lookup(
    response: &Response<Bytes>,
    reference: &ProviderRef,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Lookup {
    let status = response.status();
    if !status.is_success() {
        return Lookup::CannotTell(format!("the provider answered HTTP {}", status.as_u16()));
    }
    let Ok(answer) = serde_json::from_slice::<PayoutAnswer>(response.body()) else {
        return Lookup::CannotTell("the answer has another form, or was cut".to_owned());
    };
    match observe(&answer.payout, Source::Query, asked_at, seen_at) {
        Ok(seen) if seen.reference.as_ref() == Some(reference) => Lookup::Found(seen),
        Ok(_) => Lookup::CannotTell("the answer speaks of another payout".to_owned()),
        Err(because) => Lookup::CannotTell(because.to_owned()),
    }
}

/// The observation in one row, from any source. The caller compares key and amount.
fn observe(
    row: &PayoutRow,
    source: Source,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Observation, &'static str> {
    let reference = row.id.as_ref().ok_or("the payout has no id")?.as_str();
    let reference = ProviderRef::new(reference).map_err(|_| "the payout's id is no reference")?;
    let amount = row.amount.map(|amount| amount.in_currency(Currency::Clp)).transpose();
    let amount = amount.map_err(|_| "the amount has a fraction of a peso")?;
    let updated_at = row.updated_at.as_ref().and_then(read_time);
    let told = Told { source, asked_at, created_at: created_at(row), updated_at };
    // A payout without a status is pending: it exists, and nothing says that it has ended.
    let seen = match row.status.as_ref().map(WireText::as_str) {
        None => Observation::new(Status::Pending, source, seen_at),
        Some(word) => match status(word, told) {
            Some(status) => Observation {
                provider_code: Some(redact(word)),
                ..Observation::new(status, source, seen_at)
            },
            None => Observation::not_understood(redact(word), source, seen_at),
        },
    };
    let is_returned = seen.status == Status::Failed(FailReason::Returned);
    Ok(Observation {
        asked_at: Some(asked_at),
        provider_at: updated_at,
        reference: Some(reference),
        message: message(row),
        // No field gives a partial amount, so the whole amount counts as returned. [sim]
        returned: amount.filter(|_| is_returned),
        echo: Echo { key: row.merchant_order_id.as_ref().map(echoed_key), amount },
        ..seen
    })
}

fn created_at(row: &PayoutRow) -> Option<Timestamp> {
    row.created_at.as_ref().and_then(read_time)
}

/// Parses only RFC 3339, since a time without a zone is ambiguous.
fn read_time(text: &WireText) -> Option<Timestamp> {
    text.as_str().parse().ok()
}

/// The provider's code and explanation; either may be missing.
fn message(row: &PayoutRow) -> Option<String> {
    let texts = [&row.error_code, &row.error_message];
    let texts: Vec<&str> = texts
        .into_iter()
        .flatten()
        .map(|text| text.as_str().trim())
        .filter(|text| !text.is_empty())
        .collect();
    (!texts.is_empty()).then(|| redact(&texts.join(": ")))
}

/// Our key as the provider wrote it, if it can be one of ours.
fn echoed_key(key: &WireText) -> String {
    match OrderKey::new(key.as_str()) {
        Ok(key) => key.into(),
        Err(_) => redact(key.as_str()),
    }
}
