//! Hash tables of the names of payouts, and what of them a transaction names.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
};

use pagos_statement::{Text, Transaction};

use super::item::{Clue, Item};
use crate::{
    expected::Expected,
    fold,
    rule::{Place, Rule},
};

/// The names of payouts.
#[derive(Debug)]
pub(super) struct Index<'a> {
    expected: &'a [Expected],
    references: Names<'a>,
    keys: Names<'a>,
    tracking: Names<'a>,
    /// The hashes of keys of at least 8 characters in the capitals of banks; `None` for what two
    /// keys share. Whoever looks one up compares the key.
    folded: HashMap<u64, Option<u32>>,
    hasher: RandomState,
    batches: HashMap<&'a str, u32>,
    members: Vec<Vec<u32>>,
}

/// The payouts that have a name: nearly always one.
#[derive(Debug, Default)]
struct Names<'a> {
    first: HashMap<&'a str, u32>,
    others: HashMap<&'a str, Vec<u32>>,
}

impl<'a> Names<'a> {
    fn insert(&mut self, name: &'a str, number: u32) {
        let first = *self.first.entry(name).or_insert(number);
        if first != number {
            self.others.entry(name).or_default().push(number);
        }
    }

    fn get(&self, name: &str) -> impl Iterator<Item = u32> {
        let first = self.first.get(name).copied();
        let others = first.and_then(|_| self.others.get(name)).into_iter().flatten().copied();
        first.into_iter().chain(others)
    }
}

impl<'a> Index<'a> {
    pub(super) fn new(expected: &'a [Expected]) -> Self {
        let mut index = Self {
            expected,
            references: Names::default(),
            keys: Names::default(),
            tracking: Names::default(),
            folded: HashMap::new(),
            hasher: RandomState::new(),
            batches: HashMap::new(),
            members: Vec::new(),
        };
        for (it, number) in expected.iter().zip(0_u32..) {
            index.add(it, number);
        }
        index
    }

    fn add(&mut self, it: &'a Expected, number: u32) {
        self.keys.insert(it.key.as_str(), number);
        if let Some(reference) = &it.reference {
            self.references.insert(reference.as_str(), number);
        }
        if let Some(tracking) = &it.tracking {
            self.tracking.insert(tracking, number);
        }
        let folded = fold::folded(it.key.as_str());
        if folded.len() >= FOLDED_MIN && fold::is_telling(&folded) {
            let hash = self.hasher.hash_one(folded);
            self.folded.entry(hash).and_modify(|it| *it = None).or_insert(Some(number));
        }
        if let Some(batch) = &it.batch {
            let next = self.members.len();
            // At most as many batches as payouts, whose number is a u32.
            let at = *self.batches.entry(batch).or_insert(u32::try_from(next).unwrap_or(u32::MAX));
            if at as usize == next {
                self.members.push(Vec::new());
            }
            if let Some(members) = self.members.get_mut(at as usize) {
                members.push(number);
            }
        }
    }

    /// The members of a batch, by its number.
    pub(super) fn members(&self, batch: u32) -> &[u32] {
        self.members.get(batch as usize).map_or(&[], Vec::as_slice)
    }

    /// The payouts and the batch that a transaction names.
    pub(super) fn look_up(
        &self,
        transaction: &Transaction,
        item: &Item,
    ) -> (Vec<Clue>, Option<u32>) {
        let mut clues = Vec::new();
        let fields = fields(transaction);
        for &(place, text) in &fields {
            if place != Place::Text {
                self.field(text, place, item, &mut clues);
            }
            for piece in fold::pieces(text) {
                self.piece(piece, place, item, &mut clues);
            }
        }
        if clues.is_empty() {
            for &(place, text) in &fields {
                self.folded(text, place, &mut clues);
            }
        }
        // The strongest rule of each payout comes first.
        clues.sort();
        clues.dedup_by_key(|it| it.payout);
        let words = fields.iter().flat_map(|(_, text)| fold::pieces(text));
        let batch = match self.batches.is_empty() {
            true => None,
            false => words.into_iter().find_map(|it| self.batches.get(it).copied()),
        };
        (clues, batch)
    }

