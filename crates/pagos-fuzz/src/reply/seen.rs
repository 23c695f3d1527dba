//! Rules for an observation: it says what was said, at the time it was said, and echoes what was
//! echoed.

use pagos_core::{Money, Observation, OrderKey, Status};

use pagos_kit::{Json, exact};

use crate::reply::ReplayedCall;

/// Every part of `seen` was in one of the answers.
pub(super) fn is_what_was_said(
    call: &ReplayedCall,
    (key, amount): (&OrderKey, Money),
    jsons: &[&Json],
    seen: &Observation,
) {
    let words = call.kit.words();
    assert!(!jsons.is_empty(), "learned from no JSON at all: {seen:?}");
    assert_eq!(seen.seen_at, call.now);
    assert_eq!(seen.asked_at, Some(call.now));
    let says = |known: &[&str]| jsons.iter().any(|json| json.says(known));
    let configured = |part: &str| call.case.settings.keys().any(|name| name.contains(part));
    match seen.status {
        Status::Succeeded => assert!(says(words.paid) || configured("WORD"), "paid: {seen:?}"),
        Status::Failed(_) => assert!(says(words.failed) || configured("WORD"), "failed: {seen:?}"),
        Status::Created | Status::Unknown | Status::Pending => {}
    }
    fn in_one<'a>(json: &'a Json, names: &'a [&'a str]) -> impl Iterator<Item = i128> {
        names.iter().flat_map(|name| json.values(name)).filter_map(exact)
    }
    let told_amounts: Vec<i128> =
        jsons.iter().flat_map(|json| in_one(json, words.amounts)).collect();
    let [unit, minor] = words.units;
    let ordered = i128::from(amount.minor) * minor;
    if let Some(echoed) = seen.echo.amount {
        let echoed = i128::from(echoed.minor) * minor;
        let is_told = told_amounts.iter().any(|told| told * unit / 100_000 == echoed);
        assert!(is_told, "an amount that nobody told: {seen:?}");
    }
    if let Some(echoed) = &seen.echo.key {
        // What cannot be a key of ours is made fit to be shown.
        let is_it = |value: &str| value == echoed || pagos_wire::redact(value) == *echoed;
        let is_in = |json: &&Json| words.keys.iter().any(|name| json.values(name).any(is_it));
        let is_told = jsons.iter().any(is_in);
        let is_masked = echoed.contains('*');
        assert!(is_told || is_masked, "a key that nobody told: {seen:?}");
    }
    // Beside the id stand one amount and one key, and it is another: the observation must say so.
    let contradiction = seen.echo.contradiction(key, amount);
    let Some(reference) = &seen.reference else { return };
    let beside: Vec<Json> = jsons.iter().map(|json| json.beside(reference.as_str())).collect();
    let told: Vec<i128> = beside.iter().flat_map(|json| in_one(json, words.amounts)).collect();
    if let [only] = told[..] {
        let differs = only * unit / 100_000 != ordered;
        assert!(!differs || contradiction.is_some(), "another amount, silently: {seen:?}");
    }
    let mut told_keys =
        beside.iter().flat_map(|json| words.keys.iter().flat_map(|name| json.values(name)));
    if let (Some(only), None) = (told_keys.next(), told_keys.next()) {
        let differs = only != key.as_str() && only != "null";
        assert!(!differs || contradiction.is_some(), "another key, silently: {seen:?}");
    }
}
