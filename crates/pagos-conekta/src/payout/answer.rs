//! Reads the answers to a new payee, a new transfer and a query. Refusals are in `status.rs`, lists
//! in `payout/list.rs`.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::value::RawValue;

use pagos_core::{Clabe, Error, ErrorKind, Lookup, Observation, ProviderRef, Source, Timestamp};
use pagos_wire::retry_after;

use crate::{
    payout::{
        handle::{Age, PayeeHandle, is_segment},
        transfer::Transfer,
    },
    status::{self, Answer, Refusal, Shown, foreign, is_word, parse, text},
    wire::{AccountAnswer, PayeeAnswer},
};

/// The payee that was made for `account`.
///
/// A payee moves no money, so another one can be made after any failure: `Undelivered`, unless
/// Conekta refused for good.
pub(crate) fn read_payee(
    account: &Clabe,
    response: &Response<Bytes>,
    shown: &Shown<'_>,
) -> Result<PayeeHandle, Error> {
    let json = match status::read(response) {
        Answer::Success(json) => json,
        Answer::Refused(refusal) => return Err(refusal.of_errand(shown)),
        Answer::Foreign(http) => return Err(foreign(http, retry_after(response))),
    };
    payee(account, json).map_err(|because| {
        let told = format!("the answer shows no payee that could be paid: {because}");
        Error::new(ErrorKind::Undelivered, told)
    })
}

fn payee(account: &Clabe, json: &RawValue) -> Result<PayeeHandle, &'static str> {
    let answer: PayeeAnswer<'_> = parse(json).ok_or("it has another shape")?;
    if answer.object.is_some() && !is_word(answer.object, "payee") {
        return Err("it is no payee");
    }
    let id = text(answer.id).filter(|id| is_segment(id)).ok_or("it has no id")?;
    let accounts = answer.destinations.unwrap_or_default();
    let own = match accounts.as_slice() {
        [] => None,
        [only] => Some(destination(account, only)?),
        _ => return Err("it has several accounts"),
    };
    Ok(PayeeHandle {
        age: Age::Fresh,
        payee: id,
        destination: own.flatten(),
        account: account.clone(),
    })
}

/// The id of the payee's account. The last digits are not compared, because the manual shows others
/// than those that were sent.
fn destination(account: &Clabe, json: &RawValue) -> Result<Option<String>, &'static str> {
    let answer: AccountAnswer<'_> = parse(json).ok_or("its account has another shape")?;
    let number = text(answer.account_number);
    if number.is_some_and(|number| number != account.as_str() && number.len() == 18) {
        return Err("its account is another one");
    }
    if answer.currency.is_some() && !is_word(answer.currency, "MXN") {
        return Err("its account is not in MXN");
    }
    Ok(text(answer.id).filter(|id| is_segment(id)))
}

/// Reads the answer to a new transfer: an observation, or the caller's next step.
///
/// An answer that is not understood is `Unknown`: the payee is known, so a query does no harm.
pub(crate) fn read_reply(
    handle: &PayeeHandle,
    response: &Response<Bytes>,
    shown: &Shown<'_>,
    asked_at: Timestamp,
    seen_at: Timestamp,
) -> Result<Observation, Error> {
    let json = match status::read(response) {
        Answer::Success(json) => json,
        Answer::Refused(refusal) => match made(&refusal) {
            Some(json) => json,
            None => return Err(refusal.of_create(shown)),
        },
        Answer::Foreign(http) => {
            return Err(unknown(&format!("HTTP {} without Conekta's words", http.as_u16())));
        }
    };
    let transfer = Transfer::read(json).map_err(unknown)?;
    if transfer.payee.as_ref().is_some_and(|payee| *payee != handle.payee)
        || transfer.pays_another(handle.account.as_str())
    {
        return Err(unknown("the answer speaks of another payee"));
    }
    Ok(transfer.observe(Source::Reply, asked_at, seen_at))
}

/// A transfer that was made although the call was refused. This is documented for charges: a 402
/// comes with the object that was made. Source: docs: errores.
fn made<'a>(refusal: &Refusal<'a>) -> Option<&'a RawValue> {
    let json = refusal.made.filter(|_| refusal.http == StatusCode::PAYMENT_REQUIRED)?;
    Transfer::read(json).is_ok().then_some(json)
}

/// How a query about one transfer was sent.
pub(crate) struct Asked<'a> {
    pub(crate) reference: &'a ProviderRef,
    pub(crate) handle: Option<&'a PayeeHandle>,
    /// The order's account number.
    pub(crate) account: &'a str,
    pub(crate) asked_at: Timestamp,
    pub(crate) seen_at: Timestamp,
}

/// Reads the answer to a query about one transfer by its id.
pub(crate) fn read_lookup(
    asked: &Asked<'_>,
    response: &Response<Bytes>,
    shown: &Shown<'_>,
) -> Result<Lookup, Error> {
    let cannot_tell = |because: &str| Ok(Lookup::CannotTell(because.to_owned()));
    let json = match status::read_query(response, shown)? {
        Ok(json) => json,
        Err(because) => return cannot_tell(&because),
    };
    let transfer = match Transfer::read(json) {
        Ok(transfer) => transfer,
        Err(because) => return cannot_tell(because),
    };
    if transfer.id != *asked.reference {
        return cannot_tell("the answer speaks of another transfer");
    }
    let is_others = asked
        .handle
        .zip(transfer.payee.as_ref())
        .is_some_and(|(handle, payee)| handle.payee != *payee);
    if is_others || transfer.pays_another(asked.account) {
        let because = format!("transfer {} pays somebody else than the order", transfer.id);
        return Ok(Lookup::Ambiguous(because));
    }
    Ok(Lookup::Found(transfer.observe(Source::Query, asked.asked_at, asked.seen_at)))
}

fn unknown(because: &str) -> Error {
    Error::new(ErrorKind::Unknown, format!("the outcome is unknown: {because}"))
}
