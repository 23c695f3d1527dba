//! Some hundred seeded schedules of the whole: workers, store, providers and twins under everything
//! that can go wrong. The judge is what the twins really paid. `cargo xtask simulate` plays the many.
//!
//! `PAGOS_SCHEDULES=10000` runs more of them, `PAGOS_SEED=7` begins at another seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout)]

use pagos_tests::{Campaign, GoingBack, KITS, Participant, Report};

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Plays schedules among these participants; the report names the seeds that failed.
fn play(among: &[Participant], otherwise: u64) -> Report {
    let campaign = Campaign {
        schedules: number("PAGOS_SCHEDULES", otherwise),
        seed: number("PAGOS_SEED", 1),
        jobs: 1,
        among: among.to_vec(),
        going_back: GoingBack::AtTimes,
    };
    let report = campaign.run();
    println!("{report}");
    assert!(report.is_good(), "the report above names the seeds that failed");
    report
}

fn count(report: &Report, wanted: &str) -> u64 {
    let counts = report.sum.counts.iter();
    counts.filter(|((what, _), _)| *what == wanted).map(|(_, count)| count).sum()
}

fn in_doubt(report: &Report) -> u64 {
    report.sum.in_doubt.values().sum()
}

#[test]
fn schedules_of_all_providers_end_at_the_truth() {
    let report = play(&Participant::all(), 200);
    let often = ["crash", "stall", "store failed", "store out of reach", "twin", "bank"];
    for what in often {
        assert!(count(&report, what) > 20, "{what} hardly ever happened");
    }
    assert!(report.sum.reversals_told > 5, "hardly a reversal was told");
}

/// What was lost on its way is sent again, with proof; hardly any payout needs a person.
fn check_provider_that_tells_repeats_apart(participant: Participant) {
    let report = play(&[participant], 40);
    assert!(in_doubt(&report) * 20 < report.sum.payouts, "too many need a person");
}

/// The providers of which Pagos knows enough to send a payout again, or of which it does not.
fn providers(resends: bool) -> impl Iterator<Item = Participant> {
    let kits = KITS.iter().copied().filter(move |kit| kit.resends_when_absent() == resends);
    kits.map(Participant::Provider)
}

#[test]
fn schedules_of_providers_that_tell_repeats_apart_need_hardly_a_person() {
    providers(true).for_each(check_provider_that_tells_repeats_apart);
}

#[test]
fn schedules_of_a_bank_that_refuses_repeats_need_hardly_a_person() {
    check_provider_that_tells_repeats_apart(Participant::KeyedBank);
}

/// These pay a repeated order twice. What was lost before it arrived waits for a person; whatever
/// the provider has is found without one, or the judge says so.
fn check_provider_that_would_pay_twice(participant: Participant) {
    let report = play(&[participant], 40);
    assert!(in_doubt(&report) > 0, "some must wait for a person, or nothing was at stake");
}

#[test]
fn schedules_of_providers_that_would_pay_twice_pay_once() {
    providers(false).for_each(check_provider_that_would_pay_twice);
}

#[test]
fn schedules_of_a_bank_that_pays_whatever_it_is_asked_pay_once() {
    check_provider_that_would_pay_twice(Participant::CarelessBank);
}

/// Within its hours a repeat is safe; what was lost longer waits for a person.
#[test]
fn schedules_of_a_bank_that_forgets_keys_pay_once() {
    let report = play(&[Participant::ForgettingBank], 200);
    let resent = report.sum.attempts - report.sum.payouts;
    assert!(resent > 50 && in_doubt(&report) > 0, "nothing was at stake: {resent} sent again");
}

/// How a campaign is divided among threads changes nothing of what comes out of it.
#[test]
fn threads_do_not_change_the_outcome() {
    let (schedules, seed, going_back) = (30, 9, GoingBack::Always);
    let campaign = |jobs| Campaign { schedules, seed, jobs, among: Participant::all(), going_back };
    let [one, two] = [1, 2].map(|jobs| campaign(jobs).run());
    assert_eq!((one.sum, one.failed), (two.sum, two.failed));
}
