//! What `pagos pay --json` says of every row, and what the bank's ledger says. Reads, judges nothing.

use serde_json::Value;

use crate::failure::Failure;

/// What the payer says of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) key: String,
    pub(super) status: String,
    pub(super) amount_minor: i64,
    pub(super) currency: String,
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
    pub(super) key: String,
    pub(super) account: String,
    pub(super) amount_minor: i64,
    pub(super) currency: String,
    pub(super) direction: Direction,
}

/// Reads `{"payouts":[...]}`.
pub(super) fn parse_outcomes(text: &str) -> Result<Vec<Outcome>, Failure> {
    let document: Value =
        serde_json::from_str(text).map_err(Failure::while_doing("the payer's JSON"))?;
    let payouts = document.get("payouts").and_then(Value::as_array);
    let payouts = payouts.ok_or_else(|| Failure::new("the payer's JSON has no payouts"))?;
    payouts.iter().map(parse_outcome).collect()
}

/// Reads the array that `GET /_twin/ledger` answers.
pub(super) fn parse_ledger(text: &str) -> Result<Vec<Movement>, Failure> {
    let document: Value = serde_json::from_str(text).map_err(Failure::while_doing("the ledger"))?;
    let movements = document.as_array().ok_or_else(|| Failure::new("the ledger is no array"))?;
    movements.iter().map(parse_movement).collect()
}

fn parse_outcome(value: &Value) -> Result<Outcome, Failure> {
    Ok(Outcome {
        key: text(value, "key")?,
        status: text(value, "status")?,
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

fn number(value: &Value, name: &str) -> Result<i64, Failure> {
    let field = value.get(name).and_then(Value::as_i64);
    field.ok_or_else(|| Failure::new(format!("no whole {name} in an entry")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_read() {
        let outcomes = parse_outcomes(
            "{\"payouts\":[{\"key\":\"a\",\"provider\":\"cashypro\",\"status\":\"failed\",\
             \"reason\":null,\"amount_minor\":1000000,\"currency\":\"COP\"}],\"totals\":[]}",
        );
        assert_eq!(outcomes.unwrap()[0].amount_minor, 1_000_000);
        let movements = parse_ledger(
            "[{\"provider\":\"cashypro\",\"key\":\"a\",\"account\":\"01\",\"amount_minor\":5,\
             \"currency\":\"COP\",\"direction\":\"back\"}]",
        );
        assert_eq!(movements.unwrap()[0].direction, Direction::Back);
    }

    #[test]
    fn what_cannot_be_read_is_a_failure_and_not_an_empty_list() {
        for bad in ["", "{}", "{\"payouts\":[{}]}", "{\"payouts\":[{\"key\":1}]}"] {
            assert!(parse_outcomes(bad).is_err(), "{bad}");
        }
        for bad in ["", "{}", "[{}]", "[{\"direction\":\"up\"}]"] {
            assert!(parse_ledger(bad).is_err(), "{bad}");
        }
    }
}
