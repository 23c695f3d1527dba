//! Every fenced block of a page has somebody who proves it: a doctest, or whoever its mark names (see
//! `pages.rs`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::{
    pages::{Block, Page},
    tidy::{Check, source::Source},
    workspace::Workspace,
};

/// Who proves the blocks of all pages.
#[derive(Debug, Default)]
pub(crate) struct Provers {
    /// Files with tests, examples that pages show among them.
    pub(crate) tests: BTreeSet<String>,
    /// Crates whose documentation has pages.
    pub(crate) packages: BTreeSet<String>,
}

impl Provers {
    pub(super) fn of(pages: &[Page], sources: &[Source]) -> Self {
        let blocks = pages.iter().flat_map(|page| &page.blocks);
        let tests = blocks.filter_map(|block| match proof_of(block, false) {
            Some(Proof::Test(file)) => Some(file.to_owned()),
            Some(Proof::Excerpt(file)) if file.contains("/examples/") => Some(file.to_owned()),
            Some(Proof::Doctest | Proof::Excerpt(_) | Proof::Illustration) | None => None,
        });
        let packages = list_compiled(sources).into_values();
        Self { tests: tests.collect(), packages: packages.collect() }
    }
}

/// Who proves a block.
#[derive(Debug, PartialEq, Eq)]
enum Proof<'a> {
    /// rustdoc compiles and runs it.
    Doctest,
    /// The test in this file reads the page.
    Test(&'a str),
    /// It is an excerpt of this file.
    Excerpt(&'a str),
    /// Nobody: it is an illustration.
    Illustration,
}

/// Looks at every block, and compares those that are excerpts.
pub(super) fn check(workspace: &Workspace, pages: &[Page], sources: &[Source]) -> Check {
    let compiled = list_compiled(sources);
    let read = |path: &str| fs::read_to_string(workspace.root.join(path)).ok();
    let mut findings = Vec::new();
    for page in pages {
        let is_compiled = compiled.contains_key(&page.path);
        for block in &page.blocks {
            if let Some(because) = judge(page, block, is_compiled, read) {
                findings.push(format!("{}:{}: {because}", page.path, block.line));
            }
        }
    }
    Check { name: "blocks", examined: pages.iter().map(|page| page.blocks.len()).sum(), findings }
}

/// The pages that some file takes into its documentation, and the crates of these files.
fn list_compiled(sources: &[Source]) -> BTreeMap<String, String> {
    let included = sources.iter().flat_map(|source| {
        source.text.lines().filter_map(move |line| {
            let (_, rest) = line.split_once("doc = include_str!(\"")?;
            let (target, _) = rest.split_once('"')?;
            Some((super::links::resolve(&source.path, target), source.package.clone()))
        })
    });
    included.collect()
}

/// Who proves it, if anybody does.
fn proof_of(block: &Block, is_compiled: bool) -> Option<Proof<'_>> {
    if is_compiled && block.kind == "rust" {
        return Some(Proof::Doctest);
    }
    let mark = block.mark.as_deref()?;
    if let Some(file) = mark.strip_prefix("tested by ") {
        return Some(Proof::Test(file));
    }
    if let Some(file) = mark.strip_prefix("part of ") {
        return Some(Proof::Excerpt(file));
    }
    mark.strip_prefix("not run, because ").map(|_| Proof::Illustration)
}

fn judge(
    page: &Page,
    block: &Block,
    is_compiled: bool,
    read: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let file = match proof_of(block, is_compiled) {
        None => {
            return Some("nobody proves this block; xtask/src/pages.rs has the marks".to_owned());
        }
        Some(Proof::Doctest | Proof::Illustration) => return None,
        Some(Proof::Test(file) | Proof::Excerpt(file)) => file,
    };
    let Some(text) = read(file) else { return Some(format!("{file} is not there")) };
    let is_proved = match proof_of(block, is_compiled) {
        Some(Proof::Excerpt(_)) => is_excerpt(&block.text, &text),
        _ => names(&text, &page.path),
    };
    (!is_proved).then(|| match proof_of(block, is_compiled) {
        Some(Proof::Excerpt(_)) => format!("its lines are not those of {file}"),
        _ => format!("{file} does not name {}", page.path),
    })
}

/// Does a test name the page, whole, by its last parts, or by its stem?
fn names(test: &str, page: &str) -> bool {
    let name = page.rsplit('/').next().unwrap_or(page);
    let stem = name.strip_suffix(".md").unwrap_or(name);
    let is_readme = stem == "README";
    test.contains(page)
        || (!is_readme && test.contains(name))
        || test.contains(&format!("\"{stem}\""))
}

/// Do the lines of a block stand in a file one after the other, whatever their indentation? Lines of a
/// documentation comment count without its sign, and lines that rustdoc hides do not.
fn is_excerpt(block: &str, file: &str) -> bool {
    let bare = |line: &'_ str| -> String {
        let line = line.trim();
        let line = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).unwrap_or(line);
        line.trim().to_owned()
    };
    let wanted: Vec<String> = block.trim().lines().map(bare).collect();
    let lines: Vec<String> =
        file.lines().map(bare).filter(|line| !line.starts_with("# ")).collect();
    lines.windows(wanted.len().max(1)).any(|lines| lines == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source::tests::source;

    fn finding(text: &str, is_compiled: bool) -> Option<String> {
        let page = Page::parse("docs/guide/pay.md", text);
        let files = |path: &str| match path {
            "a.rs" => Some("let page = \"docs/guide/pay.md\";\n".to_owned()),
            "b.rs" => Some("    /// one\n    /// # hidden\n    ///   two\n".to_owned()),
            _ => None,
        };
        judge(&page, page.blocks.first().unwrap(), is_compiled, files)
    }

    #[test]
    fn a_block_without_anybody_who_proves_it_is_found() {
        let block = "```sh\none\ntwo\n```\n";
        for (mark, is_good) in [
            ("", false),
            ("<!-- block: believe me -->\n", false),
            ("<!-- block: tested by a.rs -->\n", true),
            ("<!-- block: tested by b.rs -->\n", false),
            ("<!-- block: tested by c.rs -->\n", false),
            ("<!-- block: part of b.rs -->\n", true),
            ("<!-- block: part of a.rs -->\n", false),
            ("<!-- block: not run, because it never ends -->\n", true),
        ] {
            let found = finding(&format!("{mark}{block}"), false);
            assert_eq!(found.is_none(), is_good, "{mark}{found:?}");
        }
    }

    #[test]
    fn what_rustdoc_compiles_is_proved() {
        assert_eq!(finding("```rust\nlet a = 1;\n```\n", true), None);
        assert!(finding("```rust\nlet a = 1;\n```\n", false).is_some());
        assert!(finding("```rust,ignore\nlet a = 1;\n```\n", true).is_some());
        let lib =
            source("crates/pagos-core/src/lib.rs", "#[doc = include_str!(\"../README.md\")]\n");
        let page = ("crates/pagos-core/README.md".to_owned(), "pagos-core".to_owned());
        assert_eq!(list_compiled(&[lib]), [page].into());
    }
}
