//! The ETpay twin of Chile: payments and payouts in one place.
//! Not a client; it shares no code with one.
//!
//! # Payments
//!
//! `POST /etpay/api/session/initialize` opens a session, `/etpay/pmt/session/<token>` is the page
//! of its payer, and `POST /etpay/api/merchant/check_payment_status` tells the attempts. The page
//! has buttons; `?auto=` with `paid`, `failed`, `system_error` or `abandon` presses one. `&notice=`
//! lets the notification go wrong: `late`, `lost`, `twice`, `out-of-order`, `wrong-key`,
//! `tampered-amount`, `wrong-amount`, `wrong-order`, `alg-none`, `hs512`, `future-iat`.
//!
//! # Payouts
//!
//! `/etpay/platform/v1/auth/login`, `/v1/payouts`, `/v1/payouts/<id>`, `/v1/payouts/balance`. The
//! contract is an assumption of ours; nothing of it is documented but the login and the list. A
//! repeated order number is **paid again**: the ledger then has two movements `out` of one key with
//! two references. `description` takes the scenarios of the crate's table; without one, the
//! beneficiary decides:
//!
//! | RUT | what happens |
//! |---|---|
//! | `222222222` | rejected with `SIM01` |
//! | `333333333` | pending for seven days, then completed |
//! | `444444444` | completed, then returned |
//! | `555555555` | recorded, and the first create answered with 500 |
//! | `666666666` | recorded, and the connection of the first create closes |
//! | `777777777` | its webhooks are lost |
//!
//! Payout webhooks are not signed. One that a fault gets wrong tells a lie about the status, and
//! the true one follows 30 seconds later. They go to the switch `payout_webhook_url`, which
//! `POST /_twin/merchant` registers too; without it nothing about payouts is told.
//!
//! # Control calls
//!
//! | call | what |
//! |---|---|
//! | `GET /_twin/etpay/sessions` | every session with its `signature_token` and attempts |
//! | `GET /_twin/etpay/logins` | `{"granted", "refused", "live"}` |
//! | `GET`, `POST /_twin/etpay/balance` | `{"balance": pesos}` |
//! | `GET`, `POST /_twin/etpay/settings` | the [`Switches`]; a POST changes those it names |
//! | `POST /_twin/etpay/expire_tokens` | no authorization token is good any more |
//! | `POST /_twin/etpay/outcome` | `{"session_token", "outcome", "notice"}`: presses a button |
//! | `POST /_twin/etpay/notice` | `{"session_token", "payment_status", "notice"}`: sends one more notification and answers with its token |

use std::{collections::BTreeMap, time::Duration};

use pagos_core::Timestamp;
use serde_json::json;

use crate::{
    book::Book,
    call::Funds,
    machine::{ControlCall, Machine, Protocol},
    notification::Notice,
    twin::{Ack, OrderView, Outgoing, Registration, Reply, Request},
};

mod bank;
mod beneficiary;
mod calendar;
mod check;
mod checkout;
mod control;
mod create;
mod identifier;
mod initialize;
mod invalid_token;
mod life;
mod listing;
mod login;
mod page;
mod payout;
mod request;
mod route;
mod session;
mod settings;
mod sign;
mod webhook;
mod wire;

pub use settings::{
    Duplicates, EtpaySettings, NotificationForm, SANDBOX_API_TOKEN, SANDBOX_MERCHANT_CODE,
    SANDBOX_PASSWORD, SANDBOX_USERNAME, Switches,
};

use life::Task;
use login::Logins;
use payout::Payout;
use session::Sessions;
use webhook::Subject;

/// An ETpay of Chile that keeps its sessions and payouts in memory.
pub type EtpayTwin = Machine<Etpay>;

/// What ETpay has beside what every twin has.
#[derive(Debug, Default)]
pub struct Etpay {
    sessions: Sessions,
    payouts: Book<Payout>,
    logins: Logins,
    /// Whether the payout webhook was heard once.
    is_approved: bool,
    /// Payouts that wait for that.
    unapproved: Vec<u32>,
    batch_began_at: Option<Timestamp>,
}

impl EtpayTwin {
    /// How many logins were granted.
    #[must_use]
    pub const fn logins(&self) -> u32 {
        self.own.logins.granted
    }

