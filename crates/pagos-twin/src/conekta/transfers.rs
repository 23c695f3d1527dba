//! Calls below `/transfers`: from a valid create to a transfer, through whatever goes wrong on the
//! way, and the queries about transfers. Not what becomes of one; see `life`.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{
    ConektaTwin, identifier,
    life::{self, Task},
    listing::{Address, Query},
    refusal::{self, Language, Refusal, reply_of},
    request::ask_of_route,
    scenario,
    transfer::{Draft, Status, Transfer},
    wire,
};
use crate::{
    call::{Course, Funds},
    outcome::{self, Outcome},
    twin::{Reply, Request},
};

/// `POST /transfers`. Source: manual.
///
/// There is neither a key nor a rule against a second one: a repeat is paid again.
pub(super) fn create(
    twin: &mut ConektaTwin,
    request: &Request,
    language: Language,
) -> Result<Reply, Refusal> {
    let draft = Draft::read(&twin.own.payees, request)?;
    let key = &draft.order.key;
    let nth = twin.own.transfers.count_create(key);
    let delays = twin.settings.timing.delays(nth);
    let course = Course::of(&mut twin.faults, key, nth, draft.scenario.as_ref(), delays);
    let apply = |twin: &mut ConektaTwin, draft: &Draft, at, funds| {
        reply_of(apply(twin, draft, at, funds), language)
    };
    Ok(twin.create(draft, course, refusal::error_replies(language), apply, Task::Create))
}

/// Creates the transfer and answers as if nothing went wrong.
pub(super) fn apply(
    twin: &mut ConektaTwin,
    draft: &Draft,
    at: Timestamp,
    funds: Funds,
) -> Result<Reply, Refusal> {
    let total_minor = draft.order.amount_minor.saturating_add(twin.settings.switches.fee());
    if funds == Funds::Exhausted || !twin.balance.debit(total_minor) {
        return Err(Refusal::insufficient_funds());
    }
    let transfer = new_transfer(twin, draft, at);
    let index = twin.own.transfers.add(transfer).ok_or_else(Refusal::runtime_error)?;
    life::start(twin, index, at);
    let transfer = twin.own.transfers.get(index).ok_or_else(Refusal::runtime_error)?;
    Ok(wire::answer(&transfer.accepted()))
}

/// `GET /transfers/{id}`. Source: `openapi: resources/transfers/transfer`.
pub(super) fn show(twin: &mut ConektaTwin, id: &str, language: Language) -> Result<Reply, Refusal> {
    let Some(index) = twin.own.transfers.by_reference(id) else {
        return ask_of_route(twin, "transfer", language, |_| Err(Refusal::not_found()));
    };
    let key = twin.own.transfers.get(index).map(|it| Arc::clone(&it.order.key)).unwrap_or_default();
    let nth = twin.own.transfers.count_query(&key);
    Ok(twin.ask(&key, nth, refusal::error_replies(language), |twin| {
        let transfer = twin.own.transfers.get(index).ok_or_else(Refusal::not_found);
        let shape = twin.settings.switches.shape;
        reply_of(transfer.map(|it| wire::answer(&it.found(shape))), language)
    }))
}

/// `GET /transfers`. Source: `openapi: resources/transfers/transfers`. There is no filter.
pub(super) fn list(
    twin: &mut ConektaTwin,
    request: &Request,
    language: Language,
) -> Result<Reply, Refusal> {
    let query = Query::of(request)?;
    let address = Address::of(request, &twin.settings.switches);
    ask_of_route(twin, "transfers", language, |twin| {
        let (now, shape) = (twin.now, twin.settings.switches.shape);
        let is_listed = |it: &Transfer| it.listed_at <= now;
        let show = |it| Some(Transfer::told(it, it.status, shape));
        query.list(&twin.own.transfers, is_listed, show, &address)
    })
}

fn new_transfer(twin: &mut ConektaTwin, draft: &Draft, at: Timestamp) -> Transfer {
    let (order, scenario) = (draft.order.clone(), draft.scenario.as_ref());
    let key = Arc::clone(&order.key);
    let nth = twin.own.transfers.count_of(&key);
    let has_triggers = twin.settings.switches.amount_triggers;
    let forced = scenario::ending_of_amount(order.amount_minor).filter(|_| has_triggers);
    let forced = forced.map(|it| (it, ""));
    let outcome = Outcome::draw(&mut twin.faults, &key, nth, scenario, forced);
    let lag = twin.settings.timing.listing_lag;
    let mut chance = twin.faults.chance("transfer", &key, twin.own.transfers.count());
    let reference = u32::try_from(chance.below(10_000_000)).unwrap_or(0);
    Transfer {
        id: identifier::object_id(at, chance),
        fee_minor: twin.settings.switches.fee(),
        status: Status::Pending,
        ending: outcome.ending,
        steps: 0,
        is_retried: false,
        is_stuck: outcome.is_stuck || (has_triggers && scenario::is_stuck(order.amount_minor)),
        created_at: at,
        listed_at: at.plus(outcome::listing_lag(&mut twin.faults, &key, nth, lag)),
        statement_reference: reference,
        notices: 0,
        notified: outcome.notified,
        echoes_other_amount: outcome.echoes_other_amount,
        last_event: None,
        order,
    }
}
