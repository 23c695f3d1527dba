//! Cases about the lines of statements and their matches.

use std::sync::Arc;

use pagos_core::{BookName, Currency, Day, Money};

use super::sample::key;
use crate::{
    books::{BookLine, LineFilter, LineMatch, LineState, LineStep},
    store::Store,
};

const BOOK: &str = "bank-1";

fn book(name: &str) -> BookName {
    BookName::new(name).unwrap()
}

fn day(day: i8) -> Day {
    Day::new(2026, 2, day).unwrap()
}

fn line(of: &str, id: &str, on: i8) -> BookLine {
    BookLine {
        book: book(of),
        id: id.to_owned(),
        day: day(on),
        change: Money::new(-15_000_000, Currency::Cop),
        state: LineState::Open,
        body: format!(r#"{{"text":"pago ñ \"{id}\""}}"#),
        version: 1,
    }
}

fn match_of(line: &BookLine, name: &str, minor: i64) -> LineMatch {
    LineMatch {
        book: line.book.clone(),
        line: line.id.clone(),
        key: key(name),
        change: Money::new(minor, line.change.currency),
        body: format!(r#"{{"rule":"ñ","of":"{name}"}}"#),
    }
}

/// A step that matches a line with payouts.
fn matched(line: &BookLine, names: &[&str]) -> LineStep {
    let matches = names.iter().map(|name| match_of(line, name, -1)).collect();
    LineStep { line: BookLine { state: LineState::Matched, ..line.clone() }, matches }
}

fn all(of: &str) -> LineFilter {
    LineFilter { book: book(of), state: None, from: Day::MIN, through: Day::MAX }
}

async fn stored(store: &dyn Store, line: &BookLine) -> BookLine {
    store.line(&line.book, &line.id).await.unwrap().expect("a stored line")
}

async fn ids(store: &dyn Store, filter: &LineFilter) -> Vec<String> {
    let lines = store.lines(filter, None, 100).await.unwrap();
    lines.into_iter().map(|line| line.id).collect()
}

pub(super) async fn a_line_is_kept_word_for_word(store: Arc<dyn Store>) {
    for (number, state) in LineState::ALL.into_iter().enumerate() {
        let mut kept = line(BOOK, &format!("!~{number}"), 1);
        kept.state = state;
        kept.change = Money::new([i64::MIN, i64::MAX, 0, -1][number], Currency::Mxn);
        kept.day = [Day::MIN, Day::MAX, day(1), day(28)][number];
        assert_eq!(store.line(&kept.book, &kept.id).await.unwrap(), None);
        // The store gives the version.
        let given = BookLine { version: 9, ..kept.clone() };
        assert_eq!(store.add_lines(vec![given]).await.unwrap(), [true]);
        assert_eq!(stored(&*store, &kept).await, kept);
    }
    assert_eq!(ids(&*store, &all(BOOK)).await, ["!~0", "!~2", "!~3", "!~1"]);
}

pub(super) async fn a_line_that_is_known_stays_as_it_is(store: Arc<dyn Store>) {
    let (one, other) = (line(BOOK, "a", 1), line(BOOK, "b", 1));
    assert_eq!(store.add_lines(vec![one.clone()]).await.unwrap(), [true]);
    assert_eq!(store.write_lines(vec![matched(&one, &["k1"])]).await.unwrap(), [true]);
    let written = stored(&*store, &one).await;
    let changed = BookLine { body: "{}".to_owned(), ..line(BOOK, "a", 2) };
    let lines = vec![changed, other.clone(), line(BOOK, "b", 3)];
    // Of two with one id, the first is new.
    assert_eq!(store.add_lines(lines).await.unwrap(), [false, true, false]);
    assert_eq!(stored(&*store, &one).await, written);
    assert_eq!(stored(&*store, &other).await, other);
    assert_eq!(store.matches_of_line(&one.book, "a").await.unwrap().len(), 1);
    assert!(store.add_lines(Vec::new()).await.unwrap().is_empty());
}

pub(super) async fn equal_ids_in_two_books_are_two_lines(store: Arc<dyn Store>) {
    let (one, other) = (line("bank-1", "a", 1), line("bank-2", "a", 2));
    let lines = vec![one.clone(), other.clone()];
    assert_eq!(store.add_lines(lines).await.unwrap(), [true, true]);
    assert_eq!(store.write_lines(vec![matched(&other, &["k1"])]).await.unwrap(), [true]);
    assert_eq!(stored(&*store, &one).await, one);
    assert_eq!(stored(&*store, &other).await.state, LineState::Matched);
    assert_eq!(store.matches_of_line(&one.book, "a").await.unwrap(), []);
    assert_eq!(store.matches_of_line(&other.book, "a").await.unwrap().len(), 1);
    assert_eq!(store.lines(&all("bank-1"), None, 9).await.unwrap(), [one]);
    assert_eq!(ids(&*store, &all("bank-3")).await, [""; 0]);
}

pub(super) async fn an_id_is_1_to_64_visible_characters(store: Arc<dyn Store>) {
    let long = "x".repeat(64);
    assert_eq!(store.add_lines(vec![line(BOOK, &long, 1)]).await.unwrap(), [true]);
    for id in ["", "a b", "ñ", "a\n", &"x".repeat(65)] {
        let lines = vec![line(BOOK, "good", 1), line(BOOK, id, 1)];
        assert!(store.add_lines(lines).await.is_err(), "{id:?}");
    }
    assert_eq!(ids(&*store, &all(BOOK)).await, [long]);
}

pub(super) async fn lines_are_listed_by_day_and_id(store: Arc<dyn Store>) {
    let places = [("b", 2), ("a", 3), ("Z", 2), ("c", 1), ("a2", 2), ("A", 3)];
    store.add_lines(places.map(|(id, on)| line(BOOK, id, on)).into()).await.unwrap();
    store.add_lines(vec![line("bank-2", "x", 2)]).await.unwrap();
    assert_eq!(ids(&*store, &all(BOOK)).await, ["c", "Z", "a2", "b", "A", "a"]);
    let after = async |filter: LineFilter, place: (Day, &str), limit| {
        let lines = store.lines(&filter, Some(place), limit).await.unwrap();
        lines.into_iter().map(|line| line.id).collect::<Vec<_>>()
    };
    assert_eq!(after(all(BOOK), (day(2), "Z"), 2).await, ["a2", "b"]);
    assert_eq!(after(all(BOOK), (day(2), "zz"), 9).await, ["A", "a"]);
    assert_eq!(after(all(BOOK), (day(1), ""), 1).await, ["c"]);
    assert_eq!(after(all(BOOK), (day(3), "a"), 9).await, [""; 0]);
    assert_eq!(after(all(BOOK), (day(1), ""), 0).await, [""; 0]);
    // A place before the first day of the filter, or after its last.
    let from = LineFilter { from: day(3), ..all(BOOK) };
    assert_eq!(after(from, (day(1), "z"), 9).await, ["A", "a"]);
    let through = LineFilter { through: day(1), ..all(BOOK) };
    assert_eq!(after(through, (day(2), "a"), 9).await, [""; 0]);
}

pub(super) async fn lines_are_filtered_by_state_and_days(store: Arc<dyn Store>) {
    let states = LineState::ALL;
    let lines = states.iter().flat_map(|state| {
        (1..=4).map(|on| BookLine {
            state: *state,
            ..line(BOOK, &format!("{}{on}", state.word()), on)
        })
    });
    store.add_lines(lines.collect()).await.unwrap();
    for (state, from, through) in states
        .into_iter()
        .map(Some)
        .chain([None])
        .flat_map(|state| (1..=4).flat_map(move |a| (1..=4).map(move |b| (state, a, b))))
    {
        let filter = LineFilter { book: book(BOOK), state, from: day(from), through: day(through) };
        let mut expected = Vec::new();
        for on in from..=through {
            let mut words: Vec<_> = states.iter().map(|state| state.word()).collect();
            words.sort_unstable();
            let wanted = words.iter().filter(|word| state.is_none_or(|it| it.word() == **word));
            expected.extend(wanted.map(|word| format!("{word}{on}")));
        }
        assert_eq!(ids(&*store, &filter).await, expected, "{filter:?}");
    }
}

pub(super) async fn many_lines_are_read_in_pages(store: Arc<dyn Store>) {
    let id = |number: u32| format!("{:08x}", number.wrapping_mul(0x9e37_79b1));
    let lines = (0..10_000_u32).map(|number| line(BOOK, &id(number), 1 + (number % 9) as i8));
    let lines: Vec<BookLine> = lines.collect();
    for batch in lines.chunks(1_000) {
        assert_eq!(store.add_lines(batch.to_vec()).await.unwrap(), [true; 1_000]);
    }
    assert_eq!(store.add_lines(lines[500..1_500].to_vec()).await.unwrap(), [false; 1_000]);
    for batch in lines.chunks(1_000).take(9) {
        let steps = batch.iter().map(|line| matched(line, &[&format!("k{}", line.id)]));
        assert_eq!(store.write_lines(steps.collect()).await.unwrap(), [true; 1_000]);
    }
    let mut expected: Vec<_> = lines.into_iter().map(|line| (line.day, line.id)).collect();
    for (state, count) in
        [(None, 10_000), (Some(LineState::Matched), 9_000), (Some(LineState::Open), 1_000)]
    {
        let filter = LineFilter { state, ..all(BOOK) };
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let place = after.as_ref().map(|(day, id): &(Day, String)| (*day, id.as_str()));
            let page = store.lines(&filter, place, 999).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.day, last.id.clone()));
            read.extend(page.into_iter().map(|line| (line.day, line.id)));
        }
        assert_eq!(read.len(), count, "{state:?}");
        assert!(read.is_sorted(), "{state:?}");
        if state.is_none() {
            expected.sort();
            assert_eq!(read, expected);
        }
    }
}

