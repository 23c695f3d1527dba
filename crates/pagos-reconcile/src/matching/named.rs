//! Decides about transactions that name payouts or a run.
//!
//! Whoever is named gets the money, with two limits. If the whole amount of a payout is booked, a
//! transaction of another amount that names it too is a proposal: it may be the fee. And a
//! transaction that names several payouts is theirs only if it is their sum.

use std::collections::HashMap;

use pagos_statement::{Kind, Side};

use super::{
    CANDIDATES_MAX,
    index::Index,
    item::{Clue, Item, Ruling, Share},
};
use crate::{
    expected::{Belief, Expected},
    rule::{Place, Rule, Rules},
};

/// One transaction that names one payout.
struct Claim {
    payout: u32,
    item: usize,
    share: Share,
    is_whole: bool,
}

/// Rules about every item that names something. Returns for each payout whether it was matched.
pub(super) fn decide(
    expected: &[Expected],
    rules: &Rules,
    index: &Index<'_>,
    items: &mut [Item],
) -> Vec<bool> {
    let mut claims = Vec::new();
    for (number, item) in items.iter_mut().enumerate() {
        let judged = judge(expected, rules, item);
        item.clues = Vec::new();
        match judged {
            Judged::Nothing => {}
            Judged::Ruled(ruling) => item.ruling = ruling,
            Judged::Claims(shares) => {
                claims.extend(shares.into_iter().filter_map(|share| {
                    let it = of(expected, share.clue)?;
                    let is_whole = share.minor == it.amount.minor;
                    Some(Claim { payout: share.clue.payout, item: number, share, is_whole })
                }));
            }
        }
    }
    claims.sort_by_key(|it| (it.payout, it.item));
    let mut is_taken = vec![false; expected.len()];
    for of_payout in claims.chunk_by(|a, b| a.payout == b.payout) {
        settle(expected, of_payout, items, &mut is_taken);
    }
    batches(expected, index, items, &mut is_taken);
    is_taken
}

enum Judged {
    Nothing,
    Ruled(Ruling),
    Claims(Vec<Share>),
}

fn of(expected: &[Expected], clue: Clue) -> Option<&Expected> {
    expected.get(clue.payout as usize)
}

fn judge(expected: &[Expected], rules: &Rules, item: &Item) -> Judged {
    let whole = |clue: &Clue| of(expected, *clue).is_some_and(|it| item.is_whole(it.amount));
    let is_transfer = matches!(item.kind, Kind::Transfer | Kind::Return);
    // "Pago de comisiones" is a payout, whatever a bank's export makes of that word.
    if !is_transfer && !item.clues.iter().any(whole) {
        return match is_charge(rules, item) {
            true => Judged::Ruled(Ruling::Explained),
            false => Judged::Nothing,
        };
    }
    let is_possible = |clue: &Clue| {
        of(expected, *clue).is_some_and(|it| {
            it.amount.currency == item.currency && item.day >= it.begins().plus(-rules.before_days)
        })
    };
    let named: Vec<Clue> = item.clues.iter().copied().filter(is_possible).collect();
    match named.as_slice() {
        [] if item.clues.is_empty() => Judged::Nothing,
        [] => propose(expected, item, &item.clues),
        [one] => {
            let Some(it) = of(expected, *one) else { return Judged::Nothing };
            let share = Share::whole(item, *one, it);
            let is_doubtful = match item.side {
                Side::Debit => one.rule == Rule::FoldedKey && share.minor != it.amount.minor,
                Side::Credit => share.minor > it.amount.minor,
            };
            match is_doubtful {
                true => propose(expected, item, &named),
                false => Judged::Claims(vec![share]),
            }
        }
        several => {
            let payouts = several.iter().filter_map(|clue| Some((*clue, of(expected, *clue)?)));
            let shares: Vec<Share> = payouts.map(|(clue, it)| Share::of_payout(clue, it)).collect();
            match item.is_sum(shares.iter().map(|it| i128::from(it.minor)).sum()) {
                true => Judged::Claims(shares),
                false => propose(expected, item, several),
            }
        }
    }
}

/// Whether it is believed to be what its kind says: nobody is paid by a fee, and a large one is worth a
/// look.
fn is_charge(rules: &Rules, item: &Item) -> bool {
    match (item.kind, item.side) {
        (Kind::Interest, _) => true,
        (_, Side::Credit) => false,
        (_, Side::Debit) => rules.fee_max.is_none_or(|most| item.gross <= most),
    }
}

