//! The Cashypro twin of Colombia: routes, books and money in one place.
//! Not a client; it shares no code with one.

use std::{collections::BTreeMap, fmt, sync::Arc};

use bytes::Bytes;
use pagos_core::Timestamp;

use crate::{
    call,
    fault::{Faults, Occasion},
    ledger::Ledger,
    schedule::Schedule,
    telling::Outbox,
    twin::{Ack, OrderView, Outgoing, Reply, Twin},
};

mod amount;
mod banks;
mod create;
mod life;
mod order;
mod payment;
mod payout;
mod reason;
mod request;
mod settings;
mod sign;
mod webhook;
mod wire;

pub use settings::{
    CashyproSettings, Fee, NoFunds, Notices, NumberStyle, SANDBOX_API_KEY, SANDBOX_MERCHANT_ID,
    SignCase, Timing, UnknownOrder, WalletRule,
};

use life::{Balance, Coming};
use order::{Book, Kind, Order, OrderId};
use request::{Fields, Refusal};
use webhook::Notice;

const PROVIDER: &str = "cashypro";
const CURRENCY: &str = "COP";

/// A Cashypro of Colombia that keeps its orders in memory.
pub struct CashyproTwin {
    settings: CashyproSettings,
    faults: Faults,
    payouts: Book,
    payments: Book,
    balance: Balance,
    ledger: Ledger,
    agenda: Schedule<Coming>,
    outbox: Outbox<Notice>,
    /// How often each route was asked that is about no order.
    questions: BTreeMap<&'static str, u32>,
    now: Timestamp,
    last_url: Arc<str>,
}

impl CashyproTwin {
    /// A twin without orders and without faults.
    #[must_use]
    pub fn new(settings: CashyproSettings) -> Self {
        let balance = Balance { available_minor: settings.balance_minor, held_minor: 0 };
        Self {
            settings,
            faults: Faults::default(),
            payouts: Book::new(Kind::Payout),
            payments: Book::new(Kind::Payment),
            balance,
            ledger: Ledger::default(),
            agenda: Schedule::new(),
            outbox: Outbox::new(),
            questions: BTreeMap::new(),
            now: Timestamp::from_millis(i64::MIN),
            last_url: "".into(),
        }
    }

    /// The same twin with these faults from the start.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Available and set-aside money of the merchant, in centavos.
    #[must_use]
    pub const fn balance_minor(&self) -> (i64, i64) {
        (self.balance.available_minor, self.balance.held_minor)
    }

    fn answer(&mut self, route: Route, fields: &Fields<'_>) -> Reply {
        match route {
            Route::PayOut => self.pay_out(fields),
            Route::PayOutQuery => self.pay_out_query(fields),
            Route::PayIn => self.pay_in(fields),
            Route::PayInQuery => self.pay_in_query(fields),
            Route::PayDesk => self.pay_desk(fields),
            Route::Balance => self.ask_of_route("getBalance", fields, Self::answer_balance),
            Route::PayoutBanks => {
                self.ask_of_route("bankListQuery", fields, |_| wire::success(&banks::PAYOUT_BANKS))
            }
            Route::PaymentBanks => self.ask_of_route("payInBankListQuery", fields, |_| {
                wire::success(&banks::PAYMENT_BANKS)
            }),
        }
    }

    /// Numbers here, not texts. Source: other queries of Colombia, captured answer.
    fn answer_balance(&self) -> Reply {
        wire::success_around(&format!(
            r#"{{"mchId":"{}","balance":{},"unBalance":{}}}"#,
            self.settings.merchant_id,
            amount::shortest(self.balance.available_minor, 1),
            amount::shortest(self.balance.held_minor, 1),
        ))
    }

    fn answer_unknown_order(&self) -> Reply {
        match &self.settings.unknown_order {
            UnknownOrder::Refuse(msg) => wire::refusal(&Refusal::of(msg)),
            UnknownOrder::NullData => wire::success_around("null"),
        }
    }

    /// Answers a question about an order, unless that goes wrong.
    fn ask_of_key(&mut self, kind: Kind, key: &str, answer: impl FnOnce(&Self) -> Reply) -> Reply {
        if self.faults.is_quiet() {
            return answer(self);
        }
        let nth = self.book_mut(kind).count_query(key);
        self.ask(key, nth, answer)
    }

