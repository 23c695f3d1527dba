//! Queries: for one order, for the balance, for the banks.
//! Not how an order is shown; see `answer`.

use super::{
    CashyproTwin, amount, answer,
    order::{Kind, Order},
    request::{Fields, Refusal},
    wire,
};
use crate::{book::Book, twin::Reply};

/// `POST /api/payOutQuery` and `POST /api/payInQuery`. Source: manual "Query Payout Order" for the
/// one, an older manual for the other.
pub(super) fn order(
    twin: &mut CashyproTwin,
    kind: Kind,
    fields: &Fields<'_>,
) -> Result<Reply, Refusal> {
    let (index, name) = find(twin.own.book(kind), fields)?;
    let answer = |twin: &mut CashyproTwin| {
        let found = index.and_then(|index| twin.own.book(kind).get(index));
        match (kind, found) {
            (_, None) => answer::no_such_order(&twin.settings),
            (Kind::Payout, Some(order)) => answer::payout(&twin.settings, order),
            (Kind::Payment, Some(order)) => answer::payment(&twin.settings, order),
        }
    };
    if twin.faults.is_quiet() {
        return Ok(answer(twin));
    }
    let nth = twin.own.book_mut(kind).count_query(&name);
    Ok(twin.ask(&name, nth, wire::ERRORS, answer))
}

/// A query that is about no order.
pub(super) fn route(
    twin: &mut CashyproTwin,
    route: &'static str,
    fields: &Fields<'_>,
    answer: impl FnOnce(&mut CashyproTwin) -> Reply,
) -> Result<Reply, Refusal> {
    fields.require(&["nonceStr"])?;
    fields.text("nonceStr", 32)?;
    Ok(twin.ask_of_route(route, wire::ERRORS, answer))
}

/// Numbers here, not texts. Source: other queries of Colombia, captured answer.
pub(super) fn balance(twin: &mut CashyproTwin) -> Reply {
    wire::success_around(&format!(
        r#"{{"mchId":"{}","balance":{},"unBalance":{}}}"#,
        twin.settings.merchant_id,
        amount::shortest(twin.balance.left_minor, 1),
        amount::shortest(twin.own.held_minor, 1),
    ))
}

/// The order that a query is about, and the name it goes by. If both numbers are given they must be
/// of one order.
fn find(book: &Book<Order>, fields: &Fields<'_>) -> Result<(Option<u32>, String), Refusal> {
    fields.require(&["nonceStr"])?;
    fields.text("nonceStr", 32)?;
    let key = fields.text("mchOrderNo", 32)?;
    let reference = fields.text("orderNo", 32)?;
    if key.is_empty() && reference.is_empty() {
        return Err(Refusal::required("mchOrderNo"));
    }
    let (by_key, by_reference) =
        (book.by_key(&key).first().copied(), book.by_reference(&reference));
    Ok(match (key.is_empty(), reference.is_empty()) {
        (true, _) => (by_reference, reference),
        (false, true) => (by_key, key),
        (false, false) => (by_key.filter(|_| by_key == by_reference), key),
    })
}
