//! The VirtualPOS twin of Chile: payouts and payments in one place.
//! Not a client; it shares no code with one.
//!
//! **The signature contract of payouts is documented, the shapes of its endpoints are assumed.**
//! One page about payouts is public: it says what the two headers carry. Hosts, paths, answers,
//! states, errors and callbacks are assumptions of ours, and every client of this twin should let
//! its user change them.
//!
//! # Payouts
//!
//! Below `/virtualpos/payout`: `POST /v3/payout`, `GET` or `POST /v3/payout/<id>` and
//! `/v3/payout/merchant/<merchant_id>`; `GET` of that address itself says the sentence above. A
//! create may send `{"tef":T}`, `{"api_key":K,"tef":T}` or `T`. What is checked, in this order:
//!
//! | check | refused with |
//! |---|---|
//! | `Authorization` is a known API key, bare | 401 `E-001` |
//! | there is a `Signature` | 401 `E-016` |
//! | it is a token of three parts without padding, and its algorithm is HS256 | 401 `E-016` |
//! | its code is right for the bytes as they came, and `exp` and `nbf` if there are any | 401 `E-016` |
//! | its `api_key` is that of the header | 401 `E-016` |
//! | its `tef` is, by value, the one of the body; for questions the stored one | 401 `E-016` |
//! | every field is there and typed, the amount a JSON integer, and there is no other | 400 `SIM-VALIDATION` |
//! | the RUT has no dots, the bank code three digits, and so on | 400 `SIM-VALIDATION` |
//! | the `merchant_id` is new, if that is switched on | 409 `SIM-DUPLICATE` |
//!
//! A payout of nobody or of another account is 404 `SIM-NOT-FOUND`; one that the balance does not
//! cover is 400 `SIM-NO-FUNDS`. States go `pendiente`, `procesando`, `pagado` within seconds of
//! virtual time, so that a client may poll. A repeated `merchant_id` is **paid again**: the ledger
//! then has two movements `out` of one key with two references, and questions by `merchant_id` show
//! the first. The switch `duplicate` makes it `reject` or `return_existing` instead.
//!
//! `message` takes the scenarios of the crate's table; without one, the end of the account number
//! decides:
//!
//! | account | what happens |
//! |---|---|
//! | `...0001` | `rechazado`, with a `rejected_object` |
//! | `...0002` | `procesando` for seven days, then `pagado` |
//! | `...0003` | `pagado`, then `devuelto` |
//! | `...0004` | recorded, and the first create answered with 500 |
//! | `...0005` | recorded, and the connection of the first create closes |
//! | `...0006` | not recorded, and the connection of the first create closes |
//! | `...0007` | `en_revision` for seven days, a word that nobody knows; then `pagado` |
//! | `...0008` | refused with HTTP 200 |
//! | `...0009` | recorded, and the first create answered with an HTML 502 |
//! | `...0010` | the first two questions by `merchant_id` do not find it |
//!
//! Callbacks are off. The switch `callback_url`, which `POST /_twin/merchant` registers too, turns
//! them on: a form `id=...&merchant_id=...` for every change, three tries. They say no state, and one
//! that a fault gets wrong names a payout of nobody; the true one follows 30 seconds later.
//!
//! # Payments
//!
//! Below `/virtualpos/payments`, after public integrations: `POST /v3/payment/`,
//! `POST /v3/payment/<uuid>/webcheckout`, `GET /v3/payment/<uuid>`. They have keys of their own, and
//! a signature over the API key alone will do. `/virtualpos/pay/<uuid>` is the page of the payer;
//! `?auto=` with `paid`, `failed` or `abandon` presses a button, and `&notice=` lets the callback go
//! wrong: `late`, `lost`, `twice`, `out-of-order`, `wrong-uuid`. The callback is a form `uuid=...`.
//!
//! # Control calls
//!
//! | call | what |
//! |---|---|
//! | `GET /_twin/virtualpos/payments` | every payment with its state and addresses |
//! | `GET /_twin/virtualpos/calls` | how often each call was made; `?merchant_id=` how many creates of it passed the checks |
//! | `GET`, `POST /_twin/virtualpos/balance` | `{"balance": pesos}` |
//! | `GET`, `POST /_twin/virtualpos/settings` | the [`Switches`]; a POST changes those it names |
//! | `POST /_twin/virtualpos/outcome` | `{"uuid", "outcome", "notice"}`: presses a button |

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

