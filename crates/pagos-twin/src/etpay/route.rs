//! Which call answers which path, and the questions that go wrong on the way.
//! Not what the calls do.

use bytes::Bytes;
use http::Method;

use super::{EtpayTwin, request::Refusal, sign, wire};
use crate::{
    call::{self, Complaints},
    fault::Occasion,
    twin::Reply,
};

impl EtpayTwin {
    pub(super) fn answer_payments(&mut self, path: &str, request: &http::Request<Bytes>) -> Reply {
        match (request.method(), path) {
            (&Method::POST, "session/initialize") => self.initialize(request.body()),
            (&Method::POST, "merchant/check_payment_status") => self.check_payment(request.body()),
            _ => wire::payment_refusal(&Refusal::not_found("not found")),
        }
    }

    pub(super) fn answer_platform(&mut self, path: &str, request: &http::Request<Bytes>) -> Reply {
        let is_login = (request.method(), path) == (&Method::POST, "v1/auth/login");
        if is_login {
            return self.log_in(request.body());
        }
        if let Err(refusal) = self.check_token(request) {
            return wire::payout_refusal(&refusal);
        }
        match (request.method(), path) {
            (&Method::POST, "v1/payouts") => self.create_payout(request),
            (&Method::GET, "v1/payouts") => self.list_payouts(request),
            (&Method::GET, "v1/payouts/balance") => self.show_balance(),
            (&Method::GET, path) => match path.strip_prefix("v1/payouts/") {
                Some(id) if !id.is_empty() => self.show_payout(id),
                Some(_) | None => wire::payout_refusal(&Refusal::not_found("not found")),
            },
            _ => wire::payout_refusal(&Refusal::not_found("not found")),
        }
    }

    pub(super) fn is_api_token(&self, presented: Option<&str>) -> bool {
        presented == Some(sign::shown(&self.settings.merchant_api_token))
    }

    pub(super) fn is_password(&self, presented: Option<&str>) -> bool {
        presented == Some(sign::shown(&self.settings.password))
    }

    /// Answers a question about no order, unless that goes wrong.
    pub(super) fn ask_of_route(
        &mut self,
        route: &'static str,
        answer: impl FnOnce(&mut Self) -> Reply,
    ) -> Reply {
        let nth = self.questions.entry(route).or_insert(0);
        *nth = nth.saturating_add(1);
        let nth = *nth;
        self.ask(route, nth, wire::PAYOUT_COMPLAINTS, answer)
    }

    pub(super) fn ask(
        &mut self,
        key: &str,
        nth: u32,
        complaints: Complaints,
        answer: impl FnOnce(&mut Self) -> Reply,
    ) -> Reply {
        let fault = self.faults.meet(Occasion::Query, key, nth);
        call::question(fault, complaints, || answer(self))
    }
}
