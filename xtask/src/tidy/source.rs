//! The Rust files of the workspace, read once, and which of their lines are code.
//! Not a parser: it knows comments, and where the tests of a file begin.

use std::fs;

use crate::{failure::Failure, files::list_files, workspace::Workspace};

/// Where a file lies in its crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// What users get.
    Src,
    /// Tests, benches and examples.
    Around,
}

/// One Rust file.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The crate that it belongs to.
    pub(super) package: String,
    /// From the root of the workspace, with slashes.
    pub(super) path: String,
    /// Where it lies.
    pub(super) place: Place,
    /// All of it.
    pub(super) text: String,
    /// The length of the crate's own part of `path`.
    inner_start: usize,
}

impl Source {
    /// Every Rust file of every crate.
    pub(super) fn read_all(workspace: &Workspace) -> Result<Vec<Self>, Failure> {
        let mut sources = Vec::new();
        for package in &workspace.packages {
            let inner_start = workspace.shorten(&package.folder).len() + 1;
            for folder in ["src", "tests", "benches", "examples"] {
                let place = if folder == "src" { Place::Src } else { Place::Around };
                for file in list_files(&package.folder.join(folder))? {
                    let path = workspace.shorten(&file);
                    if !path.ends_with(".rs") {
                        continue;
                    }
                    let text = fs::read_to_string(&file).map_err(Failure::while_doing(&path))?;
                    let package = package.name.clone();
                    sources.push(Self { package, path, place, text, inner_start });
                }
            }
        }
        Ok(sources)
    }

    /// The path inside the crate: `src/lib.rs`.
    pub(super) fn inner_path(&self) -> &str {
        self.path.get(self.inner_start..).unwrap_or_default()
    }

    /// Numbered lines before the tests, without comments.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.length();
        (1..).zip(self.text.lines()).take(end).map(|(number, line)| (number, uncomment(line)))
    }

    /// How many lines lie before the tests.
    pub(super) fn length(&self) -> usize {
        let mut lines = self.text.lines().map(str::trim).enumerate().peekable();
        let mut count = 0;
        while let Some((at, line)) = lines.next() {
            count = at + 1;
            if !line.starts_with("#[cfg(test)]") {
                continue;
            }
            while lines.next_if(|(_, next)| next.starts_with("#[")).is_some() {}
            let opens_tests = |next: &str| next.contains("mod ") && next.ends_with('{');
            if lines.peek().is_some_and(|(_, next)| opens_tests(next)) {
                return at;
            }
        }
        count
    }
}

/// The line up to a comment. `//` inside a text is taken for code when a quote stands before it.
fn uncomment(line: &str) -> &str {
    match line.find("//") {
        Some(at) if !line.get(..at).is_some_and(|before| before.contains('"')) => {
            line.get(..at).unwrap_or(line)
        }
        _ => line,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file of `src`, by its path and text.
    pub(in crate::tidy) fn source(path: &str, text: &str) -> Source {
        let package = path.split('/').nth(1).unwrap_or_default().to_owned();
        let inner_start = "crates/".len() + package.len() + 1;
        let place = if path.contains("/src/") { Place::Src } else { Place::Around };
        Source { package, path: path.to_owned(), place, text: text.to_owned(), inner_start }
    }

    #[test]
    fn code_ends_where_the_tests_begin_and_has_no_comments() {
        let text = "//! Head.\nlet a = 1; // one\nlet url = \"http://x\";\n\n\
                    #[cfg(test)]\n#[allow(clippy::unwrap_used)]\nmod tests {\n    let f = 1.0_f64;\n}\n";
        let source = source("crates/pagos-core/src/a.rs", text);
        let code: Vec<&str> = source.code().map(|(_, line)| line.trim()).collect();
        assert_eq!(code, ["", "let a = 1;", "let url = \"http://x\";", ""]);
        assert_eq!(source.length(), 4);
        assert_eq!(source.inner_path(), "src/a.rs");
    }

    #[test]
    fn a_single_item_for_tests_does_not_end_the_code() {
        let text = "#[cfg(test)]\nfn only_for_tests() {}\n#[cfg(test)]\nmod tests;\nlet x = 1;\n";
        assert_eq!(source("crates/pagos-core/src/a.rs", text).length(), 5);
    }
}
