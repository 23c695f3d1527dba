//! A thousand payouts with five planted differences of each kind: all are found, and nothing else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod scene;

use std::sync::Arc;

use pagos_core::Status;
use pagos_engine::{MemoryStore, Store};
use pagos_reconcile::{Language, Outcome, PAYOUTS_HEADER, Report};

use scene::{Statement, at, book, import, import_lines, line, planned, plant, planted, report};

const COUNT: usize = 1_000;
const EACH: u64 = 5;

async fn planted_report() -> Report {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let payouts: Vec<_> = planted::planted(COUNT, 5).map(|it| it.payout).collect();
    plant(&store, "mayo", &payouts).await;
    let book = book(&store);
    let lines = planted::planted(COUNT, 5).flat_map(|it| it.lines);
    import_lines(&book, "mayo.sta", ("2026-05-01", "2026-05-31"), 1, lines).await.unwrap();
    let summary = book.reconcile(at("2026-06-01")).await.unwrap();
    // Paid though failed, paid twice, and one peso too much.
    assert_eq!(summary.alarms.len() as u64, 3 * EACH);
    assert_eq!(book.reconcile(at("2026-06-01")).await.unwrap().written, 0);
    let report = report(&book, "2026-05-01", "2026-05-31").await;
    let told: Vec<_> =
        report.payouts.iter().map(|it| (it.outcome, it.key.as_str().to_owned())).collect();
    assert_eq!(told, planted::differences(COUNT, 5));
    report
}

#[tokio::test]
async fn every_planted_difference_is_found_and_nothing_else() {
    let report = planted_report().await;
    for kind in planted::KINDS {
        assert_eq!(report.outcomes[&kind].count, EACH, "{}", kind.word());
    }
    let agreed = report.outcomes[&Outcome::Matched].count;
    assert_eq!(agreed, COUNT as u64 - 5 * EACH, "of each kind but one, a payout differs");
    assert_eq!(report.outcomes.len(), 7);
    assert_eq!(report.figures.difference.unwrap().minor, 0);
    assert!(report.lines.iter().all(|it| it.state == "open"));
}

#[tokio::test]
async fn a_report_is_one_page_in_both_languages() {
    let report = planted_report().await;
    for (language, words) in [
        (Language::Spanish, ["Conciliación", "Devuelto"]),
        (Language::English, ["Reconciliation", "Returned"]),
    ] {
        let page = report.html(language).unwrap();
        assert!(words.iter().all(|it| page.contains(it)), "{language:?}");
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("src="));
    }
    let csv = report.payouts_csv();
    assert!(csv.starts_with(PAYOUTS_HEADER));
    assert_eq!(csv.lines().count() as u64, 1 + 5 * EACH);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["outcomes"]["missing_there"]["count"], EACH);
    assert_eq!(json["payouts"][0]["beneficiary_account"].as_str().unwrap().len(), 8);
}

#[tokio::test]
async fn what_a_bank_writes_is_no_markup() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    plant(&store, "mayo", &[planned("pay-1", 1, Status::Succeeded)]).await;
    let book = book(&store);
    let mut odd = line("2026-05-11", -7, "x");
    odd.transactions[0].bank_reference = Some(pagos_statement::Text::new("<script>alert(1)"));
    let statement =
        Statement { from: "2026-05-01", through: "2026-05-31", opening: 0, lines: vec![odd] };
    import(&book, "odd", &statement).await.unwrap();
    let page = report(&book, "2026-05-01", "2026-05-31").await.html(Language::English).unwrap();
    assert!(!page.contains("<script>"), "{page}");
}
