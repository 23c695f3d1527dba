//! Types of other people's crates in the public items of ours, as `api.txt` lists them: a new version of
//! such a crate is a new version of ours.

use std::{collections::BTreeSet, fs};

use crate::{api, failure::Failure, tidy::Check, workspace::Workspace};

/// Rust's own, and the crates whose types every library may show.
const FREE: [&str; 6] = ["alloc", "bytes", "core", "http", "serde_core", "std"];

/// Who shows what else, and cannot well do without.
const EXCEPTIONS: [(&str, &str); 7] = [
    // A router is what a server of axum takes.
    ("pagos-api", "axum"),
    // The derive behind the OpenAPI document is public where its type is.
    ("pagos-api", "utoipa"),
    ("pagos-desk", "axum"),
    // A trait of ours that is used as an object has its futures in boxes.
    ("pagos-engine", "futures_core"),
    ("pagos-twin", "serde_json"),
    // A listener that a test has bound already.
    ("pagos-twin", "tokio"),
    // A body that is still on its way.
    ("pagos-webhook", "hyper"),
];

/// Judges every listing. That a listing is there, and right, is for `cargo xtask api` to see.
pub(super) fn check(workspace: &Workspace) -> Result<Check, Failure> {
    let mut shown = BTreeSet::new();
    let mut examined = 0;
    for package in workspace.packages.iter().filter(|it| it.is_published && it.is_documented) {
        let path = package.folder.join(api::LISTING);
        // A new crate has none yet.
        if !path.is_file() {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(Failure::while_doing(path.display()))?;
        examined += 1;
        let roots = text.lines().flat_map(list_roots).filter(|root| is_foreign(root));
        shown.extend(roots.map(|root| (package.name.clone(), root.to_owned())));
    }
    let is_exception = |name: &str, root: &str| EXCEPTIONS.contains(&(name, root));
    let refused = shown.iter().filter(|(name, root)| !is_exception(name, root));
    let refused = refused.map(|(name, root)| {
        format!("{name}: {root} is in a public item; use a type of ours, of http or of bytes")
    });
    let unused = EXCEPTIONS
        .iter()
        .filter(|(name, root)| !shown.contains(&((*name).to_owned(), (*root).to_owned())));
    let unused = unused.map(|(name, root)| format!("{name} shows no {root} any more"));
    Ok(Check { name: "foreign", examined, findings: refused.chain(unused).collect() })
}

fn is_foreign(root: &str) -> bool {
    !FREE.contains(&root) && root != "pagos" && !root.starts_with("pagos_")
}

/// The crates that the paths of a line begin with.
fn list_roots(line: &str) -> impl Iterator<Item = &str> {
    let is_in_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let paths = line.split(move |c| !is_in_path(c)).filter_map(|path| path.split_once("::"));
    paths.map(|(root, _)| root).filter(|root| !root.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_crates_of_paths_are_found() {
        let line = "pub fn pagos_api::Api::serve<'a>(&self, axum::routing::Router, \
                    Option<http::Request<hyper::body::Incoming>>) -> <T as core::iter::I>::Item";
        let roots: Vec<&str> = list_roots(line).collect();
        assert_eq!(roots, ["pagos_api", "axum", "http", "hyper", "core"]);
        let foreign: Vec<&str> = roots.into_iter().filter(|root| is_foreign(root)).collect();
        assert_eq!(foreign, ["axum", "hyper"]);
    }

    #[test]
    fn numbers_and_lifetimes_are_no_paths() {
        assert_eq!(list_roots("pub const a: &'static [u8; 16] = 1").count(), 0);
    }
}