pub(super) async fn a_line_is_written_over_the_version_that_was_read(store: Arc<dyn Store>) {
    let lines = ["a", "b", "c"].map(|id| line(BOOK, id, 1));
    store.add_lines(lines.to_vec()).await.unwrap();
    let [a, b, c] = &lines;
    assert_eq!(store.write_lines(vec![matched(b, &["k1", "k2"])]).await.unwrap(), [true]);
    let written = stored(&*store, b).await;
    assert_eq!((written.version, written.state), (2, LineState::Matched));
    let before = store.matches_of_line(&b.book, "b").await.unwrap();

    // The stale one and the missing one change nothing; the others of the batch are written.
    let missing = line(BOOK, "d", 1);
    let newer = BookLine { version: 3, ..c.clone() };
    let explained = BookLine { state: LineState::Explained, body: "1".to_owned(), ..a.clone() };
    let steps = vec![
        matched(b, &["k3"]),
        LineStep { line: explained.clone(), matches: Vec::new() },
        matched(&missing, &["k4"]),
        matched(&newer, &["k5"]),
    ];
    assert_eq!(store.write_lines(steps).await.unwrap(), [false, true, false, false]);
    assert_eq!(stored(&*store, b).await, written);
    assert_eq!(store.matches_of_line(&b.book, "b").await.unwrap(), before);
    assert_eq!(stored(&*store, a).await, BookLine { version: 2, ..explained });
    assert_eq!(stored(&*store, c).await, *c);
    assert_eq!(store.line(&missing.book, "d").await.unwrap(), None);
    let keys = ["k3", "k4", "k5"].map(key);
    assert_eq!(store.matches(&keys).await.unwrap(), []);
}

