//! The Conekta twin of Mexico: payees, transfers, and everything around them.
//! Not a client; it shares no code with one.
//!
//! # Transfers
//!
//! Below `/conekta`, by Conekta's own paths: `/payees` with `/destinations`, `/transfers`,
//! `/balance`, `/transactions`, `/events` with `/resend`, `/webhooks` with `/test`,
//! `/webhook_keys`, `/ping`. The private key comes in any of the four forms that official clients
//! send. What is checked of a transfer, in this order: key, version in `Accept`, JSON, payee,
//! amount, currency, unknown fields, funds.
//!
//! Conekta knows no idempotency and has no field for a merchant's own number. A repeated transfer
//! is **paid again**, and so is one to a second payee of the same person. So that the ledger can
//! tell, **its key is what stands before `@key.invalid` in the mail address of the payee**
//! ([`KEY_DOMAIN`]); all payees of one such address share the key. Of other payees it is their id,
//! and a judge has to go by the account: the ledger names it, and so does the control call
//! `transfers`. Such an id depends on how many payees came before, and with it what chance has for
//! its transfers.
//!
//! A transfer becomes `in_transit` at nine in the morning, in Mexico City, of the business day
//! after the one on which it was requested, and final 15 minutes later. Where a merchant registers that his people
//! live slower, that wait is as many times shorter. A failed one gives its
//! money back; one that fails and then succeeds goes through `retrying` and `in_transit` again. A
//! payee moves no money, so its creation meets the faults of queries, under the key
//! `<key>/payee`.
//!
//! The names of a payee and of its account take the scenarios of the crate's table, alone or behind
//! a blank (`Ana Perez sim:stuck`); `sim:cancel` is a failure, and reasons are dropped, since
//! Conekta tells none. Without one, the eleven digits of a CLABE after bank and city decide:
//!
//! | CLABE | what happens |
//! |---|---|
//! | `......99900000001.` | `failed` |
//! | `......99900000002.` | `in_transit` for seven days, then `paid_out` |
//! | `......99900000003.` | `paid_out`, then `failed` |
//! | `......99900000004.` | `failed`, then `retrying` and `paid_out` |
//! | `......99900000005.` | recorded, and the first create answered with 500 |
//! | `......99900000006.` | recorded, and the connection of the first create closes |
//! | `......99900000007.` | not recorded, and the connection of the first create closes |
//! | `......99900000008.` | its webhooks are lost |
//!
//! Amounts have endings of their own, whatever chance has for their calls and webhooks: `13`
//! centavos fail, `17` stay `in_transit` for seven days, `19` are paid and then fail. The switch
//! `amount_triggers` turns that off.
//!
//! # Webhooks
//!
//! `POST /webhooks` subscribes; so does the switch `webhook_url`, which `POST /_twin/merchant`
//! registers too. A ping comes first. Every event that happens here can be heard, payees and
//! webhooks included. Bodies differ between sendings, and each is signed anew: `DIGEST` is RSA over
//! its bytes, by the newest key that is active, or is missing if there is none (the switch `digest_header`
//! calls it otherwise). There is one key at
//! the start, whose public half is among the credentials. There are two pairs in all, so that the
//! third key is the first again.
//!
//! The [`Switches`] make the manual's contradictions come true: bare bodies, truncated times, a
//! `payout.paid_out` that is `in_transit`, and so on.
//!
//! # Control calls
//!
//! | call | what |
//! |---|---|
//! | `GET /_twin/conekta/transfers` | every transfer with key, payee, account, status and last status |
//! | `GET`, `POST /_twin/conekta/balance` | `{"balance": centavos}` |
//! | `GET`, `POST /_twin/conekta/settings` | the [`Switches`]; a POST changes those it names |
//! | `POST /_twin/conekta/advance` | `{"transfer", "to"}`: lets it be `in_transit`, `paid_out`, `failed` or `retrying` at once |

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

