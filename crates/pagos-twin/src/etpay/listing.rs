//! Queries about payouts: one by its id, a page of those of some days, and the balance.
//! Not the way to follow payouts, says the manual; that is the webhook.

use http::StatusCode;
use pagos_core::Timestamp;
use serde_json::json;

use super::{
    EtpayTwin,
    calendar::{self, Days},
    payout::Payout,
    request::Refusal,
    settings::EtpaySettings,
    wire,
};
use crate::{
    twin::{Reply, Request},
    web::parameter,
};

/// `GET /v1/payouts/{id}`. `[sim]`
pub(super) fn show_payout(twin: &mut EtpayTwin, id: &str) -> Reply {
    let Some(index) = twin.own.payouts.by_reference(id) else {
        let unknown =
            |_: &mut EtpayTwin| wire::payout_refusal(&Refusal::not_found("payout not found"));
        return twin.ask_of_route("payout", wire::PAYOUT_ERRORS, unknown);
    };
    let key = twin.own.payouts.get(index).map(|payout| payout.key.clone()).unwrap_or_default();
    let nth = twin.own.payouts.count_query(&key);
    twin.ask(&key, nth, wire::PAYOUT_ERRORS, |twin| match twin.own.payouts.get(index) {
        Some(payout) => wire::payout(&payout.shown(&twin.settings.switches)),
        None => wire::payout_error(),
    })
}

/// `GET /v1/payouts/balance`. `[sim]`
pub(super) fn show_balance(twin: &mut EtpayTwin) -> Reply {
    twin.ask_of_route("balance", wire::PAYOUT_ERRORS, |twin| {
        let balance = json!({"msg": "ok", "balance": twin.balance.left_minor, "currency": "CLP"});
        wire::answer(StatusCode::OK, &balance)
    })
}

/// `GET /v1/payouts?from=&to=&size=&page=`. Source: `docs: D8, D9`, of a sibling.
pub(super) fn list_payouts(twin: &mut EtpayTwin, request: &Request) -> Reply {
    let merchant = parameter(request, "merchant_code");
    if merchant.is_some_and(|it| it != twin.settings.merchant_code) {
        return wire::payout_refusal(&Refusal::invalid("merchant_code"));
    }
    let (from, to) = (parameter(request, "from"), parameter(request, "to"));
    let number = |name: &str| parameter(request, name)?.parse::<u32>().ok();
    let size = number("size").filter(|it| *it > 0).unwrap_or(SIZE_USUAL).min(SIZE_MAX);
    let base = twin.settings.switches.page_base;
    let page = number("page").unwrap_or(base);
    let Some(days) = calendar::window(from.as_deref(), to.as_deref(), twin.now) else {
        return wire::payout_error();
    };
    twin.ask_of_route("payouts", wire::PAYOUT_ERRORS, |twin| {
        page_of(twin.own.payouts.entries(), days, twin.now, (page, size), &twin.settings)
    })
}

/// A page before the first has no rows.
fn page_of(
    all: &[Payout],
    days: Days,
    now: Timestamp,
    (page, size): (u32, u32),
    settings: &EtpaySettings,
) -> Reply {
    let switches = &settings.switches;
    let first = all.partition_point(|it| it.created_at < days.start);
    let end = all.partition_point(|it| it.created_at < days.end);
    // Only the youngest can lag: the others need not be looked at one by one.
    let lag_max = settings.timing.listing_lag.max;
    let young = all.partition_point(|it| it.created_at.plus(lag_max) <= now);
    let young = young.clamp(first, end);
    let old = all.get(first..young).unwrap_or_default();
    let young = all.get(young..end).unwrap_or_default();
    let listed: Vec<&Payout> = young.iter().filter(|it| it.listed_at <= now).collect();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let nth = page.checked_sub(switches.page_base).map(usize::try_from);
    let rows: Vec<wire::Shown<'_>> = match nth {
        Some(Ok(nth)) => {
            let skipped = nth.saturating_mul(size);
            let old_left = old.get(skipped.min(old.len())..).unwrap_or_default();
            let young_skipped = skipped.saturating_sub(old.len());
            let young_left = listed.iter().copied().skip(young_skipped);
            old_left.iter().chain(young_left).take(size).map(|it| it.shown(switches)).collect()
        }
        Some(Err(_)) | None => Vec::new(),
    };
    let total = old.len() + listed.len();
    wire::answer(StatusCode::OK, &wire::Page { msg: "ok", total, page, size, payouts: rows })
}

/// Source: `docs: D8`.
const SIZE_USUAL: u32 = 100;
/// Source: `docs: D8`. That more is cut to this is `[sim]`.
const SIZE_MAX: u32 = 500;
