//! Which call answers which path, who may ask, and the questions that go wrong on the way.
//! Not what the calls do.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::{
    ConektaTwin,
    access::{self, Language, Version},
    listing::Address,
    refusal::{self, Refusal},
    sign,
};
use crate::{call, fault::Occasion, twin::Reply};

impl ConektaTwin {
    pub(super) fn answer(&mut self, path: &str, request: &http::Request<Bytes>) -> Reply {
        let language = Language::of(request);
        // A client whose base address ends in a slash makes two of it.
        let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
        let mut version = Version::V2_3;
        let outcome = match (request.method(), segments.as_slice()) {
            (&Method::GET, ["ping"]) => Ok(Reply::json(StatusCode::OK, r#"{"status":200}"#)),
            (_, segments) => self.admit(request).and_then(|asked_for| {
                version = asked_for;
                self.answer_caller(segments, request, language, version)
            }),
        };
        access::stamped(reply_of(outcome, language), version)
    }

    /// Source: `conekta.md: 12` for the order of the two checks.
    fn admit(&self, request: &http::Request<Bytes>) -> Result<Version, Refusal> {
        access::check_key(request, sign::shown(&self.settings.api_key))?;
        Version::of(request)
    }

    fn answer_caller(
        &mut self,
        segments: &[&str],
        request: &http::Request<Bytes>,
        language: Language,
        version: Version,
    ) -> Result<Reply, Refusal> {
        match (request.method().as_str(), segments) {
            ("POST", ["transfers"]) => self.create_transfer(request, language),
            ("GET", ["transfers"]) => self.list_transfers(request, language),
            ("GET", ["transfers", id]) => self.show_transfer(id, language),
            (_, ["payees", rest @ ..]) => self.answer_payees(rest, request, language),
            ("GET", ["balance"]) => self.show_balance(language),
            ("GET", ["transactions"]) => self.list_transactions(request, language),
            ("GET", ["transactions", id]) => self.show_transaction(id, language),
            ("GET", ["events"]) => self.list_events(request, language),
            ("GET", ["events", id]) => self.show_event(id, language),
            ("POST", ["events", id, "resend"]) => self.resend_event(id, request),
            ("POST", ["webhooks"]) => self.create_webhook(request, version),
            ("GET", ["webhooks"]) => self.list_webhooks(request, version),
            ("GET", ["webhooks", id]) => self.show_webhook(id, version),
            ("PUT", ["webhooks", id]) => self.update_webhook(id, request, version),
            ("DELETE", ["webhooks", id]) => self.delete_webhook(id, version),
            ("POST", ["webhooks", id, "test"]) => self.test_webhook(id, version),
            ("POST", ["webhook_keys"]) => self.create_webhook_key(request),
            ("GET", ["webhook_keys"]) => self.list_webhook_keys(request),
            ("GET", ["webhook_keys", id]) => self.show_webhook_key(id),
            ("PUT", ["webhook_keys", id]) => self.update_webhook_key(id, request),
            ("DELETE", ["webhook_keys", id]) => self.delete_webhook_key(id),
            _ => Err(Refusal::not_found()),
        }
    }

    fn answer_payees(
        &mut self,
        segments: &[&str],
        request: &http::Request<Bytes>,
        language: Language,
    ) -> Result<Reply, Refusal> {
        match (request.method().as_str(), segments) {
            ("POST", []) => self.create_payee(request, language),
            ("GET", []) => self.list_payees(request),
            ("GET", [id]) => self.show_payee(id),
            ("PUT", [id]) => self.update_payee(id, request),
            ("DELETE", [id]) => self.delete_payee(id),
            ("POST", [id, "destinations"]) => self.create_destination(id, request),
            ("PUT", [id, "destinations", destination]) => {
                self.update_destination(id, destination, request)
            }
            ("DELETE", [id, "destinations", destination]) => {
                self.delete_destination(id, destination)
            }
            _ => Err(Refusal::not_found()),
        }
    }

    /// Where a list lies.
    pub(super) fn address(&self, request: &http::Request<Bytes>) -> Address {
        Address::of(request, self.settings.switches.foreign_next_page)
    }

    /// Answers a question about no transfer, unless that goes wrong.
    pub(super) fn ask_of_route(
        &mut self,
        route: &'static str,
        language: Language,
        answer: impl FnOnce(&mut Self) -> Result<Reply, Refusal>,
    ) -> Result<Reply, Refusal> {
        let nth = self.questions.entry(route).or_insert(0);
        *nth = nth.saturating_add(1);
        let nth = *nth;
        Ok(self.ask(route, nth, language, |twin| reply_of(answer(twin), language)))
    }

    pub(super) fn ask(
        &mut self,
        key: &str,
        nth: u32,
        language: Language,
        answer: impl FnOnce(&mut Self) -> Reply,
    ) -> Reply {
        let fault = self.faults.meet(Occasion::Query, key, nth);
        call::question(fault, refusal::complaints(language), || answer(self))
    }
}

/// The answer or the refusal, in this language.
pub(super) fn reply_of(outcome: Result<Reply, Refusal>, language: Language) -> Reply {
    outcome.unwrap_or_else(|refusal| refusal.reply(language))
}