pub(super) async fn a_line_by_two_at_once_is_written_by_one(store: Arc<dyn Store>) {
    let (one, other) = (line(BOOK, "a", 1), line(BOOK, "b", 1));
    store.add_lines(vec![one.clone(), other.clone()]).await.unwrap();
    let first = store.write_lines(vec![matched(&one, &["k1"]), matched(&other, &["k1"])]);
    let second = store.write_lines(vec![matched(&other, &["k2"]), matched(&one, &["k2"])]);
    let (first, second) = futures_util::future::join(first, second).await;
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first[0], !second[1]);
    assert_eq!(first[1], !second[0]);
    for (line, by_first) in [(&one, first[0]), (&other, first[1])] {
        let name = if by_first { "k1" } else { "k2" };
        let found = store.matches_of_line(&line.book, &line.id).await.unwrap();
        assert_eq!(found, [match_of(line, name, -1)]);
    }
}

pub(super) async fn a_write_changes_neither_day_nor_amount(store: Arc<dyn Store>) {
    let kept = line(BOOK, "a", 1);
    store.add_lines(vec![kept.clone()]).await.unwrap();
    let moved = BookLine {
        day: day(2),
        change: Money::new(7, Currency::Clp),
        state: LineState::Proposed,
        body: "{}".to_owned(),
        ..kept.clone()
    };
    let step = LineStep { line: moved.clone(), matches: Vec::new() };
    assert_eq!(store.write_lines(vec![step]).await.unwrap(), [true]);
    let expected = BookLine { day: kept.day, change: kept.change, version: 2, ..moved };
    assert_eq!(stored(&*store, &kept).await, expected);
    let first_day = LineFilter { through: day(1), ..all(BOOK) };
    assert_eq!(store.lines(&first_day, None, 9).await.unwrap(), [expected]);
}

