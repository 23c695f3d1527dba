//! `payIn` and `payDesk`: what their fields must hold. Much of it is from sibling countries, since the
//! end of the Colombian page was never seen. Not what becomes of it; see `create`.

use std::time::Duration;

use super::{
    banks,
    order::{Draft, Product},
    request::{self, Fields, Refusal},
    settings::CashyproSettings,
};
use crate::scenario;

/// Reads a create of a payment or of a hosted cashier.
///
/// Source: pay-in page of Colombia; its page of the hosted cashier, which wants more of a payer.
pub(super) fn read(
    settings: &CashyproSettings,
    fields: &Fields<'_>,
    product: Product,
) -> Result<Draft, Refusal> {
    if product == Product::Payment {
        fields.require(&["payType"])?;
    }
    fields.require(&REQUIRED)?;
    let pay_type = match product {
        Product::Payment => read_pay_type(fields)?,
        Product::Desk | Product::Payout => {
            fields.require(&["email", "idType", "idCard"])?;
            0
        }
    };
    request::check_currency(fields)?;
    let amount_minor = request::amount(fields, settings)?;
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
    fields.text("returnUrl", 250)?;
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