    /// A whole field. A short name that could be any number counts only together with the amount.
    fn field(&self, text: &str, place: Place, item: &Item, clues: &mut Vec<Clue>) {
        let is_distinct = fold::is_telling(text) || fold::is_long(text);
        self.name(text, place, clues, |payout| is_distinct || self.is_whole(payout, item));
    }

    /// A piece of a text: the whole of it, and each part of it that could be a key. A number counts
    /// only together with the amount, since texts contain those of accounts.
    fn piece(&self, piece: &str, place: Place, item: &Item, clues: &mut Vec<Clue>) {
        let parts = fold::keys(piece).filter(|part| *part != piece);
        for word in std::iter::once(piece).chain(parts) {
            let (is_telling, is_long) = (fold::is_telling(word), fold::is_long(word));
            if is_telling || is_long {
                self.name(word, place, clues, |it| is_telling || self.is_whole(it, item));
            }
        }
    }

    /// Every payout that has this name, if it counts.
    fn name(&self, name: &str, place: Place, clues: &mut Vec<Clue>, counts: impl Fn(u32) -> bool) {
        let tables = [
            (Rule::Reference, &self.references),
            (Rule::Key, &self.keys),
            (Rule::Tracking, &self.tracking),
        ];
        for (rule, table) in tables {
            let payouts = table.get(name).filter(|payout| counts(*payout));
            clues.extend(payouts.map(|payout| Clue { payout, rule, place }));
        }
    }

    fn is_whole(&self, payout: u32, item: &Item) -> bool {
        self.expected.get(payout as usize).is_some_and(|it| item.is_whole(it.amount))
    }

    /// The payout whose key is `name` in the capitals of banks; the inner `None` if there are two.
    fn folded_key(&self, name: &str) -> Option<Option<u32>> {
        let number = *self.folded.get(&self.hasher.hash_one(name))?;
        let it = number.and_then(|number| self.expected.get(number as usize));
        it.is_none_or(|it| fold::folded(it.key.as_str()) == name).then_some(number)
    }

    /// Keys in capitals, without punctuation or cut where it was: the longest that begins at each
    /// piece.
    fn folded(&self, text: &str, place: Place, clues: &mut Vec<Clue>) {
        let pieces: Vec<String> = fold::pieces(text).map(fold::folded).collect();
        let mut rest = pieces.as_slice();
        while !rest.is_empty() {
            let (mut name, mut found) = (String::new(), None);
            for (piece, length) in rest.iter().take(PIECES_MAX).zip(1_usize..) {
                name.push_str(piece);
                if let Some(number) = self.folded_key(&name) {
                    found = Some((length, number));
                }
            }
            let (length, number) = found.unwrap_or((1, None));
            let rule = Rule::FoldedKey;
            clues.extend(number.map(|payout| Clue { payout, rule, place }));
            rest = rest.get(length..).unwrap_or_default();
        }
    }
}

/// Every text of a transaction that can name something.
fn fields(transaction: &Transaction) -> Vec<(Place, &str)> {
    let bank = transaction.bank_reference.iter().map(|it| (Place::BankReference, it));
    let references = transaction.references.iter().map(|it| (Place::References, it));
    let tracking = transaction.tracking.iter().map(|it| (Place::Tracking, it));
    let text = std::iter::once((Place::Text, &transaction.text));
    let all = bank.chain(references).chain(tracking).chain(text);
    all.map(|(place, text)| (place, Text::as_str(text))).collect()
}

/// A shorter key in capitals could be any word.
const FOLDED_MIN: usize = 8;

/// In how many pieces a bank cuts a key at most.
const PIECES_MAX: usize = 6;
