//! The Fintoc twin of Mexico: transfers by SPEI, and the account that they leave.
//! Not a client; it shares no code with one.
//!
//! # Transfers
//!
//! Below `/fintoc`, by Fintoc's own paths: `/v2/transfers`, `/v2/accounts` and
//! `/v2/simulate/receive_transfer`. The key comes bare or as a `Bearer`. `POST /v2/transfers` is signed
//! in `Fintoc-JWS-Signature`; what is checked of it, in this order: key, form, algorithm, critical
//! fields, nonce, time, signature, whether the nonce is fresh. Then the `Idempotency-Key` is looked up,
//! and what is checked of the body is: JSON, account, amount, currency, number of the counterparty,
//! comment, reference, metadata, funds.
//!
//! The **first answer of a key** is kept for a day, status and body, refusals and internal errors
//! included; a repeat with the same parameters is told the same, and one with others is refused. After
//! that day the key is forgotten, and a repeat **is paid again**. Nothing is kept where a request got no
//! answer of Fintoc's own: the connection closed before it arrived, a gateway answered, or there were
//! too many requests. The ledger knows a transfer by its key, and one without a key by its own id.
//!
//! A transfer is `pending` for a minute, then `succeeded`, `failed` or `rejected`; a `succeeded` one can
//! be `returned` later. Those that came to nothing give their money back. What comes in by
//! `/v2/simulate/receive_transfer` is not in the lists.
//!
//! A scenario is asked for in `comment`; reasons are dropped, since Fintoc tells none. To the CLABE
//! `012969100000000013` there are no funds: the request is refused with `insufficient_balance`.
//!
//! Where a merchant registers that his clock goes slower, the times in his requests are compared with
//! each other and not with the twin's own.
//!
//! # Webhooks
//!
//! The switch `webhook_url`, which `POST /_twin/merchant` registers too, says where they go; each is
//! signed anew in `Fintoc-Signature`. There is one for every status but `pending`.
//!
//! # Control calls
//!
//! | call | what |
//! |---|---|
//! | `GET`, `POST /_twin/fintoc/balance` | `{"balance": centavos}` |
//! | `GET`, `POST /_twin/fintoc/settings` | the [`Switches`]; a POST changes those it names |

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use pagos_core::Timestamp;
use serde_json::json;

use crate::{
    book::Book,
    call::Funds,
    machine::{ControlCall, Machine, Protocol},
    notification::Notice,
    twin::{Ack, OrderView, Outgoing, Registration, Reply, Request},
};

mod access;
mod accounts;
mod answers;
mod control;
mod identifier;
mod keys;
mod life;
mod listing;
mod notify;
mod refusal;
mod settings;
mod sign;
mod transfer;
mod transfers;
mod wire;

pub use keys::{SANDBOX_JWS_PRIVATE_KEY, SANDBOX_JWS_PUBLIC_KEY};
pub use settings::{
    FintocSettings, SANDBOX_ACCOUNT_ID, SANDBOX_ACCOUNT_NUMBER_ID, SANDBOX_API_KEY,
    SANDBOX_WEBHOOK_SECRET, Switches,
};

use access::Signatures;
use answers::Answers;
use life::Task;
use notify::Subject;
use refusal::Refusal;
use transfer::Transfer;

/// A Fintoc of Mexico that keeps its transfers in memory.
pub type FintocTwin = Machine<Fintoc>;

/// What Fintoc has beside what every twin has.
#[derive(Debug, Default)]
pub struct Fintoc {
    transfers: Book<Transfer>,
    answers: Answers,
    signatures: Signatures,
    tracking_keys: u64,
}

impl Fintoc {
    /// The day, the number of Fintoc's institution, and a count. Source: rec: transfers create.
    fn next_tracking_key(&mut self, at: Timestamp) -> String {
        self.tracking_keys += 1;
        let day: String = wire::time(at).chars().filter(char::is_ascii_digit).take(8).collect();
        format!("{day}90735{:017}", self.tracking_keys)
    }
}

