//! An event: a notice as it leaves, with an id that stays and a body that is serialised once.
//!
//! **Invariant:** no account number, document or name of a person is in it, since no notice has one.

use pagos_core::{Money, Status, Timestamp};
use pagos_engine::{Notice, NoticeAbout, NoticeKind, OrderNews, RunNews};
use serde_json::{Map, Value, json};

use crate::kind::EventType;

/// An event that is ready to be signed and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The value of `webhook-id`. It is the same at every try, to every endpoint and after a replay.
    pub id: String,
    /// The JSON text that is signed and sent.
    pub body: String,
    /// What it is about, which its body names as well.
    pub kind: EventType,
    /// What the events are in order of: one payout, one payment, one account, one endpoint.
    pub(crate) lane: String,
}

impl Event {
    /// The event of the notice with this number, in the database with this identity.
    ///
    /// ```
    /// # use pagos_core::{AccountName, Timestamp};
    /// # use pagos_engine::{Notice, NoticeAbout, NoticeKind};
    /// use pagos_events::Event;
    ///
    /// # let account = AccountName::new("bank")?;
    /// # let (event, at) = (NoticeKind::InServiceAgain, Timestamp::from_millis(0));
    /// let notice = Notice { account, event, about: NoticeAbout::Account, at };
    /// let event = Event::of("0123456789abcdef0123456789abcdef", 17, &notice);
    /// assert_eq!(event.id, "evt_01234567_17");
    /// assert!(event.body.starts_with(r#"{"data":{"account":"bank"}"#), "{}", event.body);
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    pub fn of(identity: &str, number: u64, notice: &Notice) -> Self {
        let kind = EventType::of(notice);
        let mut data = Map::new();
        let lane = match &notice.about {
            NoticeAbout::Payout(news) => {
                put(&mut data, "account", json!(notice.account));
                put_order(&mut data, news);
                format!("payout {}", news.key)
            }
            NoticeAbout::Payment(news) => {
                put(&mut data, "account", json!(notice.account));
                put_order(&mut data, news);
                format!("payment {}", news.key)
            }
            NoticeAbout::Delivery { delivery } => {
                put(&mut data, "account", json!(notice.account));
                put(&mut data, "delivery", json!(delivery));
                format!("account {}", notice.account)
            }
            NoticeAbout::Run(news) => {
                put_run(&mut data, news);
                format!("run {}", news.run.0)
            }
            NoticeAbout::Account => {
                put(&mut data, "account", json!(notice.account));
                format!("account {}", notice.account)
            }
            NoticeAbout::Endpoint { endpoint } => {
                put(&mut data, "endpoint", json!(endpoint));
                format!("endpoint {endpoint}")
            }
        };
        match &notice.event {
            NoticeKind::Attention { because } | NoticeKind::Rejected { because } => {
                put(&mut data, "because", json!(clip(because)));
            }
            NoticeKind::Reversed { from } | NoticeKind::PaidByLaterTry { from } => {
                put(&mut data, "was", json!(from.word()));
            }
            NoticeKind::Advanced
            | NoticeKind::Returned
            | NoticeKind::InServiceAgain
            | NoticeKind::WaitingForApproval
            | NoticeKind::Approved
            | NoticeKind::Blocked
            | NoticeKind::Withdrawn => {}
        }
        let id = format!("{}_{number}", id_prefix(identity));
        Self { id, body: body(kind, &notice.at.to_string(), data), kind, lane }
    }

    /// The event that an endpoint gets first when it accepts events again.
    pub(crate) fn recovered(identity: &str, recovery: &Recovery<'_>) -> Self {
        let Recovery { endpoint, since, now, waiting } = recovery;
        let mut data = Map::new();
        put(&mut data, "endpoint", json!(endpoint));
        put(&mut data, "failing_since", json!(since.to_string()));
        put(&mut data, "waiting", json!(waiting));
        let id = format!("{}_{endpoint}_{}", id_prefix(identity), since.as_millis());
        let kind = EventType::EndpointRecovered;
        let lane = format!("endpoint {endpoint}");
        Self { id, body: body(kind, &now.to_string(), data), kind, lane }
    }
}

/// What is told about a recovery.
#[derive(Debug)]
pub(crate) struct Recovery<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) since: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) waiting: u64,
}

fn id_prefix(identity: &str) -> String {
    format!("evt_{}", identity.get(..8).unwrap_or(identity))
}

fn body(kind: EventType, timestamp: &str, data: Map<String, Value>) -> String {
    json!({ "type": kind.word(), "timestamp": timestamp, "data": data }).to_string()
}

