//! One transaction of a line: its money, what it names, and what was decided about it.

use pagos_core::{Currency, Day, Money};
use pagos_statement::{Kind, Line, Side, Text, Transaction};

use super::{Part, index::Index};
use crate::{
    expected::Expected,
    fold,
    rule::{Place, Rule},
};

/// One transaction of a line.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) side: Side,
    pub(super) kind: Kind,
    pub(super) day: Day,
    pub(super) currency: Currency,
    /// Its money, with the charges that it contains.
    pub(super) gross: i64,
    /// Its money without them.
    net: i64,
    /// The payouts that it names, by number, each with its strongest rule.
    pub(super) clues: Vec<Clue>,
    /// The run that it names, by number.
    pub(super) batch: Option<u32>,
    /// What it looks like, if it names no payout.
    pub(super) looks: Option<Box<Looks>>,
    pub(super) ruling: Ruling,
}

/// A payout that a transaction points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Clue {
    pub(super) payout: u32,
    pub(super) rule: Rule,
    pub(super) place: Place,
}

/// What a transaction says about whoever is on the other side.
#[derive(Debug)]
pub(super) struct Looks {
    pub(super) accounts: Vec<String>,
    pub(super) tails: Vec<String>,
    pub(super) name: String,
    pub(super) document: String,
}

/// What was decided about a transaction.
#[derive(Debug)]
pub(super) enum Ruling {
    Open,
    Explained,
    Matched(Vec<Share>),
    /// The candidates that are listed, and how many there are.
    Proposed(Vec<Share>, usize),
}

/// The money of a transaction that belongs to one payout.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) clue: Clue,
    pub(super) minor: i64,
}

impl Item {
    pub(super) fn new(index: &Index<'_>, line: &Line, transaction: &Transaction) -> Self {
        let included = transaction.charges.iter().filter(|it| it.is_included);
        let gross = transaction.amount.minor;
        let net = included.fold(gross, |left, it| left.saturating_sub(it.amount.minor).max(0));
        let mut item = Self {
            side: line.side,
            kind: line.kind,
            day: line.day,
            currency: transaction.amount.currency,
            gross,
            net,
            clues: Vec::new(),
            batch: None,
            looks: None,
            ruling: Ruling::Open,
        };
        (item.clues, item.batch) = index.look_up(transaction, &item);
        if item.clues.is_empty() && matches!(item.kind, Kind::Transfer | Kind::Return) {
            item.looks = Some(Box::new(Looks::of(transaction)));
        }
        item
    }

    /// The money of it that belongs to a payout of `amount`: a charge that it contains is the bank's.
    pub(super) fn money_for(&self, amount: Money) -> i64 {
        if self.gross == amount.minor { self.gross } else { self.net }
    }

    /// Whether it has the amount of a payout.
    pub(super) fn is_whole(&self, amount: Money) -> bool {
        self.currency == amount.currency && self.money_for(amount) == amount.minor
    }

    /// The amounts that a payout can have whose money this is.
    pub(super) fn amounts(&self) -> impl Iterator<Item = i64> + use<> {
        let net = (self.net != self.gross).then_some(self.net);
        std::iter::once(self.gross).chain(net)
    }

    /// Whether a sum of several payouts is the money of it.
    pub(super) fn is_sum(&self, sum: i128) -> bool {
        self.amounts().any(|amount| i128::from(amount) == sum)
    }
}

impl Share {
    /// The whole money of `item`, for this payout.
    pub(super) fn whole(item: &Item, clue: Clue, expected: &Expected) -> Self {
        Self { clue, minor: item.money_for(expected.amount) }
    }

    /// The amount of the payout.
    pub(super) fn of_payout(clue: Clue, expected: &Expected) -> Self {
        Self { clue, minor: expected.amount.minor }
    }

    pub(super) fn part(&self, expected: &[Expected], side: Side) -> Option<Part> {
        let it = expected.get(self.clue.payout as usize)?;
        let minor = match side {
            Side::Debit => -self.minor,
            Side::Credit => self.minor,
        };
        let change = Money::new(minor, it.amount.currency);
        Some(Part { key: it.key.clone(), change, rule: self.clue.rule, place: self.clue.place })
    }
}

impl Looks {
    fn of(transaction: &Transaction) -> Self {
        let side = &transaction.counterparty;
        let pieces = fold::pieces(transaction.text.as_str());
        let account = side.account.as_ref().map(Text::as_str);
        let (mut accounts, mut tails) = (Vec::new(), Vec::new());
        for word in account.into_iter().chain(pieces) {
            match fold::tail(word) {
                Some(tail) => tails.push(tail.to_owned()),
                None if word.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_MIN => {
                    accounts.push(fold::number(word));
                }
                None => {}
            }
        }
        let name = side.name.as_ref().map_or_else(String::new, |it| fold::folded(it.as_str()));
        let document = side.document.as_ref();
        let document = document.map_or_else(String::new, |it| fold::number(it.as_str()));
        Self { accounts, tails, name, document }
    }
}

/// The fewest digits that are taken for a number of an account.
const DIGITS_MIN: usize = 5;
