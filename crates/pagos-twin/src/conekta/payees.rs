//! Calls below `/payees`: payees and their accounts. They move no money.
//! Not what a payee is; see `payee` and `destination`.

use serde_json::Value;

use super::{
    ConektaTwin,
    destination::{self, Destination, Draft},
    event::About,
    listing::{Address, Query},
    notify,
    payee::{Payee, Person},
    refusal::{self, Language, Refusal, reply_of},
    request::{fields, invalid},
    wire,
};
use crate::twin::{Reply, Request};

/// Answers a call, by what follows `/payees`.
pub(super) fn answer(
    twin: &mut ConektaTwin,
    segments: &[&str],
    request: &Request,
    language: Language,
) -> Result<Reply, Refusal> {
    match (request.method().as_str(), segments) {
        ("POST", []) => create(twin, request, language),
        ("GET", []) => list(twin, request),
        ("GET", [id]) => answer_payee(twin, twin.own.payees.named(id)?),
        ("PUT", [id]) => update(twin, id, request),
        ("DELETE", [id]) => delete(twin, id),
        ("POST", [id, "destinations"]) => create_destination(twin, id, request),
        ("PUT", [id, "destinations", destination]) => {
            update_destination(twin, id, destination, request)
        }
        ("DELETE", [id, "destinations", destination]) => delete_destination(twin, id, destination),
        _ => Err(Refusal::not_found()),
    }
}

/// `POST /payees`. Source: manual.
///
/// It moves no money, so it goes wrong like a query: a reply that breaks off leaves a payee that
/// nobody knows of.
fn create(twin: &mut ConektaTwin, request: &Request, language: Language) -> Result<Reply, Refusal> {
    let fields = fields(request)?;
    let person = Person::read(&fields, None)?;
    let read = |it: &Value| Draft::read(it, &twin.settings.switches);
    let drafts: Vec<Draft> = match fields.value("destinations") {
        None => Vec::new(),
        Some(Value::Array(list)) => list.iter().map(read).collect::<Result<_, _>>()?,
        Some(_) => return Err(invalid("destinations")),
    };
    let (id, key) = twin.own.payees.next_names(&person, &twin.faults);
    let occasion = format!("{key}/payee");
    let nth = twin.own.payees.book.count_query(&occasion);
    Ok(twin.ask(&occasion, nth, refusal::error_replies(language), |twin| {
        let (payees, now) = (&mut twin.own.payees, twin.now);
        let made = drafts.into_iter().map(|it| payees.new_destination(it, now, &twin.faults));
        let destinations = made.collect();
        let payee = Payee { id, key, person, destinations, created_at: now, is_deleted: false };
        let added = payees.book.add(payee).ok_or_else(Refusal::runtime_error);
        reply_of(added.and_then(|index| told(twin, index, "payee.created")), language)
    }))
}

/// `GET /payees`. Source: conekta-go 2.1.1.
fn list(twin: &ConektaTwin, request: &Request) -> Result<Reply, Refusal> {
    let query = Query::of(request)?;
    let address = Address::of(request, &twin.settings.switches);
    let is_left = |it: &Payee| !it.is_deleted;
    query.list(&twin.own.payees.book, is_left, |it| Some(it.shown()), &address)
}

/// `PUT /payees/{id}`. Source: conekta-go 2.1.1. Destinations are left as they are: what they would
/// do here is unknown.
fn update(twin: &mut ConektaTwin, id: &str, request: &Request) -> Result<Reply, Refusal> {
    let index = twin.own.payees.named(id)?;
    let fields = fields(request)?;
    let payee = twin.own.payees.book.get_mut(index).ok_or_else(Refusal::not_found)?;
    payee.person = Person::read(&fields, Some(&payee.person))?;
    told(twin, index, "payee.updated")
}

/// `DELETE /payees/{id}`. Source: conekta-go 2.1.1.
fn delete(twin: &mut ConektaTwin, id: &str) -> Result<Reply, Refusal> {
    let index = twin.own.payees.named(id)?;
    let payee = twin.own.payees.book.get_mut(index).ok_or_else(Refusal::not_found)?;
    payee.is_deleted = true;
    told(twin, index, "payee.deleted")
}

/// Tells what happened to a payee, and shows it.
fn told(twin: &mut ConektaTwin, index: u32, kind: &'static str) -> Result<Reply, Refusal> {
    notify::tell(twin, About::Payee { index, kind });
    answer_payee(twin, index)
}

fn answer_payee(twin: &ConektaTwin, index: u32) -> Result<Reply, Refusal> {
    Ok(wire::answer(&twin.own.payees.shown(index)?))
}

/// `POST /payees/{id}/destinations`. Source: conekta-ruby 2.6.0.
fn create_destination(
    twin: &mut ConektaTwin,
    id: &str,
    request: &Request,
) -> Result<Reply, Refusal> {
    let index = twin.own.payees.named(id)?;
    let body = serde_json::from_slice(request.body()).map_err(|_| Refusal::no_json())?;
    let draft = Draft::read(&body, &twin.settings.switches)?;
    let destination = twin.own.payees.new_destination(draft, twin.now, &twin.faults);
    let payee = twin.own.payees.book.get_mut(index).ok_or_else(Refusal::not_found)?;
    let reply = wire::answer(&destination.shown(&payee.id));
    payee.destinations.push(destination);
    notify::tell(twin, About::Payee { index, kind: "payee.payout_method.created" });
    Ok(reply)
}

/// `PUT /payees/{id}/destinations/{id}`. Source: conekta-ruby 2.6.0. Fields that are not named stay;
/// transfers under way keep the account that they had. `[sim]`
fn update_destination(
    twin: &mut ConektaTwin,
    id: &str,
    destination_id: &str,
    request: &Request,
) -> Result<Reply, Refusal> {
    let mut body: serde_json::Map<String, Value> =
        serde_json::from_slice(request.body()).map_err(|_| Refusal::no_json())?;
    let payees = &twin.own.payees;
    let (index, place) = payees.destination_named(destination_id, id)?;
    if let Some(present) = payees.book.get(index).and_then(|it| it.destinations.get(place)) {
        let keep = |value: &str| Value::from(value);
        body.entry("type").or_insert_with(|| keep(destination::BANK_ACCOUNT));
        body.entry("account_number").or_insert_with(|| keep(&present.draft.account));
        body.entry("account_holder_name").or_insert_with(|| keep(&present.draft.holder));
    }
    let draft = Draft::read(&Value::Object(body), &twin.settings.switches)?;
    let kind = "payee.payout_method.updated";
    change_destination(twin, (index, place), kind, |it| it.draft = draft)
}

/// `DELETE /payees/{id}/destinations/{id}`. Source: conekta-ruby 2.6.0.
fn delete_destination(
    twin: &mut ConektaTwin,
    id: &str,
    destination_id: &str,
) -> Result<Reply, Refusal> {
    let found = twin.own.payees.destination_named(destination_id, id)?;
    change_destination(twin, found, "payee.payout_method.deleted", |it| it.is_deleted = true)
}

fn change_destination(
    twin: &mut ConektaTwin,
    (index, place): (u32, usize),
    kind: &'static str,
    change: impl FnOnce(&mut Destination),
) -> Result<Reply, Refusal> {
    let payee = twin.own.payees.book.get_mut(index).ok_or_else(Refusal::not_found)?;
    let destination = payee.destinations.get_mut(place).ok_or_else(Refusal::not_found)?;
    change(destination);
    let reply = wire::answer(&destination.shown(&payee.id));
    notify::tell(twin, About::Payee { index, kind });
    Ok(reply)
}
