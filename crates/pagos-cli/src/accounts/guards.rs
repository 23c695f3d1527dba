//! What an account's payouts need approval for, and its limits on money: `[[accounts.NAME.approval]]`
//! and `[accounts.NAME.limits]`. (Rates and waiting times are in `limits.rs`.)

use std::collections::BTreeSet;

use pagos_core::{AccountNumber, Currency, Money};
use pagos_engine::{Approvals, Limits, Measure, Payee, Rule, UtcOffset};

use crate::config::{AccountSettings, ConfigProblem};

/// The rules and limits of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Guards {
    pub(crate) approvals: Approvals,
    pub(crate) limits: Limits,
    pub(crate) day_offset: UtcOffset,
}

impl Guards {
    /// # Errors
    /// Everything that is wrong with them, each with its place.
    pub(crate) fn read(settings: &AccountSettings) -> Result<Self, Vec<ConfigProblem>> {
        let mut problems = Vec::new();
        let rules = (0..settings.approval_rules()).filter_map(|number| {
            read_rule(settings, number).map_err(|problem| problems.push(problem)).ok()
        });
        let approvals = Approvals::new(rules.collect());
        let mut amount = |name: &str| match settings.lookup(name) {
            None => Vec::new(),
            Some(text) => text
                .split(',')
                .filter_map(|text| {
                    let read = read_money(text);
                    read.map_err(|because| problems.push(problem(settings, name, &because))).ok()
                })
                .collect(),
        };
        let mut limits = Limits {
            payout_max: amount("limits.payout_max"),
            beneficiary_day_max: amount("limits.beneficiary_day_max"),
            account_day_max: amount("limits.account_day_max"),
            refused: BTreeSet::new(),
        };
        for text in settings.lookup("limits.refused_accounts").iter().flat_map(|it| it.split(',')) {
            match AccountNumber::new(text.trim()) {
                Ok(number) => drop(limits.refused.insert(Payee::of(&number))),
                Err(error) => {
                    problems.push(problem(settings, "limits.refused_accounts", error.message()))
                }
            }
        }
        let day_offset = settings.lookup("days.offset").map_or(Ok(UtcOffset::UTC), |it| it.parse());
        let day_offset = day_offset.unwrap_or_else(|error| {
            problems.push(problem(settings, "days.offset", error.message()));
            UtcOffset::UTC
        });
        match problems.is_empty() {
            true => Ok(Self { approvals, limits, day_offset }),
            false => Err(problems),
        }
    }
}

fn read_rule(settings: &AccountSettings, number: usize) -> Result<Rule, ConfigProblem> {
    let name = |field: &str| format!("approval.{number}.{field}");
    let text = |field: &str| {
        let name = name(field);
        settings.lookup(&name).ok_or_else(|| problem(settings, &name, "is missing"))
    };
    let (of, over, approvers) = (text("of")?, text("over")?, text("approvers")?);
    let measure = Measure::ALL.into_iter().find(|measure| measure.word() == of);
    let measure = measure
        .ok_or_else(|| problem(settings, &name("of"), "is none of \"payout\", \"run\", \"day\""))?;
    let over = read_money(&over).map_err(|it| problem(settings, &name("over"), &it))?;
    let approvers = approvers.parse().unwrap_or(0);
    let rule = Rule::new(measure, over, approvers);
    rule.map_err(|error| problem(settings, &name("approvers"), error.message()))
}

/// An amount with its currency: `5000000 CLP`.
fn read_money(text: &str) -> Result<Money, String> {
    let (amount, currency) = text
        .trim()
        .split_once(' ')
        .ok_or_else(|| format!("{:?} is no amount with its currency", text.trim()))?;
    let currency: Currency = currency.trim().parse().map_err(|error| format!("{error}"))?;
    Money::parse(amount, currency).map_err(|error| error.message().to_owned())
}

fn problem(settings: &AccountSettings, name: &str, because: &str) -> ConfigProblem {
    let remedy = match name.starts_with("approval") {
        true => "write of = \"run\", over = \"5000000 CLP\", approvers = 1",
        false => "write an amount as \"5000000 CLP\", several with commas, a day as \"-03:00\"",
    };
    let origin = settings.origin_of(name).clone();
    ConfigProblem::new(origin, name, because, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::tests::account;

    #[test]
    fn rules_and_limits_are_read() {
        let settings = account(
            "bank-a",
            &[
                ("approval.0.of", "run"),
                ("approval.0.over", "5000000 CLP"),
                ("approval.0.approvers", "2"),
                ("limits.payout_max", "100 CLP,1250.50 COP"),
                ("limits.refused_accounts", "00123"),
                ("days.offset", "-03:00"),
            ],
        );
        let guards = Guards::read(&settings).unwrap();
        let over = Money::new(5_000_000, Currency::Clp);
        assert_eq!(guards.approvals.rules(), [Rule::new(Measure::Run, over, 2).unwrap()]);
        assert_eq!(guards.limits.payout_max[1], Money::new(125_050, Currency::Cop));
        assert_eq!(guards.limits.refused.len(), 1);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_place() {
        for (name, text) in [
            ("approval.0.of", "month"),
            ("limits.payout_max", "100"),
            ("limits.account_day_max", "1.5 CLP"),
            ("limits.beneficiary_day_max", "100 XYZ"),
            ("limits.refused_accounts", "1 2"),
            ("days.offset", "Bogota"),
        ] {
            let told = Guards::read(&account("bank-a", &[(name, text)])).unwrap_err();
            assert!(
                told[0].to_string().contains("approval.0") || told[0].to_string().contains(name)
            );
        }
    }
}
