//! What is said in several places is said alike: a constant and every page about it.
//! `xtask/facts.toml` lists the facts; whoever changes one of the places is told the others.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use toml::{Table, Value};

use crate::{
    failure::Failure,
    files::list_files,
    pages::Page,
    tidy::{Check, source::Source},
    workspace::{PROVIDERS, Workspace},
};

/// The table, from the root of the workspace.
const TABLE: &str = "xtask/facts.toml";

/// One fact, and every place that says it: a file, and what it says.
#[derive(Debug, Default)]
struct Fact {
    what: String,
    said: Vec<[String; 2]>,
    /// A file or folder whose planted bugs are counted.
    planted: Option<String>,
}

/// Words of which pages list every one.
#[derive(Debug, Default)]
struct Words {
    what: String,
    file: String,
    within: [String; 2],
    before: String,
    after: String,
    /// A page, and where the part of it begins and ends.
    said: Vec<[String; 3]>,
}

/// All of the table.
#[derive(Debug)]
struct Facts {
    facts: Vec<Fact>,
    words: Vec<Words>,
    /// Pages that list providers.
    lists: Vec<String>,
}

/// Compares every place.
pub(super) fn check(
    workspace: &Workspace,
    pages: &[Page],
    sources: &[Source],
) -> Result<Check, Failure> {
    let read = |path: &str| {
        let text = fs::read_to_string(workspace.root.join(path));
        text.map(|text| flatten(&text)).map_err(Failure::while_doing(path))
    };
    let path = workspace.root.join(TABLE);
    let text = fs::read_to_string(&path).map_err(Failure::while_doing(TABLE))?;
    let Facts { facts, words, lists } = parse(&text)?;
    let mut findings = Vec::new();
    for fact in &facts {
        let planted = fact.planted.as_ref().map(|path| count_planted(&workspace.root.join(path)));
        findings.extend(judge(fact, planted.transpose()?, read)?);
    }
    for words in &words {
        findings.extend(judge_words(words, read)?);
    }
    let lists = lists.iter().map(|page| Ok((page.as_str(), read(page)?.to_lowercase())));
    let lists = lists.collect::<Result<Vec<_>, Failure>>()?;
    findings.extend(PROVIDERS.iter().flat_map(|provider| judge_lists(provider, &lists)));
    findings.extend(find_strange_variables(pages, sources));
    Ok(Check { name: "facts", examined: facts.len() + words.len() + lists.len(), findings })
}

fn parse(text: &str) -> Result<Facts, Failure> {
    let table: Table = text.parse().map_err(Failure::while_doing(TABLE))?;
    let rows = |name: &str| table.get(name).and_then(Value::as_array).into_iter().flatten();
    let lacks = |name: &str| Failure::new(format!("{TABLE}: a row has no {name}"));
    let word = |row: &Value, name: &str| {
        row.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| lacks(name))
    };
    let facts = rows("fact").map(|row| {
        let planted = word(row, "planted").ok();
        Ok(Fact { what: word(row, "what")?, said: list(row, "said")?, planted })
    });
    let words = rows("words").map(|row| {
        Ok(Words {
            what: word(row, "what")?,
            file: word(row, "file")?,
            within: texts(row.get("within")).ok_or_else(|| lacks("within"))?,
            before: word(row, "before")?,
            after: word(row, "after")?,
            said: list(row, "said")?,
        })
    });
    let facts = facts.collect::<Result<_, Failure>>()?;
    let words = words.collect::<Result<_, Failure>>()?;
    let lists = table.get("providers").and_then(|it| it.get("pages")).and_then(Value::as_array);
    let lists = lists.into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned));
    Ok(Facts { facts, words, lists: lists.collect() })
}

/// Rows of so many texts.
fn list<const N: usize>(row: &Value, name: &str) -> Result<Vec<[String; N]>, Failure> {
    let all = row.get(name).and_then(Value::as_array).into_iter().flatten();
    let all = all.map(|it| texts(Some(it))).collect::<Option<Vec<_>>>();
    let is_wrong = || Failure::new(format!("{TABLE}: {name} is no list of {N} texts each"));
    all.filter(|all| !all.is_empty()).ok_or_else(is_wrong)
}

fn texts<const N: usize>(value: Option<&Value>) -> Option<[String; N]> {
    let texts = value?.as_array()?.iter().map(|it| it.as_str().map(str::to_owned));
    texts.collect::<Option<Vec<_>>>()?.try_into().ok()
}

