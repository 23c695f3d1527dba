//! Clients that submit their share of the payouts, each over a connection of its own, and repeat a
//! request with the same key until it is answered.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    clients::order::Order,
    failure::Failure,
    trial::wire::{self, Connection, Message},
};

/// How long an answer may take, and how long a client tries one payout.
const ANSWER_MAX: Duration = Duration::from_secs(30);
const TRY_MAX: Duration = Duration::from_secs(120);

/// Before the next try.
const PAUSE: Duration = Duration::from_millis(5);

/// A 2xx, as far as it must be the same in every repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Key, account, amount, currency and the moment of its first submission.
    pub(super) payout: Vec<String>,
}

impl Answer {
    /// Whether the payout was stored by this request.
    pub(super) fn is_new(&self) -> bool {
        self.status == 201
    }
}

/// All clients, and where they find the service.
#[derive(Debug)]
pub(super) struct Crowd<'a> {
    token: String,
    orders: &'a [Order],
    clients: u64,
    place: Mutex<Option<SocketAddr>>,
    is_over: AtomicBool,
    answered: AtomicU64,
    ended: AtomicU64,
    unanswered: AtomicU64,
    told_to_come_again: AtomicU64,
}

impl<'a> Crowd<'a> {
    pub(super) fn new(token: String, orders: &'a [Order], clients: u64) -> Self {
        Self {
            token,
            orders,
            clients,
            place: Mutex::default(),
            is_over: AtomicBool::new(false),
            answered: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            told_to_come_again: AtomicU64::new(0),
        }
    }

    /// The service is here now.
    pub(super) fn meet_at(&self, api: SocketAddr) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(api);
    }

    /// Nobody tries again.
    pub(super) fn leave(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Whether a client is left that has something to submit.
    pub(super) fn is_at_work(&self) -> bool {
        self.ended.load(Ordering::Relaxed) < self.clients
    }

    /// How many payouts were answered.
    pub(super) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// How many requests got no answer.
    pub(super) fn unanswered(&self) -> u64 {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// How many answers said that the client may try again.
    pub(super) fn told_to_come_again(&self) -> u64 {
        self.told_to_come_again.load(Ordering::Relaxed)
    }

    /// Submits everything once more to a service that stays.
    pub(super) fn all_at(
        &self,
        api: SocketAddr,
        clients: u64,
    ) -> Result<BTreeMap<String, Answer>, Failure> {
        self.is_over.store(false, Ordering::Relaxed);
        self.meet_at(api);
        thread::scope(|scope| {
            let threads: Vec<_> =
                (0..clients).map(|number| scope.spawn(move || self.submit(number))).collect();
            let mut answers = BTreeMap::new();
            for thread in threads {
                answers.extend(thread.join().map_err(|_| Failure::new("a client panicked"))??);
            }
            Ok(answers)
        })
    }

    /// One client: submits every payout of its share until it is answered with a 2xx.
    pub(super) fn submit(&self, number: u64) -> Result<Vec<(String, Answer)>, Failure> {
        let mut connection = None;
        let count = usize::try_from(self.clients).unwrap_or(usize::MAX);
        let share = self.orders.iter().skip(usize::try_from(number).unwrap_or(0)).step_by(count);
        let answers = share
            .map(|order| {
                let answer = self.submit_one(order, &mut connection)?;
                self.answered.fetch_add(1, Ordering::Relaxed);
                Ok((order.key.clone(), answer))
            })
            .collect();
        self.ended.fetch_add(1, Ordering::Relaxed);
        answers
    }

    /// The same request with the same key, until somebody answers.
    fn submit_one(
        &self,
        order: &Order,
        connection: &mut Option<(SocketAddr, Connection)>,
    ) -> Result<Answer, Failure> {
        let headers =
            format!("Authorization: Bearer {}\r\nIdempotency-Key: {}\r\n", self.token, order.key);
        let request = wire::post("/v1/payouts", &headers, order.body.clone());
        let begun = Instant::now();
        while begun.elapsed() < TRY_MAX && !self.is_over.load(Ordering::Relaxed) {
            let Some(message) = self.ask(&request, connection) else {
                *connection = None;
                thread::sleep(PAUSE);
                continue;
            };
            match message.status() {
                Some(429 | 500 | 503) => {
                    self.told_to_come_again.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(PAUSE);
                }
                Some(status @ 200..=299) => return parse(status, &message.body),
                status => {
                    let told = String::from_utf8_lossy(&message.body).into_owned();
                    return Err(Failure::new(format!("{}: {status:?} {told}", order.key)));
                }
            }
        }
        Err(Failure::new(format!("{} was not answered", order.key)))
    }

    /// One exchange with the service where it is now.
    fn ask(
        &self,
        request: &Message,
        connection: &mut Option<(SocketAddr, Connection)>,
    ) -> Option<Message> {
        let api = (*self.place.lock().unwrap_or_else(PoisonError::into_inner))?;
        let (_, open) = match connection.take().filter(|(address, _)| *address == api) {
            Some(open) => connection.insert(open),
            None => connection.insert((api, Connection::open(api, ANSWER_MAX).ok()?)),
        };
        let answer = open.exchange(request);
        if answer.is_err() {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
        }
        let answer = answer.ok()?;
        if answer.closes() {
            *connection = None;
        }
        Some(answer)
    }
}

fn parse(status: u16, body: &[u8]) -> Result<Answer, Failure> {
    let payout: Value = serde_json::from_slice(body).map_err(Failure::while_doing("an answer"))?;
    let field = |name: &&str| {
        let field = payout.get(*name).map(Value::to_string);
        field.ok_or_else(|| Failure::new(format!("an answer without {name}")))
    };
    let fields = ["key", "account", "amount_minor", "currency", "created_at"];
    Ok(Answer { status, payout: fields.iter().map(field).collect::<Result<_, _>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_what_stays_the_same() {
        let body = |status: &str| {
            format!(
                "{{\"key\":\"a\",\"account\":\"b\",\"amount_minor\":1,\"currency\":\"COP\",\
                 \"created_at\":\"2026-01-01T00:00:00Z\",\"status\":\"{status}\"}}"
            )
        };
        let first = parse(201, body("created").as_bytes()).unwrap();
        let second = parse(200, body("succeeded").as_bytes()).unwrap();
        assert_eq!(first.payout, second.payout);
        assert!(first.is_new() && !second.is_new());
        assert!(parse(200, b"{}").is_err());
    }
}
