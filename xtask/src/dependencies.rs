//! `cargo xtask deps`: what a user of one provider without an HTTP client compiles.
//! Not an audit of licences and advisories; that is `deny.toml`.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::flags::Flags;
use crate::process;
use crate::process::build_cargo;
use crate::tidy;
use crate::workspace::Workspace;

/// The facade with one provider, build dependencies included (docs/ARCHITECTURE.md, budgets).
const CRATES_MAX: usize = 40;

/// No HTTP client, no TLS, no runtime, no database.
const FORBIDDEN: [&str; 5] = ["reqwest", "hyper", "tokio", "rustls", "rusqlite"];

/// Counts for every provider feature of the facade.
pub(crate) fn run(workspace: &Workspace, flags: Flags) -> Result<(), Failure> {
    flags.end()?;
    let facade = workspace.find("pagos").ok_or_else(|| Failure::new("no crate pagos"))?;
    let is_provider = |feature: &&String| tidy::PROVIDERS.contains(&feature.as_str());
    let features: Vec<&String> = facade.features.iter().filter(is_provider).collect();
    if features.is_empty() {
        return Err(Failure::new("the facade has no provider feature"));
    }
    for feature in features {
        let words = ["tree", "-p", "pagos", "--no-default-features", "--features", feature];
        let mut command = build_cargo(workspace, &words);
        command.args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
        let tree = process::read_stdout(&mut command)?;
        let crates = parse(&tree);
        println!("deps: pagos with {feature} alone: {} crates, at most {CRATES_MAX}", crates.len());
        judge(&crates)?;
    }
    Ok(())
}

/// Names and versions, each once; `(*)` marks what cargo printed before.
fn parse(tree: &str) -> BTreeSet<(&str, &str)> {
    let lines = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    });
    lines.collect()
}

fn judge(crates: &BTreeSet<(&str, &str)>) -> Result<(), Failure> {
    if let Some((name, _)) = crates.iter().find(|(name, _)| FORBIDDEN.contains(name)) {
        return Err(Failure::new(format!("one provider pulls in {name}")));
    }
    if crates.len() > CRATES_MAX {
        return Err(Failure::new(format!("{} crates are more than {CRATES_MAX}", crates.len())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_counted_once() {
        let tree = "pagos v0.1.0 (/w/crates/pagos)\nserde v1.0.0\nserde v1.0.0 (*)\nsyn v2.0.0 (proc-macro)\n";
        assert_eq!(parse(tree).len(), 3);
        assert_eq!(judge(&parse(tree)), Ok(()));
    }

    #[test]
    fn a_client_a_runtime_and_a_crowd_are_refused() {
        for name in FORBIDDEN {
            assert!(judge(&parse(&format!("pagos v0.1.0\n{name} v1.0.0\n"))).is_err(), "{name}");
        }
        let crowd: String = (0..=CRATES_MAX).map(|n| format!("crate{n} v1.0.0\n")).collect();
        assert!(judge(&parse(&crowd)).is_err());
    }
}
