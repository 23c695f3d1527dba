//! The calls of a merchant who wants to be paid: a payment, its link, its state.
//! Not the payer's way; see `checkout`. Cancelling, lists, cards and subscriptions are not simulated.

use std::sync::Arc;

use http::StatusCode;
use pagos_core::Timestamp;
use serde_json::Value;

use super::{
    VirtualPos, VirtualPosTwin, checkout,
    life::Task,
    payment::{Payment, PaymentDraft, PaymentStatus, Urls},
    request::{self, Caller, Refusal},
    wire,
};
use crate::{
    book::Book,
    call::Course,
    fields::{Fields, Flaw},
    machine::Protocol,
    twin::{Reply, Request},
    web::origin,
};

/// `POST /v3/payment/`: creates the payment, or lets go wrong what has to go wrong. It costs nothing,
/// so that there is no balance to be exhausted. Source: `virtualpos.md` 7.1.
pub(super) fn create(twin: &mut VirtualPosTwin, request: &Request) -> Result<Reply, Refusal> {
    let caller = admit(twin, request)?;
    let fields = signed_fields(request, &caller)?;
    let switches = &twin.settings.switches;
    let draft = PaymentDraft::read(&fields, caller.account, switches, origin(request))?;
    let nth = twin.own.payments.count_create(&draft.code);
    let delays = twin.settings.timing.faults.delays(nth);
    let course = Course::of(&mut twin.faults, &draft.code, nth, None, delays);
    let apply = |twin: &mut VirtualPosTwin, draft: &PaymentDraft, at, _| apply(twin, draft, at);
    Ok(twin.create(draft, course, wire::ERRORS, apply, Task::CreatePayment))
}

/// `POST /v3/payment/{uuid}/webcheckout`. Source: `virtualpos.md` 7.1.
pub(super) fn link(
    twin: &mut VirtualPosTwin,
    uuid: &str,
    request: &Request,
) -> Result<Reply, Refusal> {
    let caller = admit(twin, request)?;
    let fields = signed_fields(request, &caller)?;
    let index = payment_of(&twin.own.payments, uuid, &caller)?;
    let method = fields.text("payment_method", 16)?;
    if method.is_some_and(|it| !METHODS.contains(&it)) {
        return Err(Flaw::wrong("payment_method").into());
    }
    let is_open = |it: &Payment| it.status == PaymentStatus::Pending;
    if !twin.own.payments.get(index).is_some_and(is_open) {
        return Err(Refusal::closed());
    }
    let urls = Urls::read(&fields)?;
    Ok(ask(twin, index, |payment| {
        payment.return_url = urls.return_url.or(payment.return_url.take());
        payment.callback_url = urls.callback_url.or(payment.callback_url.take());
        let link = link_to(&origin(request), &payment.uuid);
        answer(payment, Some(link))
    }))
}

/// `GET /v3/payment/{uuid}`. Source: `virtualpos.md` 7.1.
pub(super) fn show(
    twin: &mut VirtualPosTwin,
    uuid: &str,
    request: &Request,
) -> Result<Reply, Refusal> {
    let caller = admit(twin, request)?;
    let index = payment_of(&twin.own.payments, uuid, &caller)?;
    Ok(ask(twin, index, |payment| answer(payment, None)))
}

/// Creates the payment and answers as if nothing went wrong. A code may have several: no rule
/// against it is known.
pub(super) fn apply(twin: &mut VirtualPosTwin, draft: &PaymentDraft, at: Timestamp) -> Reply {
    let mut chance = twin.faults.chance("payment", &draft.code, twin.own.payments.count());
    let uuid: Arc<str> = format!("{:016x}", chance.next_u64()).into();
    let link = link_to(&draft.origin, &uuid);
    let expires_at = at.plus(twin.settings.payment_ttl());
    let link = twin.settings.switches.link_on_create.then_some(link);
    let payment = Payment {
        uuid,
        draft: draft.clone(),
        status: PaymentStatus::Pending,
        return_url: draft.urls.return_url.clone(),
        callback_url: draft.urls.callback_url.clone(),
        created_at: at,
        updated_at: at,
        expires_at,
        notices: 0,
    };
    let reply = answer(&payment, link);
    let Some(index) = twin.own.payments.add(payment) else {
        return wire::internal_error();
    };
    twin.tasks.add(expires_at, Task::Expire(index));
    reply
}

fn answer(payment: &Payment, url_redirect: Option<String>) -> Reply {
    wire::Success::payment(payment.shown(), url_redirect).reply(StatusCode::OK)
}

/// The payment of that number, if it is the caller's.
fn payment_of(payments: &Book<Payment>, uuid: &str, caller: &Caller) -> Result<u32, Refusal> {
    let is_own =
        |index: &u32| payments.get(*index).is_some_and(|it| it.draft.account == caller.account);
    payments.by_reference(uuid).filter(is_own).ok_or_else(Refusal::not_found)
}

fn admit(twin: &VirtualPosTwin, request: &Request) -> Result<Caller, Refusal> {
    request::admit(request, &twin.settings.payment_accounts, twin.now)
}

/// Answers a query about a payment, unless that goes wrong. A link moves no money, so that
/// asking for one is a query.
fn ask(twin: &mut VirtualPosTwin, index: u32, answer: impl FnOnce(&mut Payment) -> Reply) -> Reply {
    let key = twin.own.payments.get(index).map(|it| it.draft.code.clone()).unwrap_or_default();
    let nth = twin.own.payments.count_query(&key);
    twin.ask(&key, nth, wire::ERRORS, |twin| {
        twin.own.payments.get_mut(index).map_or_else(wire::internal_error, answer)
    })
}

/// The fields of a body, once it was found to be what is signed. A page asks for a signature over
/// the API key and the attributes; three integrations sign the API key alone, and one a claim of its
/// own besides. So what is signed must be right, and nothing but the API key must be signed.
///
/// Source: `virtualpos.md` 7.
fn signed_fields(request: &Request, caller: &Caller) -> Result<Fields, Refusal> {
    let fields = Fields::open(request.body())?;
    let is_signed = |(name, value): (&String, &Value)| {
        caller.claims.value(name).is_none_or(|claimed| claimed == value)
    };
    if fields.iter().all(is_signed) {
        return Ok(fields);
    }
    Err(Refusal::signature("Signature de otros atributos"))
}

fn link_to(origin: &str, uuid: &str) -> String {
    format!("{origin}/{}{}/{uuid}", VirtualPos::PROVIDER, checkout::PATH)
}

/// Source: `virtualpos.md` 7.1.
const METHODS: [&str; 6] = ["webpay", "khipu", "fintoc", "mach", "redpay", "all"];
