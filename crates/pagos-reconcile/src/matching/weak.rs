//! Decides about transactions that name nothing: those that look like one payout by account, amount
//! and day, or by name; and those that are the sum of a whole day.
//!
//! By account, a match needs that the transaction looks like no other payout, and that no other
//! transaction looks like that payout.

use std::collections::{HashMap, HashSet};

use pagos_core::{AccountName, Day};
use pagos_statement::{Kind, Side};

use super::{
    CANDIDATES_MAX,
    item::{Clue, Item, Looks, Ruling, Share},
    named::may_be_paid,
};
use crate::{
    expected::{Belief, Expected},
    rule::{Place, Rule, Rules},
};

/// Rules about the items that are still open. `is_taken` says which payouts were named.
pub(super) fn decide(expected: &[Expected], rules: &Rules, is_taken: &[bool], items: &mut [Item]) {
    let is_open = |it: &Item| matches!(it.ruling, Ruling::Open) && it.looks.is_some();
    let debits: Vec<usize> = numbers(items, |it| is_open(it) && it.side == Side::Debit);
    let returns: Vec<usize> =
        numbers(items, |it| is_open(it) && it.side == Side::Credit && it.kind == Kind::Return);
    if !debits.is_empty() {
        let free = |number: usize, it: &Expected| {
            it.booked.lines == 0 && !is_taken.get(number).is_some_and(|taken| *taken)
        };
        let mut tables = Tables::new(expected, rules, free, rules.after_days);
        let matched = tables.by_account(items, &debits);
        tables.by_payee(items, &debits);
        let is_left = |number: usize, it: &Expected| {
            // The number of a payout is a u32, as those in `matched`.
            free(number, it) && !u32::try_from(number).is_ok_and(|it| matched.contains(&it))
        };
        by_day(expected, rules, is_left, items, &debits);
    }
    if !returns.is_empty() {
        let tables = Tables::new(expected, rules, |_, _| true, rules.reach_days);
        for number in returns {
            let Some(item) = items.get_mut(number) else { continue };
            let found = tables.look_up(item);
            tables.propose(item, found.candidates);
        }
    }
}

fn numbers(items: &[Item], is_meant: impl Fn(&Item) -> bool) -> Vec<usize> {
    let meant = items.iter().enumerate().filter(|(_, it)| is_meant(it));
    meant.map(|(number, _)| number).collect()
}

/// The amount and the last four characters of the account.
type Bucket = (i64, [u8; 4]);

