//! `payIn`, `payInQuery` and `payDesk`: money in.
//! Not what goes wrong; see `create` and `CashyproTwin::ask`. Much of it is from sibling countries,
//! since the end of the Colombian page was never seen.

use std::time::Duration;

use pagos_core::Timestamp;

use super::{
    CashyproTwin, amount, banks,
    create::{Draft, Product},
    local_time,
    order::{Kind, Order, OrderId},
    request::{self, Fields, Refusal},
    wire,
};
use crate::{scenario, twin::Reply};

impl CashyproTwin {
    /// `POST /api/payIn`. Source: pay-in page of Colombia.
    pub(super) fn pay_in(&mut self, fields: &Fields<'_>) -> Reply {
        match self.read_payment(fields, Product::Payment) {
            Ok(draft) => self.create(draft),
            Err(refusal) => wire::refusal(&refusal),
        }
    }

    /// `POST /api/payDesk`. Source: pages of the hosted cashier; not documented for Colombia.
    pub(super) fn pay_desk(&mut self, fields: &Fields<'_>) -> Reply {
        match self.read_payment(fields, Product::Desk) {
            Ok(draft) => self.create(draft),
            Err(refusal) => wire::refusal(&refusal),
        }
    }

    /// `POST /api/payInQuery`. Source: older manual.
    pub(super) fn pay_in_query(&mut self, fields: &Fields<'_>) -> Reply {
        let (id, name) = match self.find(fields, Kind::Payment) {
            Ok(found) => found,
            Err(refusal) => return wire::refusal(&refusal),
        };
        self.ask_of_key(Kind::Payment, &name, |twin| twin.answer_payment(id))
    }

    pub(super) fn answer_payment_created(&self, id: OrderId) -> Reply {
        self.order(id).map_or_else(wire::system_error, |order| {
            wire::success(&wire::PaymentCreated {
                merchant_id: &self.settings.merchant_id,
                mch_order_no: &order.key,
                order_no: &order.reference,
                pay_code: Some(pay_code(order)),
                pay_url: None,
                pay_desk_url: Some(pay_desk_url(order)),
                amount: amount::shortest(order.amount_minor, 0),
                order_fee: amount::shortest(order.fee_minor, 0),
            })
        })
    }

    pub(super) fn answer_desk_created(&self, id: OrderId, expires_at: Timestamp) -> Reply {
        self.order(id).map_or_else(wire::system_error, |order| {
            wire::success(&wire::DeskCreated {
                merchant_id: &self.settings.merchant_id,
                mch_order_no: &order.key,
                order_no: &order.reference,
                amount: amount::shortest(order.amount_minor, 0),
                pay_url: pay_desk_url(order),
                expire_time: local_time(expires_at, self.settings.utc_offset_minutes),
            })
        })
    }

    fn answer_payment(&self, id: Option<OrderId>) -> Reply {
        let Some(order) = id.and_then(|id| self.order(id)) else {
            return self.answer_unknown_order();
        };
        let offset = self.settings.utc_offset_minutes;
        wire::success(&wire::PaymentQueried {
            merchant_id: &self.settings.merchant_id,
            mch_order_no: &order.key,
            order_no: &order.reference,
            pay_type: order.pay_type.to_string(),
            pay_code: (!order.is_desk).then(|| pay_code(order)),
            pay_url: None,
            pay_desk_url: Some(pay_desk_url(order)),
            amount: amount::shortest(order.echoed_minor(), 0),
            fee: amount::shortest(order.fee_minor, 0),
            order_status: order.status.word(),
            completion_time: order.completed_at.map(|at| local_time(at, offset)),
            nonce_str: None,
        })
    }

    fn read_payment(&self, fields: &Fields<'_>, product: Product) -> Result<Draft, Refusal> {
        if product == Product::Payment {
            fields.require(&["payType"])?;
        }
        fields.require(&REQUIRED)?;
        let pay_type = match product {
            Product::Payment => read_pay_type(fields)?,
            Product::Desk | Product::Payout => 0,
        };
        self.read_currency(fields)?;
        let amount_minor = self.read_amount(fields)?;
        if fields.flag("reusableStatus")? {
            return Err(Refusal::wrong("reusableStatus"));
        }
        let key = fields.text("mchOrderNo", 32)?;
        let expires_after = fields
            .text("expireTime", 9)?
            .parse()
            .map(Duration::from_secs)
            .map_err(|_| Refusal::wrong("expireTime"))?;
        let notify_url = request::notify_url(fields)?;
        for name in ["nonceStr", "realName", "phone", "email", "idType", "idCard"] {
            fields.text(name, 32)?;
        }
        let remark = fields.text("remark", 32)?;
        let scenario = scenario::parse(&remark).map_err(|_| Refusal::wrong("remark"))?;
        Ok(Draft {
            product,
            key,
            account: String::new(),
            notify_url,
            amount_minor,
            pay_type,
            scenario,
            forced: None,
            expires_after,
        })
    }
}

/// A known pay type with the fields that it wants. 157 wants a bank and the kind of person; all but
/// 153 want the payer's document. Source: pay-in page of Colombia.
fn read_pay_type(fields: &Fields<'_>) -> Result<u16, Refusal> {
    let pay_type = fields.whole("payType")?;
    match pay_type {
        153 => {}
        154 => fields.require(&["idType", "idCard"])?,
        157 => {
            fields.require(&["idType", "idCard", "userType", "bankId"])?;
            fields.text("userType", 16)?;
            if !banks::is_payment_bank(fields.whole("bankId")?) {
                return Err(Refusal::wrong("bankId"));
            }
        }
        _ => return Err(Refusal::wrong("payType")),
    }
    Ok(pay_type)
}

/// Fourteen digits, as in a capture; derived from the reference. `[sim]`
pub(super) fn pay_code(order: &Order) -> String {
    let digits: String = order.reference.chars().rev().take(12).collect();
    format!("88{digits}")
}

fn pay_desk_url(order: &Order) -> String {
    format!("http://twin.invalid/views/pay.html?{}", order.reference)
}

/// Source: pay-in page of Colombia, in its order.
const REQUIRED: [&str; 10] = [
    "currency",
    "amount",
    "reusableStatus",
    "mchOrderNo",
    "expireTime",
    "notifyUrl",
    "nonceStr",
    "remark",
    "realName",
    "phone",
];
