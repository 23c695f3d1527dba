//! What came of a run: one line per failure, and a table of provider by operation.

use std::{collections::BTreeMap, fmt};

use crate::case::{Case, Kind};

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Report {
    cases: Vec<CaseReport>,
}

/// What came of one case.
#[derive(Debug, Clone)]
pub struct CaseReport {
    /// The provider's name.
    pub provider: String,
    /// The operation, empty if no case could be read.
    pub operation: String,
    /// The case.
    pub name: String,
    /// Where the case comes from.
    pub kind: Kind,
    /// What went wrong; empty if nothing did.
    pub failures: Vec<String>,
}

impl CaseReport {
    pub(crate) fn new(case: &Case, failures: Vec<String>) -> Self {
        Self {
            provider: case.provider.clone(),
            operation: case.operation.clone(),
            name: case.name.clone(),
            kind: case.kind,
            failures,
        }
    }

    pub(crate) fn unreadable(provider: &str, because: String) -> Self {
        Self {
            provider: provider.to_owned(),
            operation: String::new(),
            name: String::new(),
            kind: Kind::Computed,
            failures: vec![because],
        }
    }
}

impl Report {
    pub(crate) fn new(cases: Vec<CaseReport>) -> Self {
        Self { cases }
    }

    /// True if there is no failure.
    pub fn is_passed(&self) -> bool {
        self.cases.iter().all(|case| case.failures.is_empty())
    }

    /// Every case that was run, and every one that could not be.
    pub fn cases(&self) -> &[CaseReport] {
        &self.cases
    }

    pub(crate) fn into_cases(self) -> Vec<CaseReport> {
        self.cases
    }

    fn rows(&self) -> BTreeMap<(&str, &str), Row> {
        let mut rows: BTreeMap<(&str, &str), Row> = BTreeMap::new();
        for case in &self.cases {
            let row = rows.entry((&case.provider, &case.operation)).or_default();
            match case.failures.is_empty() {
                true => row.passed += 1,
                false => row.failed += 1,
            }
            if case.kind == Kind::Documented {
                row.documented += 1;
            }
        }
        rows
    }
}

#[derive(Default)]
struct Row {
    passed: usize,
    failed: usize,
    documented: usize,
}

/// The table, then the failures.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = ["provider", "operation", "passed", "failed", "documented"];
        let [provider, operation, passed, failed, documented] = columns;
        writeln!(f, "{provider:<12} {operation:<16} {passed:>6} {failed:>6} {documented:>10}")?;
        for ((provider, operation), row) in self.rows() {
            let Row { passed, failed, documented } = row;
            writeln!(f, "{provider:<12} {operation:<16} {passed:>6} {failed:>6} {documented:>10}")?;
        }
        for case in self.cases.iter().filter(|case| !case.failures.is_empty()) {
            writeln!(f, "\n{}/{}/{}", case.provider, case.operation, case.name)?;
            for failure in &case.failures {
                writeln!(f, "    {failure}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_without_cases_fails() {
        let report = Report::new(vec![CaseReport::unreadable("nobody", "no cases".to_owned())]);
        assert!(!report.is_passed());
        assert!(report.to_string().contains("nobody"));
        assert!(report.to_string().contains("no cases"));
    }
}
