//! `cargo xtask docs`: one command that proves the pages. Links, blocks and facts are rules of `tidy`;
//! here every test runs that the pages name as theirs, and the crates that are made of pages.

use std::collections::BTreeSet;

use crate::{
    failure::Failure,
    process,
    server::Choice,
    tally::{self, Tally},
    tidy, trials,
    workspace::Workspace,
};

/// Tests of all pages, which no single block names: commands, settings, counts and words.
const OF_ALL_PAGES: [&str; 6] = [
    "crates/pagos-trials/src/pages.rs",
    "crates/pagos-cli/src/accounts/page.rs",
    "crates/pagos-cli/src/config/api.rs",
    "crates/pagos-cli/src/telemetry/names/tests.rs",
    "crates/pagos-events/src/kind.rs",
    "crates/pagos-tests/tests/telemetry.rs",
];

/// Judges the pages, and runs what runs them. The last line holds the counts.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let (mut total, provers) = tidy::inspect_pages(workspace)?;
    let tests: BTreeSet<&str> =
        provers.tests.iter().map(String::as_str).chain(OF_ALL_PAGES).collect();
    let files: Vec<TestFile<'_>> = tests.iter().filter_map(|file| TestFile::parse(file)).collect();
    if workspace.has_tool("nextest", "the tests of the pages")? {
        let mut command = workspace.cargo(&["nextest", "run", "--all-features", "--no-fail-fast"]);
        let packages: BTreeSet<&str> = files.iter().map(|file| file.package).collect();
        let binaries: BTreeSet<_> = files.iter().filter_map(|file| file.binary).collect();
        command.arg("--lib").args(packages.iter().flat_map(|package| ["-p", package]));
        command.args(binaries.iter().flat_map(|(flag, name)| [flag, name]));
        let filter: Vec<String> = files.iter().map(TestFile::filter).collect();
        command.args(["--filterset", &filter.join(" | ")]);
        // What is told about a store on PostgreSQL is compared with one.
        let server = Choice::make()?;
        server.tell(&mut command);
        let tally = Tally::of(&process::overhear(&mut command)?, tally::parse_nextest)?;
        // The other tests of these crates are not skipped; they are about something else.
        total = total.plus(Tally { skipped: 0, ..tally });
    }
    let mut command = workspace.cargo(&["test", "--doc", "--all-features"]);
    command.args(provers.packages.iter().flat_map(|package| ["-p", package]));
    total = total.plus(Tally::of(&process::overhear(&mut command)?, tally::parse_libtest)?);
    total = total.plus(trials::count(&["outside"])?);
    println!("{total}");
    if total.failed == 0 { Ok(()) } else { Err(Failure::told()) }
}

/// A file with tests, as nextest names it.
#[derive(Debug, PartialEq, Eq)]
struct TestFile<'a> {
    package: &'a str,
    /// The flag of cargo and the name of a file of `tests/` or `examples/`; nothing for the library.
    binary: Option<(&'static str, &'a str)>,
    /// The module, with `::`.
    module: String,
}

impl<'a> TestFile<'a> {
    /// `crates/PACKAGE/tests/NAME.rs` (or `examples/`), or `crates/PACKAGE/src/MODULE.rs`. Not the trial that makes crates
    /// of pages, which is a command.
    fn parse(path: &'a str) -> Option<Self> {
        let (package, rest) = path.strip_prefix("crates/")?.split_once('/')?;
        let rest = rest.strip_suffix(".rs")?;
        if path == "crates/pagos-trials/src/outside.rs" {
            return None;
        }
        for (folder, flag) in [("tests/", "--test"), ("examples/", "--example")] {
            if let Some(name) = rest.strip_prefix(folder) {
                return Some(Self { package, binary: Some((flag, name)), module: String::new() });
            }
        }
        let module = rest.strip_prefix("src/")?.replace('/', "::");
        Some(Self { package, binary: None, module })
    }

    fn filter(&self) -> String {
        let package = self.package;
        match self.binary {
            Some((_, binary)) => format!("(package({package}) & binary({binary}))"),
            None => format!("(package({package}) & kind(lib) & test(/^{}::/))", self.module),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_tests_has_a_filter() {
        for (path, filter) in [
            ("crates/pagos-cli/tests/pages.rs", "(package(pagos-cli) & binary(pages))"),
            ("crates/a/examples/pay.rs", "(package(a) & binary(pay))"),
            ("crates/a/src/b/c.rs", "(package(a) & kind(lib) & test(/^b::c::/))"),
        ] {
            assert_eq!(TestFile::parse(path).unwrap().filter(), filter);
        }
        assert_eq!(TestFile::parse("crates/pagos-trials/src/outside.rs"), None);
    }

    #[test]
    fn every_test_of_all_pages_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for file in OF_ALL_PAGES {
            assert!(root.join(file).is_file(), "{file}");
        }
    }
}