mod access;
mod bank;
mod calendar;
mod control;
mod destination;
mod event;
mod event_view;
mod events;
mod identifier;
mod keys;
mod life;
mod listing;
mod money;
mod notify;
mod payee;
mod payees;
mod refusal;
mod request;
mod route;
mod scenario;
mod settings;
mod sign;
mod transfer;
mod transfers;
mod webhook;
mod webhook_key;
mod webhooks;
mod wire;

pub use settings::{AnswerShape, ConektaSettings, KEY_DOMAIN, SANDBOX_API_KEY, Switches};

use event::Event;
use life::Task;
use money::Transaction;
use notify::Subject;
use payee::Payees;
use transfer::Transfer;
use webhook::Webhooks;
use webhook_key::WebhookKeys;

/// A Conekta of Mexico that keeps its payees and transfers in memory.
pub type ConektaTwin = Machine<Conekta>;

/// What Conekta has beside what every twin has.
#[derive(Debug, Default)]
pub struct Conekta {
    payees: Payees,
    transfers: Book<Transfer>,
    transactions: Book<Transaction>,
    events: Book<Event>,
    webhooks: Webhooks,
    webhook_keys: WebhookKeys,
}

impl Protocol for Conekta {
    const PROVIDER: &'static str = "conekta";
    const CURRENCY: &'static str = "MXN";
    const CONTROL_CALLS: &'static [ControlCall<Self>] = &[
        ControlCall::get("transfers", control::transfers),
        ControlCall::get("balance", ConektaTwin::answer_balance),
        ControlCall::post("balance", ConektaTwin::answer_balance),
        ControlCall::get("settings", |twin, _| Ok(json!(twin.settings.switches))),
        ControlCall::post("settings", control::change_settings),
        ControlCall::post("advance", control::advance),
    ];

    type Settings = ConektaSettings;
    type Task = Task;
    type Subject = Subject;

    fn opening_minor(settings: &ConektaSettings) -> i64 {
        settings.balance_minor
    }

    fn answer(twin: &mut ConektaTwin, path: &str, request: &Request) -> Reply {
        route::answer(twin, path, request)
    }

    fn begin(twin: &mut ConektaTwin) {
        webhooks::subscribe_by_hand(twin);
    }

    fn run(twin: &mut ConektaTwin, task: Task, at: Timestamp) {
        match task {
            Task::Step { index, steps } => life::step(twin, index, steps, at),
            // The caller is long gone: what it would have been answered is lost.
            Task::Create(draft) => drop(transfers::apply(twin, &draft, at, Funds::AsTheyAre)),
        }
    }

    fn message(twin: &ConektaTwin, number: u64, notice: &Notice<Subject>) -> Option<Outgoing> {
        notify::message(twin, number, notice)
    }

    fn acknowledge(twin: &mut ConektaTwin, notice: &Notice<Subject>, ack: Ack) -> Option<Duration> {
        notify::acknowledge(twin, notice, ack)
    }

    fn visit_orders(&self, visit: &mut dyn FnMut(OrderView<'_>)) {
        for transfer in self.transfers.entries() {
            visit(ConektaTwin::view(
                "payout",
                transfer,
                transfer.status.word(),
                transfer.last().word(),
                transfer.order.amount_minor,
            ));
        }
    }

    fn credentials(twin: &ConektaTwin) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("api_key", sign::shown(&twin.settings.api_key).to_owned()),
            ("webhook_keys", twin.own.webhook_keys.public_keys()),
        ])
    }

    /// One host for everything, and nothing before its paths. Source: manual.
    fn paths(_: &ConektaSettings) -> BTreeMap<&'static str, String> {
        BTreeMap::from([("base_url", String::new())])
    }

    /// The address becomes a subscription with the next thing that happens.
    fn register(settings: &mut ConektaSettings, registration: Registration) {
        let switches = &mut settings.switches;
        switches.webhook_url = registration.webhook_url.or(switches.webhook_url.take());
        settings.pace = registration.speed.unwrap_or(settings.pace);
    }
}
