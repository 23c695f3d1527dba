//! How `pagos payment` is brought to a place, and what must hold of the payment afterwards: nobody
//! knows the address of a session that is not durable, and what is paid is found.

use std::{
    thread,
    time::{Duration, Instant},
};

use pagos_engine::Point;
use pagos_twin::Fault;
use serde_json::Value;

use super::{Harness, QUERIES_LOST, REFUSED};
use crate::{
    failure::Failure,
    sweep::{fault, reach::Place, start::Start},
    trial::payer::IN_DOUBT,
};

impl Harness {
    /// While a session is opened.
    pub(super) fn open_payment(&mut self, place: Place) -> Result<(), Failure> {
        let key = self.new_payment()?;
        let words = self.create_words(&key);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if place.point == Point::KeepSession && !self.is_session_told() {
            self.run(&words)?;
        }
        let failpoint = self.failpoint(place, &key);
        let said = self.crash(&words, &failpoint)?;
        if !said.trim().is_empty() {
            self.blame(format!("{failpoint}: words about a session that nobody has stored"));
        }
        self.payments.push(key);
        Ok(())
    }

    /// While the provider is asked.
    pub(super) fn ask_payment(&mut self, place: Place) -> Result<(), Failure> {
        let key = self.new_payment()?;
        let words = self.create_words(&key);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run(&words)?;
        let failpoint = self.failpoint(place, &key);
        let bank_url = self.payer.bank_url.clone();
        let ask = ["payment", "status", &key, "--ask", "--json", "--sandbox-url", &bank_url];
        self.crash(&ask, &failpoint)?;
        self.payments.push(key);
        Ok(())
    }

    /// While the payer pays.
    pub(super) fn wait_for_payer(&mut self, place: Place) -> Result<(), Failure> {
        let key = self.new_payment()?;
        let mut words = self.create_words(&key);
        if !self.is_session_told() {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            self.run(&words)?;
        }
        words.push("--wait".to_owned());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let failpoint = self.failpoint(place, &key);
        let mut start = Start::new(&self.payer, &words, Some(failpoint.clone()))?;
        let page = parse_url(&start.read_line()?)?;
        if self.injected == Some(Fault::WebhookDelayed) {
            self.silence(&key)?;
        }
        match page {
            Some(page) => self.bank.pay_on(&page)?,
            None => self.blame(format!("{failpoint}: no address")),
        }
        self.note(start, &failpoint)?;
        self.check_paid(&key)
    }

    /// What the same command makes of it after the crash: an open session in which a payer can pay,
    /// once; or, where the provider takes a key once, a refusal.
    pub(super) fn open_again(&mut self, key: &str) -> Result<(), Failure> {
        let words = self.create_words(key);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (mut code, mut said) = self.run(&words)?;
        let is_opened_once = self.provider.payment().is_some_and(|it| it.is_opened_once);
        let begun = Instant::now();
        while code != 0 && !is_opened_once && begun.elapsed() < OPEN_MAX {
            // A session may still be on its way, or the fault has met this very request.
            thread::sleep(OPEN_EVERY);
            (code, said) = self.run(&words)?;
        }
        match (code, is_opened_once) {
            (0 | REFUSED | IN_DOUBT, true) => Ok(()),
            (0, false) => {
                match parse_url(&said)? {
                    Some(page) => self.bank.pay_on(&page)?,
                    None => self.blame(format!("payment {key}: no address after the crash")),
                }
                self.check_paid(key)
            }
            (code, _) => {
                self.blame(format!("payment {key}: exit code {code} after the crash"));
                Ok(())
            }
        }
    }

    /// The provider is asked until it tells: paid, once.
    fn check_paid(&mut self, key: &str) -> Result<(), Failure> {
        let bank_url = self.payer.bank_url.clone();
        let ask = ["payment", "status", key, "--ask", "--json", "--sandbox-url", &bank_url];
        let mut said = String::new();
        for _ in 0..QUERIES_LOST + QUERIES_MAX {
            let (code, words) = self.run(&ask)?;
            said = words;
            if code == 0 {
                break;
            }
        }
        let payment: Value =
            serde_json::from_str(&said).map_err(Failure::while_doing("a payment's JSON"))?;
        let times_paid = payment.get("times_paid").and_then(Value::as_u64);
        if times_paid != Some(1) {
            self.blame(format!("payment {key}: paid {times_paid:?} times, not once"));
        }
        Ok(())
    }

    fn is_session_told(&self) -> bool {
        fault::is_session_told(self.provider, self.injected)
    }

    fn new_payment(&mut self) -> Result<String, Failure> {
        self.outcome.payments += 1;
        // Payments have keys of their own; the number of the row that is left out makes it unique.
        let key = self.next_row()?.key.replacen('C', "M", 1);
        self.befall(&key)?;
        Ok(key)
    }

    fn create_words(&self, key: &str) -> Vec<String> {
        let (amount, payer) =
            self.provider.payment().map_or(("", &[][..]), |it| (it.amount, it.payer));
        let head = ["payment", "create", self.provider.name(), "--key", key, "--amount", amount];
        let rest = ["--currency", self.provider.currency().code(), "--email", "ana@example.com"];
        let last = ["--description", "sweep", "--json", "--sandbox-url", &self.payer.bank_url];
        let words = head.iter().chain(&rest).chain(payer).chain(&last);
        words.map(|word| (*word).to_owned()).collect()
    }
}

/// A session that nobody knows of may be on its way for as long as a call may take.
const OPEN_MAX: Duration = Duration::from_secs(20);
const OPEN_EVERY: Duration = Duration::from_millis(300);

/// A query can go wrong, and an answer can lag.
const QUERIES_MAX: u32 = 5;

/// The address in what `payment create --json` prints first.
fn parse_url(said: &str) -> Result<Option<String>, Failure> {
    let line = said.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Ok(None);
    }
    let document: Value =
        serde_json::from_str(line).map_err(Failure::while_doing("what `payment create` says"))?;
    let url = document.pointer("/payment/url").and_then(Value::as_str);
    Ok(url.map(str::to_owned))
}
