//! The list of payouts, with filters that are part of its address, so that a link keeps them.

use askama::Template;
use axum::{
    extract::Query,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    frame::{Frame, render},
    link::{encoded, with_query},
    links,
    session::Session,
    show,
    view::{Link, Payout, PayoutPage},
};

/// The filters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filters {
    status: String,
    account: String,
    run: String,
    /// A part of the beneficiary's name.
    name: String,
    /// A key, or the provider's id.
    find: String,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "payouts.html")]
struct Page {
    frame: Frame,
    filters: Filters,
    payouts: Vec<Payout>,
    /// The address of the next page.
    next: Option<String>,
    links: Vec<Link>,
    /// The filters as a link keeps them; empty if there are none.
    query: String,
}

pub(crate) async fn show(session: Session, Query(filters): Query<Filters>) -> Response {
    let sought = filters.find.trim();
    let path = format!("/v1/payouts/{}", encoded(sought));
    if !sought.is_empty() && session.get::<Payout>(&path).await.is_ok() {
        return Redirect::to(&format!("/desk/payouts/{}", encoded(sought))).into_response();
    }
    let set = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let (status, account, run) = (set(&filters.status), set(&filters.account), set(&filters.run));
    let (name, reference) = (set(&filters.name), set(&filters.find));
    let parameters = [
        ("status", status.as_deref()),
        ("account", account.as_deref()),
        ("run", run.as_deref()),
        ("beneficiary", name.as_deref()),
        ("reference", reference.as_deref()),
        ("after", filters.after.as_deref()),
        ("limit", Some("50")),
    ];
    let found = session.get::<PayoutPage>(&with_query("/v1/payouts", &parameters)).await;
    let (found, links) = match (found, links::read(&session).await) {
        (Ok(found), Ok(links)) => (found, links),
        (Err(refused), _) | (_, Err(refused)) => return session.failed(&refused),
    };
    let own = |after| {
        let parameters = [
            ("status", status.as_deref()),
            ("account", account.as_deref()),
            ("run", run.as_deref()),
            ("name", name.as_deref()),
            ("find", reference.as_deref()),
            ("after", after),
        ];
        with_query("/desk/payouts", &parameters)
    };
    let next = found.next.as_deref().map(|next| own(Some(next)));
    let query = own(None).split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    let frame = session.frame(session.language.words().payouts);
    let payouts = found.payouts;
    session.answer(render(&Page { frame, filters, payouts, next, links, query }))
}

impl Page {
    /// The link that leads to this page, if somebody saved it.
    fn saved(&self) -> Option<&Link> {
        self.links.iter().find(|link| link.query == self.query)
    }
}
