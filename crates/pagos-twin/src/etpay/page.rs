//! What ETpay's payer sees. Not how pages look, and not what a click does; see `checkout`.

use http::StatusCode;

use super::{session::Session, webhook::NOTICES};
use crate::{
    page::{self, Button, Checkout},
    twin::Reply,
};

/// The page with the buttons.
pub(super) fn buttons(session: &Session) -> Reply {
    let draft = &session.draft;
    let mut rows = vec![("Order", &*draft.order_id)];
    if let Some(rut) = &draft.user_rut {
        rows.push((if draft.is_rut_locked { "RUT (locked)" } else { "RUT" }, rut));
    }
    let shown = draft.metadata.iter().filter(|it| it.is_shown);
    rows.extend(shown.map(|entry| (entry.name.as_str(), entry.value.as_str())));
    page::checkout(&Checkout {
        provider: NAME,
        amount_minor: draft.amount_minor,
        rows,
        buttons: &BUTTONS,
        notices: &NOTICES,
    })
}

/// A page with one sentence.
pub(super) fn message(status: StatusCode, text: &str) -> Reply {
    page::message(status, NAME, text)
}

const NAME: &str = "ETpay";

const BUTTONS: [Button; 4] = [
    Button { word: "paid", label: "Pay", class: "go" },
    Button { word: "failed", label: "Fail", class: "stop" },
    Button { word: "system_error", label: "System error", class: "stop" },
    Button { word: "abandon", label: "Walk away", class: "" },
];