    /// Makes every authorization token worthless, whatever its holder was told of its end.
    pub fn expire_tokens(&mut self) {
        self.own.logins.expire();
    }
}

impl Protocol for Etpay {
    const PROVIDER: &'static str = "etpay";
    const CURRENCY: &'static str = "CLP";
    const CONTROL_CALLS: &'static [ControlCall<Self>] = &[
        ControlCall::get("sessions", control::sessions),
        ControlCall::get("logins", control::logins),
        ControlCall::get("balance", EtpayTwin::answer_balance),
        ControlCall::post("balance", EtpayTwin::answer_balance),
        ControlCall::get("settings", |twin, _| Ok(json!(twin.settings.switches))),
        ControlCall::post("settings", control::change_settings),
        ControlCall::post("expire_tokens", control::expire_tokens),
        ControlCall::post("outcome", control::force_outcome),
        ControlCall::post("notice", control::send_notification),
    ];

    type Settings = EtpaySettings;
    type Task = Task;
    type Subject = Subject;

    fn opening_minor(settings: &EtpaySettings) -> i64 {
        settings.balance_minor
    }

    fn answer(twin: &mut EtpayTwin, path: &str, request: &Request) -> Reply {
        route::answer(twin, path, request)
    }

    fn begin(_: &mut EtpayTwin) {}

    fn run(twin: &mut EtpayTwin, task: Task, at: Timestamp) {
        match task {
            Task::Step(index) => life::step(twin, index, at),
            // The caller is long gone: what it would have been answered is lost.
            Task::CreatePayout(draft) => {
                drop(create::apply(twin, &draft, at, Funds::AsTheyAre));
            }
            Task::CreateSession(draft) => drop(initialize::apply(twin, &draft, at)),
            Task::Expire(index) => checkout::expire(twin, index, at),
        }
    }

    fn message(twin: &EtpayTwin, number: u64, notice: &Notice<Subject>) -> Option<Outgoing> {
        webhook::message(&twin.settings.switches, &twin.own, number, notice)
    }

    /// Any 2xx counts as heard; neither that nor the retries are documented. `[sim]`
    fn acknowledge(twin: &mut EtpayTwin, notice: &Notice<Subject>, ack: Ack) -> Option<Duration> {
        if !matches!(ack, Ack::Status(200..=299)) {
            return notice.retry_after(&twin.settings.switches.retry_delays_seconds);
        }
        if matches!(notice.subject, Subject::Payout { .. }) {
            twin.own.is_approved = true;
            life::release(twin);
        }
        None
    }

    fn visit_orders(&self, visit: &mut dyn FnMut(OrderView<'_>)) {
        for payout in self.payouts.entries() {
            visit(EtpayTwin::view(
                "payout",
                payout,
                payout.status.word(),
                payout.last().word(),
                payout.amount_minor,
            ));
        }
        for session in self.sessions.book.entries() {
            visit(EtpayTwin::view(
                "payment",
                session,
                session.word(),
                session.last_word(),
                session.draft.amount_minor,
            ));
        }
    }

    fn credentials(twin: &EtpayTwin) -> BTreeMap<&'static str, String> {
        let settings = &twin.settings;
        BTreeMap::from([
            ("merchant_code", settings.merchant_code.clone()),
            ("merchant_api_token", sign::shown(&settings.merchant_api_token).to_owned()),
            ("username", settings.username.clone()),
            ("password", sign::shown(&settings.password).to_owned()),
            ("sandbox_clock_days", SANDBOX_CLOCK_DAYS.to_owned()),
        ])
    }

    fn paths(_: &EtpaySettings) -> BTreeMap<&'static str, String> {
        [("api_url", route::API), ("pmt_url", route::CHECKOUT), ("payouts_url", route::PLATFORM)]
            .into_iter()
            .map(|(name, path)| (name, path.to_owned()))
            .collect()
    }

    fn register(settings: &mut EtpaySettings, registration: Registration) {
        let switches = &mut settings.switches;
        switches.payout_webhook_url =
            registration.webhook_url.or(switches.payout_webhook_url.take());
        settings.pace = registration.speed.unwrap_or(settings.pace);
    }
}

/// By how many days a client must expect its clock to differ: a twin that is sped up runs ahead of
/// the client's clock.
const SANDBOX_CLOCK_DAYS: &str = "7";
