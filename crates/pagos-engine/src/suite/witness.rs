//! The conformance suite of [`Witness`]: the promises of the trait as cases that any witness can
//! run. Durability, and what becomes of a witness that is lost, are tested by each witness.
//!
//! To run it, a witness's crate writes one function that makes an empty witness, opens it twice,
//! and runs a case on the two handles. The macro then makes one `#[test]` per case:
//!
//! ```
//! # use std::sync::Arc;
//! # use pagos_engine::{MemoryWitness, suite::witness::Case};
//! fn run(case: &Case) {
//!     let witness = Arc::new(MemoryWitness::new("w"));
//!     let played = (case.run)([witness.clone(), witness]);
//!     futures_util::future::FutureExt::now_or_never(played).expect("never waits");
//! }
//! pagos_engine::witness_suite!(run);
//! ```

use std::{collections::BTreeSet, fmt, future::Future, sync::Arc};

use futures_util::future::{BoxFuture, join, join_all};

use super::sample::{account, at, key};
use crate::{
    intent::Digest,
    witness::{Noted, Reading, SentAttempt, Witness, WitnessMark},
};

/// Two handles of one witness, as two processes have them. They may be the same one.
pub type Handles = [Arc<dyn Witness>; 2];

/// One promise of [`Witness`], as a test on an empty witness.
#[derive(Clone, Copy)]
pub struct Case {
    /// The promise, as a function name.
    pub name: &'static str,
    /// Panics if the promise is broken.
    pub run: fn(Handles) -> BoxFuture<'static, ()>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({})", self.name)
    }
}

/// All cases.
pub const CASES: &[Case] = crate::witness_suite!(@cases);

/// Runs every case on the handles of a fresh witness that `fresh` makes, and returns how many ran.
///
/// # Panics
/// At the first broken promise.
pub async fn run_all<F, Making>(fresh: F) -> usize
where
    F: Fn() -> Making,
    Making: Future<Output = Handles>,
{
    for case in CASES {
        (case.run)(fresh().await).await;
    }
    CASES.len()
}

/// The case with this name.
///
/// # Panics
/// If there is no such case.
pub fn case(name: &str) -> &'static Case {
    CASES.iter().find(|case| case.name == name).expect("a case of this name")
}

/// Defines one `#[test]` per case of a witness; each calls the given `fn(&Case)`.
#[macro_export]
macro_rules! witness_suite {
    (@cases) => { $crate::witness_suite!(@each cases ()) };
    (@cases () $($case:ident)+) => {
        &[$(Case { name: stringify!($case), run: |handles| Box::pin($case(handles)) },)+]
    };
    (@tests ($run:path) $($case:ident)+) => {
        $(
            #[test]
            fn $case() {
                $run($crate::suite::witness::case(stringify!($case)));
            }
        )+
    };
    (@each $mode:ident $extra:tt) => {
        $crate::witness_suite! { @$mode $extra
            an_empty_witness_has_nothing_and_an_end
            the_identity_is_the_same_in_every_handle
            an_attempt_is_new_once
            a_higher_number_of_a_known_key_is_new
            a_lower_number_is_known_by_the_highest
            several_keys_are_appended_together_and_answered_in_order
            one_attempt_twice_in_one_append_is_new_once
            two_numbers_of_one_key_in_one_append
            nothing_is_appended_for_nothing
            keys_that_differ_in_case_are_two_keys
            every_field_is_kept_word_for_word
            what_one_handle_appends_the_other_knows
            one_attempt_by_two_at_once_is_new_once
            many_at_once_are_all_kept
            attempts_are_read_in_the_order_of_appending
            a_witness_is_read_in_pages
            a_page_is_never_longer_than_its_limit
            a_mark_is_behind_everything_appended_before_it
            a_mark_is_read_by_every_handle
            reading_while_others_append_misses_nothing
            a_mark_that_nobody_made_is_unrecognised
        }
    };
    ($run:path) => { $crate::witness_suite! { @each tests ($run) } };
}

