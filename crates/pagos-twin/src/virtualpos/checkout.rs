//! The payer's checkout: the page with its buttons, and what each click does.
//! Not how pages look.

use http::{Method, StatusCode};
use pagos_core::Timestamp;

use super::{
    VirtualPosTwin,
    payment::{Payment, PaymentStatus},
    webhook::{self, NOTICES, Subject},
};
use crate::{
    page::{self, Button, Checkout},
    scenario::Notified,
    twin::{Reply, Request},
    web::{parameter, redirect},
};

/// What a payer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Click {
    Pay,
    Fail,
    Abandon,
}

impl Click {
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "paid" => Self::Pay,
            "failed" => Self::Fail,
            "abandon" => Self::Abandon,
            _ => return None,
        })
    }
}

/// `GET /pay/{uuid}`, with `?auto=<click>` instead of a person. All of it is `[sim]`.
pub(super) fn visit(twin: &mut VirtualPosTwin, uuid: &str, request: &Request) -> Reply {
    let found = twin.own.payments.by_reference(uuid).filter(|_| request.method() == Method::GET);
    let Some((index, payment)) = found.and_then(|it| Some((it, twin.own.payments.get(it)?))) else {
        return message(StatusCode::NOT_FOUND, "There is no such payment.");
    };
    match payment.status {
        PaymentStatus::Pending => {}
        PaymentStatus::Expired => {
            return message(StatusCode::GONE, "This payment has expired.");
        }
        PaymentStatus::Paid => return message(StatusCode::OK, "This is paid."),
        PaymentStatus::Rejected => return message(StatusCode::OK, "This was rejected."),
    }
    let wanted = parameter(request, "auto").or_else(|| parameter(request, "action"));
    let Some(word) = wanted else {
        return buttons(payment);
    };
    let notified = webhook::notified(parameter(request, "notice").as_deref().unwrap_or_default());
    let (Some(clicked), Some(notified)) = (Click::of(&word), notified) else {
        return message(StatusCode::BAD_REQUEST, "There is no such button.");
    };
    let location = click(twin, index, clicked, notified);
    location
        .and_then(|it| redirect(&it))
        .unwrap_or_else(|| message(StatusCode::OK, outcome_of(clicked)))
}

/// Does what a click on an open payment does, and tells where it leads: to the return address
/// with the number appended. That it is a redirect is `[sim]`; one mock posts a form instead.
pub(super) fn click(
    twin: &mut VirtualPosTwin,
    index: u32,
    click: Click,
    notified: Notified,
) -> Option<String> {
    let status = match click {
        Click::Pay => PaymentStatus::Paid,
        Click::Fail => PaymentStatus::Rejected,
        Click::Abandon => return None,
    };
    end(twin, index, status, notified, twin.now);
    let payment = twin.own.payments.get(index)?;
    let url = payment.return_url.as_ref()?;
    let concat = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{concat}uuid={}", payment.uuid))
}

/// Ends a payment that is open, and tells so.
pub(super) fn end(
    twin: &mut VirtualPosTwin,
    index: u32,
    status: PaymentStatus,
    notified: Notified,
    at: Timestamp,
) {
    let payment = twin.own.payments.get_mut(index);
    let Some(payment) = payment.filter(|it| it.status == PaymentStatus::Pending) else {
        return;
    };
    payment.status = status;
    payment.updated_at = at;
    webhook::tell(twin, Subject::Payment(index), notified, at);
}

fn buttons(payment: &Payment) -> Reply {
    let draft = &payment.draft;
    page::checkout(&Checkout {
        provider: NAME,
        amount_minor: draft.amount_minor,
        rows: vec![("Payment", &payment.uuid), ("Description", &draft.description)],
        buttons: &BUTTONS,
        notices: &NOTICES,
    })
}

fn message(status: StatusCode, text: &str) -> Reply {
    page::message(status, NAME, text)
}

const fn outcome_of(click: Click) -> &'static str {
    match click {
        Click::Pay => "The payment was made.",
        Click::Fail => "The payment failed.",
        Click::Abandon => "You walked away. The payment stays open until it expires.",
    }
}

/// Where the page lies below the provider's segment. `[sim]`
pub(super) const PATH: &str = "/pay";

const NAME: &str = "VirtualPOS";

const BUTTONS: [Button; 3] = [
    Button { word: "paid", label: "Pay", class: "go" },
    Button { word: "failed", label: "Fail", class: "stop" },
    Button { word: "abandon", label: "Walk away", class: "" },
];
