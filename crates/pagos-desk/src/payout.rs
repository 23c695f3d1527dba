//! One payout: who is paid what, everything that was learned about it, what happens next, and the
//! decisions that a person can make.

use askama::Template;
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::json;

use crate::{
    call::{Content, Refused},
    frame::{Frame, render},
    link::encoded,
    session::Session,
    show,
    view::{Disclosed, Entry, History, Outlook, Payout, StatementLine, StatementLines},
    words::Words,
};

#[derive(Template)]
#[template(path = "payout.html")]
struct Page {
    frame: Frame,
    payout: Payout,
    outlook: Outlook,
    entries: Vec<Entry>,
    lines: Vec<StatementLine>,
    /// The number in full, right after somebody asked for it.
    account_number: Option<String>,
}

pub(crate) async fn show(session: Session, Path(key): Path<String>) -> Response {
    show_with(session, &key, None).await
}

async fn show_with(session: Session, key: &str, account_number: Option<String>) -> Response {
    match read(&session, key).await {
        Err(refused) => session.failed(&refused),
        Ok(Read { payout, outlook, entries, lines }) => {
            let title = format!("{} {key}", session.language.words().payout);
            let frame = session.frame(&title);
            session.answer(render(&Page { frame, payout, outlook, entries, lines, account_number }))
        }
    }
}

/// What the API says about one payout.
struct Read {
    payout: Payout,
    outlook: Outlook,
    entries: Vec<Entry>,
    lines: Vec<StatementLine>,
}

async fn read(session: &Session, key: &str) -> Result<Read, Refused> {
    let path = format!("/v1/payouts/{}", encoded(key));
    let payout = session.get(&path).await?;
    let outlook = session.get(&format!("{path}/outlook")).await?;
    let history: History = session.get(&format!("{path}/history")).await?;
    let statements: StatementLines = session.get(&format!("{path}/statement-lines")).await?;
    Ok(Read { payout, outlook, entries: history.entries, lines: statements.lines })
}

/// A decision.
#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    form_key: String,
    decision: String,
    note: String,
}

pub(crate) async fn resolve(
    session: Session,
    Path(key): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Decision>,
) -> Response {
    if !session.is_ours(&headers, &form.form_key) {
        return session.foreign();
    }
    let body = json!({ "decision": form.decision, "note": form.note });
    let path = format!("/v1/payouts/{}/resolve", encoded(&key));
    match session.post::<Payout>(&path, Content::Json(body)).await {
        Ok(_) => Redirect::to(&format!("/desk/payouts/{}", encoded(&key))).into_response(),
        Err(refused) => session.failed(&refused),
    }
}

/// An answer to the decision to send a payout once more.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    form_key: String,
    attempt: u32,
    note: String,
}

pub(crate) async fn answer_resend(
    session: Session,
    Path((key, act)): Path<(String, String)>,
    headers: HeaderMap,
    Form(form): Form<Answer>,
) -> Response {
    if !session.is_ours(&headers, &form.form_key) {
        return session.foreign();
    }
    if !["approve", "reject"].contains(&act.as_str()) {
        return session.no_such_page();
    }
    let body = json!({ "attempt": form.attempt, "note": form.note });
    let path = format!("/v1/payouts/{}/resend/{act}", encoded(&key));
    match session.post::<serde_json::Value>(&path, Content::Json(body)).await {
        Ok(_) => Redirect::to("/desk/waiting").into_response(),
        Err(refused) => session.failed(&refused),
    }
}

/// The button that shows the account number.
#[derive(Debug, Deserialize)]
pub(crate) struct Disclosure {
    form_key: String,
}

pub(crate) async fn disclose(
    session: Session,
    Path(key): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Disclosure>,
) -> Response {
    if !session.is_ours(&headers, &form.form_key) {
        return session.foreign();
    }
    let path = format!("/v1/payouts/{}/account-number", encoded(&key));
    match session.post::<Disclosed>(&path, Content::Nothing).await {
        Ok(disclosed) => show_with(session, &key, Some(disclosed.account_number)).await,
        Err(refused) => session.failed(&refused),
    }
}

impl Entry {
    /// What happened, in words.
    fn told(&self, words: &Words) -> String {
        let status = self.status.as_deref().map(|word| show::status(words, word));
        let status = status.unwrap_or_default();
        match self.entry.as_str() {
            "attempt_begun" => words.attempt_begun.to_owned(),
            "attempt_closed" => words.attempt_closed.to_owned(),
            "observed" if self.change.as_deref() == Some("reversed") => {
                format!("{}: {status}", words.reversed)
            }
            "observed" => format!("{}: {status}", words.observed),
            "contradicted" => format!("{}: {status}", words.contradicted),
            "asked" => words.asked.to_owned(),
            "decided" => words.decided.to_owned(),
            "disclosed" => words.disclosed.to_owned(),
            "attention" => words.person_called.to_owned(),
            other => other.to_owned(),
        }
    }

    /// Who said it, and whether that is proven.
    fn said_by(&self, words: &Words) -> String {
        if let Some(by) = &self.by {
            return by.clone();
        }
        let source = match self.source.as_deref() {
            Some("reply") => words.reply,
            Some("query") => words.query,
            Some("verified_event") => words.verified_event,
            Some("unverified_event") => words.unverified_event,
            Some("listing") => words.listing,
            Some("operator") => words.operator,
            Some(_) | None => "",
        };
        source.to_owned()
    }
}

impl Outlook {
    fn next_told(&self, words: &Words) -> &'static str {
        match self.next.as_str() {
            "send" => words.next_send,
            "query" => words.next_query,
            "watch" => words.next_watch,
            "person" => words.next_person,
            "held" => words.next_held,
            _ => words.next_nothing,
        }
    }

    fn wait_told(&self, words: &Words) -> Option<&'static str> {
        Some(match self.waits_for.as_deref()? {
            "leave" => words.wait_leave,
            "doubt" => words.wait_doubt,
            "pending" => words.wait_pending,
            "denied" => words.wait_denied,
            "not_understood" => words.wait_not_understood,
            "confirm" => words.wait_confirm,
            _ => return None,
        })
    }
}
