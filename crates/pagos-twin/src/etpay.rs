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

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use bytes::Bytes;
use pagos_core::Timestamp;

use crate::{
    book::Book,
    fault::Faults,
    ledger::Ledger,
    purse::Purse,
    schedule::Schedule,
    telling::Outbox,
    twin::{Ack, OrderView, Outgoing, Registration, Reply, Twin},
};

mod bank;
mod calendar;
mod check;
mod control;
mod create;
mod forgery;
mod funnel;
mod identifier;
mod initialize;
mod life;
mod listing;
mod login;
mod page;
mod payout;
mod request;
mod route;
mod rut;
mod session;
mod settings;
mod sign;
mod webhook;
mod wire;

pub use settings::{
    Duplicates, EtpaySettings, EtpayTiming, NotificationForm, SANDBOX_API_TOKEN,
    SANDBOX_MERCHANT_CODE, SANDBOX_PASSWORD, SANDBOX_USERNAME, Switches,
};

use life::Coming;
use login::Logins;
use payout::Payout;
use request::Refusal;
use session::Session;
use webhook::Notice;

const PROVIDER: &str = "etpay";
const CURRENCY: &str = "CLP";

/// An ETpay of Chile that keeps its sessions and payouts in memory.
pub struct EtpayTwin {
    settings: EtpaySettings,
    faults: Faults,
    sessions: Book<Session>,
    /// The session of each payment token.
    attempts: HashMap<Arc<str>, u32>,
    payment_tokens: u32,
    payouts: Book<Payout>,
    /// What the merchant has left, in pesos.
    purse: Purse,
    ledger: Ledger,
    agenda: Schedule<Coming>,
    outbox: Outbox<Notice>,
    logins: Logins,
    /// Whether the payout webhook was heard once.
    is_approved: bool,
    /// Payouts that wait for that.
    unapproved: Vec<u32>,
    batch_began_at: Option<Timestamp>,
    /// How often each route was asked that is about no order.
    questions: BTreeMap<&'static str, u32>,
    now: Timestamp,
}

impl EtpayTwin {
    /// A twin without sessions, payouts and faults.
    #[must_use]
    pub fn new(settings: EtpaySettings) -> Self {
        Self {
            purse: Purse { left_minor: settings.balance_minor },
            settings,
            faults: Faults::default(),
            sessions: Book::new(),
            attempts: HashMap::new(),
            payment_tokens: 0,
            payouts: Book::new(),
            ledger: Ledger::default(),
            agenda: Schedule::new(),
            outbox: Outbox::new(),
            logins: Logins::default(),
            is_approved: false,
            unapproved: Vec::new(),
            batch_began_at: None,
            questions: BTreeMap::new(),
            now: Timestamp::from_millis(i64::MIN),
        }
    }

    /// The same twin with these faults from the start.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// What the merchant has left for payouts, in pesos.
    #[must_use]
    pub const fn balance_minor(&self) -> i64 {
        self.purse.left_minor
    }

    /// How many logins were granted.
    #[must_use]
    pub const fn logins(&self) -> u32 {
        self.logins.granted
    }

    /// Makes every authorization token worthless, whatever its holder was told of its end.
    pub fn expire_tokens(&mut self) {
        self.logins.expire();
    }
}

impl Twin for EtpayTwin {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn handle(&mut self, path: &str, request: &http::Request<Bytes>, now: Timestamp) -> Reply {
        self.move_on(now);
        // The official client makes two slashes of a base address that ends in one.
        let below =
            |base: &str| Some(path.strip_prefix(base)?.strip_prefix('/')?.trim_start_matches('/'));
        if let Some(rest) = below(API) {
            return self.answer_payments(rest, request);
        }
        if let Some(rest) = below(PLATFORM) {
            return self.answer_platform(rest, request);
        }
        match below(FUNNEL).and_then(|rest| rest.strip_prefix("session/")) {
            Some(token) => self.visit(token, request),
            None => wire::payment_refusal(&Refusal::not_found("not found")),
        }
    }

    fn advance(&mut self, now: Timestamp) {
        self.move_on(now);
    }

    fn due(&mut self, now: Timestamp, count_max: usize) -> Vec<Outgoing> {
        self.move_on(now);
        self.take_notices(count_max)
    }

    fn delivered(&mut self, number: u64, ack: Ack, now: Timestamp) {
        self.move_on(now);
        self.hear(number, ack);
    }

    fn in_flight(&self) -> Vec<u64> {
        self.outbox.in_flight()
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.agenda.next().into_iter().chain(self.outbox.next()).min()
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn faults_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn visit_orders(&self, visit: &mut dyn FnMut(OrderView<'_>)) {
        for payout in self.payouts.entries() {
            visit(OrderView {
                provider: PROVIDER,
                kind: "payout",
                key: &payout.key,
                reference: &payout.id,
                status: payout.status.word(),
                true_final: payout.last().word(),
                amount_minor: payout.amount_minor,
                currency: CURRENCY,
            });
        }
        for session in self.sessions.entries() {
            visit(OrderView {
                provider: PROVIDER,
                kind: "payment",
                key: &session.draft.order_id,
                reference: &session.token,
                status: session.word(),
                true_final: session.last_word(),
                amount_minor: session.draft.amount_minor,
                currency: CURRENCY,
            });
        }
    }

    fn credentials(&self) -> BTreeMap<&'static str, String> {
        let settings = &self.settings;
        BTreeMap::from([
            ("merchant_code", settings.merchant_code.clone()),
            ("merchant_api_token", sign::shown(&settings.merchant_api_token).to_owned()),
            ("username", settings.username.clone()),
            ("password", sign::shown(&settings.password).to_owned()),
            ("sandbox_clock_days", SANDBOX_CLOCK_DAYS.to_owned()),
        ])
    }

    fn paths(&self) -> BTreeMap<&'static str, String> {
        [("api_url", API), ("pmt_url", FUNNEL), ("payouts_url", PLATFORM)]
            .into_iter()
            .map(|(name, path)| (name, path.to_owned()))
            .collect()
    }

    fn control(
        &mut self,
        name: &str,
        request: &http::Request<Bytes>,
        now: Timestamp,
    ) -> Option<Reply> {
        self.move_on(now);
        self.answer_control(name, request)
    }

    fn register(&mut self, registration: Registration) {
        let switches = &mut self.settings.switches;
        switches.payout_webhook_url =
            registration.webhook_url.or(switches.payout_webhook_url.take());
        self.settings.pace = registration.speed.unwrap_or(self.settings.pace);
    }

    fn reset(&mut self) {
        let mut faults = std::mem::take(&mut self.faults);
        faults.clear();
        let (now, outbox) = (self.now, self.outbox.emptied());
        let fresh = Self::new(self.settings.clone()).with_faults(faults);
        *self = Self { now, outbox, ..fresh };
    }
}

impl fmt::Debug for EtpayTwin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtpayTwin")
            .field("settings", &self.settings)
            .field("faults", &self.faults)
            .field("sessions", &self.sessions)
            .field("payouts", &self.payouts)
            .field("logins", &self.logins)
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}

/// Where each of the three surfaces lies below the provider's segment. `[sim]`
const API: &str = "/api";
const FUNNEL: &str = "/pmt";
const PLATFORM: &str = "/platform";

/// By how many days a client must expect its clock to differ: a twin that is sped up runs ahead of
/// the client's clock.
const SANDBOX_CLOCK_DAYS: &str = "7";
