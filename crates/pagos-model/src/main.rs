//! Explores every world completely and prints what was found. `--bounds large` allows more faults.

#![allow(clippy::print_stdout, reason = "a command line tool talks to its user")]

use std::process::ExitCode;

use pagos_model::{GoingBackWorld, Size, WhatGoesBack, World, explore, explore_going_back};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let size = match words.as_slice() {
        [] | ["--bounds", "small"] => Size::Small,
        ["--bounds", "large"] => Size::Large,
        _ => {
            println!("usage: pagos-model [--bounds small|large]");
            return ExitCode::from(1);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut is_good = true;
    for world in World::all(size) {
        let explored = explore(&world, threads);
        println!("{explored}");
        explored.broken.iter().for_each(|found| println!("  broken: {found}"));
        explored.unseen.iter().for_each(|sight| println!("  never seen: {sight}"));
        is_good &= explored.broken.is_empty() && explored.unseen.is_empty();
    }
    for kind in [WhatGoesBack::Server, WhatGoesBack::File] {
        match explore_going_back(&GoingBackWorld::new(kind)) {
            Ok((states, unseen)) => {
                println!("going back, {kind:?}: {states} unique");
                is_good &= unseen.is_empty();
            }
            Err(way) => {
                println!("  broken: going back, {kind:?}: {way:?}");
                is_good = false;
            }
        }
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
