//! The control sums of a statement: the element `TxsSummry`.

use pagos_core::{Currency, Money};

use crate::{Problem, Side, problem::AGAIN, xml::Element};

use super::statement::money;

/// What `TxsSummry` says.
#[derive(Debug, Default)]
pub(super) struct Summary {
    line: u64,
    entries: Option<u64>,
    credits: Option<(u64, Option<Money>)>,
    debits: Option<(u64, Option<Money>)>,
}

/// What entries add up to.
#[derive(Debug, Default)]
pub(super) struct Sums {
    credits: u64,
    debits: u64,
    pub(super) credits_minor: i128,
    pub(super) debits_minor: i128,
}

impl Sums {
    pub(super) fn add(&mut self, side: Side, amount: Money) {
        let (count, sum) = match side {
            Side::Credit => (&mut self.credits, &mut self.credits_minor),
            Side::Debit => (&mut self.debits, &mut self.debits_minor),
        };
        *count += 1;
        *sum += i128::from(amount.minor);
    }
}

impl Summary {
    /// Its sums name no currency: they are in that of the account.
    pub(super) fn read(element: Element<'_>, currency: Option<Currency>) -> Result<Self, Problem> {
        let line = element.line();
        let count = |path: &str| {
            let text = element.text_at(path);
            text.map(|text| text.parse::<u64>()).transpose().map_err(|_| {
                Problem::new(line, "a number of entries that is none", AGAIN).of("TxsSummry")
            })
        };
        let sum = |path: &str| match (element.at(path), currency) {
            (Some(sum), Some(currency)) => money(sum, currency).map(Some),
            _ => Ok(None),
        };
        let side = |name: &str| {
            let count = count(&format!("{name}/NbOfNtries"))?;
            let sum = sum(&format!("{name}/Sum"))?;
            Ok::<_, Problem>(count.map(|count| (count, sum)))
        };
        let (credits, debits) = (side("TtlCdtNtries")?, side("TtlDbtNtries")?);
        Ok(Self { line, entries: count("TtlNtries/NbOfNtries")?, credits, debits })
    }

    /// Banks count entries that are pending or not; both are right.
    pub(super) fn check(&self, booked: &Sums, others: &Sums) -> Result<(), Problem> {
        let refused =
            |because: String| Err(Problem::new(self.line, because, AGAIN).of("TxsSummry"));
        let count = booked.credits + booked.debits;
        let count_all = count + others.credits + others.debits;
        if let Some(said) = self.entries.filter(|it| *it != count && *it != count_all) {
            return refused(format!("it says {said} entries, and there are {count_all}"));
        }
        let credits = |sums: &Sums| (sums.credits, sums.credits_minor);
        let debits = |sums: &Sums| (sums.debits, sums.debits_minor);
        let sides = [
            ("credits", self.credits, credits(booked), credits(others)),
            ("debits", self.debits, debits(booked), debits(others)),
        ];
        for (name, said, (count, sum), (more, sum_more)) in sides {
            let Some((said, said_sum)) = said else { continue };
            if said != count && said != count + more {
                return refused(format!("it says {said} {name}, and there are {}", count + more));
            }
            let Some(said_sum) = said_sum else { continue };
            let said_minor = i128::from(said_sum.minor);
            if said_minor != sum && said_minor != sum + sum_more {
                return refused(format!("the sum of {name} is not the {said_sum} that it says"));
            }
        }
        Ok(())
    }
}