pub(super) async fn the_matches_of_a_line_are_replaced(store: Arc<dyn Store>) {
    let (one, other) = (line(BOOK, "a", 1), line(BOOK, "b", 1));
    store.add_lines(vec![one.clone(), other.clone()]).await.unwrap();
    let first = LineStep {
        line: BookLine { state: LineState::Matched, ..one.clone() },
        matches: ["k3", "k1", "k2"].map(|name| match_of(&one, name, -5)).into(),
    };
    assert_eq!(store.write_lines(vec![first, matched(&other, &["k1"])]).await.unwrap(), [true; 2]);
    let found = store.matches_of_line(&one.book, "a").await.unwrap();
    assert_eq!(found, ["k1", "k2", "k3"].map(|name| match_of(&one, name, -5)));

    let line = BookLine { version: 2, ..one.clone() };
    let matches = vec![match_of(&one, "k4", i64::MAX), match_of(&one, "k2", i64::MIN)];
    let again = LineStep { line, matches };
    assert_eq!(store.write_lines(vec![again]).await.unwrap(), [true]);
    let found = store.matches_of_line(&one.book, "a").await.unwrap();
    assert_eq!(found, [match_of(&one, "k2", i64::MIN), match_of(&one, "k4", i64::MAX)]);

    let none = LineStep { line: BookLine { version: 3, ..one.clone() }, matches: Vec::new() };
    assert_eq!(store.write_lines(vec![none]).await.unwrap(), [true]);
    assert_eq!(store.matches_of_line(&one.book, "a").await.unwrap(), []);
    assert_eq!(store.matches_of_line(&one.book, "b").await.unwrap().len(), 1);
}

pub(super) async fn matches_are_found_by_their_payouts(store: Arc<dyn Store>) {
    let lines = [line(BOOK, "a", 1), line(BOOK, "b", 2), line("bank-2", "a", 1)];
    store.add_lines(lines.to_vec()).await.unwrap();
    let [a, b, there] = &lines;
    let steps = vec![matched(a, &["k1", "k2"]), matched(b, &["k1"]), matched(there, &["k1", "k3"])];
    assert_eq!(store.write_lines(steps).await.unwrap(), [true; 3]);
    let found = async |names: &[&str]| {
        let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
        let mut found = store.matches(&keys).await.unwrap();
        found.sort_by_key(|it| (it.key.clone(), it.book.clone(), it.line.clone()));
        found
    };
    let of_k1 = [match_of(a, "k1", -1), match_of(b, "k1", -1), match_of(there, "k1", -1)];
    assert_eq!(found(&["k1"]).await, of_k1);
    assert_eq!(found(&["k1", "k1", "k9"]).await, of_k1);
    assert_eq!(found(&["k3", "k2"]).await, [match_of(a, "k2", -1), match_of(there, "k3", -1)]);
    assert_eq!(found(&[]).await, []);
}

pub(super) async fn a_write_that_contradicts_itself_is_refused(store: Arc<dyn Store>) {
    let (one, other) = (line(BOOK, "a", 1), line(BOOK, "b", 1));
    store.add_lines(vec![one.clone(), other.clone()]).await.unwrap();
    let good = || matched(&other, &["k1"]);
    let twice = vec![good(), matched(&one, &["k1"]), matched(&one, &["k2"])];
    let same_payout = vec![good(), matched(&one, &["k1", "k1"])];
    let mut elsewhere = matched(&one, &[]);
    elsewhere.matches.push(match_of(&other, "k2", -1));
    for (steps, why) in
        [(twice, "two steps"), (same_payout, "two matches"), (vec![good(), elsewhere], "another")]
    {
        let refused = store.write_lines(steps).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    assert_eq!(stored(&*store, &other).await, other);
    assert_eq!(store.matches(&[key("k1"), key("k2")]).await.unwrap(), []);
}
