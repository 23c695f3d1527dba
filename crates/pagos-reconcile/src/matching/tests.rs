//! Each rule and each shape with its awkward cases.

use pagos_core::ProviderRef;
use pagos_statement::{Kind, Text, Transaction};

use super::*;
use crate::testing::{day, expected, failed, included, line, lines_of, pesos, transaction};

/// A finding in words: `L1=pay-1:-1000:key` is matched, `L1?` proposed, `L1~fee` explained.
fn told(payouts: &[Expected], lines: &[OpenLine]) -> String {
    let part = |it: &Part| format!("{}:{}:{}", it.key, it.change.minor, it.rule.word());
    let parts = |all: &[Part]| all.iter().map(part).collect::<Vec<_>>().join("+");
    let findings = match_lines(payouts, lines, &Rules::default());
    let words = findings.iter().map(|it| match &it.verdict {
        Verdict::Matched { parts: all } => format!("{}={}", it.line, parts(all)),
        Verdict::Proposed { parts: all, candidates, .. } if all.is_empty() => {
            format!("{}?{}", it.line, parts(candidates))
        }
        Verdict::Proposed { parts: all, candidates, .. } => {
            format!("{}={}?{}", it.line, parts(all), parts(candidates))
        }
        Verdict::Explained { rule } => format!("{}~{}", it.line, rule.word()),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn named(key: &str, reference: &str, tracking: &str) -> Expected {
    Expected {
        reference: Some(ProviderRef::new(reference).unwrap()),
        tracking: Some(tracking.into()),
        ..expected(key, 1_000)
    }
}

fn with(change: i64, edit: impl Fn(&mut Transaction)) -> OpenLine {
    let mut one = transaction(change.abs(), "");
    edit(&mut one);
    lines_of("L1", change, vec![one])
}

fn to_account(id: &str, change: i64, account: &str) -> OpenLine {
    let mut it = line(id, change, "");
    it.line.transactions[0].counterparty.account = Some(Text::new(account));
    it
}

#[test]
fn a_line_that_names_a_payout_is_the_payout() {
    let payouts = [named("pay-1", "tr_77aa", "85101234567890"), named("pay-10", "tr_77ab", "x")];
    let table = [
        (with(-1_000, |it| it.bank_reference = Some(Text::new("tr_77aa"))), "reference"),
        (with(-1_000, |it| it.references = vec![Text::new("tr_77aa")]), "reference"),
        (with(-1_000, |it| it.text = Text::new("PAGO REF:tr_77aa.")), "reference"),
        (with(-1_000, |it| it.references = vec![Text::new("pay-1")]), "key"),
        (with(-1_000, |it| it.text = Text::new("TRANSF pay-1, Ana")), "key"),
        (with(-1_000, |it| it.text = Text::new("/EREF/pay-1//")), "key"),
        (with(-1_000, |it| it.tracking = Some(Text::new("85101234567890"))), "tracking"),
        (with(-1_000, |it| it.text = Text::new("CVE 85101234567890")), "tracking"),
    ];
    for (open, rule) in table {
        assert_eq!(told(&payouts, &[open]), format!("L1=pay-1:-1000:{rule}"));
    }
}

#[test]
fn a_key_inside_a_longer_key_is_no_key() {
    let payouts = [expected("pay-1", 1_000)];
    for text in ["pay-10", "pay-1-2", "xpay-1", "pay_pay-1", "PAY-1", "pay1", "pay-1ñ"] {
        let mut open = line("L1", -1_000, text);
        assert_eq!(told(&payouts, std::slice::from_ref(&open)), "", "{text}");
        open.line.transactions[0].references = vec![Text::new(text)];
        assert_eq!(told(&payouts, &[open]), "", "{text}");
    }
}

#[test]
fn a_key_that_could_be_any_number_needs_the_amount() {
    let payouts = [expected("7", 1_000), expected("20260511", 500)];
    let reference =
        |change: i64, text: &str| with(change, |it| it.references = vec![Text::new(text)]);
    assert_eq!(told(&payouts, &[reference(-1_000, "7")]), "L1=7:-1000:key");
    assert_eq!(told(&payouts, &[reference(-999, "7")]), "");
    assert_eq!(told(&payouts, &[line("L1", -1_000, "nomina 7 del 20260511")]), "");
    // The number of an account in a text is no reference of a payout of another amount.
    let payouts = [named("pay-1", "120034567", "x")];
    let text = |change| line("L1", change, "TEF CTA 120034567");
    assert_eq!(told(&payouts, &[text(-1_000)]), "L1=pay-1:-1000:reference");
    assert_eq!(told(&payouts, &[text(-999_000)]), "");
    let field = reference(-999, "120034567");
    assert_eq!(told(&payouts, &[field]), "L1=pay-1:-999:reference");
}

#[test]
fn banks_write_keys_in_capitals() {
    let payouts = [expected("salary-2026-01-ana", 1_000), expected("salary_2026-02-eva", 1_000)];
    let whole = "L1=salary-2026-01-ana:-1000:folded_key";
    for text in
        ["SALARY202601ANA", "PAGO SALARY 2026 01 ANA", "SALARY-2026-01-ANA", "X SALARY/2026 01ANA"]
    {
        assert_eq!(told(&payouts, &[line("L1", -1_000, text)]), whole, "{text}");
    }
    // Another amount is not certain enough, and a longer word is another one.
    let other = "L1?salary-2026-01-ana:-999:folded_key";
    assert_eq!(told(&payouts, &[line("L1", -999, "SALARY202601ANA")]), other);
    assert_eq!(told(&payouts, &[line("L1", -1_000, "SALARY202601ANA2")]), "");
    let same = [expected("salary-2026-01", 1_000), expected("salary-20-2601", 1_000)];
    assert_eq!(told(&same, &[line("L1", -1_000, "SALARY202601")]), "");
}

#[test]
fn account_amount_and_day_are_enough_if_nothing_else_has_them() {
    let payouts = [expected("a-0001", 1_000), expected("b-0002", 2_000)];
    for account in ["0012345678", "12345678", "****5678", "XXX345678"] {
        let open = to_account("L1", -1_000, account);
        assert_eq!(told(&payouts, &[open]), "L1=a-0001:-1000:account", "{account}");
    }
    let in_text = line("L1", -1_000, "TEF A 00-12345678 ANA");
    assert_eq!(told(&payouts, &[in_text]), "L1=a-0001:-1000:account");
    for account in ["87654321", "****5679", "**678", "2345678"] {
        assert_eq!(told(&payouts, &[to_account("L1", -1_000, account)]), "", "{account}");
    }
    for (booked, is_found) in
        [("2026-05-08", false), ("2026-05-09", true), ("2026-05-15", true), ("2026-05-16", false)]
    {
        let mut open = to_account("L1", -1_000, "12345678");
        open.line.day = day(booked);
        assert_eq!(!told(&payouts, &[open]).is_empty(), is_found, "{booked}");
    }
}

#[test]
fn two_equally_good_candidates_are_a_proposal() {
    let (a, b) = (expected("a-0001", 1_000), expected("b-0002", 1_000));
    let open = |id| to_account(id, -1_000, "12345678");
    let both = "a-0001:-1000:account+b-0002:-1000:account";
    assert_eq!(told(&[a.clone(), b.clone()], &[open("L1")]), format!("L1?{both}"));
    let one = "a-0001:-1000:account";
    let lines = [open("L1"), open("L2")];
    assert_eq!(told(std::slice::from_ref(&a), &lines), format!("L1?{one} L2?{one}"));
    assert_eq!(told(&[a.clone(), b.clone()], &lines), format!("L1?{both} L2?{both}"));
    // What is named leaves the other one no doubt.
    let lines = [line("L1", -1_000, "b-0002"), open("L2")];
    let expected = "L1=b-0002:-1000:key L2=a-0001:-1000:account";
    assert_eq!(told(&[a.clone(), b.clone()], &lines), expected);
    // What failed is hidden by what was paid, and found if nothing else is there.
    let lost = Expected { status: failed(), ..b };
    assert_eq!(told(&[a, lost.clone()], &[open("L1")]), "L1=a-0001:-1000:account");
    assert_eq!(told(std::slice::from_ref(&lost), &[open("L1")]), "L1=b-0002:-1000:account");
    let never_sent =
        Expected { sent: None, settled: None, status: pagos_core::Status::Created, ..lost };
    assert_eq!(told(&[never_sent], &[open("L1")]), "L1?b-0002:-1000:account");
}

#[test]
fn a_crowd_of_equal_payouts_is_never_matched() {
    let payouts: Vec<Expected> = (0..50).map(|n| expected(&format!("pay-{n:03}"), 1_000)).collect();
    let lines = [to_account("L1", -1_000, "12345678"), to_account("L2", -1_000, "****5678")];
    for finding in match_lines(&payouts, &lines, &Rules::default()) {
        let Verdict::Proposed { parts, candidates, count } = finding.verdict else { panic!() };
        assert_eq!(
            (parts.len(), candidates.len(), count > CANDIDATES_MAX),
            (0, CANDIDATES_MAX, true)
        );
    }
}

#[test]
fn a_name_or_a_document_is_only_a_proposal() {
    let payouts = [expected("a-0001", 1_000)];
    let by_name = with(-1_000, |it| it.counterparty.name = Some(Text::new("ANA NANDU")));
    assert_eq!(told(&payouts, &[by_name]), "L1?a-0001:-1000:payee");
    let by_document = with(-1_000, |it| it.counterparty.document = Some(Text::new("12345678-5")));
    assert_eq!(told(&payouts, &[by_document]), "L1?a-0001:-1000:payee");
    let other = with(-1_001, |it| it.counterparty.name = Some(Text::new("ANA NANDU")));
    assert_eq!(told(&payouts, &[other]), "");
}

#[test]
fn a_sum_is_matched_if_it_is_named_and_proposed_if_not() {
    let batch =
        |key: &str, amount| Expected { batch: Some("nomina-mayo".into()), ..expected(key, amount) };
    let payouts = [batch("a-0001", 1_000), batch("b-0002", 500)];
    let both = "a-0001:-1000:batch+b-0002:-500:batch";
    let by_run = |change| line("L1", change, "PAGO NOMINA nomina-mayo");
    assert_eq!(told(&payouts, &[by_run(-1_500)]), format!("L1={both}"));
    assert_eq!(told(&payouts, &[by_run(-1_501)]), format!("L1?{both}"));
    let by_keys = line("L1", -1_500, "a-0001 b-0002");
    assert_eq!(told(&payouts, &[by_keys]), "L1=a-0001:-1000:key+b-0002:-500:key");
    let wrong_sum = line("L1", -1_400, "a-0001 b-0002");
    assert_eq!(told(&payouts, &[wrong_sum]), "L1?a-0001:-1400:key+b-0002:-1400:key");
    let day = "L1?a-0001:-1000:whole_day+b-0002:-500:whole_day";
    assert_eq!(told(&payouts, &[line("L1", -1_500, "PAGO NOMINA")]), day);
    // Part of a day is no evidence.
    let payouts = [batch("a-0001", 1_000), batch("b-0002", 500), batch("c-0003", 1)];
    assert_eq!(told(&payouts, &[line("L1", -1_500, "PAGO NOMINA")]), "");
}

#[test]
fn each_transaction_of_a_batch_counts_by_itself() {
    let payouts = [expected("a-0001", 1_000), expected("b-0002", 500)];
    let of = |amount, text| transaction(amount, text);
    let all = lines_of("L1", -1_500, vec![of(1_000, "a-0001"), of(500, "b-0002")]);
    assert_eq!(told(&payouts, &[all]), "L1=a-0001:-1000:key+b-0002:-500:key");
    let some = lines_of("L1", -1_500, vec![of(1_000, "a-0001"), of(500, "zz")]);
    assert_eq!(told(&payouts, &[some]), "L1=a-0001:-1000:key?");
    // Transactions that are more than their line share nothing out.
    let more = lines_of("L1", -1_400, vec![of(1_000, "a-0001"), of(500, "b-0002")]);
    assert_eq!(told(&payouts, &[more]), "L1?a-0001:-1000:key+b-0002:-500:key");
}

#[test]
fn one_payout_may_be_booked_in_parts() {
    let payouts = [expected("pay-1", 1_000)];
    let named = |id, change| line(id, change, "pay-1");
    let parts = "L1=pay-1:-400:key L2=pay-1:-600:key";
    assert_eq!(told(&payouts, &[named("L1", -400), named("L2", -600)]), parts);
    // With the whole amount booked, the other line may be the fee.
    let fee = "L1=pay-1:-1000:key L2?pay-1:-30:key";
    assert_eq!(told(&payouts, &[named("L1", -1_000), named("L2", -30)]), fee);
    let twice = "L1=pay-1:-1000:key L2=pay-1:-1000:key";
    assert_eq!(told(&payouts, &[named("L1", -1_000), named("L2", -1_000)]), twice);
    let mut booked = payouts;
    booked[0].booked.add(pesos(-1_000), pesos(1_000));
    assert_eq!(told(&booked, &[named("L1", -30)]), "L1?pay-1:-30:key");
    assert_eq!(told(&booked, &[named("L1", -1_000)]), "L1=pay-1:-1000:key");
    assert_eq!(told(&booked, &[to_account("L1", -1_000, "12345678")]), "");
}

#[test]
fn a_credit_that_names_a_payout_is_its_return() {
    let payouts = [expected("pay-1", 1_000)];
    assert_eq!(told(&payouts, &[line("L1", 1_000, "DEV pay-1")]), "L1=pay-1:1000:key");
    assert_eq!(told(&payouts, &[line("L1", 300, "DEV pay-1")]), "L1=pay-1:300:key");
    assert_eq!(told(&payouts, &[line("L1", 1_001, "DEV pay-1")]), "L1?pay-1:1001:key");
    let mut unnamed = to_account("L1", 1_000, "12345678");
    assert_eq!(told(&payouts, std::slice::from_ref(&unnamed)), "");
    unnamed.line.kind = Kind::Return;
    let lines = [line("L0", -1_000, "pay-1"), unnamed];
    assert_eq!(told(&payouts, &lines), "L0=pay-1:-1000:key L1?pay-1:1000:account");
}

#[test]
fn fees_are_lines_of_their_own_or_contained() {
    let payouts = [expected("pay-1", 1_000)];
    let of_kind = |change, kind, text| {
        let mut open = line("L1", change, text);
        open.line.kind = kind;
        open
    };
    assert_eq!(told(&payouts, &[of_kind(-30, Kind::Fee, "COMISION pay-1")]), "L1~fee");
    assert_eq!(told(&payouts, &[of_kind(-30, Kind::Tax, "IVA")]), "L1~tax");
    assert_eq!(told(&payouts, &[of_kind(5, Kind::Interest, "")]), "L1~interest");
    let called_fee = of_kind(-1_000, Kind::Fee, "PAGO DE COMISIONES pay-1");
    assert_eq!(told(&payouts, &[called_fee]), "L1=pay-1:-1000:key");
    let mut contained = with(-1_030, |it| it.charges = vec![included(30)]);
    assert_eq!(told(&payouts, std::slice::from_ref(&contained)), "");
    contained.line.transactions[0].text = Text::new("pay-1");
    assert_eq!(told(&payouts, std::slice::from_ref(&contained)), "L1=pay-1:-1000:key");
    contained.line.transactions[0].text = Text::new("00012345678");
    assert_eq!(told(&payouts, &[contained]), "L1=pay-1:-1000:account");
}

#[test]
fn nothing_is_matched_across_currencies_or_before_it_was_sent() {
    let mut foreign = expected("pay-1", 1_000);
    foreign.amount.currency = pagos_core::Currency::Usd;
    assert!(!told(&[foreign], &[line("L1", -1_000, "pay-1")]).contains('='));
    let mut early = line("L1", -1_000, "pay-1");
    early.line.day = day("2026-05-08");
    assert_eq!(told(&[expected("pay-1", 1_000)], &[early]), "L1?pay-1:-1000:key");
}

#[test]
fn nobody_is_shown() {
    let shown = format!("{:?}", Matcher::new(&[expected("pay-1", 1)], Rules::default()));
    assert!(!shown.contains("12345678") && !shown.contains("NANDU"), "{shown}");
}
