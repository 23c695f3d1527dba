//! Every target runs a bounded number of times: the corpus, the fixtures, and mutations from a fixed
//! seed. Longer hunts are `cargo xtask fuzz`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::{panic, thread};

use pagos_fuzz::{Target, hunt::Hunt, targets};

/// Mutations for each target. A few seconds without optimisation.
const EXECUTIONS: usize = 3_000;

const SEED: u64 = 1;

/// What breaks a rule of the target, if anything does.
fn hunt(target: &'static Target) -> Option<String> {
    let name = &target.name;
    let mut hunt = Hunt::new(target, SEED).unwrap();
    assert!(hunt.inputs() > 5, "{name} has hardly any seeds");
    let executions = hunt.inputs() + EXECUTIONS;
    let finding = (0..executions).find_map(|_| hunt.step().err())?;
    let input = String::from_utf8_lossy(&finding.input);
    Some(format!("{name}, seed {SEED}: {}\n--- input\n{input}\n---", finding.because))
}

/// Hunts in the targets whose names begin so, side by side.
fn check(family: &str, count_min: usize) {
    let chosen = targets().iter().filter(|target| target.name.starts_with(family));
    let chosen: Vec<&'static Target> = chosen.collect();
    assert!(chosen.len() >= count_min, "{family}: only {}", chosen.len());
    panic::set_hook(Box::new(|_| ()));
    let hunts: Vec<_> =
        chosen.into_iter().map(|target| thread::spawn(move || hunt(target))).collect();
    let ended: Vec<_> = hunts.into_iter().map(thread::JoinHandle::join).collect();
    let _ = panic::take_hook();
    let broken: Vec<String> =
        ended.into_iter().filter_map(|it| it.expect("a hunt that could not begin")).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn replies() {
    check("reply_", pagos_kit::KITS.len());
}

#[test]
fn webhooks() {
    check("webhook_", pagos_kit::KITS.len());
}

macro_rules! checks {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name), 1);
        })*

        #[test]
        fn no_target_is_forgotten() {
            let checked = [$(stringify!($name)),*];
            let is_others = |target: &&Target| {
                !target.name.starts_with("reply_") && !target.name.starts_with("webhook_")
            };
            let others: Vec<&str> =
                targets().iter().filter(is_others).map(|target| target.name.as_str()).collect();
            assert_eq!(checked.as_slice(), others);
        }
    };
}

#[cfg(feature = "command")]
checks!(
    settings,
    token,
    money,
    text,
    url,
    keys,
    camt,
    mt940,
    table,
    mapping,
    pain002,
    cep,
    payroll,
    configuration
);

#[cfg(not(feature = "command"))]
checks!(settings, token, money, text, url, keys, camt, mt940, table, mapping, pain002, cep);
