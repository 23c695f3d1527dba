//! What the merchant is told, when, and again if it does not listen.
//! Not the sending; whoever runs the twin takes what is due and reports what came of it.

use std::{fmt::Write, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use pagos_core::{Secret, Timestamp};

use super::{
    CashyproTwin, amount, local_time,
    order::{Kind, Order, OrderId, OrderStatus},
    settings::NumberStyle,
    sign,
};
use crate::{
    telling::{self, News, Signature},
    twin::{Ack, Outgoing},
};

/// A notice of one status, waiting to be sent or to be acknowledged.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    order: OrderId,
    status: OrderStatus,
    completed_at: Option<Timestamp>,
    /// How often it was sent before.
    retries: u32,
    signature: Signature,
}

impl CashyproTwin {
    /// Queues notices of the order's present status.
    pub(super) fn notify(&mut self, id: OrderId, at: Timestamp) {
        let delay = self.settings.timing.webhook_delay;
        let Some(order) = self.order_mut(id) else {
            return;
        };
        let nth = order.notices;
        order.notices = nth.saturating_add(1);
        let key = Arc::clone(&order.key);
        let (status, completed_at) = (order.status, order.completed_at);
        let (notified, is_final) = (order.notified, status.is_final());
        let news = News { key: &key, nth, notified, is_final, delay };
        for telling in telling::tellings(&mut self.faults, news) {
            let signature = telling.signature;
            let notice = Notice { order: id, status, completed_at, retries: 0, signature };
            let notice = if telling.is_outdated {
                Notice { status: OrderStatus::Paying, completed_at: None, ..notice }
            } else {
                notice
            };
            self.outbox.add(at.plus(telling.after), notice);
        }
    }

    /// Takes what has to be sent by now, and no more than that many.
    pub(super) fn take_notices(&mut self, count_max: usize) -> Vec<Outgoing> {
        let mut outbox = std::mem::take(&mut self.outbox);
        let taken = outbox.take(self.now, count_max, |number, it| self.outgoing(number, it));
        self.outbox = outbox;
        taken
    }

    /// Hears what came of a sending, and plans the next one if it failed.
    ///
    /// Source: manual "Webhook Response Example": 200, 301 and 302 count as received; otherwise it
    /// is sent again after 1, 2, 4 ... 512 minutes, ten times. That each figure counts from the
    /// sending before it is inferred.
    pub(super) fn hear(&mut self, number: u64, ack: Ack) {
        let Some(notice) = self.outbox.answered(number) else {
            return;
        };
        if matches!(ack, Ack::Status(200 | 301 | 302)) || notice.retries >= RETRIES_MAX {
            return;
        }
        let wait = Duration::from_secs(60 << notice.retries);
        let retries = notice.retries + 1;
        self.outbox.add(self.now.plus(wait), Notice { retries, ..notice });
    }

    /// The bytes of one sending. A retry has the same content and a new `nonceStr`. `[inferred]`
    fn outgoing(&self, number: u64, notice: &Notice) -> Option<Outgoing> {
        let order = self.order(notice.order)?;
        let body = self.body(order, notice);
        let case = self.settings.sign_case;
        let signature = if notice.signature.is_wrong(notice.retries) {
            sign::header(body.as_bytes(), &Secret::new("a-key-of-nobody"), case)
        } else {
            sign::header(body.as_bytes(), &self.settings.api_key, case)
        };
        let mut headers = HeaderMap::new();
        headers.insert("MerchantId", HeaderValue::from_str(&self.settings.merchant_id).ok()?);
        headers.insert("Sign", HeaderValue::from_str(&signature).ok()?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let url = order.notify_url.to_string();
        Some(Outgoing { number, url, headers, body: Bytes::from(body) })
    }

    /// Compact, in alphabetical order but for `resultDesc`, without nulls, numbers unquoted.
    ///
    /// Source: manual "Webhook Request Example"; captures for `payCode`, the manual's FAIL sample
    /// for the place of `resultDesc`.
    fn body(&self, order: &Order, notice: &Notice) -> String {
        let style = self.settings.number_style;
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
        if let Some(at) = notice.completed_at {
            let time = local_time(at, self.settings.utc_offset_minutes);
            push(&mut body, "completionTime", &time);
        }
        let _ = write!(body, ",\"fee\":{fee}");
        push(&mut body, "mchOrderNo", &order.key);
        push(&mut body, "merchantId", &self.settings.merchant_id);
        push(&mut body, "nonceStr", &self.now.as_millis().to_string());
        push(&mut body, "orderNo", &order.reference);
        push(&mut body, "orderStatus", notice.status.word());
        if let Some(reason) = order.result_of(notice.status) {
            push(&mut body, "resultDesc", reason);
        }
        if notice.order.kind == Kind::Payment {
            push(&mut body, "payCode", &super::payment::pay_code(order));
        }
        push(&mut body, "payType", &order.pay_type.to_string());
        body.push('}');
        body
    }
}

/// Adds one text field.
fn push(body: &mut String, name: &str, text: &str) {
    // A text always serialises; a value from a map with odd keys would not.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let _ = write!(body, ",\"{name}\":{quoted}");
}

/// Source: manual "Webhook Response Example".
const RETRIES_MAX: u32 = 10;