fn put(data: &mut Map<String, Value>, name: &str, value: Value) {
    data.insert(name.to_owned(), value);
}

fn put_order(data: &mut Map<String, Value>, news: &OrderNews) {
    put(data, "key", json!(news.key));
    put(data, "runs", json!(news.runs.iter().take(RUNS_MAX).collect::<Vec<_>>()));
    put(data, "status", json!(news.status.word()));
    put(data, "was", json!(news.was.map(Status::word)));
    put(data, "reason", json!(news.reason.as_deref().map(clip)));
    put(data, "reference", json!(news.reference));
    put(data, "currency", json!(news.amount.currency.code()));
    put_money(data, ["amount", "amount_minor"], Some(news.amount));
    put_money(data, ["returned", "returned_minor"], news.returned);
    if let Status::Failed(reason) = news.status {
        put(data, "fail_reason", json!(reason.word()));
    }
}

fn put_run(data: &mut Map<String, Value>, news: &RunNews) {
    put(data, "run", json!(news.run));
    put(data, "digest", json!(news.digest));
    put(data, "totals", json!(news.totals));
    put(data, "approvals_needed", json!(news.needed));
    put(data, "approved_by", json!(news.approved_by));
}

/// The beginning of a text that has no limit of its own.
fn clip(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

/// Major units as text and minor units as an integer; never a float.
fn put_money(data: &mut Map<String, Value>, [major, minor]: [&str; 2], money: Option<Money>) {
    // The currency's own number of decimals drops no digit.
    let text = money.and_then(|money| money.to_major(money.currency.exponent()).ok());
    put(data, major, json!(text));
    put(data, minor, json!(money.map(|money| money.minor)));
}

/// The most characters of a text and the most runs, which keep a body below 64 KiB.
const TEXT_MAX: usize = 2_000;
const RUNS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use pagos_core::{AccountName, Currency, FailReason, OrderKey, ProviderRef};
    use pagos_engine::RunId;

    use super::*;

    const IDENTITY: &str = "1a2b3c4d5e6f708192a3b4c5d6e7f809";

    fn notice(event: NoticeKind, status: Status) -> Notice {
        let news = OrderNews {
            key: OrderKey::new("p-1").unwrap(),
            runs: vec![RunId("june".to_owned())],
            status,
            was: Some(Status::Pending),
            reason: Some("cuenta cerrada".to_owned()),
            amount: Money::new(15_000_050, Currency::Cop),
            returned: None,
            reference: Some(ProviderRef::new("T-9").unwrap()),
        };
        Notice {
            account: AccountName::new("bank").unwrap(),
            event,
            about: NoticeAbout::Payout(news),
            at: Timestamp::from_millis(1_700_000_000_000),
        }
    }

    #[test]
    fn a_failed_payout_is_told_whole() {
        let notice = notice(NoticeKind::Advanced, Status::Failed(FailReason::Declined));
        let event = Event::of(IDENTITY, 17, &notice);
        assert_eq!(event.id, "evt_1a2b3c4d_17");
        assert_eq!(event.lane, "payout p-1");
        assert_eq!(
            serde_json::from_str::<Value>(&event.body).unwrap(),
            json!({
                "type": "payout.failed",
                "timestamp": "2023-11-14T22:13:20Z",
                "data": {
                    "account": "bank", "key": "p-1", "runs": ["june"], "status": "failed",
                    "was": "pending", "fail_reason": "declined", "reason": "cuenta cerrada",
                    "reference": "T-9", "currency": "COP", "amount": "150000.50",
                    "amount_minor": 15_000_050, "returned": null, "returned_minor": null,
                },
            })
        );
    }

    #[test]
    fn every_change_has_its_type() {
        let statuses = [
            (Status::Created, "payout.created"),
            (Status::Unknown, "payout.unknown"),
            (Status::Pending, "payout.pending"),
            (Status::Succeeded, "payout.succeeded"),
            (Status::Failed(FailReason::Rejected), "payout.failed"),
        ];
        for (status, expected) in statuses {
            let told = EventType::of(&notice(NoticeKind::Advanced, status)).word();
            assert_eq!(told, expected);
        }
        let kinds = [
            (NoticeKind::Reversed { from: Status::Succeeded }, "payout.reversed"),
            (NoticeKind::Returned, "payout.returned"),
            (NoticeKind::Attention { because: "look".to_owned() }, "payout.attention"),
        ];
        for (kind, expected) in kinds {
            assert_eq!(EventType::of(&notice(kind, Status::Succeeded)).word(), expected);
        }
    }
}
