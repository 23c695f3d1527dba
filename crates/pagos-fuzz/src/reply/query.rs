//! Rules for queries: about a payout, a payment, the balance, the banks, a list.

use pagos_core::{
    Error, ErrorKind, Lookup, Money, Observation, OrderKey, PaymentRef, PayoutRef, Source,
};

use pagos_kit::{Json, exact};

use crate::reply::{Exchange, ReplayedCall, finish, seen};

/// A query about a payout.
pub(super) fn payout(call: &ReplayedCall) {
    let Some(order) = call.payout_order() else { return };
    let (reference, handle) = (call.reference(), call.handle());
    let payout = PayoutRef {
        order: &order,
        reference: reference.as_ref(),
        handle: handle.as_ref(),
        begun_at: call.case.begun_at,
    };
    let outcome = finish(call.provider.query(&payout));
    call.shows_no_secret(&outcome);
    let sent = call.sent();
    look_at(call, (&order.key, order.amount), &sent, &outcome);
    call.script.sent.lock().unwrap().extend(sent);
}

/// A query about a payment.
pub(super) fn payment(call: &ReplayedCall) {
    let (Some(order), Some(payments)) = (call.payment_order(), call.provider.payments()) else {
        return;
    };
    let reference = call.reference();
    let payment = PaymentRef { order: &order, reference: reference.as_ref() };
    let outcome = finish(payments.query(&payment));
    call.shows_no_secret(&outcome);
    let sent = call.sent();
    let told: Vec<Json> = sent.iter().filter_map(Exchange::json).collect();
    match &outcome {
        // A payment's answer can be a token, whose words are not in the JSON: `seen` cannot look.
        Ok(Lookup::Found(_) | Lookup::Ambiguous(_)) => {
            assert!(!told.is_empty(), "found in no JSON at all");
        }
        Ok(Lookup::Absent) => {
            let is_answered = sent.iter().all(|it| it.json().is_some() || it.http() == 404);
            assert!(!sent.is_empty() && is_answered, "absent, and nobody said so");
        }
        Ok(Lookup::CannotTell(_)) => {}
        Err(error) => error_is_a_queries(error, &sent),
    }
    call.script.sent.lock().unwrap().extend(sent);
}

fn look_at(
    call: &ReplayedCall,
    order: (&OrderKey, Money),
    sent: &[Exchange],
    outcome: &Result<Lookup, Error>,
) {
    let told: Vec<Json> = sent.iter().filter_map(Exchange::json).collect();
    let jsons: Vec<&Json> = told.iter().collect();
    match outcome {
        Ok(Lookup::Found(seen)) => {
            assert_eq!(seen.source, Source::Query);
            seen::is_what_was_said(call, order, &jsons, seen);
            let is_named = seen.reference.is_some() || seen.echo.key.is_some();
            assert!(is_named, "found without a name: {seen:?}");
        }
        Ok(Lookup::Absent) => absence_was_said(call, sent, &jsons),
        Ok(Lookup::Ambiguous(_)) => assert!(!jsons.is_empty(), "ambiguous by no JSON at all"),
        Ok(Lookup::CannotTell(_)) => {}
        Err(error) => error_is_a_queries(error, sent),
    }
}

/// An absence can close an attempt. So every answer was JSON and a success or a word for it.
fn absence_was_said(call: &ReplayedCall, sent: &[Exchange], jsons: &[&Json]) {
    let words = call.kit.words();
    assert!(!sent.is_empty(), "absent without a query");
    for exchange in sent {
        let http = exchange.http();
        if words.page_refused == Some(http) {
            continue;
        }
        assert!(exchange.json().is_some(), "absent by something that is no JSON");
        let is_answer = !(500..600).contains(&http) && http != 429 && http != 408;
        assert!(is_answer, "absent by HTTP {http}");
        let is_refused = !words.list.is_empty() && !(200..300).contains(&http);
        assert!(!is_refused, "absent by a list that was refused: HTTP {http}");
    }
    let is_word = jsons.iter().any(|json| json.says(words.absent));
    let is_list = jsons.iter().any(|json| words.list.iter().any(|name| json.names.contains(*name)));
    // A 404 says it too, if the words are the provider's own.
    let is_own = |json: &Json| json.names.contains("error") || json.says(&["NOK"]);
    let is_told = sent.iter().any(|it| it.http() == 404) && jsons.iter().any(|json| is_own(json));
    assert!(is_word || is_list || is_told, "absent, and nobody said so");
}