impl Protocol for Fintoc {
    const PROVIDER: &'static str = "fintoc";
    const CURRENCY: &'static str = "MXN";
    const CONTROL_CALLS: &'static [ControlCall<Self>] = &[
        ControlCall::get("balance", FintocTwin::answer_balance),
        ControlCall::post("balance", FintocTwin::answer_balance),
        ControlCall::get("settings", |twin, _| Ok(json!(twin.settings.switches))),
        ControlCall::post("settings", control::change_settings),
    ];

    type Settings = FintocSettings;
    type Task = Task;
    type Subject = Subject;

    fn opening_minor(settings: &FintocSettings) -> i64 {
        settings.balance_minor
    }

    fn answer(twin: &mut FintocTwin, path: &str, request: &Request) -> Reply {
        let outcome = access::check_key(request, &twin.settings)
            .and_then(|()| answer_caller(twin, path, request));
        outcome.unwrap_or_else(|refusal| refusal.reply())
    }

    fn begin(_: &mut FintocTwin) {}

    fn run(twin: &mut FintocTwin, task: Task, at: Timestamp) {
        match task {
            Task::Step(index) => life::step(twin, index, at),
            // The caller is long gone: what it would have been answered is kept for a repeat.
            Task::Create(draft) => drop(transfers::apply(twin, &draft, at, Funds::AsTheyAre)),
        }
    }

    fn message(twin: &FintocTwin, number: u64, notice: &Notice<Subject>) -> Option<Outgoing> {
        notify::message(twin, number, notice)
    }

    fn acknowledge(_: &mut FintocTwin, notice: &Notice<Subject>, ack: Ack) -> Option<Duration> {
        notify::retry_after(notice.retries, ack)
    }

    fn visit_orders(&self, visit: &mut dyn FnMut(OrderView<'_>)) {
        for transfer in self.transfers.entries() {
            visit(FintocTwin::view(
                "payout",
                transfer,
                transfer.status.word(),
                transfer.last().word(),
                transfer.order.amount_minor,
            ));
        }
    }

    fn credentials(twin: &FintocTwin) -> BTreeMap<&'static str, String> {
        let settings = &twin.settings;
        BTreeMap::from([
            ("api_key", sign::shown(&settings.api_key).to_owned()),
            ("account_id", settings.account_id.clone()),
            ("country", "MEX".to_owned()),
            ("jws_private_key", SANDBOX_JWS_PRIVATE_KEY.to_owned()),
            ("webhook_secret", sign::shown(&settings.webhook_secret).to_owned()),
        ])
    }

    /// One host for everything; products have paths of their own below it. Source: sdk: py core.
    fn paths(_: &FintocSettings) -> BTreeMap<&'static str, String> {
        BTreeMap::from([("base_url", String::new())])
    }

    fn register(settings: &mut FintocSettings, registration: Registration) {
        let switches = &mut settings.switches;
        switches.webhook_url = registration.webhook_url.or(switches.webhook_url.take());
        settings.pace = registration.speed.unwrap_or(settings.pace);
    }
}

fn answer_caller(twin: &mut FintocTwin, path: &str, request: &Request) -> Result<Reply, Refusal> {
    let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
    match (request.method(), segments.as_slice()) {
        (&Method::POST, ["v2", "transfers"]) => transfers::create(twin, request),
        (&Method::GET, ["v2", "transfers"]) => listing::list(twin, request),
        (&Method::GET, ["v2", "transfers", id]) => Ok(listing::show(twin, id)),
        (&Method::GET, ["v2", "accounts"]) => Ok(accounts::list(twin)),
        (&Method::GET, ["v2", "accounts", id]) => Ok(accounts::show(twin, id)),
        (&Method::POST, ["v2", "simulate", "receive_transfer"]) => accounts::receive(twin, request),
        (_, ["v2", "transfers" | "accounts"] | ["v2", "transfers" | "accounts", _]) => {
            Err(Refusal::wrong_method())
        }
        (_, _) => Err(Refusal::no_such_path()),
    }
}
