//! Payouts: builds requests from orders and reads observations from answers. `lib.rs` sends the
//! requests.

pub(crate) mod check;

use bytes::Bytes;
use http::Response;

use pagos_core::{
    Echo, Error, ErrorKind, Lookup, Observation, OrderKey, PayoutOrder, ProviderRef, Source,
    Timestamp, Violation,
};
use pagos_wire::redact;

use crate::{
    config::Settings,
    payout::check::{
        read_account, read_account_type, read_amount, read_bank, read_contact, read_document,
        read_name, read_remark,
    },
    status::{Answer, read, shown_word, status, unknown_outcome},
    wire::{OrderAnswer, PayOutRequest},
};

/// The request of a payout, or all problems of the order.
///
/// The key is not checked again: 1 to 32 characters is its own rule, and the provider's. The
/// provider states no alphabet. Its samples and a live integration use letters, digits and `_`; a
/// dash is accepted. \[inferred\]
pub(crate) fn request<'a>(
    settings: &'a Settings,
    order: &'a PayoutOrder,
    nonce: &'a str,
) -> Result<PayOutRequest<'a>, Vec<Violation>> {
    let country = &settings.country;
    let beneficiary = &order.beneficiary;
    let mut violations = Vec::new();
    let mut keep = |violation| violations.push(violation);

    let amount = read_amount(country, order.amount, country.payout_decimals).map_err(&mut keep);
    let name = read_name(country, &beneficiary.name).map_err(&mut keep);
    let bank = read_bank(country, beneficiary).map_err(&mut keep);
    let bank_id = bank.as_ref().ok().and_then(|bank| bank.id);
    let account_type = read_account_type(country, bank_id, beneficiary).map_err(&mut keep);
    let account = read_account(country, bank_id, beneficiary).map_err(&mut keep);
    let document =
        read_document(country, country.document, beneficiary.document.as_ref()).map_err(&mut keep);
    let contact = read_contact(country, beneficiary).map_err(&mut keep);
    let remark = read_remark(settings, order.description.as_deref()).map_err(&mut keep);

    let (Ok(amount), Ok(account_name), Ok(bank), Ok(account_type)) =
        (amount, name, bank, account_type)
    else {
        return Err(violations);
    };
    let (Ok(account_no), Ok(document), Ok(contact), Ok(remark)) =
        (account, document, contact, remark)
    else {
        return Err(violations);
    };
    Ok(PayOutRequest {
        amount,
        bank_id: bank.id,
        ifsc_code: bank.ifsc,
        id_type: document.kind,
        account_name,
        mch_order_no: order.key.as_str(),
        id_card: document.number,
        account_no,
        account_type,
        notify_url: settings.notify_url.as_str(),
        currency: country.currency.code(),
        phone: contact.phone,
        email: contact.email,
        remark,
        nonce_str: nonce,
    })
}

