//! Runs one case: builds the subject, calls the operation, compares what comes out. Files are read
//! by `case.rs`, requests are compared by `replay.rs`.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use serde_json::{Value, json};

use pagos_core::{
    Balance, Bank, Decoded, Departure, Error, ErrorKind, Handle, Lookup, Observation, PaymentOrder,
    PaymentProvider, PaymentRef, PayoutOrder, PayoutProvider, PayoutRef, ProviderRef, Receipt,
    Secret, Violation,
};

use crate::{
    case::Case,
    message::{header_differences, parse_request},
    replay::{Nonces, Replay, Seams, StandingClock},
    report::CaseReport,
    section::numbered,
    subject::{Factory, Signer},
};

/// A replay never waits, so a future that is still pending after this many turns never ends.
const TURNS_MAX: u32 = 1_000;

/// Runs one case and reports.
pub(crate) fn run(case: &Case, factory: &dyn Factory) -> CaseReport {
    let failures = failures(case, factory).unwrap_or_else(|because| vec![because]);
    CaseReport::new(case, failures)
}

fn failures(case: &Case, factory: &dyn Factory) -> Result<Vec<String>, String> {
    let replay = Arc::new(Replay::of(case)?);
    let seams = Seams {
        transport: replay.clone(),
        clock: Arc::new(StandingClock(case.clock)),
        nonces: Arc::new(Nonces::new(case.nonces.iter().cloned())),
    };
    let subject = factory.build(case, seams).map_err(|error| format!("settings: {error}"))?;
    let mut failures = check_signatures(case, subject.signer.as_deref())?;
    if case.operation != "sign" {
        let outcome = outcome(case, subject.provider.as_ref())?;
        let expected: Value = case.json("expected")?;
        if outcome != expected {
            failures.push(format!("outcome\n      {outcome}\n    instead of\n      {expected}"));
        }
    }
    failures.extend(replay.failures());
    Ok(failures)
}

/// What the operation brought, as JSON without a word of ours in it.
fn outcome(case: &Case, provider: &dyn PayoutProvider) -> Result<Value, String> {
    let absent = || format!("the provider has no {}", case.operation);
    match case.operation.as_str() {
        "payout-prepare" => prepare_payout(case, provider),
        "payout-create" => create_payout(case, provider),
        "payout-query" => query_payout(case, provider),
        "balance" => {
            let balances = finish(provider.balances().ok_or_else(absent)?.balances())?;
            Ok(told(
                balances
                    .map(|rows| json!({"balances": rows.iter().map(balance).collect::<Vec<_>>()})),
            ))
        }
        "banks" => {
            let banks = finish(provider.banks().ok_or_else(absent)?.banks())?;
            Ok(told(banks.map(|rows| json!({"banks": rows.iter().map(bank).collect::<Vec<_>>()}))))
        }
        "listing" => {
            let list = case.list.as_ref().ok_or("the head has no `from` and `until`")?;
            let listing = provider.listing().ok_or_else(absent)?;
            let page = finish(listing.page(list.window, list.cursor.as_deref()))?;
            Ok(told(page.map(|page| json!({"rows": page.rows, "next": page.next}))))
        }
        "payment-create" => create_payment(case, provider.payments().ok_or_else(absent)?),
        "payment-query" => {
            let order: PaymentOrder = case.json("order")?;
            let reference = reference(case)?;
            let payment = PaymentRef { order: &order, reference: reference.as_ref() };
            let lookup = finish(provider.payments().ok_or_else(absent)?.query(&payment))?;
            Ok(told(lookup.map(|lookup| looked_up(&lookup, |seen| json!({"found": seen})))))
        }
        "webhook" => receive(case, provider),
        other => Err(format!("{other:?} is not an operation")),
    }
}

fn prepare_payout(case: &Case, provider: &dyn PayoutProvider) -> Result<Value, String> {
    let order: PayoutOrder = case.json("order")?;
    let prepared = finish(provider.prepare(&order))?;
    Ok(told(prepared.map(|handle| json!({"handle": handle.map(String::from)}))))
}

fn create_payout(case: &Case, provider: &dyn PayoutProvider) -> Result<Value, String> {
    let order: PayoutOrder = case.json("order")?;
    let handle = handle(case)?;
    let created = finish(provider.create(&order, handle.as_ref(), Departure::Anytime))?;
    let Err(violations) = provider.check(&order) else {
        return Ok(told(created.map(|seen| observed("observation", &seen, Some(&order)))));
    };
    // What the check refuses, `create` refuses too, and nothing is sent.
    match created {
        Err(error) if error.kind() == ErrorKind::Invalid => Ok(refused(&violations)),
        _ => Err("the check refuses the order and create does not".to_owned()),
    }
}

fn create_payment(case: &Case, payments: &dyn PaymentProvider) -> Result<Value, String> {
    let order: PaymentOrder = case.json("order")?;
    let created = finish(payments.create(&order))?;
    let Err(violations) = payments.check(&order) else {
        return Ok(told(created.map(|session| {
            let shown = json!({
                "session": session.observation,
                "url": session.url,
                "code": session.code,
            });
            match (shown, session.secret) {
                (Value::Object(mut shown), Some(_)) => {
                    shown.insert("has_secret".to_owned(), json!(true));
                    Value::Object(shown)
                }
                (shown, _) => shown,
            }
        })));
    };
    match created {
        Err(error) if error.kind() == ErrorKind::Invalid => Ok(refused(&violations)),
        _ => Err("the check refuses the order and create does not".to_owned()),
    }
}

fn refused(violations: &[Violation]) -> Value {
    let fields: Vec<&str> = violations.iter().map(|violation| violation.field).collect();
    json!({"violations": fields})
}

