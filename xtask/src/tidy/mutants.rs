//! The list of planted bugs can be read, and every text to replace is there exactly once. Plants nothing.

use crate::{
    failure::Failure,
    mutants::list::{self, FOLDER, LENGTH_MIN},
    tidy::Check,
    workspace::Workspace,
};

/// Compares the list with the sources.
pub(super) fn check(workspace: &Workspace) -> Result<Check, Failure> {
    let mutants = list::read(&workspace.root)?;
    let mut findings = list::judge(&workspace.root, &mutants)?;
    if mutants.len() < LENGTH_MIN {
        findings.push(format!("{FOLDER}: fewer than {LENGTH_MIN} planted bugs"));
    }
    Ok(Check { name: "mutants", examined: mutants.len(), findings })
}