/// Payouts by what a transaction looks like.
struct Tables<'a> {
    expected: &'a [Expected],
    rules: &'a Rules,
    through_days: i32,
    accounts: HashMap<Bucket, Vec<u32>>,
    names: HashMap<(i64, &'a str), Vec<u32>>,
    documents: HashMap<(i64, &'a str), Vec<u32>>,
    /// Buckets with more candidates than anybody looks at; nothing in them is matched.
    crowded: HashSet<Bucket>,
}

/// Whom a transaction looks like.
#[derive(Default)]
struct Found {
    candidates: Vec<Clue>,
    buckets: Vec<Bucket>,
    /// Whether there are more than anybody looks at.
    is_crowded: bool,
}

impl<'a> Tables<'a> {
    fn new(
        expected: &'a [Expected],
        rules: &'a Rules,
        is_meant: impl Fn(usize, &Expected) -> bool,
        through_days: i32,
    ) -> Self {
        let mut accounts: HashMap<Bucket, Vec<u32>> = HashMap::new();
        let mut names: HashMap<(i64, &str), Vec<u32>> = HashMap::new();
        let mut documents: HashMap<(i64, &str), Vec<u32>> = HashMap::new();
        let meant = expected.iter().enumerate().filter(|(number, it)| is_meant(*number, it));
        let mut meant: Vec<(u32, &Expected)> =
            meant.filter_map(|(number, it)| Some((u32::try_from(number).ok()?, it))).collect();
        meant.sort_by_key(|(_, it)| &it.key);
        for (number, it) in meant {
            let (amount, payee) = (it.amount.minor, &it.payee);
            accounts.entry((amount, last_four(&payee.account))).or_default().push(number);
            for (table, text) in [(&mut names, &payee.name), (&mut documents, &payee.document)] {
                if !text.is_empty() {
                    table.entry((amount, text)).or_default().push(number);
                }
            }
        }
        let crowded = HashSet::new();
        Self { expected, rules, through_days, accounts, names, documents, crowded }
    }

    /// Matches or proposes by account. Returns the payouts that were matched.
    fn by_account(&mut self, items: &mut [Item], numbers: &[usize]) -> HashSet<u32> {
        let mut wanted: HashMap<u32, usize> = HashMap::new();
        let mut found = Vec::new();
        for &number in numbers {
            let Some(item) = items.get(number) else { continue };
            let of_item = self.look_up(item);
            for clue in &of_item.candidates {
                *wanted.entry(clue.payout).or_default() += 1;
            }
            if of_item.is_crowded {
                self.crowded.extend(&of_item.buckets);
            }
            found.push((number, of_item));
        }
        let mut matched = HashSet::new();
        for (number, of_item) in found {
            let Some(item) = items.get_mut(number) else { continue };
            let is_crowded = of_item.buckets.iter().any(|it| self.crowded.contains(it));
            match of_item.candidates.as_slice() {
                [one]
                    if wanted.get(&one.payout) == Some(&1)
                        && !is_crowded
                        && self.of(*one).is_some_and(Expected::was_sent) =>
                {
                    let share = self.of(*one).map(|it| Share::of_payout(*one, it));
                    item.ruling = Ruling::Matched(share.into_iter().collect());
                    matched.insert(one.payout);
                }
                _ => self.propose(item, of_item.candidates),
            }
        }
        matched
    }

    fn by_payee(&self, items: &mut [Item], numbers: &[usize]) {
        for &number in numbers {
            let Some(item) = items.get_mut(number) else { continue };
            let Some(looks) = item.looks.as_deref().filter(|_| is_open(item)) else { continue };
            let mut candidates = Vec::new();
            let texts = [
                (&self.names, &looks.name, Place::Name),
                (&self.documents, &looks.document, Place::Document),
            ];
            for (table, text, place) in texts {
                for amount in item.amounts() {
                    let known = table.get(&(amount, text.as_str())).map_or(&[][..], Vec::as_slice);
                    let clues = known.iter().map(|&payout| (payout, Rule::Payee, place));
                    candidates.extend(self.in_window(item, clues).take(CANDIDATES_MAX + 1));
                }
            }
            sort_by_rank(self.expected, &mut candidates);
            self.propose(item, candidates);
        }
    }

    fn of(&self, clue: Clue) -> Option<&'a Expected> {
        self.expected.get(clue.payout as usize)
    }

    /// Whom a transaction looks like by account. Those that Pagos thinks were paid hide those that
    /// failed, and these hide those that were never sent.
    fn look_up(&self, item: &Item) -> Found {
        let mut found = Found::default();
        let Some(looks) = item.looks.as_deref() else { return found };
        for amount in item.amounts() {
            for (text, place) in accounts(looks) {
                let bucket = (amount, last_four(text));
                let known = self.accounts.get(&bucket).map_or(&[][..], Vec::as_slice);
                let alike = known.iter().copied().filter(|payout| {
                    let it = self.expected.get(*payout as usize);
                    it.is_some_and(|it| match place {
                        Place::AccountTail => it.payee.account.ends_with(text.as_str()),
                        _ => *it.payee.account == **text,
                    })
                });
                let clues = alike.take(SCAN_MAX).map(|payout| (payout, Rule::Account, place));
                found.candidates.extend(self.in_window(item, clues).take(CANDIDATES_MAX + 1));
                found.buckets.push(bucket);
                found.is_crowded |= known.len() > SCAN_MAX;
            }
        }
        found.is_crowded |= found.candidates.len() > CANDIDATES_MAX;
        sort_by_rank(self.expected, &mut found.candidates);
        found
    }

    fn in_window<'b>(
        &'b self,
        item: &'b Item,
        clues: impl Iterator<Item = (u32, Rule, Place)> + 'b,
    ) -> impl Iterator<Item = Clue> + 'b {
        let clues = clues.map(|(payout, rule, place)| Clue { payout, rule, place });
        clues.filter(|clue| {
            self.of(*clue).is_some_and(|it| {
                let from = it.begins().plus(-self.rules.before_days);
                let through = it.due().plus(self.through_days);
                item.is_whole(it.amount) && (from..=through).contains(&item.day)
            })
        })
    }

    fn propose(&self, item: &mut Item, candidates: Vec<Clue>) {
        let count = candidates.len();
        if count == 0 {
            return;
        }
        let clues = candidates.into_iter().take(CANDIDATES_MAX);
        let shares = clues.filter_map(|clue| Some(Share::of_payout(clue, self.of(clue)?)));
        item.ruling = Ruling::Proposed(shares.collect(), count);
    }
}

