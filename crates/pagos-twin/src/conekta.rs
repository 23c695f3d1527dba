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
//! payee moves no money, so its creation meets the faults of questions, under the key
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
//! Amounts end in a fate of their own, whatever chance has for their calls and webhooks: `13`
//! centavos fail, `17` stay `in_transit` for seven days, `19` are paid and then fail. The switch
//! `amount_triggers` turns that off.
//!
//! # Webhooks
//!
//! `POST /webhooks` subscribes; so does the switch `webhook_url`, which `POST /_twin/merchant`
//! registers too. A ping comes first. Every event that happens here can be heard, payees and
//! webhooks included. Bodies differ between sendings, and each is signed anew: `DIGEST` is RSA over
//! its bytes, by the newest key that is active, or is missing if there is none. There is one key at
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

use std::{collections::BTreeMap, fmt};

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

mod access;
mod bank;
mod calendar;
mod control;
mod create;
mod destination;
mod event;
mod identifier;
mod keys;
mod life;
mod listing;
mod money;
mod notice;
mod payee;
mod refusal;
mod route;
mod settings;
mod sign;
mod transfer;
mod webhook;
mod webhook_key;
mod wire;
mod wish;

pub use settings::{
    AnswerShape, ConektaSettings, ConektaTiming, KEY_DOMAIN, SANDBOX_API_KEY, Switches,
};

use event::Event;
use life::Coming;
use money::Transaction;
use notice::Notice;
use payee::Payee;
use transfer::Transfer;
use webhook::{ByHand, Webhook};
use webhook_key::WebhookKey;

const PROVIDER: &str = "conekta";
const CURRENCY: &str = "MXN";

/// A Conekta of Mexico that keeps its payees and transfers in memory.
pub struct ConektaTwin {
    settings: ConektaSettings,
    faults: Faults,
    payees: Book<Payee>,
    /// How many creations of a payee passed the checks.
    payees_tried: u32,
    destinations_made: u32,
    transfers: Book<Transfer>,
    transactions: Book<Transaction>,
    events: Book<Event>,
    webhooks: Vec<Webhook>,
    by_hand: ByHand,
    webhook_keys: Vec<WebhookKey>,
    /// What the merchant has left, in centavos.
    purse: Purse,
    ledger: Ledger,
    agenda: Schedule<Coming>,
    outbox: Outbox<Notice>,
    /// How often each route was asked that is about no transfer.
    questions: BTreeMap<&'static str, u32>,
    now: Timestamp,
}

impl ConektaTwin {
    /// A twin without payees, transfers and faults.
    #[must_use]
    pub fn new(settings: ConektaSettings) -> Self {
        Self {
            purse: Purse { left_minor: settings.balance_minor },
            settings,
            faults: Faults::default(),
            payees: Book::new(),
            payees_tried: 0,
            destinations_made: 0,
            transfers: Book::new(),
            transactions: Book::new(),
            events: Book::new(),
            webhooks: Vec::new(),
            by_hand: ByHand::default(),
            webhook_keys: vec![WebhookKey::new(0, Timestamp::from_millis(0))],
            ledger: Ledger::default(),
            agenda: Schedule::new(),
            outbox: Outbox::new(),
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

    /// What the merchant has left for transfers, in centavos.
    #[must_use]
    pub const fn balance_minor(&self) -> i64 {
        self.purse.left_minor
    }
}

impl Twin for ConektaTwin {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn handle(&mut self, path: &str, request: &http::Request<Bytes>, now: Timestamp) -> Reply {
        self.move_on(now);
        self.answer(path, request)
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
        for transfer in self.transfers.entries() {
            visit(OrderView {
                provider: PROVIDER,
                kind: "payout",
                key: &transfer.order.key,
                reference: &transfer.id,
                status: transfer.status.word(),
                true_final: transfer.last().word(),
                amount_minor: transfer.order.amount_minor,
                currency: CURRENCY,
            });
        }
    }

    fn credentials(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("api_key", sign::shown(&self.settings.api_key).to_owned()),
            ("webhook_keys", self.public_keys()),
        ])
    }

    /// One host for everything, and nothing before its paths. Source: manual.
    fn paths(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([("base_url", String::new())])
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

    /// The address becomes a subscription with the next thing that happens.
    fn register(&mut self, registration: Registration) {
        let switches = &mut self.settings.switches;
        switches.webhook_url = registration.webhook_url.or(switches.webhook_url.take());
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

impl fmt::Debug for ConektaTwin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConektaTwin")
            .field("settings", &self.settings)
            .field("faults", &self.faults)
            .field("payees", &self.payees)
            .field("transfers", &self.transfers)
            .field("events", &self.events)
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}
