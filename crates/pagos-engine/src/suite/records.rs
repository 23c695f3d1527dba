//! Cases about records.

use std::{collections::BTreeSet, sync::Arc};

use super::sample::notice;
use crate::{
    records::{RecordKind, RecordWrite, RecordWritten},
    store::Store,
};

fn write(kind: RecordKind, name: &str, was: Option<u64>, body: Option<&str>) -> RecordWrite {
    let body = body.map(str::to_owned);
    RecordWrite { kind, name: name.to_owned(), was, body, notices: Vec::new() }
}

async fn done(store: &dyn Store, wanted: RecordWrite) -> u64 {
    match store.write_record(wanted).await.unwrap() {
        RecordWritten::Done { version } => version,
        RecordWritten::Conflict => panic!("a conflict"),
    }
}

pub(super) async fn a_record_is_kept_word_for_word(store: Arc<dyn Store>) {
    let (name, body) = ("2026-11-30/alpha ñ", r#"{"text":"ñ \"quoted\"","n":1}"#);
    for kind in RecordKind::ALL {
        assert_eq!(store.record(kind, name).await.unwrap(), None);
        let version = done(&*store, write(kind, name, None, Some(body))).await;
        let record = store.record(kind, name).await.unwrap().expect("a record");
        assert_eq!((record.name.as_str(), record.version), (name, version));
        assert_eq!(record.body, body);
    }
}

pub(super) async fn a_record_is_written_over_the_version_that_was_read(store: Arc<dyn Store>) {
    let token = RecordKind::Token;
    let first = done(&*store, write(token, "ana", None, Some("1"))).await;
    let second = done(&*store, write(token, "ana", Some(first), Some("2"))).await;
    for was in [None, Some(0), Some(first), Some(second + 1)] {
        let stale = store.write_record(write(token, "ana", was, Some("9"))).await.unwrap();
        assert_eq!(stale, RecordWritten::Conflict, "{was:?}");
        let stale = store.write_record(write(token, "ana", was, None)).await.unwrap();
        assert_eq!(stale, RecordWritten::Conflict, "{was:?}");
    }
    assert_eq!(store.record(token, "ana").await.unwrap().expect("a record").body, "2");
    assert_eq!(store.record(RecordKind::Endpoint, "ana").await.unwrap(), None);
    assert_eq!(done(&*store, write(token, "ana", Some(second), None)).await, 0);
    assert_eq!(store.record(token, "ana").await.unwrap(), None);
    assert!(done(&*store, write(token, "ana", None, Some("3"))).await > 0);
}

/// In a store that went back, two records that went the same way are one. So each write raises their
/// versions by another step.
pub(super) async fn versions_of_records_are_drawn_and_not_counted(store: Arc<dyn Store>) {
    let mut steps = BTreeSet::new();
    for name in ["a", "b"] {
        let first = done(&*store, write(RecordKind::Token, name, None, Some("1"))).await;
        let second = write(RecordKind::Token, name, Some(first), Some("2"));
        steps.extend([first, done(&*store, second).await - first]);
    }
    assert_eq!(steps.len(), 4, "{steps:?}");
}

pub(super) async fn a_record_by_two_at_once_is_written_by_one(store: Arc<dyn Store>) {
    let one = store.write_record(write(RecordKind::Spending, "d", None, Some("1")));
    let other = store.write_record(write(RecordKind::Spending, "d", None, Some("2")));
    let (one, other) = futures_util::future::join(one, other).await;
    let written = [one.unwrap(), other.unwrap()];
    assert_eq!(written.iter().filter(|it| **it == RecordWritten::Conflict).count(), 1);
}

pub(super) async fn records_are_listed_by_name(store: Arc<dyn Store>) {
    for name in ["b", "a", "Z", "ñ"] {
        done(&*store, write(RecordKind::Token, name, None, Some("0"))).await;
    }
    done(&*store, write(RecordKind::Approval, "c", None, Some("0"))).await;
    let names = async |after: &str, limit| {
        let records = store.records(RecordKind::Token, after, limit).await.unwrap();
        records.into_iter().map(|record| record.name).collect::<Vec<_>>()
    };
    assert_eq!(names("", 10).await, ["Z", "a", "b", "ñ"]);
    assert_eq!(names("", 2).await, ["Z", "a"]);
    assert_eq!(names("a", 10).await, ["b", "ñ"]);
}

pub(super) async fn a_records_notices_are_told_with_it(store: Arc<dyn Store>) {
    let told = notice("k1", 5);
    let first = write(RecordKind::Approval, "a", None, Some("1"));
    done(&*store, RecordWrite { notices: vec![told.clone()], ..first.clone() }).await;
    let refused = RecordWrite { notices: vec![told.clone()], ..first };
    assert_eq!(store.write_record(refused).await.unwrap(), RecordWritten::Conflict);
    let outbox = store.outbox(0, 10).await.unwrap();
    assert_eq!(outbox, [(1, told)]);
}