fn is_open(item: &Item) -> bool {
    matches!(item.ruling, Ruling::Open)
}

/// Keeps each payout once, and only those of the best rank, by key.
fn sort_by_rank(expected: &[Expected], clues: &mut Vec<Clue>) {
    let rank = |clue: &Clue| {
        expected.get(clue.payout as usize).map_or(u8::MAX, |it| match it.belief() {
            Belief::Paid | Belief::UnderWay | Belief::CameBack => 0,
            Belief::NotPaid => 1,
            Belief::NotSent => 2,
        })
    };
    let best = clues.iter().map(rank).min();
    clues.retain(|clue| Some(rank(clue)) == best);
    clues.sort_by_key(|clue| (expected.get(clue.payout as usize).map(|it| &it.key), clue.place));
    clues.dedup_by_key(|clue| clue.payout);
}

fn accounts(looks: &Looks) -> impl Iterator<Item = (&String, Place)> {
    let whole = looks.accounts.iter().map(|it| (it, Place::Account));
    whole.chain(looks.tails.iter().map(|it| (it, Place::AccountTail)))
}

fn last_four(text: &str) -> [u8; 4] {
    let mut last = [0; 4];
    for (place, byte) in last.iter_mut().zip(text.bytes().rev()) {
        *place = byte;
    }
    last
}

/// All open payouts of one account and day.
struct WholeDay<'a> {
    day: Day,
    payouts: Vec<(u32, &'a Expected)>,
}

/// Proposes that a transaction is the sum of all open payouts of one account and day.
fn by_day(
    expected: &[Expected],
    rules: &Rules,
    is_meant: impl Fn(usize, &Expected) -> bool,
    items: &mut [Item],
    numbers: &[usize],
) {
    let mut days: HashMap<(&AccountName, Day), Vec<(u32, &Expected)>> = HashMap::new();
    for (number, it) in expected.iter().enumerate().filter(|(number, it)| is_meant(*number, it)) {
        if let Some(number) = u32::try_from(number).ok().filter(|_| may_be_paid(it)) {
            days.entry((&it.account, it.due())).or_default().push((number, it));
        }
    }
    let mut sums: HashMap<i128, Vec<WholeDay<'_>>> = HashMap::new();
    for ((_, day), payouts) in days.into_iter().filter(|(_, payouts)| payouts.len() > 1) {
        let sum = payouts.iter().map(|(_, it)| i128::from(it.amount.minor)).sum();
        sums.entry(sum).or_default().push(WholeDay { day, payouts });
    }
    for &number in numbers {
        let Some(item) = items.get_mut(number).filter(|it| is_open(it)) else { continue };
        let groups = item.amounts().filter_map(|amount| sums.get(&i128::from(amount))).flatten();
        let mut near = groups.filter(|WholeDay { day, payouts }| {
            let (from, through) = (day.plus(-rules.before_days), day.plus(rules.after_days));
            let is_same = payouts.iter().all(|(_, it)| it.amount.currency == item.currency);
            is_same && (from..=through).contains(&item.day)
        });
        let (Some(WholeDay { payouts, .. }), None) = (near.next(), near.next()) else { continue };
        let mut shares: Vec<(&Expected, Share)> = payouts
            .iter()
            .map(|&(payout, it)| {
                let clue = Clue { payout, rule: Rule::WholeDay, place: Place::Amount };
                (it, Share::of_payout(clue, it))
            })
            .collect();
        shares.sort_by_key(|(it, _)| &it.key);
        let listed = shares.iter().take(CANDIDATES_MAX).map(|(_, share)| *share);
        item.ruling = Ruling::Proposed(listed.collect(), shares.len());
    }
}

/// How many payouts of one bucket are looked at: more of them are ambiguous anyway.
const SCAN_MAX: usize = 1_000;
