//! Rules for an observation: it says what was said, at the time it was said, and echoes what was
//! echoed.

use pagos_core::Money;
use pagos_core::Observation;
use pagos_core::OrderKey;
use pagos_core::Status;

use crate::fields;
use crate::json;
use crate::json::Json;
use crate::reply::Scene;

/// Every part of `seen` was in one of the answers.
pub(super) fn is_what_was_said(
    scene: &Scene,
    (key, amount): (&OrderKey, Money),
    jsons: &[&Json],
    seen: &Observation,
) {
    let words = fields::words(scene.name);
    assert!(!jsons.is_empty(), "learned from no JSON at all: {seen:?}");
    assert_eq!(seen.seen_at, scene.now);
    assert_eq!(seen.asked_at, Some(scene.now));
    let says = |known: &[&str]| jsons.iter().any(|json| json.says(known));
    let configured = |part: &str| scene.case.settings.keys().any(|name| name.contains(part));
    match seen.status {
        Status::Succeeded => assert!(says(words.paid) || configured("WORD"), "paid: {seen:?}"),
        Status::Failed(_) => assert!(says(words.failed) || configured("WORD"), "failed: {seen:?}"),
        Status::Created | Status::Unknown | Status::Pending => {}
    }
    let told_amounts: Vec<i128> = jsons
        .iter()
        .flat_map(|json| words.amounts.iter().flat_map(|name| json.values(name)))
        .filter_map(json::exact)
        .collect();
    let [unit, minor] = words.units;
    let ordered = i128::from(amount.minor) * minor;
    if let Some(echoed) = seen.echo.amount {
        let echoed = i128::from(echoed.minor) * minor;
        let is_told = told_amounts.iter().any(|told| told * unit / 100_000 == echoed);
        assert!(is_told, "an amount that nobody told: {seen:?}");
    }
    if let Some(echoed) = &seen.echo.key {
        let is_masked = echoed.contains('*');
        let is_told = jsons.iter().any(|json| {
            words.keys.iter().any(|name| json.values(name).any(|value| value == echoed))
        });
        assert!(is_told || is_masked, "a key that nobody told: {seen:?}");
    }
    // One amount and one key, and it is another one: the observation must say so.
    let contradiction = seen.echo.contradiction(key, amount);
    if let [only] = told_amounts[..] {
        let differs = only * unit / 100_000 != ordered;
        assert!(!differs || contradiction.is_some(), "another amount, silently: {seen:?}");
    }
    let mut told_keys =
        jsons.iter().flat_map(|json| words.keys.iter().flat_map(|name| json.values(name)));
    if let (Some(only), None) = (told_keys.next(), told_keys.next()) {
        let differs = only != key.as_str();
        assert!(!differs || contradiction.is_some(), "another key, silently: {seen:?}");
    }
}