/// Reads the answer to a new payout: an observation, or the caller's next step.
pub(crate) fn read_reply(
    settings: &Settings,
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Observation, Error> {
    let answer = read_created(response)?;
    let observation =
        observe(settings, &answer, Source::Reply, seen_at).map_err(unknown_outcome)?;
    // The fee is 0 until the payout is final, so the fee in a reply is never kept. Source: manual
    // "Create Payout Order" (0) and "Async Webhook Notification" (5150).
    Ok(Observation { asked_at: Some(asked_at), fee: None, ..observation })
}

/// Reads the order in the answer to a create, or the caller's next step.
pub(crate) fn read_created(response: &Response<Bytes>) -> Result<OrderAnswer, Error> {
    let data = match read(response) {
        Answer::Data(data) => data,
        Answer::Empty => return Err(unknown_outcome("a success without data")),
        Answer::Refused { error, .. } => return Err(error),
        Answer::Unreadable(because) => return Err(unknown_outcome(&because)),
    };
    serde_json::from_str(data.get()).map_err(|_| unknown_outcome("the answer has another shape"))
}

/// Reads the answer to a query about a payout or payment.
pub(crate) fn read_lookup(
    settings: &Settings,
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Lookup, Error> {
    let data = match read(response) {
        Answer::Data(data) => data,
        Answer::Empty => return Ok(Lookup::Absent),
        Answer::Refused { word, error } => return read_refused_lookup(settings, &word, error),
        Answer::Unreadable(because) => return Ok(Lookup::CannotTell(because)),
    };
    let Ok(answer) = serde_json::from_str::<OrderAnswer>(data.get()) else {
        return Ok(Lookup::CannotTell("the answer has another shape".to_owned()));
    };
    Ok(match observe(settings, &answer, Source::Query, seen_at) {
        Ok(seen) => Lookup::Found(Observation { asked_at: Some(asked_at), ..seen }),
        Err(because) => Lookup::CannotTell(because.to_owned()),
    })
}

fn read_refused_lookup(settings: &Settings, word: &str, error: Error) -> Result<Lookup, Error> {
    if settings.not_found_words.iter().any(|known| known.eq_ignore_ascii_case(word)) {
        return Ok(Lookup::Absent);
    }
    match error.kind() {
        ErrorKind::Unauthorized => Err(error),
        _ => Ok(Lookup::CannotTell(error.message().to_owned())),
    }
}

/// The observation in one of the provider's orders, from any source. The caller compares key and
/// amount.
pub(crate) fn observe(
    settings: &Settings,
    answer: &OrderAnswer,
    source: Source,
    seen_at: Timestamp,
) -> Result<Observation, &'static str> {
    let word = answer.order_status.as_ref().ok_or("the answer has no orderStatus")?.as_str();
    let result = answer.result_desc.as_ref().map(|result| result.as_str());
    let told = match status(word, result) {
        Some(status) => Observation {
            provider_code: Some(redact(word)),
            ..Observation::new(status, source, seen_at)
        },
        None => Observation::not_understood(shown_word(word, result), source, seen_at),
    };
    observe_as(told, settings, answer)
}

/// The same for an answer whose status is already known, as `told`.
pub(crate) fn observe_as(
    told: Observation,
    settings: &Settings,
    answer: &OrderAnswer,
) -> Result<Observation, &'static str> {
    let country = &settings.country;
    if answer.merchant_id.as_ref().is_some_and(|id| id.as_str() != settings.merchant_id) {
        return Err("the answer speaks of another merchant");
    }
    let reference = answer.order_no.as_ref().ok_or("the answer has no orderNo")?.as_str();
    let reference = ProviderRef::new(reference).map_err(|_| "orderNo is not a reference")?;
    let key = answer.mch_order_no.as_ref().ok_or("the answer has no mchOrderNo")?.as_str();
    let amount = answer.amount.ok_or("the answer has no amount")?;
    let amount = amount.in_currency(country.currency).map_err(|_| "the amount is not exact")?;
    let completed = answer.completion_time.as_ref();
    let result = answer.result_desc.as_ref().map(|result| result.as_str());
    Ok(Observation {
        provider_at: completed.and_then(|local| country.utc_offset.parse(local.as_str()).ok()),
        reference: Some(reference),
        message: result.filter(|result| !result.is_empty()).map(redact),
        // Fees in webhooks have four decimals. A fraction of a cent cannot be represented, and is
        // left out rather than rounded. Source: manual "Async Webhook Notification".
        fee: answer.fee.and_then(|fee| fee.in_currency(country.currency).ok()),
        echo: Echo { key: Some(echoed_key(key)), amount: Some(amount) },
        ..told
    })
}

/// Our key as the provider wrote it, if it can be one of ours.
fn echoed_key(key: &str) -> String {
    match OrderKey::new(key) {
        Ok(key) => key.into(),
        Err(_) => redact(key),
    }
}
