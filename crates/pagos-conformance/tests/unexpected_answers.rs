//! The suite itself is under test: a provider of another repository that has hardly more than the
//! fixtures of its documents is green while it is careful, and red for every way of believing a stranger.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod acme;

use std::path::{Path, PathBuf};

use acme::Manners;
use pagos_conformance::{Case, CaseReport, Kind, Report};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn run(manners: Manners) -> Report {
    pagos_conformance::run(&fixtures(), &[("acme", &acme::build(manners))])
}

/// What went wrong, by operation.
fn failures(report: &Report) -> Vec<(&str, &str, &str)> {
    let lines = |case: &'_ CaseReport| case.failures.len();
    let failed = report.cases().iter().filter(|case| lines(case) > 0);
    failed
        .flat_map(|case| {
            case.failures.iter().map(|line| (&*case.operation, &*case.name, line.as_str()))
        })
        .collect()
}

#[test]
fn a_careful_provider_is_green() {
    for manners in [Manners::Careful, Manners::CarefulByStatus] {
        let report = run(manners);
        assert!(report.is_passed(), "{report}");
        let count =
            |operation| report.cases().iter().filter(|it| it.operation == operation).count();
        assert_eq!((count("payout-create"), count("payout-query")), (4, 2));
        assert_eq!((count("unexpected-create"), count("unexpected-query")), (2, 4));
    }
}

#[test]
fn every_way_of_believing_a_stranger_is_red() {
    let cases = [
        (Manners::RejectsTheUnlisted, "unexpected-create", "told to be rejected", "400 empty"),
        (Manners::RejectsTheUnlistedToPayees, "unexpected-create", "rejected", "400 empty"),
        (Manners::ThrottlesFailures, "unexpected-create", "told to be throttled", "500 HTML"),
        (Manners::RedirectsAreUndelivered, "unexpected-create", "undelivered", "301 empty"),
        (Manners::BelievesEverySuccess, "unexpected-create", "told to be accepted", "200 {}"),
        (Manners::SendsAgain, "unexpected-create", "sent a second time", "502 text"),
        (Manners::EveryNotFoundIsAbsence, "unexpected-query", "answered with absent", "404 HTML"),
        (Manners::EmptyIsAbsence, "unexpected-query", "answered with absent", "200 []"),
        (Manners::EveryGoneIsFailed, "unexpected-query", "answered with found", "410 []"),
    ];
    for (manners, operation, what, answer) in cases {
        let report = run(manners);
        let found = failures(&report);
        assert!(!found.is_empty(), "{manners:?} is not found out");
        let is_named = |(of, _, line): &(&str, &str, &str)| {
            *of == operation && line.contains(what) && line.contains(answer)
        };
        assert!(found.iter().all(is_named), "{manners:?}: {found:#?}");
    }
}

#[test]
fn a_payout_with_a_handle_is_tried_too() {
    let report = run(Manners::RejectsTheUnlistedToPayees);
    let names: Vec<&str> = failures(&report).iter().map(|(_, name, _)| *name).collect();
    assert_eq!(names, ["accepted-to-payee"]);
}

/// What a documented fixture shows is not unexpected, and only that.
#[test]
fn a_documented_answer_may_be_believed() {
    let factory = acme::build(Manners::EveryNotFoundIsAbsence);
    let mut cases = Case::read_all(&fixtures(), "acme").unwrap();
    let mut bare = cases.iter().find(|case| case.name == "absent").unwrap().clone();
    bare.name = "not-found-without-a-body".to_owned();
    *bare.section_mut("response 1").unwrap() = b"HTTP/1.1 404".to_vec();
    let mut find = |kind| {
        bare.kind = kind;
        cases.push(bare.clone());
        let report = pagos_conformance::replay("acme", &cases, &factory);
        cases.pop();
        failures(&report).into_iter().map(|(_, _, line)| line.to_owned()).collect::<Vec<_>>()
    };
    let found = find(Kind::Documented);
    assert!(found.iter().all(|line| line.contains("404 HTML")), "{found:#?}");
    assert!(found.iter().all(|line| !line.contains("404 empty")), "{found:#?}");
    let found = find(Kind::Computed);
    assert!(found.iter().all(|line| line.contains("404 empty")), "{found:#?}");
}

/// Whoever shows no payout that was accepted has not been tried.
#[test]
fn without_an_accepted_payout_nothing_is_green() {
    let mut cases = Case::read_all(&fixtures(), "acme").unwrap();
    cases.retain(|case| case.operation == "payout-query");
    let report = pagos_conformance::replay("acme", &cases, &acme::build(Manners::Careful));
    assert!(report.to_string().contains("no unexpected answer was tried"), "{report}");
    assert!(!report.is_passed());
}
