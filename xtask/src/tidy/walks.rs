//! Every step of "Three walks" in `docs/ARCHITECTURE.md` leads to a file and functions that are there. A
//! step is a numbered line that begins with both: "1. `pagos-cli/run.rs` `block_on`: ..."; the file lies
//! in the crate's `src`. In the rest of the section only the names of files are looked up.

use std::{collections::BTreeMap, fs};

use crate::{
    failure::Failure,
    tidy::{Check, source::Source},
    workspace::Workspace,
};

/// The page, and the heading of the section.
const DOCS: &str = "docs/ARCHITECTURE.md";
const HEADING: &str = "## Three walks";

/// Looks up every step.
pub(super) fn check(workspace: &Workspace, sources: &[Source]) -> Result<Check, Failure> {
    let docs = fs::read_to_string(workspace.root.join(DOCS)).map_err(Failure::while_doing(DOCS))?;
    Ok(judge(&docs, sources))
}

fn judge(docs: &str, sources: &[Source]) -> Check {
    let files: BTreeMap<String, &Source> =
        sources.iter().filter_map(|source| Some((short(&source.path)?, source))).collect();
    let section = (1..).zip(docs.lines()).skip_while(|(_, line)| *line != HEADING).skip(1);
    let section = section.take_while(|(_, line)| !line.starts_with("## "));
    let (mut examined, mut findings) = (0, Vec::new());
    for (number, line) in section {
        let mut tell = |because: String| findings.push(format!("{DOCS}:{number}: {because}"));
        for file in spans(line).filter(|span| span.ends_with(".rs") && !files.contains_key(*span)) {
            tell(format!("there is no {file}"));
        }
        let Some(head) = head(line) else { continue };
        examined += 1;
        let mut named = spans(head);
        let source = named.next().and_then(|file| files.get(file));
        let functions: Vec<&str> = named.collect();
        if functions.is_empty() {
            tell("a step begins with its file and functions, in backticks".to_owned());
        }
        for function in source.into_iter().flat_map(|source| lost(source, &functions)) {
            tell(format!("there is no function {function}"));
        }
    }
    if examined == 0 {
        findings.push(format!("{DOCS}: {HEADING:?} has no steps"));
    }
    Check { name: "walks", examined, findings }
}

/// `crates/pagos-cli/src/run.rs` is `pagos-cli/run.rs`.
fn short(path: &str) -> Option<String> {
    let (package, file) = path.strip_prefix("crates/")?.split_once("/src/")?;
    Some(format!("{package}/{file}"))
}

/// What stands before the colon of a numbered line.
fn head(line: &str) -> Option<&str> {
    let (number, step) = line.split_once(". ")?;
    let is_step = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_step.then(|| step.split_once(": ").map_or(step, |(head, _)| head))
}

fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The functions that the code of a file does not define.
fn lost<'f>(source: &Source, functions: &[&'f str]) -> Vec<&'f str> {
    let code: Vec<&str> = source.code().map(|(_, line)| line).collect();
    let is_there = |function: &str| {
        let starts = ["(", "<"].map(|next| format!("fn {function}{next}"));
        code.iter().any(|line| starts.iter().any(|start| line.contains(start)))
    };
    functions.iter().filter(|function| !is_there(function)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source::tests::source;

    #[test]
    fn a_step_leads_to_a_file_and_a_function() {
        let code =
            "fn pay(a: u8) {}\nfn ask<T>() {}\n#[cfg(test)]\nmod tests {\n    fn only() {}\n}\n";
        let sources = [source("crates/pagos-acme/src/run.rs", code)];
        let check = |step: &str| {
            let docs = format!("# A\n`gone/a.rs`\n{HEADING}\n\n{step}\n## Next\n`gone/b.rs`\n");
            judge(&docs, &sources).findings.len()
        };
        for (step, count) in [
            ("1. `pagos-acme/run.rs` `pay`, `ask`: an `Order` goes in; see `pagos-acme/run.rs`", 0),
            ("10. `pagos-acme/run.rs` `pay`", 0),
            ("1. `pagos-acme/run.rs` `pays`: x", 1),
            ("1. `pagos-acme/run.rs` `only`: x", 1),
            ("1. `pagos-acme/walk.rs` `pay`: x", 1),
            ("1. `pagos-acme/run.rs`: `pay` is no part of the head", 1),
            ("1. `pagos-acme/run.rs` `pay`: x\n* see `pagos-acme/walk.rs`", 1),
            ("no step", 1),
        ] {
            assert_eq!(check(step), count, "{step}");
        }
    }
}
