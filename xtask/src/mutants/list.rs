//! The planted bugs as they are written down: one TOML file for each part of the product, read and
//! compared with the sources. Plants nothing.

use std::{collections::BTreeSet, fs, path::Path};

use toml::{Table, Value};

use crate::failure::Failure;

/// Where the list lies, from the root of the workspace.
pub(crate) const FOLDER: &str = "xtask/mutants";

/// A shorter list would be a sign that somebody tidied away what could not be caught.
pub(crate) const LENGTH_MIN: usize = 28;

/// A text that is longer than this breaks with the next edit around it.
const FIND_LINES_MAX: usize = 8;

/// One bug that the tests must catch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mutant {
    pub(super) name: String,
    /// Which of the invariants it breaks: `I1` to `I13`.
    pub(super) invariant: String,
    /// What goes wrong, in one sentence.
    pub(super) breaks: String,
    /// From the root of the workspace.
    pub(super) file: String,
    /// Occurs exactly once in the file.
    pub(super) find: String,
    pub(super) replace: String,
    /// Arguments of `cargo nextest run`: the narrowest tests that should catch it.
    pub(super) tests: String,
    /// Does a test that never ends count as caught?
    pub(super) may_hang: bool,
}

impl Mutant {
    /// The file's text with the bug in it; why it cannot be planted, else.
    pub(super) fn plant(&self, text: &str) -> Result<String, String> {
        match text.matches(self.find.as_str()).count() {
            1 => Ok(text.replacen(self.find.as_str(), &self.replace, 1)),
            0 => Err(format!("{}: its text is not in {}", self.name, self.file)),
            count => Err(format!("{}: its text is {count} times in {}", self.name, self.file)),
        }
    }

    /// Do its tests want a PostgreSQL server?
    pub(super) fn needs_a_server(&self) -> bool {
        self.tests.contains("-p pagos-store-postgres")
    }

    fn parse(entry: &Table) -> Result<Self, String> {
        let text = |name: &str| match entry.get(name).and_then(Value::as_str) {
            Some(text) => Ok(text.to_owned()),
            None => Err(format!("a mutant has no text {name:?}")),
        };
        let known = ["name", "invariant", "breaks", "file", "find", "replace", "tests", "may_hang"];
        if let Some(other) = entry.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("a mutant has no {other:?}"));
        }
        Ok(Self {
            name: text("name")?,
            invariant: text("invariant")?,
            breaks: text("breaks")?,
            file: text("file")?,
            find: text("find")?,
            replace: text("replace")?,
            tests: text("tests")?,
            may_hang: entry.get("may_hang").is_some_and(|value| value == &Value::Boolean(true)),
        })
    }
}

/// All of them, in the order of the files and of their lines.
pub(crate) fn read(root: &Path) -> Result<Vec<Mutant>, Failure> {
    let folder = root.join(FOLDER);
    let entries = fs::read_dir(&folder).map_err(Failure::while_doing(FOLDER))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(Failure::while_doing(FOLDER))?.path();
        files.extend(Some(path).filter(|path| path.extension().is_some_and(|it| it == "toml")));
    }
    files.sort();
    let mut mutants = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(Failure::while_doing(file.display()))?;
        mutants.extend(parse(&text).map_err(Failure::while_doing(file.display()))?);
    }
    Ok(mutants)
}

fn parse(text: &str) -> Result<Vec<Mutant>, String> {
    let table: Table = text.parse().map_err(|cause| format!("not TOML: {cause}"))?;
    let entries = table.get("mutant").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let parsed = entries.iter().map(|entry| match entry.as_table() {
        Some(entry) => Mutant::parse(entry),
        None => Err("a mutant is a table".to_owned()),
    });
    parsed.collect()
}

/// What is wrong with the list, against the sources as they are.
pub(crate) fn judge(root: &Path, mutants: &[Mutant]) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    let mut names = BTreeSet::new();
    for mutant in mutants {
        if !names.insert(mutant.name.as_str()) {
            findings.push(format!("{}: there are two of this name", mutant.name));
        }
        findings.extend(judge_form(mutant));
        findings.extend(judge_tests(root, mutant));
        let path = root.join(&mutant.file);
        if !path.is_file() {
            findings.push(format!("{}: there is no file {}", mutant.name, mutant.file));
            continue;
        }
        let text = fs::read_to_string(&path).map_err(Failure::while_doing(&mutant.file))?;
        findings.extend(mutant.plant(&text).err());
    }
    Ok(findings)
}

