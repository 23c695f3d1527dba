//! Payouts: from an order to the transfer that is sent, from an answer to an observation. Sends nothing;
//! `lib.rs` does. What orders may say is in `payout/check.rs`, what a transfer says anywhere in
//! `payout/transfer.rs`, the list in `payout/list.rs`.

mod check;
pub(crate) mod list;
pub(crate) mod transfer;

use bytes::Bytes;
use http::Response;

use pagos_core::{
    Error, ErrorKind, Lookup, Observation, PayoutOrder, PayoutRef, ProviderRef, Source, Timestamp,
    Violation,
};

use crate::{
    config::Settings,
    contract,
    payout::{
        check::{read_account, read_amount, read_bank, read_comment, read_holder, read_name},
        transfer::Transfer,
    },
    status::{self, Answer, Shown},
    wire::{CounterpartyRequest, Metadata, TransferRequest},
};

/// The request of a payout, or everything that is wrong with the order.
///
/// The same order makes the same bytes always: Fintoc refuses a key that comes with another body.
/// Source: docs: api/fintoc-api/idempotent-requests. `reference_id` is not sent: it is a number for people, and
/// no key. Source: docs: reference/transfers-create.
pub(crate) fn request<'a>(
    settings: &'a Settings,
    order: &'a PayoutOrder,
) -> Result<TransferRequest<'a>, Vec<Violation>> {
    let (country, payee) = (settings.country, &order.beneficiary);
    let mut violations = Vec::new();
    let mut keep = |violation| violations.push(violation);

    let amount = read_amount(country, order.amount).map_err(&mut keep);
    let name = read_name(&payee.name).map_err(&mut keep);
    let account = read_account(country, payee).map_err(&mut keep);
    let institution_id = read_bank(country, payee).map_err(&mut keep);
    let holder_id = read_holder(country, payee.document.as_ref()).map_err(&mut keep);
    let comment = read_comment(order.description.as_deref()).map_err(&mut keep);

    let (Ok(amount), Ok(holder_name), Ok((account_type, account_number))) = (amount, name, account)
    else {
        return Err(violations);
    };
    let (Ok(institution_id), Ok(holder_id), Ok(comment)) = (institution_id, holder_id, comment)
    else {
        return Err(violations);
    };
    Ok(TransferRequest {
        amount,
        currency: country.currency().code(),
        account_id: &settings.account_id,
        counterparty: CounterpartyRequest {
            holder_id,
            holder_name,
            account_number,
            account_type,
            institution_id,
        },
        comment,
        metadata: Metadata { pagos_key: order.key.as_str() },
    })
}

/// What the answer to a new transfer says, or the caller's next step. It can be the stored answer to an
/// earlier request under the same key, which is as good.
pub(crate) fn read_reply(
    settings: &Settings,
    order: &PayoutOrder,
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Observation, Error> {
    let shown = Shown::new(&settings.credentials, Some(&order.beneficiary.name));
    let body = match status::read(response) {
        Answer::Success(body) => body,
        Answer::Refused(refusal) => return Err(refusal.of_create(&shown)),
        Answer::Unexpected(http) => {
            return Err(unknown(&format!("HTTP {} without Fintoc's words", http.as_u16())));
        }
    };
    let transfer = Transfer::parse(body).map_err(unknown)?;
    if let Some(because) = transfer.is_of_another(settings, order) {
        // Its id is all that a person could look for, and is kept nowhere else.
        return Err(unknown(&format!("transfer {}: {because}", transfer.id)));
    }
    Ok(transfer.observe(Source::Reply, Some(asked_at), seen_at))
}

/// The path of one transfer.
pub(crate) fn path(reference: &ProviderRef) -> Option<String> {
    let segment = pagos_wire::path_segment(reference.as_str())?;
    Some(format!("{}/{segment}", contract::PATH_TRANSFERS))
}

/// What the answer about one transfer, by its id, says.
pub(crate) fn read_lookup(
    settings: &Settings,
    payout: &PayoutRef<'_>,
    response: &Response<Bytes>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Lookup, Error> {
    let cannot_tell = |because: &str| Ok(Lookup::CannotTell(because.to_owned()));
    let shown = Shown::new(&settings.credentials, Some(&payout.order.beneficiary.name));
    let body = match status::read_query(response, &shown)? {
        Ok(body) => body,
        Err(because) => return cannot_tell(&because),
    };
    let transfer = match Transfer::parse(body) {
        Ok(transfer) => transfer,
        Err(because) => return cannot_tell(because),
    };
    if payout.reference.is_some_and(|reference| *reference != transfer.id) {
        return cannot_tell(&format!("the answer is about another transfer, {}", transfer.id));
    }
    Ok(found(settings, payout.order, &transfer, asked_at, seen_at))
}

/// The transfer as what a query found; `Ambiguous` where it is not that of the order.
fn found(
    settings: &Settings,
    order: &PayoutOrder,
    transfer: &Transfer,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Lookup {
    match transfer.is_of_another(settings, order) {
        Some(because) => Lookup::Ambiguous(format!("transfer {}: {because}", transfer.id)),
        None => Lookup::Found(transfer.observe(Source::Query, Some(asked_at), seen_at)),
    }
}

fn unknown(because: &str) -> Error {
    Error::new(ErrorKind::Unknown, format!("the outcome is unknown: {because}"))
}
