//! Rules of the workspace that no compiler checks. What rustfmt and clippy know is not repeated.

mod arrows;
mod blocks;
mod circles;
mod facts;
mod fixtures;
mod foreign;
mod instrumented;
mod links;
mod manifests;
mod mutants;
mod names;
mod rooms;
mod source;
mod text;
mod walks;

pub(crate) use self::blocks::Provers;
use crate::{
    failure::Failure, pages::Page, tally::Tally, tidy::source::Source, workspace::Workspace,
};

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
    let pages = Page::read_all(&workspace.root)?;
    let mut checks = vec![arrows::check(&workspace.packages), rooms::check(workspace, &sources)];
    checks.extend(text::check(&sources));
    checks.push(circles::check(workspace, &sources)?);
    checks.push(instrumented::check(&sources));
    checks.push(names::check(workspace, &sources)?);
    checks.push(manifests::check(workspace)?);
    checks.push(foreign::check(workspace)?);
    checks.push(fixtures::check(workspace)?);
    checks.push(mutants::check(workspace)?);
    checks.push(walks::check(workspace, &sources)?);
    checks.extend(judge_pages(workspace, &pages, &sources)?);
    show(&checks);
    Ok(checks)
}

/// The rules about pages alone.
fn judge_pages(
    workspace: &Workspace,
    pages: &[Page],
    sources: &[Source],
) -> Result<Vec<Check>, Failure> {
    Ok(vec![
        links::check(workspace, pages),
        blocks::check(workspace, pages, sources),
        facts::check(workspace, pages, sources)?,
    ])
}

/// Applies the rules about pages, prints what they found, and says who proves the blocks.
pub(crate) fn inspect_pages(workspace: &Workspace) -> Result<(Tally, Provers), Failure> {
    let sources = Source::read_all(workspace)?;
    let pages = Page::read_all(&workspace.root)?;
    let checks = judge_pages(workspace, &pages, &sources)?;
    show(&checks);
    Ok((count(&checks), Provers::of(&pages, &sources)))
}

fn show(checks: &[Check]) {
    for check in checks {
        println!("tidy: {:<10} {:>4} looked at", check.name, check.examined);
        check.findings.iter().for_each(|finding| println!("  {finding}"));
    }
}

/// A rule counts as a test.
pub(crate) fn count(checks: &[Check]) -> Tally {
    let (good, bad): (Vec<_>, Vec<_>) = checks.iter().partition(|check| check.findings.is_empty());
    Tally { passed: good.len(), failed: bad.len(), skipped: 0 }
}