fn attempt(name: &str, number: u32) -> SentAttempt {
    SentAttempt {
        account: account("alpha"),
        key: key(name),
        number,
        digest: Some(Digest([7; 32])),
        first_at: at(0),
        at: at(i64::from(number)),
        epoch: 70 + u64::from(number),
    }
}

async fn append(witness: &Arc<dyn Witness>, attempts: &[SentAttempt]) -> Vec<Noted> {
    witness.append(attempts).await.unwrap()
}

async fn page(
    witness: &Arc<dyn Witness>,
    after: Option<&WitnessMark>,
    limit: usize,
) -> (Vec<SentAttempt>, WitnessMark) {
    match witness.read(after, limit).await.unwrap() {
        Reading::Attempts { attempts, next } => (attempts, next),
        Reading::Unrecognised => panic!("an unrecognised mark: {after:?}"),
    }
}

/// Everything after the mark, read in pages of `limit`.
async fn read(
    witness: &Arc<dyn Witness>,
    after: Option<WitnessMark>,
    limit: usize,
) -> Vec<SentAttempt> {
    let (mut all, mut after) = (Vec::new(), after);
    loop {
        let (attempts, next) = page(witness, after.as_ref(), limit).await;
        if attempts.is_empty() {
            return all;
        }
        all.extend(attempts);
        after = Some(next);
    }
}

async fn an_empty_witness_has_nothing_and_an_end([witness, _]: Handles) {
    assert_eq!(read(&witness, None, 10).await, []);
    let end = witness.mark().await.unwrap();
    assert_eq!(read(&witness, Some(end), 10).await, []);
}

async fn the_identity_is_the_same_in_every_handle([one, other]: Handles) {
    assert!(!one.identity().is_empty());
    assert_eq!(one.identity(), other.identity());
}

async fn an_attempt_is_new_once([witness, _]: Handles) {
    let first = attempt("a", 1);
    assert_eq!(append(&witness, std::slice::from_ref(&first)).await, [Noted::New]);
    let later = SentAttempt { at: at(99), ..first.clone() };
    assert_eq!(append(&witness, &[later]).await, [Noted::Known(first.clone())]);
    assert_eq!(read(&witness, None, 10).await, [first]);
}

async fn a_higher_number_of_a_known_key_is_new([witness, _]: Handles) {
    for number in [1, 2, 5] {
        assert_eq!(append(&witness, &[attempt("a", number)]).await, [Noted::New]);
    }
    assert_eq!(read(&witness, None, 10).await.len(), 3);
}

async fn a_lower_number_is_known_by_the_highest([witness, _]: Handles) {
    append(&witness, &[attempt("a", 1)]).await;
    append(&witness, &[attempt("a", 4)]).await;
    for number in 1..=4 {
        let noted = append(&witness, &[attempt("a", number)]).await;
        assert_eq!(noted, [Noted::Known(attempt("a", 4))], "{number}");
    }
    assert_eq!(append(&witness, &[attempt("a", 5)]).await, [Noted::New]);
}

async fn several_keys_are_appended_together_and_answered_in_order([witness, _]: Handles) {
    append(&witness, &[attempt("b", 1), attempt("d", 2)]).await;
    let attempts = [attempt("a", 1), attempt("b", 1), attempt("c", 3), attempt("d", 3)];
    let noted = append(&witness, &attempts).await;
    let known = Noted::Known(attempt("b", 1));
    assert_eq!(noted, [Noted::New, known, Noted::New, Noted::New]);
}

async fn one_attempt_twice_in_one_append_is_new_once([witness, _]: Handles) {
    let noted = append(&witness, &[attempt("a", 1), attempt("b", 1), attempt("a", 1)]).await;
    assert_eq!(noted, [Noted::New, Noted::New, Noted::Known(attempt("a", 1))]);
    assert_eq!(read(&witness, None, 10).await, [attempt("a", 1), attempt("b", 1)]);
}

async fn two_numbers_of_one_key_in_one_append([witness, _]: Handles) {
    let noted = append(&witness, &[attempt("a", 2), attempt("a", 1), attempt("a", 3)]).await;
    assert_eq!(noted, [Noted::New, Noted::Known(attempt("a", 2)), Noted::New]);
    assert_eq!(read(&witness, None, 10).await, [attempt("a", 2), attempt("a", 3)]);
}

