//! Queries about transfers: one by its id, and lists, newest first and a page at a time.
//! They move no money.

use std::{str::FromStr, sync::Arc};

use http::{HeaderValue, StatusCode, header::LINK};
use pagos_core::Timestamp;

use super::{
    FintocTwin,
    access::whole_seconds,
    refusal::{ERRORS, Refusal},
    settings::FintocSettings,
    transfer::{Status, Transfer},
    wire,
};
use crate::{
    book::Book,
    twin::{Reply, Request},
    web,
};

/// `GET /v2/transfers/{id}`. Source: rec: transfers get.
pub(super) fn show(twin: &mut FintocTwin, id: &str) -> Reply {
    let Some(index) = twin.own.transfers.by_reference(id) else {
        return twin.ask_of_route("transfer", ERRORS, |_| Refusal::not_found().reply());
    };
    let key = twin.own.transfers.get(index).map(|it| Arc::clone(&it.key)).unwrap_or_default();
    let nth = twin.own.transfers.count_query(&key);
    twin.ask(&key, nth, ERRORS, |twin| shown(twin, index, StatusCode::OK))
}

/// A transfer as it is now.
pub(super) fn shown(twin: &FintocTwin, index: u32, status: StatusCode) -> Reply {
    let Some(transfer) = twin.own.transfers.get(index) else {
        return Refusal::internal_error().reply();
    };
    wire::answer(status, &wire::transfer(&twin.settings, transfer, transfer.status))
}

/// `GET /v2/transfers`. Source: rec: transfers list, and the official command line for the filters.
pub(super) fn list(twin: &mut FintocTwin, request: &Request) -> Result<Reply, Refusal> {
    let lag_seconds = twin.own.signatures.lag_seconds(&twin.settings, twin.now);
    let query = Query::of(request, twin.settings.switches.page_rows, lag_seconds)?;
    let before = query.place(&twin.own.transfers)?;
    let address = format!("{}{}", web::origin(request), request.uri().path());
    let filters = filters(request);
    Ok(twin.ask_of_route("transfers", ERRORS, |twin| {
        let transfers = twin.own.transfers.entries().iter().take(before).rev();
        let mut listed = transfers.filter(|it| query.has(it, &twin.settings, twin.now));
        let page: Vec<&Transfer> = listed.by_ref().take(query.rows).collect();
        let is_more = listed.next().is_some();
        let shown = page.iter().map(|it| wire::transfer(&twin.settings, it, it.status));
        let reply = wire::answer(StatusCode::OK, &shown.collect::<Vec<_>>());
        let last = page.last().filter(|_| is_more);
        let next = last.map(|it| format!("<{address}?{filters}cursor={}>; rel=\"next\"", it.id));
        linked(reply, &next.unwrap_or_default())
    }))
}

/// With the header that names the next page. It is there and empty where there is none. Source: rec:
/// transfers list.
pub(super) fn linked(mut reply: Reply, link: &str) -> Reply {
    if let (Reply::Answer(response), Ok(value)) = (&mut reply, HeaderValue::from_str(link)) {
        response.headers_mut().insert(LINK, value);
    }
    reply
}

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Query {
    status: Option<String>,
    direction: Option<String>,
    /// Of another account there is nothing. Source: docs: list-transfers.
    account_id: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    rows: usize,
    /// The last row of the page before. Pages are said to have cursors; the name is `[sim]`.
    cursor: Option<String>,
}

impl Query {
    /// `lag_seconds` are added to the end of the time: what happened by now is not later than the
    /// merchant's now, however slow his clock is.
    fn of(request: &Request, rows_usual: u16, lag_seconds: i64) -> Result<Self, Refusal> {
        let message = "A page has 1 to 300 rows.";
        let wrong = || Refusal::bad("invalid_positive_integer", message, "per_page");
        let rows = web::parameter(request, "per_page").map_or(Ok(rows_usual), |it| it.parse());
        let rows = rows.ok().filter(|it| (1..=ROWS_MAX).contains(it)).ok_or_else(wrong)?;
        let until = moment(request, "until", DAY_MS - 1)?;
        let lag_ms = lag_seconds.saturating_mul(1_000);
        let behind = |it: Timestamp| Timestamp::from_millis(it.as_millis().saturating_add(lag_ms));
        Ok(Self {
            status: word(request, "status", |it| Status::WORDS.contains(&it))?,
            direction: word(request, "direction", |it| ["inbound", "outbound"].contains(&it))?,
            account_id: web::parameter(request, "account_id"),
            since: moment(request, "since", 0)?,
            until: until.map(behind),
            rows: rows.into(),
            cursor: web::parameter(request, "cursor"),
        })
    }

    /// The place behind the last transfer that this page can have.
    fn place(&self, transfers: &Book<Transfer>) -> Result<usize, Refusal> {
        let Some(cursor) = &self.cursor else {
            return Ok(transfers.entries().len());
        };
        let unknown = || Refusal::bad("missing_cursor", "There is no such cursor.", "cursor");
        let place = transfers.by_reference(cursor).ok_or_else(unknown)?;
        usize::try_from(place).map_err(|_| unknown())
    }

    /// What comes in is not kept, so that lists of it are empty. `[sim]`
    fn has(&self, transfer: &Transfer, settings: &FintocSettings, now: Timestamp) -> bool {
        let second = Timestamp::from_millis(whole_seconds(transfer.created_at) * 1_000);
        transfer.listed_at <= now
            && self.account_id.as_ref().is_none_or(|it| *it == settings.account_id)
            && self.direction.as_deref() != Some("inbound")
            && self.status.as_deref().is_none_or(|it| it == transfer.status.word())
            && self.since.is_none_or(|it| second >= it)
            && self.until.is_none_or(|it| second <= it)
    }
}

/// The query without its cursor.
fn filters(request: &Request) -> String {
    let query = request.uri().query().unwrap_or_default();
    let kept = query.split('&').filter(|it| !it.is_empty() && !it.starts_with("cursor="));
    kept.flat_map(|it| [it, "&"]).collect()
}

/// A parameter that has one of some words.
fn word(
    request: &Request,
    name: &str,
    is_known: impl Fn(&str) -> bool,
) -> Result<Option<String>, Refusal> {
    let word = web::parameter(request, name);
    match word {
        Some(word) if !is_known(&word) => {
            Err(Refusal::bad("invalid_enum", "There is no such word.", name))
        }
        word => Ok(word),
    }
}

/// A parameter that is a time, or a day; `day_ms` are added to a day. That both are taken is `[sim]`.
fn moment(request: &Request, name: &str, day_ms: i64) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = web::parameter(request, name) else { return Ok(None) };
    let of_day = || {
        let start = Timestamp::from_str(&format!("{text}T00:00:00Z")).ok()?;
        Some(Timestamp::from_millis(start.as_millis().saturating_add(day_ms)))
    };
    let moment = Timestamp::from_str(&text).ok().or_else(of_day);
    let wrong = || Refusal::bad("invalid_params", "This is no time.", name);
    moment.map(Some).ok_or_else(wrong)
}

/// Unknown, but for that a page can be asked for. `[sim]`
const ROWS_MAX: u16 = 300;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
