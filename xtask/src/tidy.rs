//! Rules of the workspace that no compiler checks. What rustfmt and clippy know is not repeated.

mod arrows;
mod circles;
mod fixtures;
mod foreign;
mod instrumented;
mod manifests;
mod mutants;
mod names;
mod rooms;
mod source;
mod text;

use crate::{failure::Failure, tidy::source::Source, workspace::Workspace};

/// What one rule had to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// The rule, in two words.
    pub(crate) name: &'static str,
    /// How many things were looked at; zero means that the rule saw nothing to judge.
    pub(crate) examined: usize,
    /// What breaks it: where, what, and what to do.
    pub(crate) findings: Vec<String>,
}

/// Prints every rule with its findings. Fails if there is one.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let checks = inspect(workspace)?;
    let count: usize = checks.iter().map(|check| check.findings.len()).sum();
    if count > 0 {
        return Err(Failure::new(format!("{count} findings")));
    }
    Ok(())
}

/// Applies every rule and prints what it found.
pub(crate) fn inspect(workspace: &Workspace) -> Result<Vec<Check>, Failure> {
    let sources = Source::read_all(workspace)?;
    let mut checks = vec![arrows::check(&workspace.packages), rooms::check(workspace, &sources)];
    checks.extend(text::check(&sources));
    checks.push(circles::check(workspace, &sources)?);
    checks.push(instrumented::check(&sources));
    checks.push(names::check(workspace, &sources)?);
    checks.push(manifests::check(workspace)?);
    checks.push(foreign::check(workspace)?);
    checks.push(fixtures::check(workspace)?);
    checks.push(mutants::check(workspace)?);
    for check in &checks {
        println!("tidy: {:<10} {:>4} looked at", check.name, check.examined);
        check.findings.iter().for_each(|finding| println!("  {finding}"));
    }
    Ok(checks)
}
