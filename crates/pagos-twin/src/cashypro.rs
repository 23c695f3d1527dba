//! The Cashypro twin of Colombia: its routes, and what it adds to the machine of all twins.
//! Not a client; it shares no code with one.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use pagos_core::Timestamp;

use crate::{
    book::Book,
    call::Funds,
    machine::{ControlCall, Machine, Protocol},
    notification::Notice,
    twin::{Ack, OrderView, Outgoing, Registration, Reply, Request},
};

mod amount;
mod answer;
mod banks;
mod create;
mod life;
mod order;
mod payment;
mod payout;
mod query;
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

use life::Task;
use order::{Kind, Order, OrderId, Product};
use request::{Fields, Refusal};

/// A Cashypro of Colombia that keeps its orders in memory.
pub type CashyproTwin = Machine<Cashypro>;

/// What Cashypro has beside what every twin has.
#[derive(Debug, Default)]
pub struct Cashypro {
    payouts: Book<Order>,
    payments: Book<Order>,
    /// `unBalance`: set aside for orders under way, in centavos.
    held_minor: i64,
    last_url: Arc<str>,
}

impl Cashypro {
    const fn book(&self, kind: Kind) -> &Book<Order> {
        match kind {
            Kind::Payout => &self.payouts,
            Kind::Payment => &self.payments,
        }
    }

    const fn book_mut(&mut self, kind: Kind) -> &mut Book<Order> {
        match kind {
            Kind::Payout => &mut self.payouts,
            Kind::Payment => &mut self.payments,
        }
    }

    fn order(&self, id: OrderId) -> Option<&Order> {
        self.book(id.kind).get(id.index)
    }

    fn order_mut(&mut self, id: OrderId) -> Option<&mut Order> {
        self.book_mut(id.kind).get_mut(id.index)
    }
}

impl Protocol for Cashypro {
    const PROVIDER: &'static str = "cashypro";
    const CURRENCY: &'static str = "COP";
    const CONTROL_CALLS: &'static [ControlCall<Self>] = &[];

    type Settings = CashyproSettings;
    type Task = Task;
    type Subject = webhook::Subject;

    fn opening_minor(settings: &CashyproSettings) -> i64 {
        settings.balance_minor
    }

    fn answer(twin: &mut CashyproTwin, path: &str, request: &Request) -> Reply {
        let route = path.strip_prefix(twin.settings.prefix.as_str()).and_then(Route::of);
        let Some(route) = route else {
            return wire::no_such_route();
        };
        let outcome = request::open(request, &twin.settings)
            .and_then(|fields| answer_route(twin, route, &fields));
        outcome.unwrap_or_else(|refusal| wire::refusal(&refusal))
    }

    fn begin(_: &mut CashyproTwin) {}

    fn run(twin: &mut CashyproTwin, task: Task, at: Timestamp) {
        match task {
            Task::Step(id) => life::step(twin, id, at),
            // The caller is long gone: a refused duplicate is refused in silence.
            Task::Create(draft) => drop(create::apply(twin, &draft, at, Funds::AsTheyAre)),
        }
    }

    fn message(
        twin: &CashyproTwin,
        number: u64,
        notice: &Notice<webhook::Subject>,
    ) -> Option<Outgoing> {
        webhook::message(&twin.settings, &twin.own, twin.now, number, notice)
    }

    fn acknowledge(
        _: &mut CashyproTwin,
        notice: &Notice<webhook::Subject>,
        ack: Ack,
    ) -> Option<Duration> {
        webhook::retry_after(notice.retries, ack)
    }

    fn visit_orders(&self, visit: &mut dyn FnMut(OrderView<'_>)) {
        for (kind, book) in [("payout", &self.payouts), ("payment", &self.payments)] {
            for order in book.entries() {
                visit(CashyproTwin::view(
                    kind,
                    order,
                    order.status.word(),
                    order.last().word(),
                    order.amount_minor,
                ));
            }
        }
    }

    fn credentials(twin: &CashyproTwin) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("merchant_id", twin.settings.merchant_id.clone()),
            ("api_key", sign::shown(&twin.settings.api_key)),
        ])
    }

    fn paths(settings: &CashyproSettings) -> BTreeMap<&'static str, String> {
        BTreeMap::from([("base_url", settings.prefix.clone())])
    }

    /// Nothing: every request names where its webhooks go.
    fn register(_: &mut CashyproSettings, _: Registration) {}
}

fn answer_route(
    twin: &mut CashyproTwin,
    route: Route,
    fields: &Fields<'_>,
) -> Result<Reply, Refusal> {
    let draft = match route {
        Route::PayOut => payout::read(&twin.settings, fields)?,
        Route::PayIn => payment::read(&twin.settings, fields, Product::Payment)?,
        Route::PayDesk => payment::read(&twin.settings, fields, Product::Desk)?,
        Route::PayOutQuery => return query::order(twin, Kind::Payout, fields),
        Route::PayInQuery => return query::order(twin, Kind::Payment, fields),
        Route::Balance => return query::route(twin, "getBalance", fields, query::balance),
        Route::PayoutBanks => {
            return query::route(twin, "bankListQuery", fields, |_| {
                wire::success(&banks::PAYOUT_BANKS)
            });
        }
        Route::PaymentBanks => {
            return query::route(twin, "payInBankListQuery", fields, |_| {
                wire::success(&banks::PAYMENT_BANKS)
            });
        }
    };
    Ok(create::create(twin, draft))
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
