//! Runs tests in a copy and tells a caught bug from everything that only looks like one: a copy that
//! was red before, a bug that does not compile, a test that hangs, tests that were not there.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    process::Command,
    sync::{Mutex, PoisonError},
};

use crate::{
    failure::Failure,
    mutants::{copy::Copy, list::Mutant},
    process,
    server::Choice,
    workspace::PROVIDERS,
};

/// What became of one planted bug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MutantOutcome {
    /// This test failed.
    Caught { test: String },
    /// This test never ended, which the list says is how this bug shows.
    Hung { test: String },
    /// Every test passed.
    Survived,
    /// It proves nothing; the text tells why. An error of the list.
    Useless(String),
}

impl MutantOutcome {
    pub(super) fn is_caught(&self) -> bool {
        matches!(self, MutantOutcome::Caught { .. } | MutantOutcome::Hung { .. })
    }
}

/// Tests that are run where the narrow ones passed, in this order.
fn wider() -> [String; 2] {
    let providers = PROVIDERS.iter().map(|name| format!(" -p pagos-{name}")).collect::<String>();
    [
        "-p pagos-engine -p pagos-tests".to_owned(),
        "-p pagos-core -p pagos-wire -p pagos-http -p pagos-store-sqlite -p pagos-webhook -p pagos-cli"
            .to_owned()
            + &providers,
    ]
}

/// A test that takes longer than ten minutes hangs: the longest schedules take one or two where other
/// builds run beside them.
const NEXTEST: &str =
    "[profile.default]\nslow-timeout = { period = \"60s\", terminate-after = 10 }\n";

/// What a test run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ran {
    Passed,
    Failed { test: String },
    TimedOut { test: String },
    NotBuilt,
    NoTests,
}

/// The tests that pass without any bug. The copies of all jobs are the same.
#[derive(Debug, Default)]
pub(super) struct Green(Mutex<BTreeSet<String>>);

