//! Scenarios that a caller asks for in a free text of his order, in one vocabulary for all twins.
//! Not chance, and not what a provider calls the endings; each twin has its own words.

use crate::fault::Fault;

/// Every text that asks for a scenario begins so. Others are free text.
const PREFIX: &str = "sim:";

/// How an order ends. It is settled when the order comes into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Success,
    Fail,
    Cancel,
    SuccessThenFail,
    FailThenSuccess,
}

/// One final state, in nobody's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Paid,
    Failed,
    Cancelled,
}

impl Ending {
    /// The first final state.
    pub(crate) const fn first(self) -> End {
        match self {
            Self::Success | Self::SuccessThenFail => End::Paid,
            Self::Fail | Self::FailThenSuccess => End::Failed,
            Self::Cancel => End::Cancelled,
        }
    }

    /// The state that the first one turns into, if it does.
    pub(crate) const fn second(self) -> Option<End> {
        match self {
            Self::SuccessThenFail => Some(End::Failed),
            Self::FailThenSuccess => Some(End::Paid),
            Self::Success | Self::Fail | Self::Cancel => None,
        }
    }

    /// The truth in the end.
    pub(crate) fn last(self) -> End {
        self.second().unwrap_or(self.first())
    }
}

/// How the webhooks of an order behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notified {
    /// As chance has it.
    ByChance,
    /// Each notice once.
    Once,
    /// Not at all.
    Never,
    /// Each notice twice.
    Twice,
    /// Each final notice is followed by one of an earlier state.
    OutOfOrder,
    /// Every sending carries a wrong signature.
    WronglySigned,
    /// Minutes late.
    Late,
}

impl Notified {
    /// What a control call or a payer's click asks for, by its word; nothing is by chance.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "" => Self::ByChance,
            "once" => Self::Once,
            "lost" => Self::Never,
            "twice" => Self::Twice,
            "out-of-order" => Self::OutOfOrder,
            "late" => Self::Late,
            _ => return None,
        })
    }
}

/// What a text asks for. It leaves nothing about the order's creation, life and webhooks to
/// chance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scenario {
    /// Befalls the first create of the key.
    pub(crate) call: Option<Fault>,
    pub(crate) ending: Ending,
    pub(crate) reason: Option<String>,
    pub(crate) is_stuck: bool,
    pub(crate) notified: Notified,
    pub(crate) echoes_other_amount: bool,
    /// The first answers about it tell a word that nobody documented.
    pub(crate) is_told_oddly: bool,
}

impl Scenario {
    pub(crate) const fn plain() -> Self {
        Self {
            call: None,
            ending: Ending::Success,
            reason: None,
            is_stuck: false,
            notified: Notified::Once,
            echoes_other_amount: false,
            is_told_oddly: false,
        }
    }

    pub(crate) fn stuck() -> Self {
        Self { is_stuck: true, ..Self::plain() }
    }

    pub(crate) fn call(fault: Fault) -> Self {
        Self { call: Some(fault), ..Self::plain() }
    }

    pub(crate) fn ending(ending: Ending) -> Self {
        Self { ending, ..Self::plain() }
    }

    pub(crate) fn failing(reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..Self::ending(Ending::Fail) }
    }

    pub(crate) fn notified(notified: Notified) -> Self {
        Self { notified, ..Self::plain() }
    }
}

/// A text that begins like a scenario and names none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoSuchScenario;

/// Reads a text. `Ok(None)` is free text.
pub(crate) fn parse(text: &str) -> Result<Option<Scenario>, NoSuchScenario> {
    let Some(name) = text.strip_prefix(PREFIX) else {
        return Ok(None);
    };
    if let Some(reason) = name.strip_prefix("fail:").filter(|it| !it.is_empty()) {
        return Ok(Some(Scenario::failing(reason)));
    }
    Ok(Some(match name {
        "success" => Scenario::plain(),
        "fail" => Scenario::ending(Ending::Fail),
        "cancel" => Scenario::ending(Ending::Cancel),
        "stuck" => Scenario::stuck(),
        "success-then-fail" => Scenario::ending(Ending::SuccessThenFail),
        "fail-then-success" => Scenario::ending(Ending::FailThenSuccess),
        "timeout-created" => Scenario::call(Fault::LoseReply),
        "timeout-not-created" => Scenario::call(Fault::LoseRequest),
        "late-apply" => Scenario::call(Fault::LateApply),
        "500-created" => Scenario::call(Fault::ErrorAfter),
        "500-not-created" => Scenario::call(Fault::ErrorBefore),
        "busy" => Scenario::call(Fault::Busy),
        "throttle" => Scenario::call(Fault::Throttle),
        "refused" => Scenario::call(Fault::Refuse),
        "torn" => Scenario::call(Fault::Torn),
        "html-502" => Scenario::call(Fault::HtmlAfter),
        "html-502-not-created" => Scenario::call(Fault::HtmlBefore),
        "slow" => Scenario::call(Fault::SlowReply),
        "no-funds" => Scenario::call(Fault::BalanceExhausted),
        "no-webhook" => Scenario::notified(Notified::Never),
        "dup-webhook" => Scenario::notified(Notified::Twice),
        "out-of-order" => Scenario::notified(Notified::OutOfOrder),
        "bad-sign" => Scenario::notified(Notified::WronglySigned),
        "odd-word" => Scenario { is_told_oddly: true, ..Scenario::plain() },
        "amount-echo" => Scenario { echoes_other_amount: true, ..Scenario::plain() },
        _ => return Err(NoSuchScenario),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_name_both_ends() {
        for (ending, first, second) in [
            (Ending::Success, End::Paid, None),
            (Ending::Fail, End::Failed, None),
            (Ending::Cancel, End::Cancelled, None),
            (Ending::SuccessThenFail, End::Paid, Some(End::Failed)),
            (Ending::FailThenSuccess, End::Failed, Some(End::Paid)),
        ] {
            assert_eq!(ending.first(), first);
            assert_eq!(ending.second(), second);
            assert_eq!(ending.last(), second.unwrap_or(first));
        }
    }

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

    /// Thirty characters is the shortest such field of all providers.
    #[test]
    fn every_name_fits_the_field() {
        for name in ["html-502-not-created", "timeout-not-created", "fail-then-success"] {
            assert!(parse(&format!("sim:{name}")).is_ok_and(|it| it.is_some()), "{name}");
            assert!(PREFIX.len() + name.len() <= 30, "{name}");
        }
    }
}