fn query_payout(case: &Case, provider: &dyn PayoutProvider) -> Result<Value, String> {
    let order: PayoutOrder = case.json("order")?;
    let (reference, handle) = (reference(case)?, handle(case)?);
    let payout = PayoutRef {
        order: &order,
        reference: reference.as_ref(),
        handle: handle.as_ref(),
        begun_at: case.begun_at,
    };
    let lookup = finish(provider.query(&payout))?;
    Ok(told(lookup.map(|lookup| looked_up(&lookup, |seen| observed("found", seen, Some(&order))))))
}

fn receive(case: &Case, provider: &dyn PayoutProvider) -> Result<Value, String> {
    let decoder = provider.webhooks().ok_or("the provider has no webhooks")?;
    let mut delivery = case.delivery()?.ok_or_else(|| case.missing("delivery 1"))?;
    // As the receiver does: what is kept of the head must be enough to verify it once more.
    delivery.keep_headers(decoder.headers());
    let secret = case.secret.as_ref().map(Secret::new);
    let decoded = decoder.verify(&delivery, secret.as_ref());
    let receipt = if decoded.is_ok() { Receipt::Taken } else { Receipt::Refused };
    if let Some(expected) = case.response(1)? {
        let given = decoder.acknowledge(receipt);
        let is_same = given.status() == expected.status()
            && given.body() == expected.body()
            && header_differences(expected.headers(), given.headers()).is_empty();
        if !is_same {
            return Err(format!("the acknowledgement is {given:?}"));
        }
    }
    Ok(told(decoded.map(|decoded| match decoded {
        Decoded::Verified(event) => json!({"verified": event.value()}),
        Decoded::Hint(hint) => json!({
            "hint": {
                "key": hint.key.map(String::from),
                "reference": hint.reference.map(String::from),
            }
        }),
    })))
}

/// Compares the sections about signatures, of which a case may have some, all or none.
fn check_signatures(case: &Case, signer: Option<&dyn Signer>) -> Result<Vec<String>, String> {
    let mut failures = Vec::new();
    for number in 1.. {
        let Some(body) = signed_body(case, number)? else { break };
        let section = |word: &str| case.section(&numbered(word, number));
        let string_to_sign = section("string-to-sign");
        let (signature, unexpected) = (section("signature"), section("wrong-signature"));
        if string_to_sign.is_none() && signature.is_none() && unexpected.is_none() {
            continue;
        }
        let signer = signer.ok_or("the case shows signatures and the factory gives no signer")?;
        if string_to_sign.is_some_and(|expected| expected != signer.string_to_sign(&body)) {
            failures.push(format!("string to sign {number} differs"));
        }
        let made = signer.signature(&body).into_bytes();
        if signature.is_some_and(|expected| expected != made) {
            failures.push(format!("signature {number} is {}", String::from_utf8_lossy(&made)));
        }
        if unexpected.is_some_and(|unexpected| unexpected == made) {
            failures.push(format!("signature {number} is one that it must not be"));
        }
    }
    Ok(failures)
}

fn signed_body(case: &Case, number: usize) -> Result<Option<Bytes>, String> {
    for word in ["request", "delivery"] {
        if let Some(part) = case.parts.get(&numbered(word, number)) {
            return Ok(Some(parse_request(part)?.body));
        }
    }
    Ok(case.section(&numbered("body", number)).map(Bytes::copy_from_slice))
}

/// What `prepare` made for a case.
pub(crate) fn handle(case: &Case) -> Result<Option<Handle>, String> {
    case.handle.as_ref().map(Handle::new).transpose().map_err(|error| error.to_string())
}

/// The provider's reference that a case asks by.
pub(crate) fn reference(case: &Case) -> Result<Option<ProviderRef>, String> {
    let reference = case.reference.as_ref().map(ProviderRef::new).transpose();
    reference.map_err(|error| error.to_string())
}

fn told(outcome: Result<Value, Error>) -> Value {
    let error = match outcome {
        Ok(value) => return value,
        Err(error) => error,
    };
    let mut told = json!({"kind": error.kind().word()});
    if let Some(fields) = told.as_object_mut() {
        fields.extend(error.field().map(|field| ("field".to_owned(), json!(field))));
        fields.extend(error.provider_code().map(|code| ("provider_code".to_owned(), json!(code))));
        let wait = error.retry_after().map(|wait| json!(wait.as_secs()));
        fields.extend(wait.map(|wait| ("retry_after_seconds".to_owned(), wait)));
    }
    json!({"error": told})
}

fn looked_up<T>(lookup: &Lookup<T>, found: impl Fn(&T) -> Value) -> Value {
    match lookup {
        Lookup::Found(seen) => found(seen),
        Lookup::Ambiguous(_) => json!({"ambiguous": true}),
        Lookup::Absent => json!({"absent": true}),
        Lookup::CannotTell(_) => json!({"cannot_tell": true}),
    }
}

/// An observation, and whether its echo contradicts the order.
fn observed(word: &str, seen: &Observation, order: Option<&PayoutOrder>) -> Value {
    let contradiction = order.and_then(|order| seen.echo.contradiction(&order.key, order.amount));
    match contradiction {
        Some(_) => json!({word: seen, "contradiction": true}),
        None => json!({word: seen}),
    }
}

fn balance(balance: &Balance) -> Value {
    json!({"available": balance.available, "unavailable": balance.unavailable})
}

fn bank(bank: &Bank) -> Value {
    json!({"id": bank.id, "code": bank.code, "name": bank.name})
}

/// Runs a future that waits for nothing outside.
pub(crate) fn finish<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..TURNS_MAX {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Ok(output);
        }
    }
    Err("the provider waits for something beyond the replay".to_owned())
}
