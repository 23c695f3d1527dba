//! Every fault of the twins, and what it makes of a payout through each provider. Orders none.

use pagos_twin::{Fault, Occasion};
use serde_json::{Value, json};

use pagos_kit::{CreateReply, Kit, Repeat};

/// The fault that a row meets; `None` for a good day.
pub(super) type InjectedFault = Option<Fault>;

/// All of them, a good day first.
pub(super) const ALL: [InjectedFault; 29] = [
    None,
    Some(Fault::LoseRequest),
    Some(Fault::LoseReply),
    Some(Fault::ErrorAfter),
    Some(Fault::ErrorBefore),
    Some(Fault::Busy),
    Some(Fault::LateApply),
    Some(Fault::Torn),
    Some(Fault::HtmlBefore),
    Some(Fault::HtmlAfter),
    Some(Fault::Throttle),
    Some(Fault::Refuse),
    Some(Fault::SlowReply),
    Some(Fault::BalanceExhausted),
    Some(Fault::QueryLost),
    Some(Fault::QueryError),
    Some(Fault::QueryTorn),
    Some(Fault::QueryHtml),
    Some(Fault::QueryThrottle),
    Some(Fault::OddWord),
    Some(Fault::WebhookLost),
    Some(Fault::WebhookDuplicated),
    Some(Fault::WebhookDelayed),
    Some(Fault::WebhookBadSign),
    Some(Fault::Decline),
    Some(Fault::Cancel),
    Some(Fault::SuccessThenFail),
    Some(Fault::FailThenSuccess),
    Some(Fault::ListingLags),
];

/// What the reply to a first `create` amounts to.
///
/// Exhaustive, so that a new fault of the twins has an answer here or does not compile.
pub(super) fn reply(provider: Kit, injected: InjectedFault) -> CreateReply {
    let Some(fault) = injected else { return CreateReply::Tells };
    match fault {
        Fault::LoseReply
        | Fault::ErrorAfter
        | Fault::LateApply
        | Fault::Torn
        | Fault::HtmlAfter => CreateReply::DoubtAndThere,
        Fault::LoseRequest | Fault::HtmlBefore => CreateReply::DoubtAndLost,
        Fault::ErrorBefore => match provider.repeat() {
            Repeat::Refused | Repeat::PaidAgain => CreateReply::DoubtAndLost,
            Repeat::FirstAnswerFor(_) => CreateReply::DoubtForGood,
        },
        Fault::Busy => provider.create_replies().busy,
        Fault::Throttle => provider.create_replies().throttled,
        Fault::Refuse => provider.create_replies().refused,
        Fault::BalanceExhausted => provider.create_replies().balance_exhausted,
        Fault::SlowReply
        | Fault::QueryLost
        | Fault::QueryError
        | Fault::QueryTorn
        | Fault::QueryHtml
        | Fault::QueryThrottle
        | Fault::OddWord
        | Fault::WebhookLost
        | Fault::WebhookDuplicated
        | Fault::WebhookDelayed
        | Fault::WebhookBadSign
        | Fault::Decline
        | Fault::Cancel
        | Fault::SuccessThenFail
        | Fault::FailThenSuccess
        | Fault::ListingLags => CreateReply::Tells,
    }
}

/// Does the first `create` of a payment tell its session? As with payouts, but no payment needs a
/// balance, whatever is refused leaves no session, and an address may be asked for in a request of its
/// own, which is a query.
pub(super) fn is_session_told(provider: Kit, injected: InjectedFault) -> bool {
    let is_address_asked = provider.payment().is_some_and(|payment| payment.is_address_asked);
    match injected {
        _ if is_address_asked && is_of_query(injected) => false,
        Some(Fault::Busy | Fault::Throttle | Fault::Refuse) => false,
        Some(Fault::BalanceExhausted) => true,
        _ => reply(provider, injected) == CreateReply::Tells,
    }
}

/// Does it befall queries, so that they get no answer? An odd word is an answer.
pub(super) fn is_of_query(injected: InjectedFault) -> bool {
    injected.is_some_and(|fault| fault.occasion() == Occasion::Query && fault != Fault::OddWord)
}

/// The twins' word for it.
pub(super) fn word(injected: InjectedFault) -> String {
    let word = injected.and_then(|fault| serde_json::to_value(fault).ok());
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_else(|| "none".to_owned())
}

/// The order to a twin that a fault meets a key so many times.
pub(super) fn trigger(key: &str, fault: Fault, times: u32) -> Value {
    json!({"key": key, "fault": fault, "times": times})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// `reply` knows every fault; so the list has as many as the twins, each once.
    #[test]
    fn no_fault_is_left_out() {
        let words: BTreeSet<String> = ALL.into_iter().map(word).collect();
        assert_eq!(words.len(), ALL.len());
        for name in ["none", "lose_request", "listing_lags"] {
            assert!(words.contains(name), "{name}");
        }
    }
}
