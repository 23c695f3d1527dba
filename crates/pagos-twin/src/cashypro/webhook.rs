//! What the merchant is told, when, and again if it does not listen.
//! Not the sending; whoever runs the twin takes what is due and reports what came of it.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use pagos_core::Secret;
use pagos_core::Timestamp;

use super::CashyproTwin;
use super::amount;
use super::local_time;
use super::order::Kind;
use super::order::Notified;
use super::order::Order;
use super::order::OrderId;
use super::order::OrderStatus;
use super::settings::NumberStyle;
use super::sign;
use crate::fault::Fault;
use crate::fault::Occasion;
use crate::twin::Ack;
use crate::twin::Outgoing;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signature {
    Right,
    WrongAtFirst,
    Wrong,
}

impl CashyproTwin {
    /// Queues notices of the order's present status.
    pub(super) fn notify(&mut self, id: OrderId, at: Timestamp) {
        let Some(order) = self.order_mut(id) else {
            return;
        };
        let nth = order.notices;
        order.notices = nth.saturating_add(1);
        let notified = order.notified;
        let key = Arc::clone(&order.key);
        let notice = Notice {
            order: id,
            status: order.status,
            completed_at: order.completed_at,
            retries: 0,
            signature: Signature::Right,
        };
        let triggered = self.faults.take_trigger(Occasion::Webhook, &key);
        let fault = match (triggered, notified) {
            (Some(fault), _) => Some(fault),
            (None, Notified::ByChance) => self.faults.draw(Occasion::Webhook, &key, nth),
            (None, Notified::Never) => Some(Fault::WebhookLost),
            (None, Notified::Twice) => Some(Fault::WebhookDuplicated),
            (None, Notified::WronglySigned) => {
                let signature = Signature::Wrong;
                return self.outbox.add(at, Notice { signature, ..notice });
            }
            (None, Notified::OutOfOrder) if notice.status.is_final() => {
                self.outbox.add(at, notice.clone());
                let late = Notice { status: OrderStatus::Paying, completed_at: None, ..notice };
                return self.outbox.add(at.plus(LATE_PAYING), late);
            }
            (None, Notified::Once | Notified::OutOfOrder) => None,
        };
        match fault {
            Some(Fault::WebhookLost) => {}
            Some(Fault::WebhookDuplicated) => {
                self.outbox.add(at, notice.clone());
                self.outbox.add(at, notice);
            }
            Some(Fault::WebhookDelayed) => {
                let span = self.settings.timing.webhook_delay;
                let wait = self.faults.wait("webhook_delay", &key, nth, span);
                self.outbox.add(at.plus(wait), notice);
            }
            Some(Fault::WebhookBadSign) => {
                self.outbox.add(at, Notice { signature: Signature::WrongAtFirst, ..notice });
            }
            // The rest strikes on other occasions, and `Faults` hands out what fits this one.
            Some(_) | None => self.outbox.add(at, notice),
        }
    }

    /// Takes what has to be sent by now, and no more than that many.
    pub(super) fn take_notices(&mut self, count_max: usize) -> Vec<Outgoing> {
        let mut taken = Vec::new();
        while taken.len() < count_max
            && let Some((_, notice)) = self.outbox.take_due(self.now)
        {
            let number = self.sendings;
            self.sendings += 1;
            if let Some(outgoing) = self.outgoing(number, &notice) {
                taken.push(outgoing);
                self.in_flight.insert(number, notice);
            }
        }
        taken
    }

    /// Hears what came of a sending, and plans the next one if it failed.
    ///
    /// Source: manual "Webhook Response Example": 200, 301 and 302 count as received; otherwise it
    /// is sent again after 1, 2, 4 ... 512 minutes, ten times. That each figure counts from the
    /// sending before it is inferred.
    pub(super) fn hear(&mut self, number: u64, ack: Ack) {
        let Some(notice) = self.in_flight.remove(&number) else {
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
        let is_wrong = match notice.signature {
            Signature::Right => false,
            Signature::WrongAtFirst => notice.retries == 0,
            Signature::Wrong => true,
        };
        let case = self.settings.sign_case;
        let signature = if is_wrong {
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

/// How far behind the final notice the notice of PAYING comes when it is out of order. `[sim]`
const LATE_PAYING: Duration = Duration::from_secs(30);
