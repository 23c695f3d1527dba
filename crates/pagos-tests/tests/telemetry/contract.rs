//! The tables of `docs/TELEMETRY.md`.

use std::collections::{BTreeMap, BTreeSet};

/// What the page says of one span or event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Promise {
    pub(crate) kind: String,
    pub(crate) target: String,
    pub(crate) level: String,
    /// The words of each field, empty where its values are open.
    pub(crate) fields: BTreeMap<String, BTreeSet<String>>,
}

/// By name, in the section "Spans and events".
pub(crate) fn read() -> BTreeMap<String, Promise> {
    let page = include_str!("../../../../docs/TELEMETRY.md");
    let section = page.split("\n## ").find(|section| section.starts_with("Spans and events"));
    let chapters = section.unwrap().split("\n### ").skip(1);
    chapters.map(|chapter| (quoted(chapter).remove(0), promise(chapter))).collect()
}

fn promise(chapter: &str) -> Promise {
    let (_, below) = chapter.split_once('\n').unwrap();
    let about = below.trim_start().lines().next().unwrap();
    let words = quoted(about);
    let rows = below.lines().filter(|line| line.starts_with("| `"));
    Promise {
        kind: about.split_whitespace().next().unwrap().to_owned(),
        target: words[0].clone(),
        level: words[1].clone(),
        fields: rows.map(field).collect(),
    }
}

fn field(row: &str) -> (String, BTreeSet<String>) {
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    let words = quoted(cells[2]).into_iter().filter(|word| !word.contains("::"));
    (quoted(cells[1]).remove(0), words.collect())
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
