//! Plays many seeded schedules on all cores and says what happened in them; `cargo xtask simulate`.
//! What a schedule is and what must hold of it is the library's business.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::ExitCode;

use pagos_tests::{Campaign, Detail, GoingBack, Participant};

fn main() -> ExitCode {
    let (among, going_back) = (Participant::all(), GoingBack::AtTimes);
    let mut campaign = Campaign { schedules: 1_000, seed: 1, jobs: 1, among, going_back };
    let mut detail = Detail::Counts;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().expect("a value after the flag");
        match word.as_str() {
            "--schedules" => campaign.schedules = value().parse().expect("a number of schedules"),
            "--seed" => campaign.seed = value().parse().expect("a seed"),
            "--jobs" => campaign.jobs = value().parse().expect("a number of jobs"),
            "--providers" => {
                let named =
                    |name| Participant::named(name).unwrap_or_else(|| panic!("who is {name}?"));
                campaign.among = value().split(',').map(named).collect();
            }
            "--go-back" => campaign.going_back = GoingBack::Always,
            "--without-witness" => campaign.going_back = GoingBack::WithoutWitness,
            "--trace" => detail = Detail::Trace,
            other => panic!("no flag {other:?}"),
        }
    }
    if detail == Detail::Trace {
        let ended = campaign.replay();
        ended.trace.iter().for_each(|line| println!("{line}"));
        println!("seed {}: {:#?}", campaign.seed, ended.summary);
        return if ended.summary.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let report = campaign.run();
    println!("{report}");
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
