//! Nothing goes around the engine's instrumented store and providers: every write to a store and every
//! call that moves money goes through `instrumented.rs`, where it names its point. What is done there is not
//! checked here.

use crate::tidy::{
    Check,
    source::{Place, Source},
};

/// Crates that write to a store while they work. Stores and tests are no such crates.
const CRATES: [&str; 5] =
    ["pagos-engine", "pagos-webhook", "pagos-events", "pagos-api", "pagos-cli"];

/// The files of the engine that may hold a bare store or provider: the instrumented ones, the accounts
/// that these are made of, the lookup that only reads, and what is there for tests of stores.
const ROOMS: [&str; 5] =
    ["src/instrumented.rs", "src/accounts.rs", "src/recognise.rs", "src/memory", "src/suite"];

/// Whoever holds one can write anything.
const STORES: [&str; 2] = ["dyn Store", "dyn PaymentStore"];

/// Whoever holds one can send anything.
const PROVIDERS: [&str; 2] = ["dyn PayoutProvider", "dyn PaymentProvider"];

/// Everything of a store that writes.
const WRITES: [&str; 18] = [
    "acknowledge",
    "bind",
    "claim",
    "claim_payments",
    "commit",
    "commit_payment",
    "count_refused",
    "end_claims",
    "file",
    "halt",
    "receive",
    "release",
    "reopen",
    "resume",
    "submit",
    "submit_payment",
    "take_turn",
    "withdraw",
];

/// What only the engine asks of a provider.
const CALLS: [&str; 4] =
    ["provider.create(", "provider.prepare(", "payments.create(", "payments().create("];

/// Looks through the crates that work on a store.
pub(super) fn check(sources: &[Source]) -> Check {
    let is_meant = |source: &&Source| {
        source.place == Place::Src
            && CRATES.contains(&source.package.as_str())
            && !(source.package == "pagos-engine"
                && ROOMS.iter().any(|room| source.inner_path().starts_with(room)))
    };
    let meant: Vec<&Source> = sources.iter().filter(is_meant).collect();
    let findings = meant.iter().flat_map(|source| judge(source)).collect();
    Check { name: "instrumented", examined: meant.len(), findings }
}

fn judge(source: &Source) -> Vec<String> {
    let bare: &[&str] = match source.package.as_str() {
        "pagos-engine" => &[STORES, PROVIDERS].concat(),
        // Its endpoints ask providers to verify.
        "pagos-webhook" => &STORES,
        // Events are read from a store; the command shows what is in one, and hands both on.
        _ => &[],
    };
    let hands_on = bare.is_empty();
    let mut findings = Vec::new();
    let mut before = "";
    for (number, line) in source.code() {
        let is_bare = bare.iter().any(|bare| line.contains(bare));
        let is_call = CALLS.iter().any(|call| line.contains(call));
        let what = match hands_on {
            _ if is_bare => Some("a bare store or provider"),
            true if is_call || is_write(before, line) => Some("a write or call without a point"),
            _ => None,
        };
        findings.extend(what.map(|what| {
            format!("{}:{number}: {what}; go through pagos-engine/src/instrumented.rs", source.path)
        }));
        before = line;
    }
    findings
}

/// Is a store written to? Its name may stand on the line before.
fn is_write(before: &str, line: &str) -> bool {
    WRITES.iter().any(|write| {
        let is_rest = line.trim_start().starts_with(&format!(".{write}("));
        line.contains(&format!("store.{write}("))
            || (is_rest && before.trim_end().ends_with("store"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source::tests::source;

    fn count(path: &str, text: &str) -> usize {
        check(&[source(path, &format!("//! Head.\n{text}\n"))]).findings.len()
    }

    #[test]
    fn bare_stores_and_providers_are_found_outside_of_the_doors() {
        for bare in [STORES, PROVIDERS].concat() {
            let text = format!("fn send(it: &{bare}) {{}}");
            let is_store = usize::from(STORES.contains(&bare));
            assert_eq!(count("crates/pagos-engine/src/send.rs", &text), 1, "{text}");
            assert_eq!(count("crates/pagos-webhook/src/receiver.rs", &text), is_store, "{text}");
            assert_eq!(count("crates/pagos-engine/src/instrumented.rs", &text), 0, "{text}");
            assert_eq!(count("crates/pagos-engine/src/suite/claim.rs", &text), 0, "{text}");
            assert_eq!(count("crates/pagos-store-sqlite/src/store.rs", &text), 0, "{text}");
        }
    }

    #[test]
    fn writes_around_the_doors_are_found() {
        let cli = "crates/pagos-cli/src/run/office.rs";
        for write in WRITES {
            assert_eq!(count(cli, &format!("office.store.{write}(x).await?;")), 1, "{write}");
            assert_eq!(count(cli, &format!("office\n.store\n.{write}(x)")), 1, "{write}");
            assert_eq!(count(cli, &format!("// store.{write}(x)")), 0, "{write}");
        }
        for call in CALLS {
            assert_eq!(count(cli, &format!("let it = {call}&order);")), 1, "{call}");
        }
        assert_eq!(count(cli, "office.store.payout(&key).await?; office.engine.release(&run)"), 0);
    }
}
