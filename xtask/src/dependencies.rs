//! `cargo xtask deps`: what a user of one provider without an HTTP client compiles, and what xtask is
//! made of.
//! Not an audit of licences and advisories; that is `deny.toml`.

use std::collections::BTreeSet;

use crate::{
    failure::Failure,
    process,
    workspace::{PROVIDERS, Workspace, is_provider},
};

/// The facade with one provider, build dependencies included (docs/ARCHITECTURE.md, budgets).
fn crates_max(crates: &BTreeSet<(&str, &str)>) -> usize {
    // Who verifies RSA signatures does it with ring.
    let has_ring = crates.iter().any(|(name, _)| *name == "ring");
    if has_ring { 48 } else { 40 }
}

/// No HTTP client, no TLS, no runtime, no database.
const FORBIDDEN: [&str; 5] = ["reqwest", "hyper", "tokio", "rustls", "rusqlite"];

/// What everybody waits for who wants a quick answer: `cargo xtask tidy` in a fresh clone.
const XTASK_CRATES_MAX: usize = 24;

/// Counts for every provider feature of the facade, and for xtask.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    for feature in PROVIDERS.iter() {
        let words = ["tree", "-p", "pagos", "--no-default-features", "--features", feature];
        let mut command = workspace.cargo(&words);
        command.args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
        let tree = process::read_stdout(&mut command)?;
        let crates = parse(&tree);
        let max = crates_max(&crates);
        println!("deps: pagos with {feature} alone: {} crates, at most {max}", crates.len());
        judge(feature, &crates)?;
    }
    let words = ["tree", "-p", "xtask", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = process::read_stdout(&mut workspace.cargo(&words))?;
    let crates = parse(&tree);
    println!("deps: xtask: {} crates, at most {XTASK_CRATES_MAX}", crates.len().saturating_sub(1));
    judge_xtask(&crates)
}

/// Reads what `cargo tree --prefix none --format {p}` prints: names and versions, each once; `(*)` marks
/// what was printed before.
pub fn parse(tree: &str) -> BTreeSet<(&str, &str)> {
    let lines = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    });
    lines.collect()
}

/// The provider's own crate, nobody else's, nothing forbidden, and not too many.
fn judge(provider: &str, crates: &BTreeSet<(&str, &str)>) -> Result<(), Failure> {
    let is_own = |name: &str| name.strip_prefix("pagos-") == Some(provider);
    let mut names = crates.iter().map(|(name, _)| *name);
    if let Some(name) = names.clone().find(|name| FORBIDDEN.contains(name)) {
        return Err(Failure::new(format!("{provider} alone pulls in {name}")));
    }
    if let Some(name) = names.clone().find(|name| is_provider(name) && !is_own(name)) {
        return Err(Failure::new(format!("{provider} alone pulls in another provider, {name}")));
    }
    if !names.any(is_own) {
        return Err(Failure::new(format!(
            "the feature {provider} does not bring pagos-{provider}"
        )));
    }
    let max = crates_max(crates);
    if crates.len() > max {
        let count = crates.len();
        return Err(Failure::new(format!("{provider} alone: {count} crates are more than {max}")));
    }
    Ok(())
}

/// No crate of the product, and not too many others.
fn judge_xtask(crates: &BTreeSet<(&str, &str)>) -> Result<(), Failure> {
    let mut names = crates.iter().map(|(name, _)| *name);
    if let Some(name) = names.find(|name| name.starts_with("pagos")) {
        return Err(Failure::new(format!("xtask pulls in {name}; what needs it is a trial")));
    }
    match crates.len().saturating_sub(1) {
        ..=XTASK_CRATES_MAX => Ok(()),
        count => {
            Err(Failure::new(format!("xtask: {count} crates are more than {XTASK_CRATES_MAX}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: &str =
        "pagos v0.1.0 (/w/crates/pagos)\npagos-etpay v0.1.0 (/w/crates/pagos-etpay)\n";

    #[test]
    fn crates_are_counted_once() {
        let tree = format!("{ALONE}serde v1.0.0\nserde v1.0.0 (*)\nsyn v2.0.0 (proc-macro)\n");
        assert_eq!(parse(&tree).len(), 4);
        assert_eq!(judge("etpay", &parse(&tree)), Ok(()));
    }

    #[test]
    fn a_client_a_runtime_and_another_provider_are_refused() {
        let strangers: Vec<String> = PROVIDERS.iter().map(|name| format!("pagos-{name}")).collect();
        let others = strangers.iter().map(String::as_str).filter(|name| *name != "pagos-etpay");
        for name in FORBIDDEN.into_iter().chain(others) {
            let tree = format!("{ALONE}{name} v1.0.0\n");
            assert!(judge("etpay", &parse(&tree)).is_err(), "{name}");
        }
    }

    #[test]
    fn a_feature_without_its_crate_is_refused() {
        assert!(judge("cashypro", &parse("pagos v0.1.0\nserde v1.0.0\n")).is_err());
    }

    #[test]
    fn xtask_is_small_and_knows_no_product() {
        let tree = |count: usize| {
            let others = (0..count).map(|n| format!("crate{n} v1.0.0\n"));
            others.chain(["xtask v0.0.0 (/w/xtask)\n".to_owned()]).collect::<String>()
        };
        assert_eq!(judge_xtask(&parse(&tree(XTASK_CRATES_MAX))), Ok(()));
        assert!(judge_xtask(&parse(&tree(XTASK_CRATES_MAX + 1))).is_err());
        let product = tree(3) + "pagos-core v0.1.0 (/w/crates/pagos-core)\n";
        assert!(judge_xtask(&parse(&product)).is_err());
    }

    #[test]
    fn who_verifies_with_ring_may_bring_more() {
        let provider = PROVIDERS.first().unwrap();
        for (ring, max) in [("", 40), ("ring v0.17.14\n", 48)] {
            let many = |count: usize| {
                let crates = (1..count).map(|n| format!("crate{n} v1.0.0\n"));
                crates.chain([format!("pagos-{provider} v0.1.0\n")]).collect::<String>() + ring
            };
            let others = usize::from(!ring.is_empty());
            assert_eq!(judge(provider, &parse(&many(max - others))), Ok(()), "{ring:?}");
            assert!(judge(provider, &parse(&many(max - others + 1))).is_err(), "{ring:?}");
        }
    }
}
