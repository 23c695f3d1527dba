//! The addresses of the desk.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::{HeaderValue, header};
use pagos_api::Api;

use crate::{
    accounts, call::Client, endpoints, headers, inbox, language, links, login, overview, payout,
    payouts, report, run, runs, session::Session, waiting,
};

/// The pages, over an HTTP API. Clones share it.
#[derive(Debug, Clone)]
pub struct Desk {
    client: Client,
    upload_bytes_max: usize,
}

impl Desk {
    /// Pages that call `api`. They accept files as long as the API does.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../pagos-api/doc/scene.in")); }
    /// use axum::body::Body;
    /// use pagos_desk::Desk;
    /// use tower::ServiceExt;
    ///
    /// # scene::play(async {
    /// # let api = scene::api().await;
    /// let request = http::Request::get("/desk").body(Body::empty()).unwrap();
    /// let answer = Desk::new(&api).router().oneshot(request).await.unwrap();
    /// assert_eq!(answer.headers()["location"], "/desk/login?next=%2Fdesk");
    /// # });
    /// ```
    pub fn new(api: &Api) -> Self {
        let client = Client { api: api.router() };
        Self { client, upload_bytes_max: api.limits().upload_bytes_max }
    }

    /// All pages, under `/desk`.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../pagos-api/doc/scene.in")); }
    /// use pagos_desk::Desk;
    ///
    /// # scene::play(async {
    /// # let api = scene::api().await;
    /// let served = api.router().merge(Desk::new(&api).router()); // or `Api::serve_beside`
    /// # drop(served);
    /// # });
    /// ```
    pub fn router(self) -> Router {
        // The form adds a few lines to the file.
        let upload_max = self.upload_bytes_max.saturating_add(64 * 1024);
        Router::new()
            .route("/desk", get(overview::show))
            .route("/desk/", get(async || Redirect::permanent("/desk")))
            .route("/desk/login", get(login::show).post(login::log_in))
            .route("/desk/logout", post(login::log_out))
            .route("/desk/language", get(language::choose))
            .route("/desk/payouts", get(payouts::show))
            .route("/desk/payouts/{key}", get(payout::show))
            .route("/desk/payouts/{key}/resolve", post(payout::resolve))
            .route("/desk/payouts/{key}/account-number", post(payout::disclose))
            .route("/desk/payouts/{key}/resend/{act}", post(payout::answer_resend))
            .route("/desk/links", post(links::save))
            .route("/desk/links/forget", post(links::forget))
            .route("/desk/waiting", get(waiting::show))
            .route("/desk/runs", get(runs::show).post(runs::upload))
            .route("/desk/runs/{run}", get(run::show))
            .route("/desk/runs/{run}/{act}", post(run::act))
            .route("/desk/runs/{run}/live", get(run::live))
            .route("/desk/runs/{run}/report", get(report::page))
            .route("/desk/runs/{run}/report.csv", get(report::csv))
            .route("/desk/inbox", get(inbox::show))
            .route("/desk/inbox/{number}", get(inbox::show_one))
            .route("/desk/inbox/{number}/replay", post(inbox::replay))
            .route("/desk/endpoints", get(endpoints::show))
            .route("/desk/endpoints/{name}", get(endpoints::show_one))
            .route("/desk/endpoints/{name}/{act}", post(endpoints::act))
            .route("/desk/accounts", get(accounts::show))
            .route("/desk/desk.css", get(style))
            .route("/desk/live.js", get(script))
            .route("/desk/{*rest}", get(no_such_page))
            .layer(DefaultBodyLimit::max(upload_max))
            .layer(from_fn(headers::protect))
            .with_state(self.client)
    }
}

async fn no_such_page(session: Session) -> Response {
    session.no_such_page()
}

async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("../assets/desk.css"))
}

async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../assets/live.js"))
}

fn asset(media_type: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))], text).into_response()
}
