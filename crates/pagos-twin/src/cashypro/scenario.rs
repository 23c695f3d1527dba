//! Scenarios that a caller asks for in `remark`, and beneficiaries that fail by their account
//! number. Not chance; that is the faults' part.

use super::order::Ending;
use super::order::Notified;
use crate::fault::Fault;

/// Every remark that asks for a scenario begins so. Others are free text.
const PREFIX: &str = "sim:";

/// What a remark asks for. It leaves nothing about the order's creation, life and webhooks to
/// chance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scenario {
    /// Befalls the first create of the key.
    pub(super) call: Option<Fault>,
    pub(super) ending: Ending,
    pub(super) reason: Option<String>,
    pub(super) is_stuck: bool,
    pub(super) notified: Notified,
    pub(super) echoes_other_amount: bool,
}

impl Scenario {
    const fn plain() -> Self {
        Self {
            call: None,
            ending: Ending::Success,
            reason: None,
            is_stuck: false,
            notified: Notified::Once,
            echoes_other_amount: false,
        }
    }

    fn call(fault: Fault) -> Self {
        Self { call: Some(fault), ..Self::plain() }
    }

    fn ending(ending: Ending) -> Self {
        Self { ending, ..Self::plain() }
    }

    fn notified(notified: Notified) -> Self {
        Self { notified, ..Self::plain() }
    }
}

/// A remark that begins like a scenario and names none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoSuchScenario;

/// Reads a remark. `Ok(None)` is free text.
pub(super) fn parse(remark: &str) -> Result<Option<Scenario>, NoSuchScenario> {
    let Some(name) = remark.strip_prefix(PREFIX) else {
        return Ok(None);
    };
    if let Some(reason) = name.strip_prefix("fail:").filter(|it| !it.is_empty()) {
        let reason = Some(reason.to_owned());
        return Ok(Some(Scenario { reason, ..Scenario::ending(Ending::Fail) }));
    }
    Ok(Some(match name {
        "success" => Scenario::plain(),
        "fail" => Scenario::ending(Ending::Fail),
        "cancel" => Scenario::ending(Ending::Cancel),
        "stuck" => Scenario { is_stuck: true, ..Scenario::plain() },
        "success-then-fail" => Scenario::ending(Ending::SuccessThenFail),
        "fail-then-success" => Scenario::ending(Ending::FailThenSuccess),
        "timeout-created" => Scenario::call(Fault::LoseReply),
        "timeout-not-created" => Scenario::call(Fault::LoseRequest),
        "late-apply" => Scenario::call(Fault::LateApply),
        "500-created" => Scenario::call(Fault::ErrorAfter),
        "500-not-created" => Scenario::call(Fault::ErrorBefore),
        "busy" => Scenario::call(Fault::Busy),
        "throttle" => Scenario::call(Fault::Throttle),
        "torn" => Scenario::call(Fault::Torn),
        "html-502" => Scenario::call(Fault::HtmlAfter),
        "html-502-not-created" => Scenario::call(Fault::HtmlBefore),
        "slow" => Scenario::call(Fault::SlowReply),
        "no-funds" => Scenario::call(Fault::BalanceExhausted),
        "no-webhook" => Scenario::notified(Notified::Never),
        "dup-webhook" => Scenario::notified(Notified::Twice),
        "out-of-order" => Scenario::notified(Notified::OutOfOrder),
        "bad-sign" => Scenario::notified(Notified::WronglySigned),
        "amount-echo" => Scenario { echoes_other_amount: true, ..Scenario::plain() },
        _ => return Err(NoSuchScenario),
    }))
}

/// Beneficiaries that never get their money: `99900000` and two digits.
///
/// The reasons are of the documents' open list; the account numbers are invented. `[sim]`
pub(super) fn ending_of_account(account: &str) -> Option<(Ending, &'static str)> {
    Some(match account.strip_prefix("99900000")? {
        "01" => (Ending::Fail, "ACCOUNT NOT EXITS"),
        "02" => (Ending::Fail, "ACCOUNT_FREEZING"),
        "03" => (Ending::Fail, "ACCOUNT_AND_DOCUMENTS_NOT_MATCH"),
        "04" => (Ending::Fail, "BANK_REFUSE"),
        "05" => (Ending::Fail, "DAILY_PAYMENT_LIMIT_EXCEEDED"),
        "06" => (Ending::Cancel, "COMPLIANCE_REJECT"),
        _ => return None,
    })
}

/// A reason for a failure that chance brings.
pub(super) const fn decline(drawn: u64) -> &'static str {
    match drawn % 6 {
        0 => "ACCOUNT NOT EXITS",
        1 => "ACCOUNT_FREEZING",
        2 => "ACCOUNT_CLOSED",
        3 => "ACCOUNT_AND_DOCUMENTS_NOT_MATCH",
        4 => "BANK_REFUSE",
        _ => "CHANNEL_EXCEPTION",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_text_is_free_and_misspellings_are_told() {
        assert_eq!(parse("salary of may"), Ok(None));
        assert_eq!(parse("sim:sucess"), Err(NoSuchScenario));
        assert_eq!(parse("sim:fail:"), Err(NoSuchScenario));
    }

    #[test]
    fn a_reason_can_be_given() {
        let expected =
            Scenario { reason: Some("ID_CARD_ERROR".into()), ..Scenario::ending(Ending::Fail) };
        assert_eq!(parse("sim:fail:ID_CARD_ERROR"), Ok(Some(expected)));
    }

    #[test]
    fn every_name_fits_the_field() {
        for name in ["html-502-not-created", "timeout-not-created", "fail-then-success"] {
            assert!(parse(&format!("sim:{name}")).is_ok_and(|it| it.is_some()), "{name}");
            assert!(PREFIX.len() + name.len() <= 32, "{name}");
        }
    }
}
