//! In how many files a provider has to be listed: every one is a place that a new provider can be
//! forgotten in. Tests, examples, prose and what lies in a provider's own files are not counted.

use std::fs;

use crate::{
    failure::Failure,
    tidy::{
        Check,
        source::{Place, Source},
    },
    workspace::{PROVIDERS, Workspace},
};

/// The most files outside of its own that may name a provider.
const FILES_MAX: usize = 15;

/// Counts the sources and manifests that name each provider.
pub(super) fn check(workspace: &Workspace, sources: &[Source]) -> Result<Check, Failure> {
    let mut texts: Vec<(String, String)> = Vec::new();
    for source in sources.iter().filter(|source| is_product(source)) {
        let code = source.code().map(|(_, line)| line).collect::<Vec<_>>().join("\n");
        texts.push((source.path.clone(), code.to_ascii_lowercase()));
    }
    let folders = workspace.packages.iter().map(|package| package.folder.clone());
    for folder in folders.chain([workspace.root.clone()]) {
        let file = folder.join("Cargo.toml");
        let text = fs::read_to_string(&file).map_err(Failure::while_doing(file.display()))?;
        texts.push((workspace.shorten(&file), text.to_ascii_lowercase()));
    }
    let findings = PROVIDERS.iter().filter_map(|provider| judge(provider, &texts)).collect();
    Ok(Check { name: "names", examined: texts.len(), findings })
}

/// Not a file of tests beside the code.
fn is_product(source: &Source) -> bool {
    source.place == Place::Src && !source.path.ends_with("/tests.rs")
}

fn judge(provider: &str, texts: &[(String, String)]) -> Option<String> {
    let names = |(path, text): &&(String, String)| {
        let is_own = path.split(['/', '.', '-', '_']).any(|part| part == provider);
        !is_own && text.contains(provider)
    };
    let files: Vec<&str> = texts.iter().filter(names).map(|(path, _)| path.as_str()).collect();
    (files.len() > FILES_MAX).then(|| {
        let count = files.len();
        format!(
            "{provider} is named in {count} files of others, not {FILES_MAX}: {}",
            files.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_files_of_others_count() {
        let text = |path: &str| (path.to_owned(), "use pagos_acme;".to_owned());
        let own = ["crates/pagos-acme/src/lib.rs", "crates/pagos-kit/src/acme.rs"].map(text);
        assert_eq!(judge("acme", &own), None);
        let mut others: Vec<(String, String)> =
            (0..FILES_MAX).map(|n| text(&format!("a{n}.rs"))).collect();
        assert_eq!(judge("acme", &others), None);
        others.push(text("one-more.rs"));
        assert!(judge("acme", &others).is_some_and(|told| told.contains("one-more.rs")));
        assert_eq!(judge("nobody", &others), None);
    }
}
