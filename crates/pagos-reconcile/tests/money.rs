//! Properties of the matching: no money appears or disappears, whatever payouts and lines there are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use pagos_core::{AccountName, Currency, Day, FailReason, Money, OrderKey, ProviderRef, Status};
use pagos_reconcile::{
    Booked, Covered, Expected, Finding, OpenLine, Outcome, Part, Payee, Rules, Verdict,
    match_lines, outcome,
};
use pagos_statement::{Charge, Counterparty, Kind, Line, Side, Text, Transaction};
use proptest::{prelude::*, sample::select};

/// What a line says about the payouts whose money it has.
#[derive(Debug, Clone, Copy)]
enum Says {
    Key,
    Reference,
    Capitals,
    Account,
    Tail,
    Name,
    Nothing,
}

/// One line: which payouts, how much of them, and what it says.
#[derive(Debug, Clone)]
struct Cut {
    payouts: Vec<usize>,
    percent: i64,
    extra: i64,
    says: Says,
    side: Side,
    kind: Kind,
    is_one_transaction: bool,
}

fn cut() -> impl Strategy<Value = Cut> {
    let says = [
        Says::Key,
        Says::Reference,
        Says::Capitals,
        Says::Account,
        Says::Tail,
        Says::Name,
        Says::Nothing,
    ];
    let side = prop_oneof![4 => Just(Side::Debit), 1 => Just(Side::Credit)];
    let kind = prop_oneof![
        6 => Just(Kind::Transfer),
        1 => Just(Kind::Return),
        1 => Just(Kind::Fee),
    ];
    let percent = select(vec![100, 100, 100, 60, 40, 0]);
    let extra = select(vec![0, 0, 0, 7]);
    let payouts = prop::collection::vec(0_usize..12, 0..4);
    (payouts, percent, extra, select(says.to_vec()), side, kind, any::<bool>()).prop_map(
        |(payouts, percent, extra, says, side, kind, is_one_transaction)| Cut {
            payouts,
            percent,
            extra,
            says,
            side,
            kind,
            is_one_transaction,
        },
    )
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn pesos(minor: i64) -> Money {
    Money::new(minor, Currency::Clp)
}

fn payouts() -> impl Strategy<Value = Vec<Expected>> {
    let statuses =
        [Status::Succeeded, Status::Pending, Status::Failed(FailReason::Declined), Status::Created];
    // Few amounts and few accounts, so that many payouts look alike.
    let one = (select(vec![100_i64, 250, 1_000]), 0_u32..3, select(statuses.to_vec()));
    prop::collection::vec(one, 12).prop_map(|all| {
        let all = all.into_iter().enumerate();
        all.map(|(number, (amount, person, status))| payout(number, amount, person, status))
            .collect()
    })
}

fn payout(number: usize, amount: i64, person: u32, status: Status) -> Expected {
    Expected {
        key: OrderKey::new(format!("salary-{number}")).unwrap(),
        account: AccountName::new("etpay").unwrap(),
        amount: pesos(amount),
        status,
        word: status.word(),
        submitted: day("2026-05-10"),
        sent: (status != Status::Created).then(|| day("2026-05-10")),
        settled: Some(day("2026-05-10")),
        reference: Some(ProviderRef::new(format!("tr_{number}_x")).unwrap()),
        tracking: None,
        batch: None,
        payee: Payee::new(&format!("1000{person}0000"), &format!("PERSON {person}"), ""),
        returned: None,
        booked: Booked::default(),
    }
}

fn text(it: &Expected, number: usize, says: Says) -> Transaction {
    let (mut text, mut side) = (String::new(), Counterparty::default());
    // The account of each person is known from the debug-free parts of the scene.
    match says {
        Says::Key => text = it.key.to_string(),
        Says::Reference => text = format!("REF tr_{number}_x"),
        Says::Capitals => text = it.key.as_str().to_uppercase().replace('-', " "),
        Says::Account => side.account = Some(Text::new(format!("1000{}0000", number % 3))),
        Says::Tail => side.account = Some(Text::new("****0000")),
        Says::Name => side.name = Some(Text::new(format!("Person {}", number % 3))),
        Says::Nothing => {}
    }
    Transaction {
        amount: pesos(0),
        bank_reference: None,
        references: Vec::new(),
        tracking: None,
        counterparty: side,
        text: Text::new(text),
        returned_because: None,
        charges: Vec::new(),
    }
}

fn lines(payouts: &[Expected], cuts: &[Cut]) -> Vec<OpenLine> {
    let line = |(place, cut): (usize, &Cut)| {
        let amount = |it: &usize| payouts[*it].amount.minor * cut.percent / 100;
        let transaction = |it: &usize| Transaction {
            amount: pesos(amount(it)),
            ..text(&payouts[*it], *it, cut.says)
        };
        let mut transactions: Vec<Transaction> = cut.payouts.iter().map(transaction).collect();
        if transactions.is_empty() {
            transactions.push(text(&payouts[0], 0, Says::Nothing));
        }
        if cut.is_one_transaction && transactions.len() > 1 {
            let texts: Vec<&str> = transactions.iter().map(|it| it.text.as_str()).collect();
            let sum = transactions.iter().map(|it| it.amount.minor).sum();
            let joined = Transaction {
                amount: pesos(sum),
                text: Text::new(texts.join(" ")),
                ..transactions[0].clone()
            };
            transactions = vec![joined];
        }
        transactions[0].amount.minor += cut.extra;
        if cut.extra > 0 {
            transactions[0].charges = vec![Charge { amount: pesos(cut.extra), is_included: true }];
        }
        let sum = transactions.iter().map(|it| it.amount.minor).sum();
        let line = Line {
            place: place as u64,
            day: day("2026-05-11"),
            value_day: None,
            side: cut.side,
            amount: pesos(sum),
            kind: cut.kind,
            balance: None,
            transactions,
        };
        OpenLine { id: format!("L{place:02}"), line }
    };
    cuts.iter().enumerate().map(line).collect()
}

fn parts(finding: &Finding) -> &[Part] {
    match &finding.verdict {
        Verdict::Matched { parts } | Verdict::Proposed { parts, .. } => parts,
        Verdict::Explained { .. } => &[],
    }
}

/// The findings by line, so that two results can be compared.
fn by_line(findings: Vec<Finding>) -> BTreeMap<String, Verdict> {
    findings.into_iter().map(|it| (it.line, it.verdict)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_money_appears_or_disappears(
        payouts in payouts(),
        cuts in prop::collection::vec(cut(), 0..14),
    ) {
        let lines = lines(&payouts, &cuts);
        let findings = match_lines(&payouts, &lines, &Rules::default());
        let mut booked: BTreeMap<&OrderKey, Booked> = BTreeMap::new();
        let (mut matched, mut open) = (0_i64, 0_i64);
        for open_line in &lines {
            let change = open_line.line.change().minor;
            let finding = findings.iter().find(|it| it.line == open_line.id);
            let of_line = finding.map_or(&[][..], parts);
            let given: i64 = of_line.iter().map(|it| it.change.minor).sum();
            prop_assert!(given.abs() <= change.abs(), "{open_line:?} {finding:?}");
            for part in of_line {
                prop_assert!(part.change.minor == 0 || (part.change.minor < 0) == (change < 0));
                let amount = payouts.iter().find(|it| it.key == part.key).unwrap().amount;
                booked.entry(&part.key).or_default().add(part.change, amount);
            }
            let mut keys: Vec<_> = of_line.iter().map(|it| &it.key).collect();
            keys.dedup();
            prop_assert_eq!(keys.len(), of_line.len(), "a payout has one part of a line");
            matched += given;
            open += change - given;
        }
        let all: i64 = lines.iter().map(|it| it.line.change().minor).sum();
        prop_assert_eq!(matched + open, all);
        let covered = Covered::of([(day("2026-05-01"), day("2026-05-31"))]);
        for it in &payouts {
            let it = Expected { booked: booked.get(&it.key).copied().unwrap_or_default(), ..it.clone() };
            let found = outcome(&it, &covered, &Rules::default());
            let left = it.booked.left();
            if left > it.amount.minor {
                let told = [Outcome::AmountDiffers, Outcome::DuplicateThere, Outcome::StatusDiffers];
                prop_assert!(told.contains(&found), "{it:?} {found:?}");
            }
            if found == Outcome::Matched {
                prop_assert_eq!(left, it.amount.minor);
            }
        }
    }

    #[test]
    fn the_order_does_not_matter(
        payouts in payouts(),
        cuts in prop::collection::vec(cut(), 0..14),
    ) {
        let lines = lines(&payouts, &cuts);
        let mut turned_payouts = payouts.clone();
        turned_payouts.reverse();
        let mut turned_lines = lines.clone();
        turned_lines.reverse();
        turned_lines.rotate_left(lines.len() / 3);
        let one = by_line(match_lines(&payouts, &lines, &Rules::default()));
        let other = by_line(match_lines(&turned_payouts, &turned_lines, &Rules::default()));
        prop_assert_eq!(one, other);
    }
}