    /// Answers a question about no order, unless that goes wrong.
    fn ask_of_route(
        &mut self,
        route: &'static str,
        fields: &Fields<'_>,
        answer: impl FnOnce(&Self) -> Reply,
    ) -> Reply {
        let nonce = fields.require(&["nonceStr"]).and_then(|()| fields.text("nonceStr", 32));
        if let Err(refusal) = nonce {
            return wire::refusal(&refusal);
        }
        let nth = self.questions.entry(route).or_insert(0);
        *nth = nth.saturating_add(1);
        let nth = *nth;
        self.ask(route, nth, answer)
    }

    fn ask(&mut self, key: &str, nth: u32, answer: impl FnOnce(&Self) -> Reply) -> Reply {
        let fault = self.faults.meet(Occasion::Query, key, nth);
        call::question(fault, wire::COMPLAINTS, || answer(self))
    }

    const fn book(&self, kind: Kind) -> &Book {
        match kind {
            Kind::Payout => &self.payouts,
            Kind::Payment => &self.payments,
        }
    }

    const fn book_mut(&mut self, kind: Kind) -> &mut Book {
        match kind {
            Kind::Payout => &mut self.payouts,
            Kind::Payment => &mut self.payments,
        }
    }

    fn order(&self, id: OrderId) -> Option<&Order> {
        self.book(id.kind).order(id.index)
    }

    fn order_mut(&mut self, id: OrderId) -> Option<&mut Order> {
        self.book_mut(id.kind).order_mut(id.index)
    }
}

impl Twin for CashyproTwin {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn handle(&mut self, path: &str, request: &http::Request<Bytes>, now: Timestamp) -> Reply {
        self.move_on(now);
        let route = path.strip_prefix(self.settings.prefix.as_str()).and_then(Route::of);
        let Some(route) =
            route.filter(|it| *it != Route::PayDesk || self.settings.pay_desk_is_offered)
        else {
            return wire::no_such_route();
        };
        match request::open(request, &self.settings) {
            Ok(fields) => self.answer(route, &fields),
            Err(refusal) => wire::refusal(&refusal),
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
        for (kind, book) in [("payout", &self.payouts), ("payment", &self.payments)] {
            for order in book.orders() {
                visit(OrderView {
                    provider: PROVIDER,
                    kind,
                    key: &order.key,
                    reference: &order.reference,
                    status: order.status.word(),
                    true_final: order.last().word(),
                    amount_minor: order.amount_minor,
                    currency: CURRENCY,
                });
            }
        }
    }

    fn credentials(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("merchant_id", self.settings.merchant_id.clone()),
            ("api_key", sign::shown(&self.settings.api_key)),
        ])
    }

    fn paths(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([("base_url", self.settings.prefix.clone())])
    }

    fn reset(&mut self) {
        let mut faults = std::mem::take(&mut self.faults);
        faults.clear();
        let (now, outbox) = (self.now, self.outbox.emptied());
        let fresh = Self::new(self.settings.clone()).with_faults(faults);
        *self = Self { now, outbox, ..fresh };
    }
}

impl fmt::Debug for CashyproTwin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CashyproTwin")
            .field("settings", &self.settings)
            .field("faults", &self.faults)
            .field("payouts", &self.payouts)
            .field("payments", &self.payments)
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    PayOut,
    PayOutQuery,
    PayIn,
    PayInQuery,
    PayDesk,
    Balance,
    PayoutBanks,
    PaymentBanks,
}

impl Route {
    fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/api/payOut" => Self::PayOut,
            "/api/payOutQuery" => Self::PayOutQuery,
            "/api/payIn" => Self::PayIn,
            "/api/payInQuery" => Self::PayInQuery,
            "/api/payDesk" => Self::PayDesk,
            "/api/getBalance" => Self::Balance,
            "/api/bankListQuery" => Self::PayoutBanks,
            "/api/payInBankListQuery" => Self::PaymentBanks,
            _ => return None,
        })
    }
}

/// `yyyy-MM-dd HH:mm:ss` in the provider's zone. Source: manual "Response Parameters".
fn local_time(at: Timestamp, utc_offset_minutes: i16) -> String {
    let offset = jiff::tz::Offset::from_seconds(i32::from(utc_offset_minutes) * 60);
    let moment = jiff::Timestamp::from_millisecond(at.as_millis());
    let (Ok(offset), Ok(moment)) = (offset, moment) else {
        return String::new();
    };
    offset.to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local() {
        // The manual's sample pair: its nonce is 10:42:54 UTC+9 less nine hours; Jakarta is UTC+7.
        let at = Timestamp::from_millis(1_733_103_774_518);
        assert_eq!(local_time(at, 420), "2024-12-02 08:42:54");
        assert_eq!(local_time(at, -300), "2024-12-01 20:42:54");
    }
}