/// Runs tests in one copy.
pub(super) struct Judge<'a> {
    copy: &'a Copy,
    server: &'a Choice,
    green: &'a Green,
    config: PathBuf,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        copy: &'a Copy,
        server: &'a Choice,
        green: &'a Green,
    ) -> Result<Self, Failure> {
        fs::create_dir_all(&copy.build).map_err(Failure::while_doing(copy.build.display()))?;
        let config = copy.build.join("nextest.toml");
        fs::write(&config, NEXTEST).map_err(Failure::while_doing(config.display()))?;
        Ok(Self { copy, server, green, config })
    }

    /// Runs tests on the unchanged copy, since one that fails anyway proves nothing. Tells what is wrong
    /// with them.
    fn find_fault(&self, tests: &str) -> Result<Option<String>, Failure> {
        let green = || self.green.0.lock().unwrap_or_else(PoisonError::into_inner);
        if green().contains(tests) {
            return Ok(None);
        }
        eprintln!("without any bug: {tests}");
        Ok(match self.ran(tests)? {
            Ran::Passed => {
                green().insert(tests.to_owned());
                None
            }
            Ran::Failed { test } | Ran::TimedOut { test } => {
                Some(format!("{test} fails without any planted bug; mend that first"))
            }
            Ran::NotBuilt => Some(format!("the copy does not build: {tests}")),
            Ran::NoTests => Some(format!("there is no such test: {tests}")),
        })
    }

    /// Plants the bug, runs its tests and then wider ones until one fails, and takes it out again.
    pub(super) fn try_mutant(&self, mutant: &Mutant) -> Result<MutantOutcome, Failure> {
        let whole = self.copy.read(&mutant.file)?;
        let planted = mutant.plant(&whole).map_err(Failure::new)?;
        for tests in std::iter::once(mutant.tests.clone()).chain(wider()) {
            // Whole at this point, so wider tests can be proved when they are needed.
            if let Some(fault) = self.find_fault(&tests)? {
                return Ok(MutantOutcome::Useless(fault));
            }
            self.copy.write(&mutant.file, &planted)?;
            let ran = self.ran(&tests);
            self.copy.write(&mutant.file, &whole)?;
            match ran? {
                Ran::Passed => {}
                Ran::Failed { test } => return Ok(MutantOutcome::Caught { test }),
                Ran::TimedOut { test } if mutant.may_hang => {
                    return Ok(MutantOutcome::Hung { test });
                }
                Ran::TimedOut { test } => {
                    return Ok(MutantOutcome::Useless(format!(
                        "{test} did not end, and may not hang"
                    )));
                }
                Ran::NotBuilt => {
                    return Ok(MutantOutcome::Useless("it does not compile".to_owned()));
                }
                Ran::NoTests => return Ok(MutantOutcome::Useless("no test was run".to_owned())),
            }
        }
        Ok(MutantOutcome::Survived)
    }

    fn ran(&self, tests: &str) -> Result<Ran, Failure> {
        let mut command = Command::new(process::cargo());
        command
            .args(["nextest", "run", "--all-features", "--color", "never", "--config-file"])
            .arg(&self.config)
            .args(["--failure-output", "never", "--status-level", "fail"])
            .args(["--final-status-level", "none", "--hide-progress-bar"])
            .args(tests.split_whitespace())
            .current_dir(&self.copy.source)
            .env("CARGO_TARGET_DIR", &self.copy.build)
            // One line at a time is changed. It is a third of the time of a whole build.
            .env("CARGO_INCREMENTAL", "1")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            // A bug must leave nothing behind that the tests of the next one would read.
            .env("INSTA_UPDATE", "no")
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
        self.server.tell(&mut command);
        let output = command.output().map_err(Failure::while_doing("cargo nextest"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        read(output.status.code(), &said).ok_or_else(|| {
            let last: Vec<&str> = said.lines().rev().take(10).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            Failure::new(format!("cargo nextest run {tests} ended oddly:\n{}", last.join("\n")))
        })
    }
}

/// nextest documents its exit codes: 100 for tests that failed, 101 for a build that failed, 4 for
/// no test at all.
fn read(code: Option<i32>, said: &str) -> Option<Ran> {
    match code? {
        0 => Some(Ran::Passed),
        4 => Some(Ran::NoTests),
        101 => Some(Ran::NotBuilt),
        100 => read_failed(said),
        _ => None,
    }
}

/// A test that failed counts more than one that timed out beside it.
fn read_failed(said: &str) -> Option<Ran> {
    let lines = || said.lines().filter_map(read_line);
    let failed = lines().find(|(word, _)| FAILURES.contains(word) || word.starts_with("SIG"));
    if let Some((_, test)) = failed {
        return Some(Ran::Failed { test });
    }
    let timed_out = lines().find(|(word, _)| *word == "TIMEOUT");
    timed_out.map(|(_, test)| Ran::TimedOut { test })
}

const FAILURES: [&str; 4] = ["FAIL", "FAIL + LEAK", "ABORT", "LEAK-FAIL"];

/// `FAIL [   0.003s] (5/9) pagos-tests::i01_durable i01_nothing_is_sent`: the word, then the test.
fn read_line(line: &str) -> Option<(&str, String)> {
    let (word, rest) = line.trim().split_once(" [")?;
    let (_, rest) = rest.split_once(']')?;
    let mut words = rest.split_whitespace().rev();
    let (test, binary) = (words.next()?, words.next()?);
    Some((word.trim(), format!("{binary} {test}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(test: &str) -> Option<Ran> {
        Some(Ran::Failed { test: test.to_owned() })
    }

    #[test]
    fn only_a_test_that_fails_is_a_catch() {
        let fail =
            "    Starting 2 tests\n        FAIL [   0.011s] (2/3) a-crate decide::tests::it\n";
        let hang = "     TIMEOUT [ 300.001s] (1/1) a-crate::file that_hangs\n";
        let abort = "     SIGABRT [   0.2s] (1/1) a-crate::file that_aborts\n";
        let hung = Some(Ran::TimedOut { test: "a-crate::file that_hangs".to_owned() });
        let both = format!("{hang}{fail}");
        let cases = [
            (Some(0), "", Some(Ran::Passed)),
            (Some(4), "error: no tests to run", Some(Ran::NoTests)),
            (Some(101), "error: could not compile", Some(Ran::NotBuilt)),
            (Some(100), fail, failed("a-crate decide::tests::it")),
            (Some(100), abort, failed("a-crate::file that_aborts")),
            (Some(100), hang, hung),
            (Some(100), both.as_str(), failed("a-crate decide::tests::it")),
            (Some(100), "no line of a test", None),
            (Some(1), "", None),
            (None, fail, None),
        ];
        for (code, said, expected) in cases {
            assert_eq!(read(code, said), expected, "{code:?} {said}");
        }
    }
}