/// The balance is in the answer, digit by digit.
pub(super) fn balance(call: &ReplayedCall) {
    let Some(source) = call.provider.balances() else { return };
    let outcome = finish(source.balances());
    call.shows_no_secret(&outcome);
    let sent = call.sent();
    match &outcome {
        Ok(balances) => {
            let json = sent.last().and_then(Exchange::json);
            let json = json.expect("a balance in an answer that is no JSON");
            let [unit, minor] = call.kit.words().units;
            for balance in balances {
                let sum = i128::from(balance.available.minor);
                let is_told = json.scalars.iter().any(|(_, value)| {
                    exact(value).is_some_and(|told| told * unit / 100_000 == sum * minor)
                });
                // Several accounts of one currency are added up.
                let is_sum = json.scalars.iter().filter(|(name, _)| name == "amount").count() > 1;
                assert!(is_told || is_sum || sum == 0, "{} was not told", balance.available);
            }
        }
        Err(error) => {
            let kind = error.kind();
            let may = !matches!(kind, ErrorKind::Rejected | ErrorKind::Invalid);
            assert!(may, "a query about the balance cannot be {kind:?}: {error}");
        }
    }
    call.script.sent.lock().unwrap().extend(sent);
}

/// Banks.
pub(super) fn banks(call: &ReplayedCall) {
    let Some(directory) = call.provider.banks() else { return };
    let outcome = finish(directory.banks());
    call.shows_no_secret(&outcome);
    if let Err(error) = outcome {
        let kind = error.kind();
        assert!(kind != ErrorKind::Rejected, "a query about banks was rejected: {error}");
    }
}

/// A page of a list, and the one after it, whose cursor is the answer's.
pub(super) fn listing(call: &ReplayedCall) {
    let (Some(list), Some(listing)) = (&call.case.list, call.provider.listing()) else { return };
    let first = finish(listing.page(list.window, list.cursor.as_deref()));
    call.shows_no_secret(&first);
    let sent = call.sent();
    let told: Vec<Json> = sent.iter().filter_map(Exchange::json).collect();
    call.script.sent.lock().unwrap().extend(sent);
    let page = match first {
        Ok(page) => page,
        Err(error) => return page_error(&error, list.cursor.is_some()),
    };
    let rows_have_names = page.rows.iter().all(|row| row.reference.is_some());
    assert!(rows_have_names, "a row without an id");
    for row in &page.rows {
        row_was_listed(row, &told);
    }
    let Some(next) = page.next else { return };
    assert!(list.cursor.as_ref() != Some(&next), "the list goes on where it is: {next:?}");
    match finish(listing.page(list.window, Some(&next))) {
        Ok(_) => {}
        Err(error) => {
            let is_own = error.kind() != ErrorKind::Invalid;
            assert!(is_own, "its own cursor {next:?} is refused: {error}");
        }
    }
}

fn row_was_listed(row: &Observation, told: &[Json]) {
    assert_eq!(row.source, Source::Listing);
    let reference = row.reference.as_ref().map_or("", |reference| reference.as_str());
    let is_told =
        told.iter().any(|json| json.scalars.iter().any(|(_, value)| value.trim() == reference));
    assert!(is_told, "a row {reference:?} that nobody told");
}

fn page_error(error: &Error, has_cursor: bool) {
    let kind = error.kind();
    assert!(kind != ErrorKind::Rejected, "a query cannot be rejected: {error}");
    assert!(kind != ErrorKind::Invalid || has_cursor, "a query cannot be invalid: {error}");
}

/// A query moves no money: it is repeated, put off, or stopped for an operator. It is invalid only
/// where it could not be asked, under a handle that is not the provider's.
fn error_is_a_queries(error: &Error, sent: &[Exchange]) {
    let kind = error.kind();
    let may = match kind {
        ErrorKind::Unauthorized | ErrorKind::Throttled | ErrorKind::Undelivered => true,
        ErrorKind::Invalid => sent.is_empty(),
        ErrorKind::Rejected | ErrorKind::Unknown => false,
    };
    assert!(may, "a query that ends in {kind:?}: {error}");
}
