//! Counts of tests, and how nextest and libtest print theirs. Runs nothing.

use std::fmt;

use crate::{failure::Failure, process::Heard};

/// How many passed, failed and were skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// They passed.
    pub passed: usize,
    /// They failed, or did not end.
    pub failed: usize,
    /// They were not run.
    pub skipped: usize,
}

impl Tally {
    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }

    /// Reads the last line that has the form of [`Tally`]'s own words.
    pub fn parse(text: &str) -> Option<Self> {
        text.lines().rev().find_map(|line| {
            let mut tally = Self::default();
            tally.add_line(line);
            (tally.to_string() == line.trim()).then_some(tally)
        })
    }

    /// The counts of a run. One that failed without a failed test (it did not build, say) counts as one
    /// failure.
    pub(crate) fn of(heard: &Heard, read: fn(&str) -> Option<Self>) -> Result<Self, Failure> {
        let Some(mut tally) = read(&heard.text) else {
            return Err(Failure::new("it ended without counts; its words are above"));
        };
        if !heard.is_success && tally.failed == 0 {
            tally.failed = 1;
        }
        Ok(tally)
    }

    /// Adds the counts of one line: `3 passed (1 slow), 2 failed, 1 timed out, 0 skipped`.
    fn add_line(&mut self, line: &str) {
        for part in line.split([',', ';']) {
            let mut words = part.split_whitespace();
            let Some(count) = words.next().and_then(|word| word.parse::<usize>().ok()) else {
                continue;
            };
            match words.next() {
                Some("passed") => self.passed += count,
                Some("failed" | "timed" | "exec" | "aborted") => self.failed += count,
                Some("skipped" | "ignored") => self.skipped += count,
                _ => {}
            }
        }
    }
}

/// The line that scripts read.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Reads the summary of `cargo nextest run`. `None` where there is none.
///
/// Tests that a summary of the form `3/5 tests run` left out count as failed.
pub(crate) fn parse_nextest(text: &str) -> Option<Tally> {
    let is_summary = |line: &&str| line.trim_start().starts_with("Summary [");
    let line = text.lines().rev().find(is_summary)?;
    let (head, counts) = line.split_once(" run: ")?;
    let mut tally = Tally::default();
    tally.add_line(&without_parentheses(counts));
    let ran = head.split(']').nth(1)?.split_whitespace().next()?;
    if let Some((done, planned)) = ran.split_once('/') {
        tally.failed += planned.parse::<usize>().ok()?.saturating_sub(done.parse().ok()?);
    }
    Some(tally)
}

/// Adds up every `test result:` line of `cargo test`. `None` where there is none.
pub(crate) fn parse_libtest(text: &str) -> Option<Tally> {
    let mut tally = None;
    for line in text.lines() {
        let Some((_, counts)) = line.split_once("test result: ") else {
            continue;
        };
        let counts = counts.split_once(". ").map_or(counts, |(_, rest)| rest);
        tally.get_or_insert_with(Tally::default).add_line(counts);
    }
    tally
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: usize, failed: usize, skipped: usize) -> Option<Tally> {
        Some(Tally { passed, failed, skipped })
    }

    #[test]
    fn nextest_summaries_are_read() {
        for (text, expected) in [
            ("     Summary [   0.003s] 1 test run: 1 passed, 0 skipped\n", tally(1, 0, 0)),
            (
                "     Summary [  12.1s] 9 tests run: 7 passed (2 slow, 1 flaky), 2 failed, 3 skipped",
                tally(7, 2, 3),
            ),
            (
                "     Summary [  12.1s] 4 tests run: 1 passed, 1 failed, 1 timed out, 1 exec failed, 0 skipped",
                tally(1, 3, 0),
            ),
            ("     Summary [  12.1s] 3/5 tests run: 2 passed, 1 failed, 0 skipped", tally(2, 3, 0)),
            ("     Summary [  0.0s] 0 tests run: 0 passed, 0 skipped", tally(0, 0, 0)),
            ("error: could not compile", None),
        ] {
            assert_eq!(parse_nextest(text), expected, "{text}");
        }
    }

    #[test]
    fn libtest_results_are_added_up() {
        let text = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.0s\n\
                    test result: FAILED. 2 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.0s\n";
        assert_eq!(parse_libtest(text), tally(5, 5, 1));
        assert_eq!(parse_libtest("error: could not compile `pagos`\n"), None);
    }

    #[test]
    fn a_run_that_failed_has_a_failure() {
        let heard = |text: &str, is_success| Heard { text: text.to_owned(), is_success };
        for (text, is_success, expected) in [
            ("3 passed, 0 failed, 0 skipped\n", true, tally(3, 0, 0)),
            ("3 passed, 0 failed, 0 skipped\n", false, tally(3, 1, 0)),
            ("3 passed, 2 failed, 0 skipped\n", false, tally(3, 2, 0)),
            ("error: could not compile", false, None),
        ] {
            assert_eq!(Tally::of(&heard(text, is_success), Tally::parse).ok(), expected, "{text}");
        }
    }

    #[test]
    fn the_last_line_has_one_form() {
        let total = Tally { passed: 2, failed: 0, skipped: 1 };
        let line = total.plus(total).to_string();
        assert_eq!(line, "4 passed, 0 failed, 2 skipped");
        let text =
            format!("1 passed, 0 failed, 0 skipped\n{line}\ncompat: {line}\nwarning: 1 passed\n");
        assert_eq!(Tally::parse(&text), tally(4, 0, 2));
        assert_eq!(Tally::parse("7 passed\n"), None);
    }
}
