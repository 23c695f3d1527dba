//! Every target runs a bounded number of times: the corpus, the fixtures, and mutations from a fixed
//! seed. Longer hunts are `cargo xtask fuzz`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::panic;

use pagos_fuzz::{TARGETS, hunt::Hunt, target};

/// Mutations for each target. A few seconds without optimisation.
const EXECUTIONS: usize = 3_000;

const SEED: u64 = 1;

fn check(name: &str) {
    let target = target::find(name).unwrap();
    let mut hunt = Hunt::new(target, SEED).unwrap();
    assert!(hunt.inputs() > 5, "{name} has hardly any seeds");
    let executions = hunt.inputs() + EXECUTIONS;
    panic::set_hook(Box::new(|_| ()));
    let finding = (0..executions).find_map(|_| hunt.step().err());
    let _ = panic::take_hook();
    if let Some(finding) = finding {
        let input = String::from_utf8_lossy(&finding.input);
        panic!("{name}, seed {SEED}: {}\n--- input\n{input}\n---", finding.because);
    }
}

macro_rules! checks {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*

        #[test]
        fn no_target_is_forgotten() {
            let checked = [$(stringify!($name)),*];
            let targets: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(checked.as_slice(), targets);
        }
    };
}

#[cfg(feature = "command")]
checks!(
    reply_cashypro,
    reply_conekta,
    reply_etpay,
    reply_virtualpos,
    webhook_cashypro,
    webhook_conekta,
    webhook_etpay,
    webhook_virtualpos,
    settings,
    token,
    money,
    text,
    url,
    keys,
    payroll,
    configuration
);

#[cfg(not(feature = "command"))]
checks!(
    reply_cashypro,
    reply_conekta,
    reply_etpay,
    reply_virtualpos,
    webhook_cashypro,
    webhook_conekta,
    webhook_etpay,
    webhook_virtualpos,
    settings,
    token,
    money,
    text,
    url,
    keys
);