fn judge_form(mutant: &Mutant) -> Vec<String> {
    let Mutant { name, find, replace, .. } = mutant;
    let mut findings = Vec::new();
    if find == replace || find.trim().is_empty() {
        findings.push(format!("{name}: it changes nothing"));
    }
    if find.lines().count() > FIND_LINES_MAX {
        findings.push(format!("{name}: more than {FIND_LINES_MAX} lines break with the next edit"));
    }
    let numbers: Vec<String> = (1..=13).map(|number| format!("I{number}")).collect();
    if !mutant.invariant.split(", ").all(|word| numbers.iter().any(|known| known == word)) {
        findings.push(format!("{name}: {:?} is not one of I1 to I13", mutant.invariant));
    }
    findings
}

/// A run of an hour shall not end at tests that have moved.
fn judge_tests(root: &Path, mutant: &Mutant) -> Option<String> {
    let words: Vec<&str> = mutant.tests.split_whitespace().collect();
    let (package, inside) = match words.as_slice() {
        ["-p", package] => (package, "Cargo.toml".to_owned()),
        ["-p", package, "--lib"] => (package, "src/lib.rs".to_owned()),
        ["-p", package, "--test", test] => (package, format!("tests/{test}.rs")),
        _ => return Some(format!("{}: its tests are not -p, with --lib or --test", mutant.name)),
    };
    let path = Path::new("crates").join(package).join(inside);
    let is_there = root.join(&path).is_file();
    (!is_there).then(|| format!("{}: there are no tests in {}", mutant.name, path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "[[mutant]]\nname = 'a'\ninvariant = 'I2'\nbreaks = 'b'\nfile = 'xtask/src/main.rs'\n\
                         find = 'fn main('\nreplace = 'fn niam('\ntests = '-p pagos-core --lib'\n";

    fn one() -> Mutant {
        parse(ENTRY).unwrap().remove(0)
    }

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    /// Whoever edits a line that a bug is planted in moves the bug too.
    #[test]
    fn every_planted_bug_still_finds_its_place() {
        let mutants = read(root()).unwrap();
        assert!(mutants.len() >= LENGTH_MIN, "{}", mutants.len());
        assert_eq!(judge(root(), &mutants).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_text_must_occur_exactly_once() {
        let mutant = one();
        assert_eq!(mutant.plant("fn main() {}").unwrap(), "fn niam() {}");
        assert!(mutant.plant("fn other() {}").unwrap_err().contains("is not in"));
        assert!(mutant.plant("fn main() { fn main() {} }").unwrap_err().contains("2 times"));
    }

    #[test]
    fn what_cannot_be_meant_is_found() {
        let whole = one();
        assert_eq!(judge(root(), std::slice::from_ref(&whole)).unwrap(), Vec::<String>::new());
        let bad = [
            Mutant { replace: whole.find.clone(), ..whole.clone() },
            Mutant { find: " ".to_owned(), ..whole.clone() },
            Mutant { find: "line\n".repeat(9), ..whole.clone() },
            Mutant { invariant: "I14".to_owned(), ..whole.clone() },
            Mutant { tests: "--test some".to_owned(), ..whole.clone() },
            Mutant { tests: "-p pagos-core --test moved".to_owned(), ..whole.clone() },
            Mutant { tests: "-p pagos-cli --bin pagos".to_owned(), ..whole.clone() },
            Mutant { file: "no/such/file.rs".to_owned(), ..whole.clone() },
        ];
        for mutant in bad {
            assert!(
                !judge(root(), std::slice::from_ref(&mutant)).unwrap().is_empty(),
                "{mutant:?}"
            );
        }
        assert_eq!(judge(root(), &[whole.clone(), whole]).unwrap().len(), 1);
    }

    #[test]
    fn an_entry_lacks_nothing_and_has_nothing_else() {
        assert!(parse(&ENTRY.replace("breaks", "brakes")).is_err());
        assert!(parse(&format!("{ENTRY}may_hung = true\n")).is_err());
        assert!(parse(&format!("{ENTRY}may_hang = true\n")).unwrap()[0].may_hang);
        assert!(parse("mutant = [1]").is_err());
        assert!(parse("mutant").is_err());
    }
}
