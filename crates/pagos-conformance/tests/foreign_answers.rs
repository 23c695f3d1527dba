//! The suite itself is under test: a provider of another repository that has documented fixtures and
//! nothing else is green while it is careful, and red for every way of believing a stranger.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod acme;

use std::{
    fs,
    path::{Path, PathBuf},
};

use acme::Manners;
use pagos_conformance::{CaseReport, Report};

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
        assert_eq!((count("payout-create"), count("payout-query")), (3, 2));
        assert_eq!((count("foreign-create"), count("foreign-query")), (2, 4));
    }
}

#[test]
fn every_way_of_believing_a_stranger_is_red() {
    let cases = [
        (Manners::RejectsTheUnlisted, "foreign-create", "told to be rejected", "400 empty"),
        (Manners::RejectsTheUnlistedToPayees, "foreign-create", "rejected", "400 empty"),
        (Manners::ThrottlesFailures, "foreign-create", "told to be throttled", "500 HTML"),
        (Manners::RedirectsAreUndelivered, "foreign-create", "undelivered", "301 empty"),
        (Manners::BelievesEverySuccess, "foreign-create", "told to be accepted", "200 {}"),
        (Manners::SendsAgain, "foreign-create", "sent a second time", "502 text"),
        (Manners::EveryNotFoundIsAbsence, "foreign-query", "answered with absent", "404 HTML"),
        (Manners::EmptyIsAbsence, "foreign-query", "answered with absent", "200 []"),
        (Manners::EveryGoneIsFailed, "foreign-query", "answered with found", "410 []"),
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

/// What a documented fixture shows is not foreign, and only that.
#[test]
fn a_documented_answer_may_be_believed() {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("acme-that-documents-404");
    let case = copy.join("acme/payout-query/not-found-without-a-body");
    copy_all(&fixtures(), &copy);
    copy_all(&fixtures().join("acme/payout-query/absent"), &case);
    fs::write(case.join("1-response.http"), "HTTP/1.1 404\n\n").unwrap();
    let factory = acme::build(Manners::EveryNotFoundIsAbsence);
    let report = pagos_conformance::run(&copy, &[("acme", &factory)]);
    let found = failures(&report);
    assert!(found.iter().all(|(_, _, line)| line.contains("404 HTML")), "{found:#?}");
    assert!(found.iter().all(|(_, _, line)| !line.contains("404 empty")), "{found:#?}");

    let file = case.join("case.toml");
    let computed = fs::read_to_string(&file).unwrap().replace("documented", "computed");
    fs::write(&file, computed).unwrap();
    let report = pagos_conformance::run(&copy, &[("acme", &factory)]);
    let found = failures(&report);
    assert!(found.iter().all(|(_, _, line)| line.contains("404 empty")), "{found:#?}");
}

/// Whoever shows no payout that was accepted has not been tried.
#[test]
fn without_an_accepted_payout_nothing_is_green() {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("acme-without-payouts");
    copy_all(&fixtures().join("acme/payout-query"), &copy.join("acme/payout-query"));
    let factory = acme::build(Manners::Careful);
    let report = pagos_conformance::run(&copy, &[("acme", &factory)]);
    assert!(report.to_string().contains("no foreign answer was tried"), "{report}");
    assert!(!report.is_passed());
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_all(&entry.path(), &target),
            false => {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
}
