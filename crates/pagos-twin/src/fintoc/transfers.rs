//! `POST /v2/transfers`: from a signed request to a transfer, once for each key and day, through
//! whatever goes wrong on the way. Not what becomes of a transfer, and not the queries about it.

use std::sync::Arc;

use http::StatusCode;
use pagos_core::Timestamp;

use super::{
    FintocTwin, answers, identifier,
    life::{self, Task},
    listing,
    refusal::{ERRORS, Refusal},
    transfer::{Draft, Status, Transfer},
};
use crate::{
    call::{Course, Funds},
    outcome::{self, Outcome},
    twin::{Reply, Request},
};

/// Pays, unless the key of the request has an answer already.
pub(super) fn create(twin: &mut FintocTwin, request: &Request) -> Result<Reply, Refusal> {
    let now = twin.now;
    twin.own.signatures.take_in(request, &twin.settings, now)?;
    let key = answers::key_of(request)?;
    let known = find(twin, key, request, now)?;
    let reply = match (known, Draft::read(request, key, &twin.settings)) {
        (Some(answer), draft) => {
            return Ok(draw_course(twin, key, draft.ok().as_ref()).replay(answer));
        }
        (None, Err(refusal)) => refusal.reply(),
        (None, Ok(draft)) => {
            let course = draw_course(twin, key, Some(&draft));
            twin.create(draft, course, ERRORS, apply, Task::Create)
        }
    };
    // Its own error is an answer too, even where the transfer is there.
    keep(twin, key, request, &reply, now);
    Ok(reply)
}

/// Creates the transfer, keeps the answer under its key, and answers as if nothing went wrong. A request
/// that was held up finds that its key was answered meanwhile.
pub(super) fn apply(twin: &mut FintocTwin, draft: &Draft, at: Timestamp, funds: Funds) -> Reply {
    let key = draft.key.as_deref();
    match find(twin, key, &draft.request, at) {
        Ok(None) => {}
        Ok(Some(answer)) => return answer,
        Err(refusal) => return refusal.reply(),
    }
    let reply = match pay(twin, draft, at, funds) {
        Ok(index) => listing::shown(twin, index, StatusCode::CREATED),
        Err(refusal) => refusal.reply(),
    };
    keep(twin, key, &draft.request, &reply, at);
    reply
}

fn pay(twin: &mut FintocTwin, draft: &Draft, at: Timestamp, funds: Funds) -> Result<u32, Refusal> {
    if funds == Funds::Exhausted || !twin.balance.debit(draft.order.amount_minor) {
        return Err(Refusal::insufficient_balance());
    }
    let transfer = new_transfer(twin, draft, at);
    let index = twin.own.transfers.add(transfer).ok_or_else(Refusal::internal_error)?;
    life::schedule_step(twin, index, at);
    Ok(index)
}

fn new_transfer(twin: &mut FintocTwin, draft: &Draft, at: Timestamp) -> Transfer {
    let id = next_id(twin, draft.key.as_deref());
    let key = draft.key.clone().unwrap_or_else(|| Arc::clone(&id));
    let nth = twin.own.transfers.count_of(&key);
    let outcome = Outcome::draw(&mut twin.faults, &key, nth, draft.scenario.as_ref(), None);
    let lag = twin.settings.timing.listing_lag;
    Transfer {
        tracking_key: twin.own.next_tracking_key(at),
        order: draft.order.clone(),
        status: Status::Pending,
        ending: outcome.ending,
        is_stuck: outcome.is_stuck,
        created_at: at,
        posted_at: None,
        listed_at: at.plus(outcome::listing_lag(&mut twin.faults, &key, nth, lag)),
        notices: 0,
        notified: outcome.notified,
        echoes_other_amount: outcome.echoes_other_amount,
        id,
        key,
    }
}

/// The id of the next transfer.
fn next_id(twin: &FintocTwin, key: Option<&str>) -> Arc<str> {
    let count = twin.own.transfers.count();
    identifier::prefixed("tr_", twin.faults.chance("transfer", key.unwrap_or_default(), count))
}

/// Without a key the faults meet a request by the number that the transfer would have.
fn draw_course(twin: &mut FintocTwin, key: Option<&str>, draft: Option<&Draft>) -> Course {
    let name = key.map_or_else(|| next_id(twin, None), Arc::from);
    let nth = twin.own.transfers.count_create(&name);
    let delays = twin.settings.timing.delays(nth);
    let scenario = draft.and_then(|it| it.scenario.as_ref());
    Course::of(&mut twin.faults, &name, nth, scenario, delays)
}

fn find(
    twin: &FintocTwin,
    key: Option<&str>,
    request: &Request,
    at: Timestamp,
) -> Result<Option<Reply>, Refusal> {
    let Some(key) = key else { return Ok(None) };
    twin.own.answers.find(key, request, twin.settings.keys_kept_for(), at)
}

fn keep(twin: &mut FintocTwin, key: Option<&str>, request: &Request, reply: &Reply, at: Timestamp) {
    if let Some(key) = key {
        twin.own.answers.keep(key, request, reply, twin.settings.keys_kept_for(), at);
    }
}
