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
//! | its `tef` is, by value, the one of the body; for queries the stored one | 401 `E-016` |
//! | every field is there and typed, the amount a JSON integer, and there is no other | 400 `SIM-VALIDATION` |
//! | the RUT has no dots, the bank code three digits, and so on | 400 `SIM-VALIDATION` |
//! | the `merchant_id` is new, if that is switched on | 409 `SIM-DUPLICATE` |
//!
//! A payout of nobody or of another account is 404 `SIM-NOT-FOUND`; one that the balance does not
//! cover is 400 `SIM-NO-FUNDS`. States go `pendiente`, `procesando`, `pagado` within seconds of
//! virtual time, so that a client may poll. A repeated `merchant_id` is **paid again**: the ledger
//! then has two movements `out` of one key with two references, and queries by `merchant_id` show
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
//! | `...0010` | the first two queries by `merchant_id` do not find it |
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

use std::{collections::BTreeMap, time::Duration};

use pagos_core::Timestamp;
use serde_json::json;

use crate::{
    book::Book,
    call::Funds,
    machine::{ControlCall, Machine, Protocol},
    notification::Notice,
    scenario::Notified,
    twin::{Ack, OrderView, Outgoing, Registration, Reply, Request},
};

mod account;
mod checkout;
mod control;
mod create;
mod instruction;
mod life;
mod payment;
mod payment_calls;
mod payout;
mod query;
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

use life::Task;
use payment::{Payment, PaymentStatus};
use payout::Payout;
use webhook::Subject;

/// A VirtualPOS of Chile that keeps its payouts and payments in memory.
pub type VirtualPosTwin = Machine<VirtualPos>;

/// What VirtualPOS has beside what every twin has.
#[derive(Debug, Default)]
pub struct VirtualPos {
    payouts: Book<Payout>,
    payments: Book<Payment>,
    /// How often each call was made.
    calls: BTreeMap<&'static str, u64>,
}

impl Protocol for VirtualPos {
    const PROVIDER: &'static str = "virtualpos";
    const CURRENCY: &'static str = "CLP";
    const CONTROL_CALLS: &'static [ControlCall<Self>] = &[
        ControlCall::get("payments", control::payments),
        ControlCall::get("calls", control::calls),
        ControlCall::get("balance", VirtualPosTwin::answer_balance),
        ControlCall::post("balance", VirtualPosTwin::answer_balance),
        ControlCall::get("settings", |twin, _| Ok(json!(twin.settings.switches))),
        ControlCall::post("settings", control::change_settings),
        ControlCall::post("outcome", control::force_outcome),
    ];

    type Settings = VirtualPosSettings;
    type Task = Task;
    type Subject = Subject;

    fn opening_minor(settings: &VirtualPosSettings) -> i64 {
        settings.balance_minor
    }

    fn answer(twin: &mut VirtualPosTwin, path: &str, request: &Request) -> Reply {
        route::answer(twin, path, request)
    }

    fn begin(_: &mut VirtualPosTwin) {}

    fn run(twin: &mut VirtualPosTwin, task: Task, at: Timestamp) {
        match task {
            Task::Step(index) => life::step(twin, index, at),
            // The caller is long gone: what it would have been answered is lost.
            Task::CreatePayout(draft) => {
                drop(create::apply(twin, &draft, at, Funds::AsTheyAre));
            }
            Task::CreatePayment(draft) => drop(payment_calls::apply(twin, &draft, at)),
            Task::Expire(index) => {
                checkout::end(twin, index, PaymentStatus::Expired, Notified::ByChance, at);
            }
        }
    }

    fn message(twin: &VirtualPosTwin, number: u64, notice: &Notice<Subject>) -> Option<Outgoing> {
        webhook::message(&twin.settings.switches, &twin.own, number, notice)
    }

    /// Neither what counts as heard nor the retries are published. `[sim]`
    fn acknowledge(
        twin: &mut VirtualPosTwin,
        notice: &Notice<Subject>,
        ack: Ack,
    ) -> Option<Duration> {
        if matches!(ack, Ack::Status(200..=299)) {
            return None;
        }
        notice.retry_after(&twin.settings.switches.retry_delays_seconds)
    }

    fn visit_orders(&self, visit: &mut dyn FnMut(OrderView<'_>)) {
        for payout in self.payouts.entries() {
            visit(VirtualPosTwin::view(
                "payout",
                payout,
                payout.status.word(),
                payout.last().word(),
                payout.instruction.amount_minor,
            ));
        }
        for payment in self.payments.entries() {
            visit(VirtualPosTwin::view(
                "payment",
                payment,
                payment.status.word(),
                payment.status.last_word(),
                payment.draft.amount_minor,
            ));
        }
    }

    fn credentials(twin: &VirtualPosTwin) -> BTreeMap<&'static str, String> {
        let shown = |pair: Option<&KeyPair>, names: [&'static str; 2]| {
            let keys =
                |pair: &KeyPair| [pair.api_key.clone(), sign::shown(&pair.secret_key).to_owned()];
            pair.map(|pair| names.into_iter().zip(keys(pair))).into_iter().flatten()
        };
        let settings = &twin.settings;
        let payouts = shown(settings.accounts.first(), ["api_key", "secret_key"]);
        let payments =
            shown(settings.payment_accounts.first(), ["payments_api_key", "payments_secret_key"]);
        payouts.chain(payments).collect()
    }

    fn paths(_: &VirtualPosSettings) -> BTreeMap<&'static str, String> {
        [("base_url", route::PAYOUTS), ("payments_url", route::PAYMENTS)]
            .into_iter()
            .map(|(name, path)| (name, path.to_owned()))
            .collect()
    }

    fn register(settings: &mut VirtualPosSettings, registration: Registration) {
        let switches = &mut settings.switches;
        switches.callback_url = registration.webhook_url.or(switches.callback_url.take());
        settings.pace = registration.speed.unwrap_or(settings.pace);
    }
}
