//! The pages as a browser without scripts sees them: who gets in, what they show and do, and what
//! other sites, viewers and old sessions cannot do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../pagos-api/tests/site/mod.rs"]
mod site;

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use axum::{Router, body::Body};
use http::Request;
use pagos_api::token::Scope;
use pagos_core::*;
use pagos_desk::Desk;
use pagos_engine::*;
use site::{CANARY, Says, Site, order};
use tower::ServiceExt;

/// A browser with its cookies.
struct Browser {
    router: Router,
    cookies: Mutex<BTreeMap<String, String>>,
    language: &'static str,
}

/// A page that was loaded.
struct Page {
    status: u16,
    location: String,
    policy: String,
    text: String,
}

impl Browser {
    fn of(site: &Site) -> Self {
        let router = Desk::new(&site.api).router();
        Self { router, cookies: Mutex::default(), language: "en" }
    }

    async fn logged_in(site: &Site, name: &str, scopes: &[Scope]) -> Self {
        let browser = Self::of(site);
        let token = site.token(name, scopes).await;
        assert_eq!(browser.log_in(&token).await.location, "/desk");
        browser
    }

    async fn log_in(&self, token: &str) -> Page {
        self.send(Request::post("/desk/login"), &[("token", token), ("next", "/desk")]).await
    }

    async fn get(&self, path: &str) -> Page {
        self.exchange(Request::get(path), Body::empty()).await
    }