/// One blank in place of every line end, and the signs of comments and quotes that follow one.
fn flatten(text: &str) -> String {
    let bare = |line: &str| line.trim().trim_start_matches(['/', '!', '>']).trim().to_owned();
    let lines = text.lines().map(bare).collect::<Vec<_>>().join(" ");
    lines.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn judge(
    fact: &Fact,
    counted: Option<usize>,
    read: impl Fn(&str) -> Result<String, Failure>,
) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    let mut told: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    told.extend(counted.map(|count| (count.to_string(), BTreeSet::from(["the count"]))));
    for [path, template] in &fact.said {
        let text = read(path)?;
        let values = match template.split_once("{}") {
            None => {
                if !text.contains(template.as_str()) {
                    findings.push(format!("{}: {path} does not say {template:?}", fact.what));
                }
                continue;
            }
            Some((before, after)) => capture(&text, before, after),
        };
        if values.is_empty() {
            findings.push(format!("{}: {path} does not say {template:?}", fact.what));
        }
        for value in values {
            told.entry(value).or_default().insert(path);
        }
    }
    if told.len() > 1 {
        let told = told.iter().map(|(value, places)| format!("{value} in {places:?}"));
        findings.push(format!("{}: {}", fact.what, told.collect::<Vec<_>>().join(", ")));
    }
    Ok(findings)
}

/// Every text between the two, without what separates digits.
fn capture(text: &str, before: &str, after: &str) -> BTreeSet<String> {
    let found = text.match_indices(before).filter_map(|(at, _)| {
        let rest = text.get(at + before.len()..)?;
        let end = match after {
            "" => rest.find(char::is_whitespace).unwrap_or(rest.len()),
            after => rest.find(after)?,
        };
        // A value is short: what is longer is another sentence.
        rest.get(..end).filter(|value| value.len() < 40 && !value.contains(". "))
    });
    found.map(|value| value.replace([',', '_'], "")).collect()
}

fn judge_words(
    words: &Words,
    read: impl Fn(&str) -> Result<String, Failure>,
) -> Result<Vec<String>, Failure> {
    let part = |path: &str, from: &str, to: &str| -> Result<Option<String>, Failure> {
        let text = read(path)?;
        let part = text.split_once(from).and_then(|(_, rest)| rest.split_once(to));
        Ok(part.map(|(part, _)| part.to_owned()))
    };
    let all = part(&words.file, &words.within[0], &words.within[1])?.unwrap_or_default();
    let all = capture(&all, &words.before, &words.after);
    let mut findings = Vec::new();
    if all.len() < 2 {
        findings.push(format!("{}: {} has no list of them", words.what, words.file));
    }
    for [page, from, to] in &words.said {
        let Some(text) = part(page, from, to)? else {
            findings.push(format!("{}: {page} has no part from {from:?} to {to:?}", words.what));
            continue;
        };
        let lost = all.iter().filter(|word| !text.contains(&format!("`{word}`")));
        findings.extend(lost.map(|word| format!("{}: {page} lacks `{word}`", words.what)));
    }
    Ok(findings)
}

/// Whom one page names, every page names; a new provider is in none of them until it is described.
fn judge_lists(provider: &str, lists: &[(&str, String)]) -> Vec<String> {
    let names = |(_, text): &&(&str, String)| text.contains(provider);
    let (named, lost): (Vec<_>, Vec<_>) = lists.iter().partition(names);
    let told = |(page, _): &(&str, String)| format!("providers: {page} does not name {provider}");
    if named.is_empty() { Vec::new() } else { lost.into_iter().map(told).collect() }
}

/// Variables that a page names and no source reads. Those of an account are made of its fields.
fn find_strange_variables(pages: &[Page], sources: &[Source]) -> Vec<String> {
    let known: BTreeSet<String> =
        sources.iter().flat_map(|source| variables(&source.text)).collect();
    let is_of_account = |name: &str| {
        let fields: String = name.trim_start_matches("PAGOS_").to_lowercase();
        PROVIDERS.iter().any(|provider| {
            let field = fields.strip_prefix(provider.as_str()).and_then(|it| it.strip_prefix('_'));
            let path = format!("crates/pagos-{provider}/src/");
            let is_field = |text: &str, field: &str| text.contains(&format!("\"{field}\""));
            field.is_some_and(|field| {
                let own = sources.iter().filter(|source| source.path.starts_with(&path));
                field == "proxy" || own.into_iter().any(|source| is_field(&source.text, field))
            })
        })
    };
    let mut findings = Vec::new();
    for page in pages.iter().filter(|page| page.path != "CHANGELOG.md") {
        let spans = page.spans.iter().map(|span| (span.line, span.text.as_str()));
        let blocks = page.blocks.iter().map(|block| (block.line, block.text.as_str()));
        for (line, text) in spans.chain(blocks) {
            let strange =
                variables(text).into_iter().filter(|it| !known.contains(it) && !is_of_account(it));
            findings
                .extend(strange.map(|name| format!("{}:{line}: nothing reads {name}", page.path)));
        }
    }
    findings
}