fn propose(expected: &[Expected], item: &Item, clues: &[Clue]) -> Judged {
    let payouts = clues.iter().filter_map(|clue| Some((*clue, of(expected, *clue)?)));
    let mut shares: Vec<Share> = payouts.map(|(clue, it)| Share::whole(item, clue, it)).collect();
    shares.sort_by_key(|it| of(expected, it.clue).map(|it| &it.key));
    let count = shares.len();
    shares.truncate(CANDIDATES_MAX);
    Judged::Ruled(Ruling::Proposed(shares, count))
}

/// Rules about everything that names one payout.
fn settle(expected: &[Expected], claims: &[Claim], items: &mut [Item], is_taken: &mut [bool]) {
    let Some((payout, it)) =
        claims.first().and_then(|it| Some((it.payout, expected.get(it.payout as usize)?)))
    else {
        return;
    };
    let sides: Vec<Side> =
        claims.iter().filter_map(|it| items.get(it.item)).map(|it| it.side).collect();
    let debits = claims.iter().zip(&sides).filter(|(_, side)| **side == Side::Debit);
    let debits: Vec<&Claim> = debits.map(|(claim, _)| claim).collect();
    let sum: i128 = debits.iter().map(|it| i128::from(it.share.minor)).sum();
    let is_booked = it.booked.paid > 0;
    let has_whole = debits.iter().any(|it| it.is_whole);
    let fits = i128::from(it.booked.paid) + sum <= i128::from(it.amount.minor);
    for (claim, side) in claims.iter().zip(&sides) {
        let is_match = match side {
            Side::Credit => true,
            Side::Debit => claim.is_whole || fits || !(has_whole || is_booked),
        };
        let Some(item) = items.get_mut(claim.item) else { continue };
        match (&mut item.ruling, is_match) {
            (Ruling::Matched(shares), true) => shares.push(claim.share),
            (ruling, true) => *ruling = Ruling::Matched(vec![claim.share]),
            (ruling, false) => *ruling = Ruling::Proposed(vec![claim.share], 1),
        }
        if let Some(taken) = is_taken.get_mut(payout as usize) {
            *taken |= is_match && *side == Side::Debit;
        }
    }
}

/// Rules about transactions that name a run and no payout.
fn batches(expected: &[Expected], index: &Index<'_>, items: &mut [Item], is_taken: &mut [bool]) {
    let mut named: HashMap<u32, Vec<usize>> = HashMap::new();
    for (number, item) in items.iter().enumerate() {
        let is_open = matches!(item.ruling, Ruling::Open) && item.side == Side::Debit;
        if let Some(batch) = item.batch.filter(|_| is_open) {
            named.entry(batch).or_default().push(number);
        }
    }
    for (batch, numbers) in named {
        let members = index.members(batch).iter().copied();
        let open = members.filter(|it| !is_taken.get(*it as usize).is_some_and(|taken| *taken));
        let open = open.filter_map(|payout| Some((payout, expected.get(payout as usize)?)));
        let open = open.filter(|(_, it)| may_be_paid(it) && it.booked.lines == 0);
        let clue = |payout| Clue { payout, rule: Rule::Batch, place: Place::References };
        let mut shares: Vec<(&Expected, Share)> =
            open.map(|(payout, it)| (it, Share::of_payout(clue(payout), it))).collect();
        shares.sort_by_key(|(it, _)| &it.key);
        let sum: i128 = shares.iter().map(|(_, it)| i128::from(it.minor)).sum();
        let is_only = numbers.len() == 1;
        for number in numbers {
            let Some(item) = items.get_mut(number).filter(|_| !shares.is_empty()) else { continue };
            let is_same = shares.iter().all(|(it, _)| it.amount.currency == item.currency);
            let mut found: Vec<Share> = shares.iter().map(|(_, share)| *share).collect();
            if is_only && is_same && item.is_sum(sum) {
                for share in &found {
                    if let Some(taken) = is_taken.get_mut(share.clue.payout as usize) {
                        *taken = true;
                    }
                }
                item.ruling = Ruling::Matched(found);
            } else {
                let count = found.len();
                found.truncate(CANDIDATES_MAX);
                item.ruling = Ruling::Proposed(found, count);
            }
        }
    }
}

/// Whether Pagos itself thinks that money left for it.
pub(super) fn may_be_paid(it: &Expected) -> bool {
    match it.belief() {
        Belief::Paid | Belief::UnderWay | Belief::CameBack => true,
        Belief::NotPaid | Belief::NotSent => false,
    }
}