    /// Sends a form, with the key that the browser's pages carry.
    async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let key = self.form_key().await;
        let fields: Vec<_> = [("form_key", key.as_str())].iter().chain(fields).copied().collect();
        self.send(Request::post(path), &fields).await
    }

    async fn form_key(&self) -> String {
        let page = self.get("/desk").await;
        let (_, rest) = page.text.split_once("name=\"form_key\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    async fn send(&self, request: http::request::Builder, fields: &[(&str, &str)]) -> Page {
        let plain = |text: &str| text.replace('%', "%25").replace('&', "%26").replace('+', "%2B");
        let pairs = fields.iter().map(|(name, value)| format!("{name}={}", plain(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let kind = "application/x-www-form-urlencoded";
        self.exchange(request.header("content-type", kind), Body::from(body)).await
    }

    async fn upload(&self, file: &str) -> Page {
        let key = self.form_key().await;
        let body = format!(
            "--b\r\ncontent-disposition: form-data; name=\"form_key\"\r\n\r\n{key}\r\n--b\r\n\
             content-disposition: form-data; name=\"file\"; filename=\"p.csv\"\r\n\r\n{file}\r\n--b--\r\n"
        );
        let request = Request::post("/desk/runs");
        let request = request.header("content-type", "multipart/form-data; boundary=b");
        self.exchange(request, Body::from(body)).await
    }

    async fn exchange(&self, request: http::request::Builder, body: Body) -> Page {
        let cookies: Vec<String> = self
            .cookies
            .lock()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request
            .header("cookie", cookies.join("; "))
            .header("host", "127.0.0.1:1")
            .header("accept-language", self.language);
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        for kept in parts.headers.get_all("set-cookie") {
            let (pair, _) = kept.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        let bytes = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        let header = |name| {
            parts.headers.get(name).map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        Page {
            status: parts.status.as_u16(),
            location: header("location"),
            policy: header("content-security-policy"),
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}

const PAGES: [&str; 13] = [
    "/desk",
    "/desk/payouts",
    "/desk/payouts?status=created",
    "/desk/payouts/a-1",
    "/desk/waiting",
    "/desk/runs",
    "/desk/runs/r-1",
    "/desk/runs/r-1/report",
    "/desk/endpoints",
    "/desk/endpoints/erp",
    "/desk/inbox",
    "/desk/inbox/1",
    "/desk/accounts",
];

const FORMS: [&str; 14] = [
    "/desk/endpoints/erp/disable",
    "/desk/endpoints/erp/enable",
    "/desk/endpoints/erp/forget",
    "/desk/endpoints/erp/replay",
    "/desk/inbox/1/replay",
    "/desk/payouts/a-1/resend/approve",
    "/desk/payouts/a-1/resend/reject",
    "/desk/payouts/a-1/resolve",
    "/desk/payouts/a-1/account-number",
    "/desk/runs",
    "/desk/runs/r-1/release",
    "/desk/runs/r-1/approve",
    "/desk/runs/r-1/reject",
    "/desk/runs/r-1/withdraw",
];

/// What a viewer may change: links of their own, and nothing else. ARCHITECTURE says why.
const OWN_FORMS: [&str; 3] = ["/desk/links", "/desk/links/forget", "/desk/logout"];

async fn with_a_run() -> Site {
    let site = Site::new().await;
    site.engine.submit(&RunId::from("r-1"), vec![order("a-1"), order("a-2")]).await.unwrap();
    let hint = Hint { key: OrderKey::new("a-1").ok(), reference: None };
    let delivery = Delivery {
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::from_static(b"{}"),
        received_at: site.clock.now(),
    };
    site.store.receive(&site::account(), &delivery, &Verdict::Hint { hint }).await.unwrap();
    let (kind, name) = (RecordKind::Endpoint, "erp".to_owned());
    let (body, notices) = (Some("{}".to_owned()), Vec::new());
    let write = RecordWrite { kind, name, was: None, body, notices };
    site.writer.write_record(write).await.unwrap();
    site
}

/// What people commanded about the endpoint of `with_a_run`.
async fn commands(site: &Site) -> serde_json::Value {
    let record = site.store.record(RecordKind::Endpoint, "erp").await.unwrap().unwrap();
    serde_json::from_str::<serde_json::Value>(&record.body).unwrap()["orders"].take()
}

/// The inbox holds the webhook of `with_a_run` in this state.
async fn webhook_state(site: &Site) -> InboxState {
    site.store.delivery(InboxId(1)).await.unwrap().unwrap().state
}

/// Where the forms of a page post to.
fn actions(page: &str) -> Vec<&str> {
    let forms = page.split("<form method=\"post\" action=\"").skip(1);
    forms.filter_map(|form| form.split('"').next()).collect()
}

#[tokio::test]
async fn strangers_see_the_login_and_nothing_else() {
    let site = with_a_run().await;
    let browser = Browser::of(&site);
    for page in PAGES {
        let told = browser.get(page).await;
        assert_eq!(told.status, 303, "{page}");
        assert!(told.location.starts_with("/desk/login?next=%2Fdesk"), "{page}: {}", told.location);
    }
    for form in FORMS.iter().chain(&OWN_FORMS) {
        let told = browser.send(Request::post(*form), &[("form_key", "x")]).await;
        assert_eq!(
            (told.status, told.location.as_str()),
            (303, "/desk/login?next=%2Fdesk"),
            "{form}"
        );
    }
    let told = browser.log_in("pagos_000000000000_guess").await;
    assert_eq!(told.status, 401);
    assert!(told.text.contains("The token is not valid"));
}

#[tokio::test]
async fn every_page_shows_in_both_languages_and_loads_nothing_from_elsewhere() {
    let site = with_a_run().await;
    for (language, title, title_of_runs) in
        [("en", "Overview", "Runs"), ("es", "Resumen", "Nóminas")]
    {
        let browser = Browser { language, ..Browser::logged_in(&site, "ana", &Scope::ALL).await };
        for page in PAGES {
            let told = browser.get(page).await;
            assert_eq!(told.status, 200, "{page}: {}", told.text);
            assert!(told.text.contains(&format!("<html lang=\"{language}\">")), "{page}");
            assert!(told.text.contains(title) && told.text.contains(title_of_runs), "{page}");
            assert!(!told.text.contains(CANARY), "{page}");
            assert!(told.text.len() < 100 * 1024, "{page}");
            assert!(told.policy.starts_with("default-src 'none'"), "{page}");
            assert!(!told.text.contains("http://") && !told.text.contains("https://"), "{page}");
            assert!(!told.text.contains("style=") && !told.text.contains("onclick"), "{page}");
        }
    }
}

#[tokio::test]
async fn a_payroll_is_uploaded_mended_released_and_reported() {
    let site = Site::new().await;
    let browser = Browser::logged_in(&site, "ana", &Scope::ALL).await;
    let refused = browser.upload("a-1\nbad\nbad").await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("Nothing was kept"));
    assert!(refused.text.contains("<td>2</td>") && refused.text.contains("<td>3</td>"));
    let large = "x".repeat(17 * 1024 * 1024);
    let refused = browser.upload(&large).await;
    assert_eq!(refused.status, 413);
    assert!(refused.text.contains("The file is too large"), "{}", refused.text);
    let kept = browser.upload("a-1\na-2").await;
    assert_eq!((kept.status, kept.location.as_str()), (303, "/desk/runs/file-of-lines"));
    let path = "/desk/runs/file-of-lines";
    let held = browser.get(path).await;
    assert!(held.text.contains("held") && held.text.contains("ana"), "{}", held.text);
    let released = browser.submit(&format!("{path}/release"), &[("orders", "2")]).await;
    assert_eq!(released.location, path);
    site.work().await;
    let paid = browser.get(path).await;
    assert!(paid.text.contains("<span class=\"status succeeded\">paid</span>"), "{}", paid.text);
    let report = browser.get(&format!("{path}/report.csv")).await;
    assert_eq!(report.text.lines().count(), 3, "{}", report.text);
    assert!(browser.get(&format!("{path}/report")).await.text.contains("Everything is paid."));
    let live = browser.get(&format!("{path}/live")).await;
    assert!(live.text.starts_with("retry: 1000\nid: "), "{}", live.text);
}

#[tokio::test]
async fn a_doubt_is_decided_with_a_note_and_the_history_names_who_decided() {
    let site = Site::new().await;
    site.provider_says(Says::Unknown);
    let browser = Browser::logged_in(&site, "ana", &Scope::ALL).await;
    site.engine.pay(order("a-1")).await.unwrap();
    site.work().await;
    let page = browser.get("/desk/payouts/a-1").await;
    assert!(page.text.contains("in doubt"), "{}", page.text);
    assert!(page.text.contains("Pagos queries the provider"), "{}", page.text);
    let fields = [("decision", "succeeded"), ("note", "")];
    assert_eq!(browser.submit("/desk/payouts/a-1/resolve", &fields).await.status, 422);
    let fields = [("decision", "succeeded"), ("note", "statement of 12 May")];
    let decided = browser.submit("/desk/payouts/a-1/resolve", &fields).await;
    assert_eq!(decided.location, "/desk/payouts/a-1", "{}", decided.text);
    let page = browser.get("/desk/payouts/a-1").await;
    assert!(page.text.contains("Who said so: ana"), "{}", page.text);
    assert!(page.text.contains("statement of 12 May"));
}

#[tokio::test]
async fn a_full_account_number_is_shown_once_and_the_history_keeps_who_looked() {
    let site = with_a_run().await;
    let browser = Browser::logged_in(&site, "ana", &Scope::ALL).await;
    let shown = browser.submit("/desk/payouts/a-1/account-number", &[]).await;
    assert_eq!(shown.status, 200);
    assert!(shown.text.contains(CANARY));
    let later = browser.get("/desk/payouts/a-1").await;
    assert!(!later.text.contains(CANARY));
    assert!(later.text.contains("Looked at the account number"), "{}", later.text);
    let key = OrderKey::new("a-1").unwrap();
    let entries = site.store.history(&key).await.unwrap();
    assert!(matches!(&entries[..], [Entry::Disclosed { by, .. }] if by.as_str() == "ana"));
}

#[tokio::test]
async fn a_viewer_changes_nothing() {
    let site = with_a_run().await;
    let browser = Browser::logged_in(&site, "vera", &[Scope::Read]).await;
    let fields = [
        ("orders", "2"),
        ("note", "n"),
        ("digest", "d"),
        ("decision", "succeeded"),
        ("attempt", "1"),
        ("confirmed", "yes"),
        ("from", "1"),
    ];
    for form in FORMS {
        let told = match form {
            "/desk/runs" => browser.upload("a-9").await,
            form => browser.submit(form, &fields).await,
        };
        assert_eq!(told.status, 403, "{form}");
    }
    for page in PAGES {
        let text = browser.get(page).await.text;
        for form in actions(&text) {
            assert!(OWN_FORMS.contains(&form), "{page} has a form of {form}");
        }
    }
    let run = site.store.run(&RunId::from("r-1")).await.unwrap().unwrap();
    assert_eq!((run.members, run.released_at), (2, None));
    let history = site.store.history(&OrderKey::new("a-1").unwrap()).await.unwrap();
    assert!(history.is_empty());
    assert_eq!(webhook_state(&site).await, InboxState::Open);
    assert_eq!(commands(&site).await, serde_json::Value::Null);
}

#[tokio::test]
async fn an_endpoint_is_commanded_after_a_confirmation() {
    let site = Site::new().await;
    let browser = Browser::logged_in(&site, "ana", &Scope::ALL).await;
    assert_eq!(browser.get("/desk/endpoints/erp").await.status, 404);
    let site = with_a_run().await;
    site.engine.pay(order("a-3")).await.unwrap();
    site.work().await;
    let browser = Browser::logged_in(&site, "ana", &Scope::ALL).await;
    let path = "/desk/endpoints/erp";
    assert_eq!(browser.submit(&format!("{path}/disable"), &[]).await.status, 400);
    assert_eq!(commands(&site).await, serde_json::Value::Null);
    let yes = ("confirmed", "yes");
    for (act, fields) in [
        ("disable", vec![yes]),
        ("enable", vec![yes]),
        ("replay", vec![yes, ("from", "1")]),
        ("replay", vec![yes, ("since", "2027-01-15T08:00")]),
    ] {
        let told = browser.submit(&format!("{path}/{act}"), &fields).await;
        assert_eq!(told.location, path, "{act}: {}", told.text);
    }
    let replay = serde_json::json!({ "replay": { "from": 1 } });
    assert_eq!(commands(&site).await, serde_json::json!(["disable", "enable", replay, replay]));
    assert!(browser.get(path).await.text.contains("<dt>Commands not read yet</dt><dd>4</dd>"));
    let late = [yes, ("since", "2999-01-01T00:00:30")];
    assert_eq!(browser.submit(&format!("{path}/replay"), &late).await.status, 409);
    let empty = [yes, ("from", "")];
    assert_eq!(browser.submit(&format!("{path}/replay"), &empty).await.status, 422);
    assert_eq!(browser.submit(&format!("{path}/explode"), &[yes]).await.status, 404);
    assert_eq!(browser.submit(&format!("{path}/forget"), &[yes]).await.location, "/desk/endpoints");
    assert_eq!(browser.get(path).await.status, 404);
}

#[tokio::test]
async fn every_form_of_every_page_is_one_that_viewers_and_strangers_are_tried_with() {
    let site = with_a_run().await;
    let browser = Browser::logged_in(&site, "ana", &Scope::ALL).await;
    for page in PAGES {
        let text = browser.get(page).await.text;
        for form in actions(&text) {
            let is_tried = FORMS.contains(&form) || OWN_FORMS.contains(&form);
            assert!(is_tried, "{page} posts to {form}, and no test tries that");
        }
        let forms = text.matches("method=\"post\"").count();
        assert_eq!(text.matches("name=\"form_key\"").count(), forms, "{page}");
    }
}

#[tokio::test]
async fn what_was_refused_is_told_in_words_and_a_webhook_is_applied_again() {
    let site = with_a_run().await;
    let refused = |account, reason: &str, count| Refused {
        account,
        reason: reason.to_owned(),
        count,
        last_at: site.clock.now(),
    };
    let forged = refused(Some(site::account()), "signature missing or wrong", 12);
    site.writer.count_refused(vec![forged, refused(None, "not a POST", 3)]).await.unwrap();
    let browser = Browser::logged_in(&site, "ana", &Scope::ALL).await;
    let page = browser.get("/desk/inbox").await.text;
    for told in ["A stranger sent it", "Compare the key", "the whole receiver", ">12<", ">3<"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    site.work().await;
    assert_eq!(webhook_state(&site).await, InboxState::Applied);
    let told = browser.submit("/desk/inbox/1/replay", &[]).await;
    assert_eq!(told.location, "/desk/inbox/1", "{}", told.text);
    assert!(browser.get("/desk/inbox/1").await.text.contains("to be applied"));
    assert_eq!(browser.get("/desk/inbox/7").await.status, 404);
}

#[tokio::test]
async fn filters_are_saved_under_a_name_found_again_and_forgotten() {
    let site = with_a_run().await;
    let vera = Browser::logged_in(&site, "vera", &[Scope::Read]).await;
    let list = "/desk/payouts?status=created&name=castillo%20r";
    let page = vera.get(list).await.text;
    assert!(
        page.contains("name=\"query\" value=\"status=created&#38;name=castillo%20r\""),
        "{page}"
    );
    let script = "\"><script>";
    let fields = [("name", script), ("query", "status=created&name=castillo%20r")];
    assert_eq!(vera.submit("/desk/links", &fields).await.location, list);
    let link = "<a href=\"/desk/payouts?status=created&#38;name=castillo%20r\">&#34;&#62;&#60;script&#62;</a>";
    for page in ["/desk", "/desk/payouts", list] {
        let text = vera.get(page).await.text;
        assert!(text.contains(link), "{page}: {text}");
        assert!(!text.contains(script), "{page}");
    }
    let other = Browser::logged_in(&site, "vera", &[Scope::Read]).await;
    assert!(!other.get("/desk").await.text.contains("Saved links"));
    for query in ["", "a#b", "//evil.example\r\nset-cookie: a=b"] {
        let told = vera.submit("/desk/links", &[("name", "n"), ("query", query)]).await;
        assert_eq!(told.status, 422, "{query}");
    }
    for form in OWN_FORMS {
        let told =
            vera.send(Request::post(form), &[("form_key", "x"), ("name", "n"), ("query", "q")]);
        assert_eq!(told.await.status, 403, "{form}");
    }
    let told = vera.submit("/desk/links/forget", &[("name", script)]).await;
    assert_eq!(told.location, "/desk/payouts");
    assert!(!vera.get("/desk").await.text.contains("Saved links"));
}

#[tokio::test]
async fn a_token_without_read_is_told_so_when_it_logs_in() {
    let site = Site::new().await;
    let scopes = [Scope::Submit, Scope::Approve, Scope::Resolve, Scope::Admin];
    let token = site.token("ana", &scopes).await;
    let browser = Browser::of(&site);
    let told = browser.log_in(&token).await;
    assert_eq!((told.status, told.location.as_str()), (403, ""));
    assert!(told.text.contains("has no scope `read`"), "{}", told.text);
    assert!(browser.cookies.lock().unwrap().is_empty(), "nobody is logged in");
    let records = site.store.records(RecordKind::Token, "", 10).await.unwrap();
    let open = |record: &&Record| {
        record.body.contains("session_of") && record.body.contains("\"revoked_at\":null")
    };
    assert_eq!(records.iter().filter(open).count(), 0, "the session is ended");
}

#[tokio::test]
async fn no_other_site_can_send_a_form() {
    let site = with_a_run().await;
    let browser = Browser::logged_in(&site, "ana", &Scope::ALL).await;
    let other = Browser::logged_in(&site, "ana", &Scope::ALL).await;
    let (own, foreign) = (browser.form_key().await, other.form_key().await);
    assert_ne!(own, foreign);
    let path = "/desk/runs/r-1/withdraw";
    for key in ["", "x", foreign.as_str()] {
        assert_eq!(browser.send(Request::post(path), &[("form_key", key)]).await.status, 403);
    }
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let request = Request::post(path).header(name, value);
        assert_eq!(browser.send(request, &[("form_key", &own)]).await.status, 403, "{name}");
    }
    assert!(site.store.run(&RunId::from("r-1")).await.unwrap().is_some());
    assert_eq!(browser.submit(path, &[]).await.status, 303);
    assert!(site.store.run(&RunId::from("r-1")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_ends_with_its_time_its_token_and_its_owner_s_wish() {
    let site = with_a_run().await;
    let at_login = |page: Page| page.location.starts_with("/desk/login");

    let browser = Browser::logged_in(&site, "ana", &Scope::ALL).await;
    assert!(!at_login(browser.get("/desk").await));
    site.clock.advance(Duration::from_secs(8 * 3_600));
    assert!(at_login(browser.get("/desk").await));

    let browser = Browser::of(&site);
    let token = site.token("ben", &Scope::ALL).await;
    browser.log_in(&token).await;
    assert!(!at_login(browser.get("/desk").await));
    let id = token.split('_').nth(1).unwrap();
    let (store, now) = (site.store.as_ref(), site.clock.now());
    pagos_api::token::revoke(store, &site.writer, id, now).await.unwrap();
    assert!(at_login(browser.get("/desk").await));

    let browser = Browser::logged_in(&site, "eva", &Scope::ALL).await;
    let stolen = browser.cookies.lock().unwrap()["pagos_desk"].clone();
    let other = site.post(&stolen, "/v1/session", &serde_json::json!({})).await;
    assert_eq!((other.status, other.problem()), (409, "refused"), "it outlived its owner's wish");
    browser.submit("/desk/logout", &[]).await;
    browser.cookies.lock().unwrap().insert("pagos_desk".to_owned(), stolen);
    assert!(at_login(browser.get("/desk").await));
}

#[tokio::test]
async fn what_people_wrote_is_text_on_a_page() {
    let site = Site::new().await;
    let script = "<script>alert(1)</script>";
    let mut order = order("a-1");
    order.beneficiary.name = script.to_owned();
    order.description = Some("\"><img src=x onerror=alert(1)>".to_owned());
    site.engine.submit(&RunId::from("r-1"), vec![order]).await.unwrap();
    let browser = Browser::logged_in(&site, "ana", &Scope::ALL).await;
    for page in ["/desk/payouts", "/desk/payouts/a-1", "/desk/runs/r-1", "/desk/runs/r-1/report"] {
        let text = browser.get(page).await.text;
        assert!(!text.contains(script) && !text.contains("<img"), "{page}");
        assert!(text.contains("alert(1)"), "{page}");
    }
    let echoed = browser.get("/desk/payouts?name=%22%3E%3Cscript%3E").await.text;
    assert!(!echoed.contains("\"><script>"));
}

#[tokio::test]
async fn a_person_is_found_by_key_reference_and_name() {
    let site = Site::new().await;
    site.engine.pay(order("a-1")).await.unwrap();
    site.work().await;
    let browser = Browser::logged_in(&site, "vera", &[Scope::Read]).await;
    assert_eq!(browser.get("/desk/payouts?find=a-1").await.location, "/desk/payouts/a-1");
    for (query, is_found) in [("name=castillo", true), ("name=rojas", false)] {
        let text = browser.get(&format!("/desk/payouts?{query}")).await.text;
        assert_eq!(text.contains("/desk/payouts/a-1\""), is_found, "{query}");
    }
}

#[tokio::test]
async fn charts_show_how_payouts_stood_over_time() {
    let site = Site::new().await;
    site.provider_says(Says::Unknown);
    let browser = Browser::logged_in(&site, "vera", &[Scope::Read]).await;
    site.api.take_sample().await.unwrap();
    site.engine.pay(order("a-1")).await.unwrap();
    assert!(browser.get("/desk").await.text.contains("no data yet"));
    site.clock.advance(Duration::from_secs(1_800));
    site.work().await;
    site.api.take_sample().await.unwrap();
    let page = browser.get("/desk").await.text;
    assert!(page.contains("aria-label=\"least 0, most 1, newest 1\""), "{page}");
    // A month has a point every twelve hours, and none of today's is one.
    assert!(browser.get("/desk?span=month").await.text.contains("no data yet"));
}

#[tokio::test]
async fn a_database_that_was_restored_says_so_on_the_first_page() {
    let site = Site::new().await;
    let browser = Browser::logged_in(&site, "ana", &[Scope::Read]).await;
    for page in ["/desk", "/desk/waiting"] {
        let text = browser.get(page).await.text;
        assert!(!text.contains("was restored") && !text.contains("has forgotten"), "{text}");
    }
    let backup_at = Timestamp::from_millis(1_000);
    site.writer.mark_restored(backup_at, Timestamp::from_millis(9_000)).await.unwrap();
    site.forget("may-1").await;
    for page in ["/desk", "/desk/waiting"] {
        let text = browser.get(page).await.text;
        assert!(text.contains("Nothing is sent before it was compared"), "{text}");
        assert!(text.contains("1970-01-01 00:00:01 UTC") && text.contains("may-1: acme"), "{text}");
    }
    site.writer.accept_restored("<the panel agrees>", None).await.unwrap();
    let text = browser.get("/desk").await.text;
    assert!(text.contains("lists are read before anything is sent"), "{text}");
    assert!(text.contains("the panel agrees") && !text.contains("<the panel"), "{text}");
}

#[tokio::test]
async fn a_second_sending_is_decided_by_one_and_approved_by_another() {
    let site = Site::guarded().await;
    site.provider_says(Says::Unknown);
    let (ana, leo) = (
        Browser::logged_in(&site, "ana", &Scope::ALL).await,
        Browser::logged_in(&site, "leo", &Scope::ALL).await,
    );
    ana.upload("a-1").await;
    let run = "/desk/runs/file-of-lines";
    ana.submit(&format!("{run}/release"), &[("orders", "1")]).await;
    let page = leo.get(run).await.text;
    let (_, digest) = page.split_once("name=\"digest\" value=\"").unwrap();
    let digest = digest.split('"').next().unwrap();
    assert_eq!(leo.get("/desk").await.text.matches("<strong>1</strong>").count(), 1);
    let fields = [("digest", digest), ("note", "compared")];
    assert_eq!(ana.submit(&format!("{run}/approve"), &fields).await.status, 409);
    assert_eq!(leo.submit(&format!("{run}/approve"), &fields).await.status, 303);
    site.work().await;
    site.clock.advance(Duration::from_secs(3_600));
    // Sessions last longer than the attempt is on its way.
    let fields = [("decision", "resend"), ("note", "not on the statement")];
    assert_eq!(ana.submit("/desk/payouts/a-1/resolve", &fields).await.status, 303);
    let waits = leo.get("/desk/waiting").await.text;
    assert!(waits.contains("Second sendings to approve") && waits.contains("not on the statement"));
    let fields = [("attempt", "1"), ("note", "not on mine either")];
    let act = "/desk/payouts/a-1/resend/approve";
    assert_eq!(ana.submit(act, &fields).await.status, 409);
    assert_eq!(leo.submit(act, &fields).await.location, "/desk/waiting");
    assert!(!leo.get("/desk/waiting").await.text.contains("Second sendings"));
    let history = leo.get("/desk/payouts/a-1").await.text;
    assert!(history.contains("approved by leo"), "{history}");
}