mod account;
mod checkout;
mod control;
mod create;
mod funnel;
mod instruction;
mod life;
mod payment;
mod payout;
mod question;
mod request;
mod route;
mod settings;
mod sign;
mod webhook;
mod wire;

pub use settings::{
    Duplicates, KeyPair, SANDBOX_API_KEY, SANDBOX_PAYMENTS_API_KEY, SANDBOX_PAYMENTS_SECRET_KEY,
    SANDBOX_SECRET_KEY, Switches, VirtualPosSettings, VirtualPosTiming,
};

use life::Coming;
use payment::Payment;
use payout::Payout;
use webhook::Notice;

const PROVIDER: &str = "virtualpos";
const CURRENCY: &str = "CLP";

/// A VirtualPOS of Chile that keeps its payouts and payments in memory.
pub struct VirtualPosTwin {
    settings: VirtualPosSettings,
    faults: Faults,
    payouts: Book<Payout>,
    payments: Book<Payment>,
    /// What the merchant has left, in pesos.
    purse: Purse,
    ledger: Ledger,
    agenda: Schedule<Coming>,
    outbox: Outbox<Notice>,
    /// How often each call was made.
    calls: BTreeMap<&'static str, u64>,
    now: Timestamp,
}

impl VirtualPosTwin {
    /// A twin without payouts, payments and faults.
    #[must_use]
    pub fn new(settings: VirtualPosSettings) -> Self {
        Self {
            purse: Purse { left_minor: settings.balance_minor },
            settings,
            faults: Faults::default(),
            payouts: Book::new(),
            payments: Book::new(),
            ledger: Ledger::default(),
            agenda: Schedule::new(),
            outbox: Outbox::new(),
            calls: BTreeMap::new(),
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
}

impl Twin for VirtualPosTwin {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn handle(&mut self, path: &str, request: &http::Request<Bytes>, now: Timestamp) -> Reply {
        self.move_on(now);
        // `/pay` begins like the other two, so what follows has to be nothing or a slash.
        let below =
            |base: &str| path.strip_prefix(base).filter(|it| it.is_empty() || it.starts_with('/'));
        if let Some(rest) = below(PAYOUTS) {
            return self.answer_payouts(rest, request);
        }
        if let Some(rest) = below(PAYMENTS) {
            return self.answer_payments(rest, request);
        }
        match below(FUNNEL).and_then(|rest| rest.strip_prefix('/')) {
            Some(uuid) => self.visit(uuid, request),
            None => route::no_such_path(),
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
                key: &payout.instruction.merchant_id,
                reference: &payout.id,
                status: payout.status.word(),
                true_final: payout.last().word(),
                amount_minor: payout.instruction.amount_minor,
                currency: CURRENCY,
            });
        }
        for payment in self.payments.entries() {
            visit(OrderView {
                provider: PROVIDER,
                kind: "payment",
                key: &payment.draft.code,
                reference: &payment.uuid,
                status: payment.status.word(),
                true_final: payment.status.last_word(),
                amount_minor: payment.draft.amount_minor,
                currency: CURRENCY,
            });
        }
    }

    fn credentials(&self) -> BTreeMap<&'static str, String> {
        let shown = |pair: Option<&KeyPair>, names: [&'static str; 2]| {
            let keys =
                |pair: &KeyPair| [pair.api_key.clone(), sign::shown(&pair.secret_key).to_owned()];
            pair.map(|pair| names.into_iter().zip(keys(pair))).into_iter().flatten()
        };
        let settings = &self.settings;
        let payouts = shown(settings.accounts.first(), ["api_key", "secret_key"]);
        let payments =
            shown(settings.payment_accounts.first(), ["payments_api_key", "payments_secret_key"]);
        payouts.chain(payments).collect()
    }

    fn paths(&self) -> BTreeMap<&'static str, String> {
        [("base_url", PAYOUTS), ("payments_url", PAYMENTS)]
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
        switches.callback_url = registration.webhook_url.or(switches.callback_url.take());
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

impl fmt::Debug for VirtualPosTwin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualPosTwin")
            .field("settings", &self.settings)
            .field("faults", &self.faults)
            .field("payouts", &self.payouts)
            .field("payments", &self.payments)
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}

/// Where the two surfaces and the payer's page lie below the provider's segment. `[sim]`
const PAYOUTS: &str = "/payout";
const PAYMENTS: &str = "/payments";
const FUNNEL: &str = "/pay";
