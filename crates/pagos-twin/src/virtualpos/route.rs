//! Which call answers which path, and how often each was made. Not what the calls do.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::{
    VirtualPosTwin,
    question::Name,
    request::{self, Caller, Refusal},
    wire,
};
use crate::{page, twin::Reply};

impl VirtualPosTwin {
    /// What follows the address of payouts.
    pub(super) fn answer_payouts(&mut self, path: &str, request: &http::Request<Bytes>) -> Reply {
        let method = request.method();
        if let ("" | "/" | "/v3" | "/v3/", &Method::GET) = (path, method) {
            return wire::banner();
        }
        if let ("/v3/payout", &Method::POST) = (path, method) {
            self.count("create");
            return self.create_payout(request);
        }
        let name = path.strip_prefix("/v3/payout/").and_then(Name::of);
        match (name, method) {
            (Some(name), &Method::GET | &Method::POST) => {
                self.count(match name {
                    Name::Id(_) => "by_id",
                    Name::MerchantId(_) => "by_merchant_id",
                });
                self.question(&name, request)
            }
            (Some(_), _) | (None, _) => no_such_path(),
        }
    }

    /// What follows the address of payments.
    pub(super) fn answer_payments(&mut self, path: &str, request: &http::Request<Bytes>) -> Reply {
        let method = request.method();
        let rest = path.strip_prefix("/v3/payment").and_then(|it| match it {
            "" => Some(it),
            rest => rest.strip_prefix('/'),
        });
        let rest = rest.map(|it| it.split_once('/').unwrap_or((it, "")));
        match (rest, method) {
            (Some(("", "")), &Method::POST) => {
                self.count("payment");
                self.create_payment(request)
            }
            (Some((uuid, "webcheckout")), &Method::POST) => {
                self.count("webcheckout");
                self.link_payment(uuid, request)
            }
            (Some((uuid, "")), &Method::GET) if !uuid.is_empty() => {
                self.count("by_uuid");
                self.show_payment(uuid, request)
            }
            _ => no_such_path(),
        }
    }

    pub(super) fn admit_to_payouts(
        &self,
        request: &http::Request<Bytes>,
    ) -> Result<Caller, Refusal> {
        request::admit(request, &self.settings.accounts, self.now)
    }

    /// Refuses in the envelope, with a status of its own or always with 200.
    pub(super) fn refuse(&self, refusal: &Refusal) -> Reply {
        let is_200 = self.settings.switches.errors_as_200;
        wire::refusal(if is_200 { StatusCode::OK } else { refusal.status }, refusal)
    }

    fn count(&mut self, call: &'static str) {
        *self.calls.entry(call).or_insert(0) += 1;
    }
}

/// A page, so that nobody takes a wrong path for "there is no such payout".
pub(super) fn no_such_path() -> Reply {
    page::message(StatusCode::NOT_FOUND, "VirtualPOS", "There is no such path.")
}
