//! Whether our own systems get their events, and what a person commands about them.

use askama::Template;
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    call::{Content, Refused},
    frame::{Frame, render},
    link::encoded,
    session::Session,
    show,
    view::{Endpoint, Endpoints},
    words::Words,
};

#[derive(Template)]
#[template(path = "endpoints.html")]
struct Page {
    frame: Frame,
    endpoints: Vec<Endpoint>,
}

pub(crate) async fn show(session: Session) -> Response {
    match session.get::<Endpoints>("/v1/endpoints").await {
        Err(refused) => session.failed(&refused),
        Ok(found) => {
            let frame = session.frame(session.language.words().endpoints);
            session.answer(render(&Page { frame, endpoints: found.endpoints }))
        }
    }
}

#[derive(Template)]
#[template(path = "endpoint.html")]
struct OnePage {
    frame: Frame,
    endpoint: Endpoint,
}

pub(crate) async fn show_one(session: Session, Path(name): Path<String>) -> Response {
    let found = match session.get::<Endpoints>("/v1/endpoints").await {
        Ok(found) => found.endpoints,
        Err(refused) => return session.failed(&refused),
    };
    let Some(endpoint) = found.into_iter().find(|endpoint| endpoint.endpoint == name) else {
        return session.no_such_page();
    };
    let frame = session.frame(&format!("{} {name}", session.language.words().endpoint));
    session.answer(render(&OnePage { frame, endpoint }))
}

/// A command about an endpoint.
#[derive(Debug, Deserialize)]
pub(crate) struct Act {
    form_key: String,
    /// Set if the box is ticked.
    confirmed: Option<String>,
    /// The number of the first event to deliver again.
    from: Option<String>,
    /// The moment of it, in UTC and without a zone, as browsers send it.
    since: Option<String>,
}

pub(crate) async fn act(
    session: Session,
    Path((name, act)): Path<(String, String)>,
    headers: HeaderMap,
    Form(form): Form<Act>,
) -> Response {
    if !session.is_ours(&headers, &form.form_key) {
        return session.foreign();
    }
    let body = match (act.as_str(), &form.since) {
        ("enable" | "disable" | "forget", _) => json!({}),
        ("replay", Some(moment)) => json!({ "since": with_zone(moment) }),
        ("replay", None) => {
            let number = form.from.and_then(|number| number.trim().parse::<u64>().ok());
            json!({ "from": number })
        }
        _ => return session.no_such_page(),
    };
    if form.confirmed.is_none() {
        let words = session.language.words();
        let (title, next_step) = (words.not_confirmed, words.tick_the_box);
        return session.failed(&Refused::by_desk(StatusCode::BAD_REQUEST, title, next_step));
    }
    let path = format!("/v1/endpoints/{}/{act}", encoded(&name));
    match session.post::<Value>(&path, Content::Json(body)).await {
        Ok(_) if act == "forget" => Redirect::to("/desk/endpoints").into_response(),
        Ok(_) => Redirect::to(&format!("/desk/endpoints/{}", encoded(&name))).into_response(),
        Err(refused) => session.failed(&refused),
    }
}

/// A moment of RFC 3339: browsers leave the zone out, and the seconds if they are 0.
fn with_zone(moment: &str) -> String {
    let seconds = if moment.matches(':').count() == 1 { ":00" } else { "" };
    format!("{moment}{seconds}Z")
}

/// A form of the page: what it does, its words, and its field if it has one.
struct Command {
    act: &'static str,
    id: &'static str,
    title: &'static str,
    hint: &'static str,
    /// The label and the attributes of the field.
    field: Option<Field>,
    class: &'static str,
}

struct Field {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
}

impl OnePage {
    fn commands(&self, w: &Words) -> Vec<Command> {
        let plain =
            |act, title, hint, class| Command { act, id: act, title, hint, field: None, class };
        let replay = |id, field| Command {
            act: "replay",
            id,
            title: w.send_again,
            hint: w.send_again_hint,
            field: Some(field),
            class: "",
        };
        let (number, moment) = (
            Field { name: "from", label: w.from_number, kind: "number" },
            Field { name: "since", label: w.since_moment, kind: "datetime-local" },
        );
        let switch = match self.endpoint.standing.as_str() {
            "off" => plain("enable", w.enable, w.enable_hint, ""),
            _ => plain("disable", w.disable, w.disable_hint, "danger"),
        };
        let forget = plain("forget", w.forget, w.forget_hint, "danger");
        vec![replay("replay-from", number), replay("replay-since", moment), switch, forget]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_s_moment_gets_its_zone() {
        assert_eq!(with_zone("2026-11-30T07:24"), "2026-11-30T07:24:00Z");
        assert_eq!(with_zone("2026-11-30T07:24:05"), "2026-11-30T07:24:05Z");
    }
}