async fn nothing_is_appended_for_nothing([witness, _]: Handles) {
    assert_eq!(append(&witness, &[]).await, []);
    assert_eq!(read(&witness, None, 10).await, []);
}

async fn keys_that_differ_in_case_are_two_keys([witness, _]: Handles) {
    let noted = append(&witness, &[attempt("nomina-1", 1), attempt("NOMINA-1", 1)]).await;
    assert_eq!(noted, [Noted::New, Noted::New]);
    let noted = append(&witness, &[attempt("NOMINA-1", 1)]).await;
    assert_eq!(noted, [Noted::Known(attempt("NOMINA-1", 1))]);
}

async fn every_field_is_kept_word_for_word([witness, other]: Handles) {
    let whole = SentAttempt {
        account: account("beta"),
        key: key("nomina-2026-11_0a"),
        number: u32::MAX,
        digest: Some(Digest(std::array::from_fn(|index| u8::try_from(index * 7).unwrap()))),
        first_at: at(-1_700_000_000_001),
        at: at(123_456),
        epoch: 1 << 62,
    };
    let bare = SentAttempt { key: key("b"), digest: None, ..whole.clone() };
    append(&witness, &[whole.clone(), bare.clone()]).await;
    assert_eq!(read(&other, None, 10).await, [whole.clone(), bare.clone()]);
    let known = append(&other, &[whole.clone(), bare.clone()]).await;
    assert_eq!(known, [Noted::Known(whole), Noted::Known(bare)]);
}

async fn what_one_handle_appends_the_other_knows([one, other]: Handles) {
    assert_eq!(append(&one, &[attempt("a", 1)]).await, [Noted::New]);
    assert_eq!(append(&other, &[attempt("a", 1)]).await, [Noted::Known(attempt("a", 1))]);
    assert_eq!(append(&other, &[attempt("a", 2)]).await, [Noted::New]);
    assert_eq!(append(&one, &[attempt("a", 2)]).await, [Noted::Known(attempt("a", 2))]);
    for witness in [one, other] {
        assert_eq!(read(&witness, None, 10).await, [attempt("a", 1), attempt("a", 2)]);
    }
}

async fn one_attempt_by_two_at_once_is_new_once([one, other]: Handles) {
    for round in 0..20 {
        let attempts = [attempt(&format!("k{round}"), 1)];
        let (first, second) = join(append(&one, &attempts), append(&other, &attempts)).await;
        let noted = [first, second].concat();
        assert_eq!(noted.iter().filter(|it| **it == Noted::New).count(), 1, "{noted:?}");
    }
    assert_eq!(read(&one, None, 100).await.len(), 20);
}

async fn many_at_once_are_all_kept([one, other]: Handles) {
    let of = |number: usize| [attempt(&format!("k{number}"), 1), attempt(&format!("k{number}"), 2)];
    let appending = (0..50).map(|number| {
        let witness = if number % 2 == 0 { &one } else { &other };
        async move { append(witness, &of(number)).await }
    });
    for noted in join_all(appending).await {
        assert_eq!(noted, [Noted::New, Noted::New]);
    }
    let all = read(&other, None, 7).await;
    let keys: BTreeSet<_> = all.iter().map(|it| (it.key.clone(), it.number)).collect();
    assert_eq!((all.len(), keys.len()), (100, 100));
    for number in 0..50 {
        let own = all.iter().filter(|it| it.key.as_str() == format!("k{number}"));
        assert_eq!(own.map(|it| it.number).collect::<Vec<_>>(), [1, 2]);
    }
}

async fn attempts_are_read_in_the_order_of_appending([one, other]: Handles) {
    let names = ["z", "b", "a", "y", "c"];
    for (turn, name) in names.into_iter().enumerate() {
        append(if turn % 2 == 0 { &one } else { &other }, &[attempt(name, 1)]).await;
    }
    let read = read(&one, None, 10).await;
    assert_eq!(read.iter().map(|it| it.key.as_str()).collect::<Vec<_>>(), names);
}

