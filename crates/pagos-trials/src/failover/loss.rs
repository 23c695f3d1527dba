//! What the new primary does not know, and what it was acknowledged or sent. Reads the bank first:
//! whatever is there was in the database before.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{failover::cluster::Client, failure::Failure, trial::twin_server::TwinServer};

/// What was lost. Holds keys; account numbers stay out of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Loss {
    /// Orders that the database has not, although the whole file was stored before the first payout
    /// of it was sent.
    pub(super) orders: BTreeSet<String>,
    /// Payouts that the bank has, and of which the database knows no attempt.
    pub(super) attempts: BTreeSet<String>,
}

/// What the database knows.
#[derive(Debug, Default)]
struct Known {
    orders: BTreeSet<String>,
    attempts: BTreeSet<String>,
}

/// Compares the bank with the database behind HAProxy. `files` are the keys of each file.
pub(super) fn find(
    bank: &TwinServer,
    client: &Client,
    files: &[BTreeSet<String>],
) -> Result<Loss, Failure> {
    let sent = parse_keys(&bank.read_orders()?)?;
    let list = |sql| Ok(client.ask_patiently(sql)?.lines().map(str::to_owned).collect());
    let known = Known { attempts: list(ATTEMPTS)?, orders: list(ORDERS)? };
    Ok(compare(&sent, &known, files))
}

const ORDERS: &str = "SELECT key FROM pagos.orders";

const ATTEMPTS: &str = "SELECT key FROM pagos.orders WHERE id IN
    (SELECT payout FROM pagos.entries WHERE entry_json LIKE '%\"attempt_begun\"%')";

fn compare(sent: &BTreeSet<String>, known: &Known, files: &[BTreeSet<String>]) -> Loss {
    let stored = files.iter().filter(|file| !file.is_disjoint(sent)).flatten();
    Loss {
        orders: stored.filter(|key| !known.orders.contains(*key)).cloned().collect(),
        attempts: sent.difference(&known.attempts).cloned().collect(),
    }
}

/// The keys of the payouts that the bank has.
fn parse_keys(orders: &str) -> Result<BTreeSet<String>, Failure> {
    let orders: Vec<Value> =
        serde_json::from_str(orders).map_err(Failure::while_doing("the orders"))?;
    let payouts = orders.iter().filter(|order| order.get("kind") == Some(&"payout".into()));
    let key = |order: &Value| order.get("key")?.as_str().map(str::to_owned);
    let keys: Option<BTreeSet<String>> = payouts.map(key).collect();
    keys.ok_or_else(|| Failure::new("an order without a key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
        names.map(str::to_owned).into()
    }

    #[test]
    fn what_was_sent_was_stored_before_with_its_whole_file() {
        let files = [keys(["a", "b"]), keys(["c", "d"]), keys(["e"])];
        let known = |orders, attempts| Known { orders, attempts };
        let whole = known(keys(["a", "b", "c", "d"]), keys(["a", "c"]));
        assert_eq!(compare(&keys(["a", "c"]), &whole, &files), Loss::default());
        let torn = known(keys(["a", "c", "d"]), keys(["c"]));
        let expected = Loss { orders: keys(["b"]), attempts: keys(["a"]) };
        assert_eq!(compare(&keys(["a", "c"]), &torn, &files), expected);
        let unsent = known(keys([]), keys([]));
        assert_eq!(compare(&keys([]), &unsent, &files), Loss::default());
    }

    #[test]
    fn the_keys_of_payouts_are_read() {
        let orders = "[{\"kind\":\"payout\",\"key\":\"a\"},{\"kind\":\"payment\",\"key\":\"b\"}]";
        assert_eq!(parse_keys(orders).unwrap(), keys(["a"]));
        assert!(parse_keys("[{\"kind\":\"payout\"}]").is_err());
        assert!(parse_keys("").is_err());
    }
}
