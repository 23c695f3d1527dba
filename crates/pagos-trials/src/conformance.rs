//! `cargo xtask conformance`: replays every fixture through the public API of its provider.
//! The suite is `pagos-conformance`; here it is only given the providers, and printed.

use pagos_conformance::{Factory, Report};
use pagos_kit::KITS;

use crate::{
    failure::Failure,
    tally::Tally,
    workspace::{Workspace, is_provider},
};

/// Replays every case, prints the table and counts. A provider crate that nobody listed here is a
/// failure, so that none is forgotten.
pub(crate) fn run(workspace: &Workspace) -> Result<Tally, Failure> {
    let providers: Vec<(&str, &dyn Factory)> =
        KITS.iter().map(|kit| (kit.name(), kit as &dyn Factory)).collect();
    let listed: Vec<&str> = KITS.iter().map(|kit| kit.name()).collect();
    let crates = workspace.packages.iter().map(|package| package.name.as_str());
    if let Some(name) = unlisted(crates, &listed) {
        return Err(Failure::new(format!("{name} is not listed in crates/pagos-kit/src/lib.rs")));
    }
    let report = pagos_conformance::run(&workspace.root.join("fixtures"), &providers);
    println!("{report}");
    Ok(count(&report))
}

/// The first provider crate that is not among the providers.
fn unlisted<'a>(mut crates: impl Iterator<Item = &'a str>, listed: &[&str]) -> Option<&'a str> {
    crates.find(|name| {
        let provider = name.strip_prefix("pagos-").unwrap_or(name);
        is_provider(name) && !listed.contains(&provider)
    })
}

fn count(report: &Report) -> Tally {
    let failed = report.cases().iter().filter(|case| !case.failures.is_empty()).count();
    Tally { passed: report.cases().len() - failed, failed, skipped: 0 }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_provider_without_cases_is_a_failure() {
        let empty = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let report = pagos_conformance::run(&empty, &[(KITS[0].name(), &KITS[0])]);
        assert_eq!(count(&report), Tally { passed: 0, failed: 1, skipped: 0 });
    }

    #[test]
    fn a_provider_that_is_not_listed_is_a_failure() {
        let crates = ["pagos-core", "pagos-cashypro", "pagos-conekta", "xtask"];
        let unlisted = |listed: &[&str]| unlisted(crates.into_iter(), listed);
        assert_eq!(unlisted(&["cashypro"]), Some("pagos-conekta"));
        assert_eq!(unlisted(&["cashypro", "conekta"]), None);
    }
}