async fn a_witness_is_read_in_pages([witness, _]: Handles) {
    let all: Vec<_> = (0..25).map(|number| attempt(&format!("k{number:02}"), 1)).collect();
    append(&witness, &all).await;
    for limit in [1, 2, 24, 25, 26, 1_000] {
        assert_eq!(read(&witness, None, limit).await, all, "{limit}");
    }
}

async fn a_page_is_never_longer_than_its_limit([witness, _]: Handles) {
    append(&witness, &[attempt("a", 1), attempt("b", 1), attempt("c", 1)]).await;
    let (first, next) = page(&witness, None, 2).await;
    assert_eq!(first, [attempt("a", 1), attempt("b", 1)]);
    let (rest, end) = page(&witness, Some(&next), 2).await;
    assert_eq!(rest, [attempt("c", 1)]);
    assert_eq!(page(&witness, Some(&end), 2).await.0, []);
    // A place stays valid whatever is appended behind it.
    append(&witness, &[attempt("d", 1)]).await;
    assert_eq!(page(&witness, Some(&next), 2).await.0, [attempt("c", 1), attempt("d", 1)]);
    assert_eq!(page(&witness, Some(&end), 2).await.0, [attempt("d", 1)]);
}

async fn a_mark_is_behind_everything_appended_before_it([witness, _]: Handles) {
    let beginning = witness.mark().await.unwrap();
    append(&witness, &[attempt("a", 1)]).await;
    let middle = witness.mark().await.unwrap();
    append(&witness, &[attempt("b", 1), attempt("a", 1)]).await;
    let end = witness.mark().await.unwrap();
    let both = [attempt("a", 1), attempt("b", 1)];
    assert_eq!(read(&witness, Some(beginning), 10).await, both);
    assert_eq!(read(&witness, Some(middle), 10).await, both[1..]);
    assert_eq!(read(&witness, Some(end), 10).await, []);
}

async fn a_mark_is_read_by_every_handle([one, other]: Handles) {
    append(&one, &[attempt("a", 1)]).await;
    let mark = other.mark().await.unwrap();
    append(&other, &[attempt("b", 1)]).await;
    for witness in [&one, &other] {
        assert_eq!(read(witness, Some(mark.clone()), 10).await, [attempt("b", 1)]);
    }
}

/// A page that ends while an earlier append is not visible yet would miss it for ever.
async fn reading_while_others_append_misses_nothing([one, other]: Handles) {
    let (mut seen, mut after) = (Vec::new(), None);
    for round in 0..30 {
        let (left, right) =
            ([attempt(&format!("l{round}"), 1)], [attempt(&format!("r{round}"), 1)]);
        let appending = join(append(&one, &left), append(&other, &right));
        let ((attempts, next), _) = join(page(&other, after.as_ref(), 5), appending).await;
        seen.extend(attempts);
        after = Some(next);
    }
    seen.extend(read(&one, after, 5).await);
    let keys: BTreeSet<_> = seen.iter().map(|it| it.key.clone()).collect();
    assert_eq!((seen.len(), keys.len()), (60, 60));
}

async fn a_mark_that_nobody_made_is_unrecognised([witness, _]: Handles) {
    append(&witness, &[attempt("a", 1)]).await;
    for text in ["", "x", "-1", "99999999999999999999999", "4096:0123456789abcdef", "ñ:"] {
        let mark = WitnessMark(text.to_owned());
        let reading = witness.read(Some(&mark), 10).await.unwrap();
        assert_eq!(reading, Reading::Unrecognised, "{text:?}");
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::witness::MemoryWitness;

    fn run(case: &Case) {
        (case.run)(handles()).now_or_never().expect("memory never waits");
    }

    fn handles() -> Handles {
        let witness = Arc::new(MemoryWitness::new("w"));
        [witness.clone(), witness]
    }

    crate::witness_suite!(run);

    #[test]
    fn all_cases_run_by_one_call() {
        let ran = run_all(async || handles()).now_or_never().expect("memory never waits");
        assert_eq!(ran, CASES.len());
    }
}
