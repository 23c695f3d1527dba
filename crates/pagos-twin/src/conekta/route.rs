//! Which call answers which path, and who may ask.
//! Not what the calls do.

use http::{Method, StatusCode};

use super::{
    ConektaTwin,
    access::{self, Version},
    events, money, payees,
    refusal::{Language, Refusal, reply_of},
    sign, transfers, webhooks,
};
use crate::twin::{Reply, Request};

/// Answers a request.
pub(super) fn answer(twin: &mut ConektaTwin, path: &str, request: &Request) -> Reply {
    let language = Language::of(request);
    // A client whose base address ends in a slash makes two of it.
    let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
    let mut version = Version::V2_3;
    let outcome = match (request.method(), segments.as_slice()) {
        (&Method::GET, ["ping"]) => Ok(Reply::json(StatusCode::OK, r#"{"status":200}"#)),
        (_, segments) => admit(twin, request).and_then(|asked_for| {
            version = asked_for;
            answer_caller(twin, segments, request, (language, version))
        }),
    };
    access::stamped(reply_of(outcome, language), version)
}

/// Source: `conekta.md: 12` for the order of the two checks.
fn admit(twin: &ConektaTwin, request: &Request) -> Result<Version, Refusal> {
    access::check_key(request, sign::shown(&twin.settings.api_key))?;
    Version::of(request)
}

fn answer_caller(
    twin: &mut ConektaTwin,
    segments: &[&str],
    request: &Request,
    (language, version): (Language, Version),
) -> Result<Reply, Refusal> {
    let (keys, now) = (&mut twin.own.webhook_keys, twin.now);
    let switches = &twin.settings.switches;
    match (request.method().as_str(), segments) {
        ("POST", ["transfers"]) => transfers::create(twin, request, language),
        ("GET", ["transfers"]) => transfers::list(twin, request, language),
        ("GET", ["transfers", id]) => transfers::show(twin, id, language),
        (_, ["payees", rest @ ..]) => payees::answer(twin, rest, request, language),
        ("GET", ["balance"]) => money::show_balance(twin, language),
        ("GET", ["transactions"]) => money::list_transactions(twin, request, language),
        ("GET", ["transactions", id]) => money::show_transaction(twin, id, language),
        ("GET", ["events"]) => events::list(twin, request, language),
        ("GET", ["events", id]) => events::show(twin, id, language),
        ("POST", ["events", id, "resend"]) => events::resend(twin, id, request),
        ("POST", ["webhooks"]) => webhooks::create(twin, request, version),
        ("GET", ["webhooks"]) => webhooks::list(twin, request, version),
        ("GET", ["webhooks", id]) => webhooks::show(&twin.own.webhooks, id, version),
        ("PUT", ["webhooks", id]) => webhooks::update(twin, id, request, version),
        ("DELETE", ["webhooks", id]) => webhooks::delete(twin, id, version),
        ("POST", ["webhooks", id, "test"]) => webhooks::test(twin, id, version),
        ("POST", ["webhook_keys"]) => keys.create(request, now),
        ("GET", ["webhook_keys"]) => keys.list(request, switches),
        ("GET", ["webhook_keys", id]) => keys.show(id, switches),
        ("PUT", ["webhook_keys", id]) => keys.update(id, request, switches, now),
        ("DELETE", ["webhook_keys", id]) => keys.delete(id, switches, now),
        _ => Err(Refusal::not_found()),
    }
}
