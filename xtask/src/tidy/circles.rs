//! No modules of a crate import each other, neither two nor more in a ring, but the pairs whose reason
//! `docs/ARCHITECTURE.md` gives. A module and one inside it are no circle. Reads `use crate::...` only, so
//! a path that is written out in the code is not seen.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::{
    failure::Failure,
    tidy::{
        Check,
        source::{Place, Source},
    },
    workspace::Workspace,
};

/// Where the pairs that stay are listed with a reason: "`pagos-engine`: `decide`, `progress`".
const DOCS: &str = "docs/ARCHITECTURE.md";

/// The modules that each module of a crate imports from.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// Looks for pairs in every crate.
pub(super) fn check(workspace: &Workspace, sources: &[Source]) -> Result<Check, Failure> {
    let docs = fs::read_to_string(workspace.root.join(DOCS)).map_err(Failure::while_doing(DOCS))?;
    Ok(judge(&docs, sources))
}

fn judge(docs: &str, sources: &[Source]) -> Check {
    let mut crates: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.place == Place::Src) {
        crates.entry(&source.package).or_default().push(source);
    }
    let mut findings = Vec::new();
    for (package, sources) in &crates {
        let mut imports = imports(sources);
        for (one, other) in circles(&imports) {
            let pair = format!("`{package}`: `{one}`, `{other}`");
            if !docs.contains(&pair) {
                findings.push(format!(
                    "{package}: {one} and {other} import each other; open the circle, or list {pair} in \
                     {DOCS} with a reason"
                ));
            }
            imports.entry(one.clone()).or_default().remove(&other);
            imports.entry(other).or_default().remove(&one);
        }
        for ring in rings(imports) {
            let ring = ring.into_iter().collect::<Vec<_>>().join(", ");
            findings.push(format!(
                "{package}: {ring} import each other in a ring; move what they share into a module below"
            ));
        }
    }
    Check { name: "circles", examined: sources.len(), findings }
}

/// Modules that import each other, each pair once.
fn circles(imports: &Imports) -> BTreeSet<(String, String)> {
    let is_inside = |one: &str, other: &str| one.starts_with(&format!("{other}::"));
    let mut pairs = BTreeSet::new();
    for (one, targets) in imports {
        for other in targets.iter().filter(|other| *one < **other) {
            let is_back = imports.get(other).is_some_and(|back| back.contains(one));
            if is_back && !is_inside(one, other) && !is_inside(other, one) {
                pairs.insert((one.clone(), other.clone()));
            }
        }
    }
    pairs
}

/// Modules that import each other through further ones. What is named here twice is one ring.
fn rings(mut imports: Imports) -> BTreeSet<BTreeSet<String>> {
    for (module, targets) in &mut imports {
        targets.retain(|target| !module.starts_with(&format!("{target}::")));
    }
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        imports.keys().map(|module| (module, reach(module, &imports))).collect();
    let ring_of = |(module, all): (&&String, &BTreeSet<&String>)| {
        let is_mutual =
            |other: &&&String| reached.get(*other).is_some_and(|it| it.contains(module));
        let ring = all.iter().filter(is_mutual).map(|other| (*other).clone());
        ring.collect::<BTreeSet<_>>()
    };
    reached.iter().map(ring_of).filter(|ring| !ring.is_empty()).collect()
}

/// Every module that `from` imports, and what those import.
fn reach<'i>(from: &str, imports: &'i Imports) -> BTreeSet<&'i String> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&String> = imports.get(from).into_iter().flatten().collect();
    while let Some(module) = next.pop() {
        if reached.insert(module) {
            next.extend(imports.get(module).into_iter().flatten());
        }
    }
    reached
}

fn imports(sources: &[&Source]) -> Imports {
    let modules: BTreeSet<String> = sources.iter().map(|source| module_of(source)).collect();
    let mut imports = BTreeMap::new();
    for source in sources {
        let module = module_of(source);
        let targets = used_paths(source).into_iter().filter_map(|path| owner(&path, &modules));
        let targets: BTreeSet<String> = targets.filter(|target| *target != module).collect();
        imports.insert(module, targets);
    }
    imports
}

/// `src/payout/check.rs` is `payout::check`.
fn module_of(source: &Source) -> String {
    let path = source.inner_path().trim_start_matches("src/").trim_end_matches(".rs");
    path.replace('/', "::")
}

/// The innermost module that a path leads through.
fn owner(path: &str, modules: &BTreeSet<String>) -> Option<String> {
    let mut path = path;
    loop {
        if modules.contains(path) {
            return Some(path.to_owned());
        }
        (path, _) = path.rsplit_once("::")?;
    }
}

/// Every path behind `use crate::`, groups written out.
fn used_paths(source: &Source) -> Vec<String> {
    let code = source.code().map(|(_, line)| line.trim()).collect::<Vec<_>>().join(" ");
    let mut paths = Vec::new();
    for statement in code.split("use crate::").skip(1) {
        let tree = statement.split(';').next().unwrap_or_default();
        unfold("", tree, &mut paths);
    }
    paths
}

fn unfold(before: &str, tree: &str, paths: &mut Vec<String>) {
    for part in split_outside(tree) {
        match part.split_once('{') {
            Some((head, rest)) => {
                let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
                unfold(&format!("{before}{}", head.trim()), inside, paths);
            }
            None if part.trim().is_empty() => {}
            None => {
                paths.push(format!("{before}{}", part.trim()).trim_end_matches("::self").to_owned())
            }
        }
    }
}

/// The parts between commas that stand in no braces.
fn split_outside(tree: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    tree.split(|letter| {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source::tests::source;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| source(&format!("crates/pagos-acme/src/{path}"), text))
            .collect();
        judge("`pagos-acme`: `d`, `e`", &sources).findings
    }

    #[test]
    fn modules_that_import_each_other_are_found() {
        let one = ("a.rs", "use crate::{\n    b::{self, X},\n    c::Y,\n};\n");
        assert_eq!(found(&[one, ("b.rs", "use crate::a::Z;\n"), ("c.rs", "")]).len(), 1);
        assert_eq!(found(&[one, ("b.rs", "use crate::c::Y;\n"), ("c.rs", "")]).len(), 0);
        // One that the docs list, a module and one inside it, and what only tests import.
        let listed = [("d.rs", "use crate::e::X;"), ("e.rs", "use crate::d::Y;")];
        assert_eq!(found(&listed).len(), 0);
        assert_eq!(
            found(&[("a.rs", "use crate::a::b::X;"), ("a/b.rs", "use crate::a::Y;")]).len(),
            0
        );
        // Three in a ring, which a module inside the third closes.
        let ring = [
            ("a.rs", "use crate::b::X;"),
            ("b.rs", "use crate::c::Y;"),
            ("c.rs", "mod d;"),
            ("c/d.rs", "use crate::{a::Z, c::W};"),
        ];
        assert_eq!(found(&ring).len(), 0);
        assert_eq!(found(&[ring[0], ring[1], ("c.rs", "use crate::c::d::V;"), ring[3]]).len(), 1);
        let tests = "#[cfg(test)]\nmod tests {\n    use crate::a::Z;\n}\n";
        assert_eq!(found(&[one, ("b.rs", tests), ("c.rs", "")]).len(), 0);
    }
}
