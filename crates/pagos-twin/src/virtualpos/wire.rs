//! What goes out, field by field. No decisions.
//!
//! The answers of payouts are not published: these are the shapes of `virtualpos.md` 2.3, ours. The
//! envelope, and what there is about payments, is that of public integrations of the sibling API.

use http::StatusCode;
use pagos_core::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{request::Refusal, settings::Switches};
use crate::{
    call::{ErrorReplies, Statuses},
    chile::santiago,
    twin::Reply,
};

/// A payout in an answer.
#[derive(Debug, Serialize)]
pub(super) struct Payout<'a> {
    pub(super) id: &'a str,
    pub(super) merchant_id: &'a str,
    pub(super) status: &'static str,
    pub(super) amount: i64,
    pub(super) message: &'a str,
    pub(super) recipient: Recipient<'a>,
    pub(super) bank: Bank<'a>,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) rejected_object: Option<RejectedObject<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Recipient<'a> {
    pub(super) rut: &'a str,
    pub(super) name: &'a str,
    pub(super) email: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Bank<'a> {
    pub(super) sbif_code: &'a str,
    pub(super) account_number: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct RejectedObject<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'static str,
}

/// A payment in an answer.
#[derive(Debug, Serialize)]
pub(super) struct Payment<'a> {
    pub(super) order: Order<'a>,
    pub(super) client: Client<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Order<'a> {
    pub(super) uuid: &'a str,
    pub(super) status: &'static str,
    pub(super) amount: i64,
    pub(super) description: &'a str,
    pub(super) merchant_internal_code: Option<&'a str>,
    pub(super) created_at: String,
    pub(super) updated_at: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Client<'a> {
    pub(super) email: &'a str,
    pub(super) social_id: &'a str,
    pub(super) first_name: &'a str,
    pub(super) last_name: &'a str,
}

/// Every success: `status` is the result of the call, not the state of anything.
#[derive(Debug, Serialize)]
pub(super) struct Success<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payout: Option<Payout<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Payment<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_redirect: Option<String>,
}

impl<'a> Success<'a> {
    pub(super) const fn payout(payout: Payout<'a>) -> Self {
        Self { status: "OK", payout: Some(payout), payment: None, url_redirect: None }
    }

    pub(super) const fn payment(payment: Payment<'a>, url_redirect: Option<String>) -> Self {
        Self { status: "OK", payout: None, payment: Some(payment), url_redirect }
    }

    pub(super) fn reply(&self, status: StatusCode) -> Reply {
        serde_json::to_vec(self).map_or_else(|_| internal_error(), |it| Reply::json(status, it))
    }
}

/// A refusal in the envelope of the sibling API, with a status of its own or always with 200.
pub(super) fn refuse(refusal: &Refusal, switches: &Switches) -> Reply {
    let status = if switches.errors_as_200 { StatusCode::OK } else { refusal.status };
    no(status, refusal.code, &refusal.text)
}

pub(super) const ERRORS: ErrorReplies = ErrorReplies {
    internal_error,
    busy: || no(StatusCode::SERVICE_UNAVAILABLE, "SIM-BUSY", "servicio no disponible"),
    refusal: || no(StatusCode::UNPROCESSABLE_ENTITY, "SIM-REFUSED", "un campo es inválido"),
    // Those of payouts and of payments.
    statuses: Statuses {
        field: "status",
        words: &[
            "pendiente",
            "procesando",
            "pagado",
            "rechazado",
            "cancelado",
            "devuelto",
            "expirado",
        ],
    },
};

pub(super) fn internal_error() -> Reply {
    no(StatusCode::INTERNAL_SERVER_ERROR, "SIM-INTERNAL", "error interno")
}

fn no(status: StatusCode, code: &str, message: &str) -> Reply {
    let error = json!({"error_code": code, "message": message, "doc_url": DOC_URL});
    Reply::json(status, json!({"status": "NOK", "error": error}).to_string())
}

/// What a person sees who opens the address of payouts.
pub(super) fn banner() -> Reply {
    Reply::json(StatusCode::OK, json!({"status": "OK", "banner": BANNER}).to_string())
}

/// `2026-01-15 10:20:30`, in Chile. Source: `virtualpos.md` 2.3 for the form; the zone is inferred.
pub(super) fn local_time(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.as_millis()).ok();
    let local =
        moment.zip(santiago()).map(|(moment, zone)| moment.to_zoned_datetime(zone).datetime());
    local.map(|it| it.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}

const BANNER: &str =
    "VirtualPOS payout: signature contract is documented, endpoint shapes are assumed";

/// The page of that name exists; its content was never seen.
const DOC_URL: &str = "https://virtualpos.readme.io/reference/objeto-error";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_santiago() {
        for (at, expected) in [
            ("2026-01-15T13:20:30.999Z", "2026-01-15 10:20:30"),
            ("2026-07-15T13:20:30Z", "2026-07-15 09:20:30"),
        ] {
            assert_eq!(local_time(at.parse().unwrap()), expected);
        }
    }
}
