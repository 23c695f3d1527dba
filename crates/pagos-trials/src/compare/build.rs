//! The programs that are compared, and what building one costs. Each is a crate of its own outside of
//! the workspace, whose versions begin with those of the workspace's lock file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use xtask::dependencies;

use crate::{failure::Failure, meter, process, trial, workspace::Workspace};

/// A program, its source, and what it depends on. `{root}` is the root of the workspace.
#[derive(Debug)]
pub(super) struct Consumer {
    what: &'static str,
    name: &'static str,
    source: &'static str,
    dependencies: &'static str,
}

impl Consumer {
    pub(super) const PAGOS: Self = Self {
        what: "Pagos as a library: Cashypro, HTTP, engine, SQLite",
        name: "pagos-consumer",
        source: include_str!("../../compare/pagos.rs"),
        dependencies: r#"
pagos = { path = "{root}/crates/pagos", features = ["cashypro", "http", "sqlite"] }
async-trait = "0.1"
tokio = { version = "1", features = ["macros", "rt-multi-thread", "time"] }
"#,
    };

    /// It collects payments; there is no library of payouts of its kind. Its version is pinned.
    pub(super) const PAYRAIL: Self = Self {
        what: "payrail 0.2.1: Stripe, no store",
        name: "payrail-consumer",
        source: include_str!("../../compare/payrail.rs"),
        dependencies: r#"
payrail = { version = "=0.2.1", features = ["stripe"] }
secrecy = "0.10"
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
"#,
    };

    pub(super) const REQWEST: Self = Self {
        what: "a loop of reqwest by hand: Cashypro, no store",
        name: "reqwest-loop",
        source: include_str!("../../compare/reqwest.rs"),
        dependencies: r#"
md-5 = "0.11"
reqwest = { version = "0.13", default-features = false, features = ["json", "rustls"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
tokio = { version = "1", features = ["macros", "rt-multi-thread", "sync"] }
"#,
    };

    fn manifest(&self, root: &Path) -> String {
        let Self { name, .. } = self;
        let dependencies = self.dependencies.replace("{root}", &root.display().to_string());
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n[profile.release]\nstrip = \"symbols\"\n\n[dependencies]{dependencies}"
        )
    }
}

/// What a program came to.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) what: String,
    /// Its normal dependencies, itself left out.
    pub(super) crates: usize,
    /// Of all processes of a build from nothing.
    pub(super) processor: Duration,
    pub(super) size_bytes: u64,
    pub(super) program: PathBuf,
}

/// Writes a consumer below `folder` and builds it.
pub(super) fn build(
    workspace: &Workspace,
    folder: &Path,
    consumer: &Consumer,
) -> Result<Built, Failure> {
    let home = folder.join(consumer.name);
    trial::empty(&home.join("src"))?;
    let write = |name: &str, text: &str| {
        let path = home.join(name);
        fs::write(&path, text).map_err(Failure::while_doing(path.display()))
    };
    write("Cargo.toml", &consumer.manifest(&workspace.root))?;
    write("src/main.rs", consumer.source)?;
    let lock = workspace.root.join("Cargo.lock");
    fs::copy(&lock, home.join("Cargo.lock")).map_err(Failure::while_doing(lock.display()))?;
    let cargo = |words: &[&str]| {
        let mut command = workspace.cargo(words);
        command.current_dir(&home);
        command
    };
    // What is missing is downloaded before the processor's time counts.
    process::run(&mut cargo(&["fetch"]))?;
    measure(consumer.what, consumer.name, &home.join("target"), cargo)
}

/// Builds the command with all its providers and stores, under the profile of the workspace.
pub(super) fn build_command(workspace: &Workspace, folder: &Path) -> Result<Built, Failure> {
    let cargo = |words: &[&str]| {
        let mut command = workspace.cargo(words);
        command.args(["--package", "pagos-cli"]);
        command
    };
    let what = "the command `pagos`: all providers, both stores, the twins";
    measure(what, "pagos", &folder.join("pagos"), cargo)
}

/// Counts the crates of a program and builds it from nothing.
fn measure(
    what: &str,
    name: &str,
    target: &Path,
    cargo: impl Fn(&[&str]) -> Command,
) -> Result<Built, Failure> {
    let words = ["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = process::read_stdout(&mut cargo(&words))?;
    let crates = dependencies::parse(&tree).len().saturating_sub(1);
    trial::empty(target)?;
    let mut make = cargo(&["build", "--release", "--quiet"]);
    make.arg("--target-dir").arg(target);
    eprintln!("compare: building {what}");
    let mut child = make.spawn().map_err(Failure::while_doing("starting cargo"))?;
    let (status, cost) = meter::watch(&mut child)?;
    if !status.success() {
        return Err(Failure::new(format!("the build of {name} ended with {status}")));
    }
    let program = target.join("release").join(name);
    let size_bytes = fs::metadata(&program).map_err(Failure::while_doing(program.display()))?.len();
    let processor = cost.user + cost.system + cost.children;
    Ok(Built { what: what.to_owned(), crates, processor, size_bytes, program })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_is_a_workspace_of_its_own_and_finds_pagos() {
        let manifest = Consumer::PAGOS.manifest(Path::new("/w"));
        assert!(manifest.contains("path = \"/w/crates/pagos\""), "{manifest}");
        for consumer in [Consumer::PAGOS, Consumer::PAYRAIL, Consumer::REQWEST] {
            let manifest: toml::Table =
                toml::from_str(&consumer.manifest(Path::new("/w"))).unwrap();
            assert_eq!(manifest["package"]["name"].as_str(), Some(consumer.name));
            assert!(manifest.contains_key("workspace"));
        }
    }

    #[test]
    fn the_version_that_is_told_is_the_one_that_is_built() {
        let Consumer { what, dependencies, .. } = Consumer::PAYRAIL;
        assert!(what.contains("0.2.1") && dependencies.contains("\"=0.2.1\""));
    }
}
