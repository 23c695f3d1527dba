//! What the merchant is told, when, and again if it does not listen.
//! Not the sending; whoever runs the twin takes what is due and reports what came of it.

use std::{fmt::Write, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use pagos_core::{Secret, Timestamp};

use super::{
    Cashypro, CashyproTwin, amount, local_time,
    order::{Kind, Order, OrderId, OrderStatus},
    settings::{CashyproSettings, NumberStyle},
    sign,
};
use crate::{
    notification::{self, Change, Notice},
    twin::{Ack, Outgoing},
};

/// One status of one order, as it was when it was entered.
#[derive(Debug, Clone)]
pub struct Subject {
    order: OrderId,
    status: OrderStatus,
    completed_at: Option<Timestamp>,
}

/// Queues notifications of the order's present status.
pub(super) fn notify(twin: &mut CashyproTwin, id: OrderId, at: Timestamp) {
    let delay = twin.settings.timing.webhook_delay;
    let Some(order) = twin.own.order_mut(id) else {
        return;
    };
    let nth = order.notices;
    order.notices = nth.saturating_add(1);
    let key = Arc::clone(&order.key);
    let (status, completed_at) = (order.status, order.completed_at);
    let (notified, is_final) = (order.notified, status.is_final());
    let change = Change { key: &key, nth, notified, is_final, delay };
    for planned in notification::plan(&mut twin.faults, change) {
        let (status, completed_at) =
            if planned.is_outdated { (OrderStatus::Paying, None) } else { (status, completed_at) };
        let subject = Subject { order: id, status, completed_at };
        twin.outbox.post(at.plus(planned.after), subject, planned.signature);
    }
}

/// After how long a sending is followed by another one.
///
/// Source: manual "Webhook Response Example": 200, 301 and 302 count as received; otherwise it is
/// sent again after 1, 2, 4 ... 512 minutes, ten times. That each figure counts from the sending
/// before it is inferred.
pub(super) fn retry_after(retries: u32, ack: Ack) -> Option<Duration> {
    if matches!(ack, Ack::Status(200 | 301 | 302)) || retries >= RETRIES_MAX {
        return None;
    }
    Some(Duration::from_secs(60 << retries))
}

/// The bytes of one sending. A retry has the same content and a new `nonceStr`. `[inferred]`
pub(super) fn message(
    settings: &CashyproSettings,
    own: &Cashypro,
    now: Timestamp,
    number: u64,
    notice: &Notice<Subject>,
) -> Option<Outgoing> {
    let order = own.order(notice.subject.order)?;
    let body = body(settings, order, &notice.subject, now);
    let case = settings.sign_case;
    let signature = if notice.is_wrong() {
        sign::header(body.as_bytes(), &Secret::new("a-key-of-nobody"), case)
    } else {
        sign::header(body.as_bytes(), &settings.api_key, case)
    };
    let url = order.notify_url.to_string();
    let mut headers = HeaderMap::new();
    headers.insert("MerchantId", HeaderValue::from_str(&settings.merchant_id).ok()?);
    headers.insert("Sign", HeaderValue::from_str(&signature).ok()?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Some(Outgoing { number, url, headers, body: body.into() })
}

/// Compact, in alphabetical order but for `resultDesc`, without nulls, numbers unquoted.
///
/// Source: manual "Webhook Request Example"; captures for `payCode`, the manual's FAIL sample
/// for the place of `resultDesc`.
fn body(settings: &CashyproSettings, order: &Order, subject: &Subject, now: Timestamp) -> String {
    let style = settings.number_style;
    let (amount, fee) = match style {
        NumberStyle::Fixed => {
            (amount::fixed(order.echoed_minor(), 2), amount::fixed(order.fee_minor, 4))
        }
        NumberStyle::OneDecimal => {
            (amount::shortest(order.echoed_minor(), 1), amount::shortest(order.fee_minor, 1))
        }
        NumberStyle::Plain => {
            (amount::shortest(order.echoed_minor(), 0), amount::shortest(order.fee_minor, 0))
        }
    };
    let mut body = format!("{{\"amount\":{amount}");
    if let Some(at) = subject.completed_at {
        let time = local_time(at, settings.utc_offset_minutes);
        push(&mut body, "completionTime", &time);
    }
    let _ = write!(body, ",\"fee\":{fee}");
    push(&mut body, "mchOrderNo", &order.key);
    push(&mut body, "merchantId", &settings.merchant_id);
    push(&mut body, "nonceStr", &now.as_millis().to_string());
    push(&mut body, "orderNo", &order.reference);
    push(&mut body, "orderStatus", subject.status.word());
    if let Some(reason) = order.result_of(subject.status) {
        push(&mut body, "resultDesc", reason);
    }
    if subject.order.kind == Kind::Payment {
        push(&mut body, "payCode", &order.pay_code());
    }
    push(&mut body, "payType", &order.pay_type.to_string());
    body.push('}');
    body
}

/// Adds one text field.
fn push(body: &mut String, name: &str, text: &str) {
    // A text always serialises; a value from a map with odd keys would not.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let _ = write!(body, ",\"{name}\":{quoted}");
}

/// Source: manual "Webhook Response Example".
const RETRIES_MAX: u32 = 10;
