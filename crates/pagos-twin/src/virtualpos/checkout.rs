//! The calls of a merchant who wants to be paid: a payment, its link, its state.
//! Not the payer's way; see `funnel`. Cancelling, lists, cards and subscriptions are not simulated.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use pagos_core::Timestamp;
use serde_json::Value;

use super::{
    VirtualPosTwin,
    life::Coming,
    payment::{Payment, PaymentDraft, PaymentStatus, Urls},
    request::{self, Caller, Refusal},
    wire,
};
use crate::{
    call::{self, Course, Delays, Effect},
    fault::Occasion,
    fields::{Fields, Flaw},
    twin::Reply,
    web::origin,
};

impl VirtualPosTwin {
    /// `POST /v3/payment/`. Source: `virtualpos.md` 7.1.
    pub(super) fn create_payment(&mut self, request: &http::Request<Bytes>) -> Reply {
        let draft = self.admit_to_payments(request).and_then(|caller| {
            let fields = signed_fields(request, &caller)?;
            let switches = &self.settings.switches;
            let draft = PaymentDraft::read(&fields, caller.account, switches, origin(request))?;
            Ok(draft)
        });
        match draft {
            Ok(draft) => self.attempt_payment(draft),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    /// `POST /v3/payment/{uuid}/webcheckout`. Source: `virtualpos.md` 7.1.
    pub(super) fn link_payment(&mut self, uuid: &str, request: &http::Request<Bytes>) -> Reply {
        match self.read_link(uuid, request) {
            Ok((index, urls)) => self.ask_of_payment(index, |twin| twin.link(index, urls, request)),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    /// `GET /v3/payment/{uuid}`. Source: `virtualpos.md` 7.1.
    pub(super) fn show_payment(&mut self, uuid: &str, request: &http::Request<Bytes>) -> Reply {
        let found =
            self.admit_to_payments(request).and_then(|caller| self.payment_of(uuid, &caller));
        match found {
            Ok(index) => self.ask_of_payment(index, |twin| twin.answer_payment(index, None)),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    /// Creates the payment, or lets go wrong what has to go wrong. It costs nothing, so that there is
    /// no balance to be exhausted.
    fn attempt_payment(&mut self, draft: PaymentDraft) -> Reply {
        let now = self.now;
        let key = Arc::clone(&draft.code);
        let nth = self.payments.count_create(&key);
        let timing = self.settings.timing;
        let delays = Delays { late_apply: timing.late_apply, slow_reply: timing.slow_reply };
        let course = Course::of(&mut self.faults, &key, nth, None, delays);
        let answer = match course.effect {
            Effect::Now(_) => Some(self.apply_payment(&draft, now)),
            Effect::Late => {
                self.agenda.add(now.plus(course.late), Coming::CreatePayment(Box::new(draft)));
                None
            }
            Effect::Never => None,
        };
        course.reply(answer, wire::COMPLAINTS)
    }

    /// Creates the payment and answers as if nothing went wrong. A code may have several: no rule
    /// against it is known.
    pub(super) fn apply_payment(&mut self, draft: &PaymentDraft, at: Timestamp) -> Reply {
        let mut chance = self.faults.chance("payment", &draft.code, self.payments.count());
        let uuid: Arc<str> = format!("{:016x}", chance.next_u64()).into();
        let link = link_to(&draft.origin, &uuid);
        let expires_at = at.plus(self.settings.payment_ttl());
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
        let Some(index) = self.payments.add(payment) else {
            return wire::internal_error();
        };
        self.agenda.add(expires_at, Coming::Expire(index));
        self.answer_payment(index, self.settings.switches.link_on_create.then_some(link))
    }

    fn read_link(
        &self,
        uuid: &str,
        request: &http::Request<Bytes>,
    ) -> Result<(u32, Urls), Refusal> {
        let caller = self.admit_to_payments(request)?;
        let fields = signed_fields(request, &caller)?;
        let index = self.payment_of(uuid, &caller)?;
        let method = fields.text("payment_method", 16)?;
        if method.is_some_and(|it| !METHODS.contains(&it)) {
            return Err(Flaw::wrong("payment_method").into());
        }
        let is_open = |it: &Payment| it.status == PaymentStatus::Pending;
        if !self.payments.get(index).is_some_and(is_open) {
            return Err(Refusal::closed());
        }
        Ok((index, Urls::read(&fields)?))
    }

    fn link(&mut self, index: u32, urls: Urls, request: &http::Request<Bytes>) -> Reply {
        let Some(payment) = self.payments.get_mut(index) else {
            return wire::internal_error();
        };
        payment.return_url = urls.return_url.or(payment.return_url.take());
        payment.callback_url = urls.callback_url.or(payment.callback_url.take());
        let link = link_to(&origin(request), &payment.uuid);
        self.answer_payment(index, Some(link))
    }

    fn answer_payment(&self, index: u32, url_redirect: Option<String>) -> Reply {
        self.payments.get(index).map_or_else(wire::internal_error, |payment| {
            wire::Success::payment(payment.shown(), url_redirect).reply(StatusCode::OK)
        })
    }

    /// The payment of that number, if it is the caller's.
    fn payment_of(&self, uuid: &str, caller: &Caller) -> Result<u32, Refusal> {
        let is_own = |index: &u32| {
            self.payments.get(*index).is_some_and(|it| it.draft.account == caller.account)
        };
        self.payments.by_reference(uuid).filter(is_own).ok_or_else(Refusal::not_found)
    }

    fn admit_to_payments(&self, request: &http::Request<Bytes>) -> Result<Caller, Refusal> {
        request::admit(request, &self.settings.payment_accounts, self.now)
    }

    /// Answers a question about a payment, unless that goes wrong. A link moves no money, so that
    /// asking for one is a question.
    fn ask_of_payment(&mut self, index: u32, answer: impl FnOnce(&mut Self) -> Reply) -> Reply {
        let key = self.payments.get(index).map(|it| it.draft.code.clone()).unwrap_or_default();
        let nth = self.payments.count_query(&key);
        let fault = self.faults.meet(Occasion::Query, &key, nth);
        call::question(fault, wire::COMPLAINTS, || answer(self))
    }
}

/// The fields of a body, once it was found to be what is signed. A page asks for a signature over
/// the API key and the attributes; three integrations sign the API key alone, and one a claim of its
/// own besides. So what is signed must be right, and nothing but the API key must be signed.
///
/// Source: `virtualpos.md` 7.
fn signed_fields(request: &http::Request<Bytes>, caller: &Caller) -> Result<Fields, Refusal> {
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
    format!("{origin}/{}{}/{uuid}", super::PROVIDER, super::FUNNEL)
}

/// Source: `virtualpos.md` 7.1.
const METHODS: [&str; 6] = ["webpay", "khipu", "fintoc", "mach", "redpay", "all"];
