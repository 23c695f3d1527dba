//! What `pagos pay --json` says of every row, and what the bank's books say. Reads, judges nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{failure::Failure, trial::payer::Said};

/// What a run that came to its end says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    /// The exit code.
    pub(super) code: i32,
    /// Every row.
    pub(super) outcomes: Vec<Outcome>,
}

/// What the payer says of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) provider: String,
    pub(super) key: String,
    pub(super) status: String,
    /// Does a person have to look, whatever the status?
    pub(super) attention: bool,
    pub(super) amount_minor: i64,
    pub(super) currency: String,
}

/// What the bank has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Books {
    /// Every movement of money, oldest first.
    pub(super) ledger: Vec<Movement>,
    /// The keys under which there is a payout, paid or not.
    pub(super) keys: BTreeSet<String>,
    /// How many payouts will change by themselves.
    pub(super) moving: usize,
}

/// Which way money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Out,
    Back,
}

/// One movement in the bank's ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Movement {
    pub(super) provider: String,
    pub(super) key: String,
    pub(super) account: String,
    pub(super) amount_minor: i64,
    pub(super) currency: String,
    pub(super) direction: Direction,
}

/// Reads `{"payouts":[...]}`.
pub(super) fn parse_report(said: &Said) -> Result<Report, Failure> {
    let document: Value =
        serde_json::from_str(&said.json).map_err(Failure::while_doing("the payer's JSON"))?;
    let payouts = document.get("payouts").and_then(Value::as_array);
    let payouts = payouts.ok_or_else(|| Failure::new("the payer's JSON has no payouts"))?;
    let outcomes = payouts.iter().map(parse_outcome).collect::<Result<_, _>>()?;
    Ok(Report { code: said.code, outcomes })
}

/// Reads the arrays that `GET /_twin/ledger` and `GET /_twin/orders` answer.
pub(super) fn parse_books(ledger: &str, orders: &str) -> Result<Books, Failure> {
    let mut books = Books::default();
    for value in &parse_list(ledger, "the ledger")? {
        books.ledger.push(parse_movement(value)?);
    }
    for value in &parse_list(orders, "the orders")? {
        if text(value, "kind")? != "payout" {
            continue;
        }
        books.keys.insert(text(value, "key")?);
        books.moving += usize::from(text(value, "status")? != text(value, "true_final")?);
    }
    Ok(books)
}

fn parse_list(list: &str, what: &str) -> Result<Vec<Value>, Failure> {
    serde_json::from_str(list).map_err(Failure::while_doing(what))
}

fn parse_outcome(value: &Value) -> Result<Outcome, Failure> {
    Ok(Outcome {
        provider: text(value, "provider")?,
        key: text(value, "key")?,
        status: text(value, "status")?,
        attention: flag(value, "attention")?,
        amount_minor: number(value, "amount_minor")?,
        currency: text(value, "currency")?,
    })
}

fn parse_movement(value: &Value) -> Result<Movement, Failure> {
    let direction = match text(value, "direction")?.as_str() {
        "out" => Direction::Out,
        "back" => Direction::Back,
        other => return Err(Failure::new(format!("direction {other:?}"))),
    };
    Ok(Movement {
        provider: text(value, "provider")?,
        key: text(value, "key")?,
        account: text(value, "account")?,
        amount_minor: number(value, "amount_minor")?,
        currency: text(value, "currency")?,
        direction,
    })
}

fn text(value: &Value, name: &str) -> Result<String, Failure> {
    let field = value.get(name).and_then(Value::as_str).map(str::to_owned);
    field.ok_or_else(|| Failure::new(format!("no {name} in an entry")))
}

fn flag(value: &Value, name: &str) -> Result<bool, Failure> {
    let field = value.get(name).and_then(Value::as_bool);
    field.ok_or_else(|| Failure::new(format!("no {name} that is true or false in an entry")))
}

fn number(value: &Value, name: &str) -> Result<i64, Failure> {
    let field = value.get(name).and_then(Value::as_i64);
    field.ok_or_else(|| Failure::new(format!("no whole {name} in an entry")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(json: &str) -> Result<Report, Failure> {
        parse_report(&Said { code: 2, json: json.to_owned() })
    }

    #[test]
    fn both_sides_are_read() {
        let report = report(
            "{\"payouts\":[{\"key\":\"a\",\"provider\":\"cashypro\",\"status\":\"failed\",\
             \"reason\":null,\"attention\":false,\"amount_minor\":1000000,\"currency\":\"COP\"}],\"totals\":[]}",
        );
        let report = report.unwrap();
        assert_eq!((report.code, report.outcomes[0].amount_minor), (2, 1_000_000));
        let ledger = "[{\"provider\":\"cashypro\",\"key\":\"a\",\"account\":\"01\",\
                      \"amount_minor\":5,\"currency\":\"COP\",\"direction\":\"back\"}]";
        let orders = "[{\"kind\":\"payout\",\"key\":\"a\",\"status\":\"1\",\"true_final\":\"1\"},\
                      {\"kind\":\"payout\",\"key\":\"b\",\"status\":\"1\",\"true_final\":\"2\"},\
                      {\"kind\":\"payment\",\"key\":\"c\",\"status\":\"1\",\"true_final\":\"2\"}]";
        let books = parse_books(ledger, orders).unwrap();
        assert_eq!(books.ledger[0].direction, Direction::Back);
        assert_eq!(books.keys, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
        assert_eq!(books.moving, 1);
    }

    #[test]
    fn what_cannot_be_read_is_a_failure_and_not_an_empty_list() {
        for bad in ["", "{}", "{\"payouts\":[{}]}", "{\"payouts\":[{\"key\":1}]}"] {
            assert!(report(bad).is_err(), "{bad}");
        }
        for bad in ["", "{}", "[{}]", "[{\"direction\":\"up\"}]"] {
            assert!(parse_books(bad, "[]").is_err(), "{bad}");
            assert!(parse_books("[]", bad).is_err(), "{bad}");
        }
    }
}
