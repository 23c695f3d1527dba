//! Doubts of one payout, by its history, and what ended them. Reads, judges nothing.

use serde_json::Value;

use crate::failure::Failure;

/// What ended a doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Settler {
    /// The provider told when it was asked: about our key, or for its list of payouts.
    Query,
    /// The provider told unasked, or late.
    Provider,
    /// A person decided.
    Operator,
}

/// The doubts of a payout that came to an end, oldest first; reads `pagos history --json`.
pub(super) fn parse_history(text: &str) -> Result<Vec<Settler>, Failure> {
    let entries: Vec<Value> =
        serde_json::from_str(text).map_err(Failure::while_doing("a history"))?;
    let mut settlers = Vec::new();
    let mut is_in_doubt = false;
    for entry in &entries {
        match read_entry(entry)? {
            Step::Doubt => is_in_doubt = true,
            Step::End(settler) if is_in_doubt => {
                settlers.push(settler);
                is_in_doubt = false;
            }
            Step::End(_) | Step::Nothing => {}
        }
    }
    Ok(settlers)
}

/// What one entry means for a doubt.
enum Step {
    Doubt,
    End(Settler),
    Nothing,
}

fn read_entry(entry: &Value) -> Result<Step, Failure> {
    let word = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let Some(kind) = word(entry.get("entry")) else {
        return Err(Failure::new("an entry of a history has no kind"));
    };
    if kind == "attempt_closed" {
        let is_decided = word(entry.get("proof")).as_deref() == Some("operator");
        return Ok(Step::End(if is_decided { Settler::Operator } else { Settler::Query }));
    }
    let Some(observation) = entry.get("observation").filter(|_| kind == "observed") else {
        return Ok(Step::Nothing);
    };
    let changes = word(entry.get("change")).is_none_or(|it| it == "advanced");
    match (word(observation.get("status")).as_deref(), word(observation.get("source")).as_deref()) {
        _ if !changes => Ok(Step::Nothing),
        (Some("unknown"), _) => Ok(Step::Doubt),
        (_, Some("query" | "listing")) => Ok(Step::End(Settler::Query)),
        (_, Some("operator")) => Ok(Step::End(Settler::Operator)),
        (_, Some(_)) => Ok(Step::End(Settler::Provider)),
        (_, None) => Err(Failure::new("an observation has no source")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(status: &str, source: &str, change: &str) -> String {
        format!(
            "{{\"entry\":\"observed\",\"observation\":{{\"status\":{status},\
             \"source\":\"{source}\"}},\"change\":{change}}}"
        )
    }

    fn check(entries: &[String], expected: &[Settler]) {
        let text = format!("[{}]", entries.join(","));
        assert_eq!(parse_history(&text).unwrap(), expected, "{text}");
    }

    #[test]
    fn each_doubt_has_one_end() {
        let begun = "{\"entry\":\"attempt_begun\",\"number\":1}".to_owned();
        let asked = "{\"entry\":\"asked\",\"answer\":\"no such payout\"}".to_owned();
        let lost = observed("\"unknown\"", "reply", "\"advanced\"");
        let found = observed("\"pending\"", "query", "\"advanced\"");
        let paid = observed("\"succeeded\"", "query", "\"advanced\"");
        let closed = "{\"entry\":\"attempt_closed\",\"proof\":\"operator\"}".to_owned();
        let told = observed("{\"failed\":\"declined\"}", "verified_event", "\"advanced\"");
        check(&[begun.clone(), found.clone(), paid.clone()], &[]);
        check(&[begun.clone(), lost.clone(), asked.clone()], &[]);
        check(&[begun.clone(), lost.clone(), asked, found, paid.clone()], &[Settler::Query]);
        check(&[lost.clone(), told], &[Settler::Provider]);
        check(&[lost.clone(), closed, begun, lost, paid], &[Settler::Operator, Settler::Query]);
    }

    #[test]
    fn what_changes_nothing_ends_and_begins_no_doubt() {
        let lost = observed("\"unknown\"", "reply", "\"advanced\"");
        let stale = observed("\"unknown\"", "query", "\"stale\"");
        let paid = observed("\"succeeded\"", "query", "\"advanced\"");
        let reversed = observed("{\"failed\":\"returned\"}", "query", "{\"reversed\":{}}");
        check(&[paid.clone(), stale, paid.clone()], &[]);
        check(&[lost, paid, reversed], &[Settler::Query]);
    }

    #[test]
    fn what_cannot_be_read_is_a_failure() {
        for bad in ["", "{}", "[{}]", "[{\"entry\":\"observed\",\"observation\":{}}]"] {
            assert!(parse_history(bad).is_err(), "{bad}");
        }
    }
}
