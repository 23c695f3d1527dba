//! Every link of a page leads to a file of the workspace, and every `#anchor` to a heading. Addresses
//! elsewhere are not asked; those of our own repository are read as paths.

use std::{collections::BTreeMap, path::Path};

use crate::{
    pages::{Page, Piece},
    tidy::Check,
    workspace::Workspace,
};

/// Where GitHub shows the files of the main branch.
const OWN: [&str; 2] = [
    "https://github.com/pagos-rs/pagos/tree/main/",
    "https://github.com/pagos-rs/pagos/blob/main/",
];

/// Follows every link.
pub(super) fn check(workspace: &Workspace, pages: &[Page]) -> Check {
    let known: BTreeMap<&str, &Page> =
        pages.iter().map(|page| (page.path.as_str(), page)).collect();
    let mut findings = Vec::new();
    let mut examined = 0;
    for page in pages {
        for link in page.links.iter().filter(|link| is_ours(&link.text)) {
            examined += 1;
            if let Some(because) =
                judge(page, link, &known, |path| workspace.root.join(path).exists())
            {
                findings.push(format!("{}:{}: {because}", page.path, link.line));
            }
        }
    }
    Check { name: "links", examined, findings }
}

/// Not an address elsewhere, and no path of Rust items, which rustdoc judges.
fn is_ours(target: &str) -> bool {
    let is_elsewhere = target.contains(':') && !OWN.iter().any(|own| target.starts_with(own));
    !is_elsewhere && !target.starts_with('<')
}

/// What is wrong with a link.
fn judge(
    page: &Page,
    link: &Piece,
    known: &BTreeMap<&str, &Page>,
    exists: impl Fn(&str) -> bool,
) -> Option<String> {
    let (target, anchor) = match link.text.split_once('#') {
        Some((target, anchor)) => (target, Some(anchor)),
        None => (link.text.as_str(), None),
    };
    let own = OWN.iter().find_map(|own| target.strip_prefix(own));
    let path = match own {
        Some(path) => path.to_owned(),
        None if target.is_empty() => page.path.clone(),
        None => resolve(&page.path, target),
    };
    if !exists(&path) {
        return Some(format!("{} leads to {path}, which is not there", link.text));
    }
    let anchor = anchor?;
    let is_there = known.get(path.as_str()).is_some_and(|page| page.anchors.contains(anchor));
    (!is_there).then(|| format!("{}: {path} has no heading #{anchor}", link.text))
}

/// The path of a target that is named from a page.
pub(super) fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in Path::new(target).iter().filter_map(|part| part.to_str()) {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_file_and_a_heading() {
        let page = Page::parse("docs/guide/a.md", "# Some words\n");
        let known = [("docs/guide/a.md", &page)].into();
        let exists = |path: &str| ["docs/guide/a.md", "docs/b.rs"].contains(&path);
        for (target, is_good) in [
            ("../b.rs", true),
            ("./a.md#some-words", true),
            ("#some-words", true),
            ("https://github.com/pagos-rs/pagos/blob/main/docs/b.rs", true),
            ("#other-words", false),
            ("../b.rs#some-words", false),
            ("b.rs", false),
            ("https://github.com/pagos-rs/pagos/tree/main/b.rs", false),
        ] {
            let link = Piece { line: 1, text: target.to_owned() };
            assert_eq!(judge(&page, &link, &known, exists).is_none(), is_good, "{target}");
        }
    }

    #[test]
    fn addresses_elsewhere_and_items_are_for_others_to_judge() {
        for other in ["https://nexte.st", "mailto:a@b.example", "crate::Status"] {
            assert!(!is_ours(other), "{other}");
        }
        assert!(is_ours("a.md#b") && is_ours("https://github.com/pagos-rs/pagos/tree/main/docs"));
    }
}
