//! How orders are shown in answers. Pure: what was decided before is written down here.

use pagos_core::Timestamp;

use super::{
    amount, local_time,
    order::{Order, OrderStatus, Product},
    request::Refusal,
    settings::{CashyproSettings, UnknownOrder},
    wire,
};
use crate::twin::Reply;

/// The answer to a create. `expires_at` is that of a payment.
pub(super) fn created(
    settings: &CashyproSettings,
    product: Product,
    order: &Order,
    expires_at: Timestamp,
) -> Reply {
    match product {
        Product::Payout => wire::success(&wire::Created {
            merchant_id: &settings.merchant_id,
            mch_order_no: &order.key,
            order_no: &order.reference,
            amount: amount::shortest(order.amount_minor, 0),
            fee: "0",
            order_status: OrderStatus::Processing.word(),
        }),
        Product::Payment => wire::success(&wire::PaymentCreated {
            merchant_id: &settings.merchant_id,
            mch_order_no: &order.key,
            order_no: &order.reference,
            pay_code: Some(order.pay_code()),
            pay_url: None,
            pay_desk_url: Some(pay_desk_url(order)),
            amount: amount::shortest(order.amount_minor, 0),
            order_fee: amount::shortest(order.fee_minor, 0),
        }),
        Product::Desk => wire::success(&wire::DeskCreated {
            merchant_id: &settings.merchant_id,
            mch_order_no: &order.key,
            order_no: &order.reference,
            pay_url: pay_desk_url(order),
            amount: amount::shortest(order.amount_minor, 0),
            expire_time: local_time(expires_at, settings.utc_offset_minutes),
        }),
    }
}

/// The answer to `payOutQuery`.
pub(super) fn payout(settings: &CashyproSettings, order: &Order) -> Reply {
    let offset = settings.utc_offset_minutes;
    wire::success(&wire::Queried {
        merchant_id: &settings.merchant_id,
        mch_order_no: &order.key,
        order_no: &order.reference,
        amount: amount::shortest(order.echoed_minor(), 0),
        fee: match order.status {
            OrderStatus::Processing | OrderStatus::Waiting => "0".to_owned(),
            OrderStatus::Paying
            | OrderStatus::Success
            | OrderStatus::Fail
            | OrderStatus::Cancel => amount::shortest(order.fee_minor, 0),
        },
        order_status: order.status.word(),
        completion_time: order.completed_at.map(|at| local_time(at, offset)),
        result_desc: order.result_of(order.status),
    })
}

/// The answer to `payInQuery`.
pub(super) fn payment(settings: &CashyproSettings, order: &Order) -> Reply {
    let offset = settings.utc_offset_minutes;
    wire::success(&wire::PaymentQueried {
        merchant_id: &settings.merchant_id,
        mch_order_no: &order.key,
        order_no: &order.reference,
        pay_type: order.pay_type.to_string(),
        pay_code: (!order.is_desk).then(|| order.pay_code()),
        pay_url: None,
        pay_desk_url: Some(pay_desk_url(order)),
        amount: amount::shortest(order.echoed_minor(), 0),
        fee: amount::shortest(order.fee_minor, 0),
        order_status: order.status.word(),
        completion_time: order.completed_at.map(|at| local_time(at, offset)),
        nonce_str: None,
    })
}

/// The answer to a query for an order that does not exist.
pub(super) fn no_such_order(settings: &CashyproSettings) -> Reply {
    match &settings.unknown_order {
        UnknownOrder::Refuse(msg) => wire::refusal(&Refusal::of(msg)),
        UnknownOrder::NullData => wire::success_around("null"),
    }
}

fn pay_desk_url(order: &Order) -> String {
    format!("http://twin.invalid/views/pay.html?{}", order.reference)
}
