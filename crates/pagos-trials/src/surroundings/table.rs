//! What came out, a line for each thing that was tried. Judges nothing.

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) scenario: &'static str,
    pub(super) what: String,
    pub(super) happened: String,
    /// How many payouts of it the bank paid, and how many of those more than once.
    pub(super) paid: usize,
    pub(super) twice: usize,
    pub(super) result: CheckResult,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckResult {
    Holds,
    Broken,
    Skipped,
}

impl Told {
    /// Something is wrong that has no payouts.
    pub(super) fn broken(scenario: &'static str, what: &str, happened: String) -> Self {
        Self::of(scenario, what, happened, CheckResult::Broken)
    }

    /// Something that cannot be tried here, and why.
    pub(super) fn skipped(scenario: &'static str, what: &str, because: &str) -> Self {
        Self::of(scenario, what, because.to_owned(), CheckResult::Skipped)
    }

    /// Something without payouts.
    pub(super) fn of(
        scenario: &'static str,
        what: &str,
        happened: String,
        result: CheckResult,
    ) -> Self {
        Self { scenario, what: what.to_owned(), happened, paid: 0, twice: 0, result }
    }
}

impl CheckResult {
    fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "BROKEN",
            Self::Skipped => "skipped",
        }
    }
}

/// The table as it is printed.
pub(super) fn lines(told: &[Told]) -> Vec<String> {
    let line = |it: &Told| {
        let (scenario, what, result) = (it.scenario, &it.what, it.result.word());
        let (paid, twice) = (it.paid, it.twice);
        format!("{scenario:<12} {what:<46} {paid:>4} {twice:>5}  {result:<8} {}", it.happened)
    };
    let head =
        format!("{:<12} {:<46} paid twice  {:<8} {}", "scenario", "what", "result", "happened");
    std::iter::once(head).chain(told.iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_has_a_line_below_the_head() {
        let told = Told::skipped("mounts", "a file", "no unshare");
        let lines = lines(&[told]);
        assert!(lines[0].starts_with("scenario"));
        assert!(lines[1].starts_with("mounts") && lines[1].ends_with("no unshare"));
        assert_eq!(lines.len(), 2);
    }
}