fn variables(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let found = text.match_indices("PAGOS_").map(|(at, _)| {
        let rest = text.get(at..).unwrap_or_default();
        rest.get(..rest.find(|c| !is_name(c)).unwrap_or(rest.len())).unwrap_or_default()
    });
    found.filter(|name| !name.ends_with('_')).map(str::to_owned).collect()
}

/// The planted bugs of a file, or of all files of a folder.
fn count_planted(path: &Path) -> Result<usize, Failure> {
    let files = if path.is_dir() { list_files(path)? } else { vec![path.to_owned()] };
    let count = |file: &std::path::PathBuf| {
        let text = fs::read_to_string(file).map_err(Failure::while_doing(file.display()))?;
        Ok(text.lines().filter(|line| *line == "[[mutant]]").count())
    };
    files.iter().map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(said: &[(&str, &str)], counted: Option<usize>) -> usize {
        let read = |path: &str| {
            Ok(match path {
                "a.rs" => "const ORDERS_MAX: usize = 10_000;\nconst HOURS: u8 = 8;\n",
                "a.md" => "At most 10,000\n  orders. It lasts eight hours.\n",
                _ => "At most 9,000 orders.\n",
            }
            .to_owned())
        };
        let said = said.iter().map(|(path, text)| [(*path).to_owned(), (*text).to_owned()]);
        let fact = Fact { said: said.collect(), ..Fact::default() };
        judge(&fact, counted, |path| read(path).map(|text| flatten(&text))).unwrap().len()
    }

    #[test]
    fn places_that_differ_are_found() {
        const CODE: (&str, &str) = ("a.rs", "ORDERS_MAX: usize = {};");
        const PAGE: &str = "At most {} orders";
        assert_eq!(told(&[CODE, ("a.md", PAGE)], Some(10_000)), 0);
        assert_eq!(told(&[CODE, ("b.md", PAGE)], None), 1);
        assert_eq!(told(&[CODE, ("a.md", PAGE)], Some(10_001)), 1);
        assert_eq!(told(&[CODE, ("a.md", "No more than {} orders")], None), 1);
        assert_eq!(told(&[("a.rs", "HOURS: u8 = 8;"), ("a.md", "lasts eight hours")], None), 0);
        assert_eq!(told(&[("a.rs", "HOURS: u8 = 9;"), ("a.md", "lasts nine hours")], None), 2);
    }

    #[test]
    fn words_that_a_page_leaves_out_are_found() {
        let read = |path: &str| {
            Ok(match path {
                "a.rs" => r#"fn word() { A => "one", B => "two", } C => "three""#.to_owned(),
                _ => "Words: `one`. End: `two`. Others.".to_owned(),
            })
        };
        let words = |to: &str| Words {
            what: "words".to_owned(),
            file: "a.rs".to_owned(),
            within: ["fn word".to_owned(), "}".to_owned()],
            before: "=> \"".to_owned(),
            after: "\"".to_owned(),
            said: vec![["a.md", "Words", to].map(str::to_owned)],
        };
        assert_eq!(judge_words(&words("End"), read).unwrap(), ["words: a.md lacks `two`"]);
        assert_eq!(judge_words(&words("Nowhere"), read).unwrap().len(), 1);
        assert_eq!(judge_words(&words("Others"), read).unwrap(), [""; 0]);
    }

    #[test]
    fn a_row_that_lacks_something_is_no_fact() {
        let good = "[[fact]]\nwhat = \"a\"\nsaid = [[\"a.md\", \"b\"]]\n";
        assert_eq!(parse(good).unwrap().facts.len(), 1);
        for bad in ["[[fact]]\nwhat = \"a\"\n", "[[fact]]\nwhat = \"a\"\nsaid = [[\"a.md\"]]\n"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_provider_that_one_page_names_is_named_by_all() {
        let lists = [("a.md", "acme and other".to_owned()), ("b.md", "acme".to_owned())];
        assert_eq!(judge_lists("acme", &lists), [""; 0]);
        assert_eq!(judge_lists("other", &lists), ["providers: b.md does not name other"]);
        assert_eq!(judge_lists("new", &lists), [""; 0]);
    }

    #[test]
    fn a_variable_that_nothing_reads_is_found() {
        let page = |text: &str| [Page::parse("a.md", text)];
        assert_eq!(find_strange_variables(&page("`PAGOS_DBB=x`\n"), &[]).len(), 1);
        assert_eq!(find_strange_variables(&page("`PAGOS_<ACCOUNT>_KEY`\n"), &[]).len(), 0);
    }
}
