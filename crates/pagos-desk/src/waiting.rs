//! What waits for a person.

use askama::Template;
use axum::{extract::Query, response::Response};
use serde::Deserialize;

use crate::{
    frame::{Frame, render},
    link::with_query,
    session::Session,
    show,
    view::{Gaps, Payment, Payout, Resend, Run, Waiting},
    words::Words,
};

/// Where the page begins.
#[derive(Debug, Deserialize)]
pub(crate) struct Place {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct Page {
    frame: Frame,
    payouts: Vec<Payout>,
    payments: Vec<Payment>,
    runs: Vec<Run>,
    resends: Vec<Resend>,
    out_of_service: Vec<String>,
    database: Gaps,
    next: Option<String>,
}

pub(crate) async fn show(session: Session, Query(place): Query<Place>) -> Response {
    let parameters = [("after", place.after.as_deref()), ("limit", Some("50"))];
    let waiting = match session.get::<Waiting>(&with_query("/v1/waiting", &parameters)).await {
        Ok(waiting) => waiting,
        Err(refused) => return session.failed(&refused),
    };
    let next = waiting.next.as_deref();
    let next = next.map(|_| with_query("/desk/waiting", &[("after", next)]));
    let frame = session.frame(session.language.words().waiting);
    let page = Page {
        frame,
        payouts: waiting.payouts,
        payments: waiting.payments,
        runs: waiting.runs,
        resends: waiting.resends,
        out_of_service: waiting.accounts_out_of_service,
        database: waiting.database,
        next,
    };
    session.answer(render(&page))
}

impl Page {
    /// The two answers to a decision that others made: the address, the word, the look.
    fn answers(&self, words: &Words) -> [(&'static str, &'static str, &'static str); 2] {
        [("approve", words.approve, ""), ("reject", words.reject, "danger")]
    }
}
