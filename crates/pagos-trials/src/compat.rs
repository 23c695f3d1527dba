//! `cargo xtask compat`: programs that we did not write, against our twins. What an official
//! package of a provider says and accepts is the best witness of a wire format that we have; where
//! there is none, packages that many use for the same kind of token.
//!
//! Each folder of `crates/pagos-trials/compat` is about one provider, or about our events, and has a script of ours for each language
//! that such a package is written in. The script finds the twin's address in `COMPAT_TWIN_URL` and
//! the `pagos` program in `COMPAT_PROGRAM`, prints `ok NAME` or `failed NAME: why` for each check,
//! and exits with 1 if one failed; or `missing WHAT: why` if this machine lacks what it needs. Tokens that it appends to the file `COMPAT_TOKENS` are judged by
//! our own verifier, see `verifier.rs`.

mod node;
mod python;
mod verifier;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use clap::Args;

use crate::{
    failure::Failure,
    process,
    tally::Tally,
    trial::{self, BuildProfile, twin_server::TwinServer},
    workspace::Workspace,
};

/// Runs programs of others against our twins and tokens.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only the folders of `crates/pagos-trials/compat` with these names.
    names: Vec<String>,
}

/// What scripts are written in. One more language is one more row; so is an environment of its own
/// within a language, for an older version of a package that another script needs as it is today.
const LANGUAGES: [Language; 3] = [
    Language { script: "check-older.py", prepare: python::prepare_older },
    Language { script: "check.py", prepare: python::prepare },
    Language { script: "check.js", prepare: node::prepare },
];

/// One language.
struct Language {
    /// The name of a script in it.
    script: &'static str,
    /// Gets ready what the script needs.
    prepare: fn(&Site) -> Result<Prepared, Failure>,
}

/// A folder of `crates/pagos-trials/compat`.
#[derive(Debug)]
struct Site {
    name: String,
    /// The folder: ours, never written to.
    source: PathBuf,
    /// Where its program is installed and runs.
    room: PathBuf,
}

/// Whether a script can run.
#[derive(Debug)]
enum Prepared {
    /// With this interpreter.
    Ready(Command),
    /// Something is missing here that a user's machine may lack.
    Missing(String),
}

/// Runs the programs that are named, or all of them, and counts their checks.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Tally, Failure> {
    check(workspace, &options.names)
}

fn check(workspace: &Workspace, names: &[String]) -> Result<Tally, Failure> {
    let sites = list_sites(workspace)?;
    if let Some(name) = names.iter().find(|name| sites.iter().all(|site| site.name != **name)) {
        return Err(Failure::new(format!("there is no folder crates/pagos-trials/compat/{name}")));
    }
    let is_meant = |site: &&Site| names.is_empty() || names.contains(&site.name);
    let mut total = Tally::default();
    for site in sites.iter().filter(is_meant) {
        let tally = check_site(workspace, site)?;
        println!("compat: {}: {tally}", site.name);
        total = total.plus(tally);
    }
    Ok(total)
}

fn list_sites(workspace: &Workspace) -> Result<Vec<Site>, Failure> {
    let root = workspace.root.join("crates/pagos-trials/compat");
    let entries = fs::read_dir(&root).map_err(Failure::while_doing(root.display()))?;
    let mut sites = Vec::new();
    for entry in entries {
        let source = entry.map_err(Failure::while_doing(root.display()))?.path();
        let Some(name) = source.file_name().filter(|_| source.is_dir()) else {
            continue;
        };
        let name = name.to_string_lossy().into_owned();
        let room = workspace.target.join("compat").join(&name);
        sites.push(Site { name, source, room });
    }
    sites.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(sites)
}

/// Every script of a folder, each against a twin of its own.
fn check_site(workspace: &Workspace, site: &Site) -> Result<Tally, Failure> {
    let has_script = |language: &&Language| site.source.join(language.script).is_file();
    let languages: Vec<&Language> = LANGUAGES.iter().filter(has_script).collect();
    if languages.is_empty() {
        return Err(Failure::new(format!(
            "crates/pagos-trials/compat/{} has no script",
            site.name
        )));
    }
    fs::create_dir_all(&site.room).map_err(Failure::while_doing(site.room.display()))?;
    let mut total = Tally::default();
    for language in languages {
        total = total.plus(match (language.prepare)(site)? {
            Prepared::Ready(command) => run_script(workspace, site, language.script, command)?,
            Prepared::Missing(because) => skip(site, &because)?,
        });
    }
    Ok(total)
}

fn skip(site: &Site, because: &str) -> Result<Tally, Failure> {
    let message = format!("compat {}: {because}", site.name);
    if process::is_ci() {
        return Err(Failure::new(message));
    }
    println!("skipped: {message}");
    Ok(Tally { skipped: 1, ..Tally::default() })
}

/// Twins live in real time here: tokens say when they were made, and the other side looks.
fn run_script(
    workspace: &Workspace,
    site: &Site,
    script: &str,
    mut command: Command,
) -> Result<Tally, Failure> {
    let program = trial::build_program(workspace, BuildProfile::Dev)?;
    let tokens = site.room.join("tokens.jsonl");
    fs::write(&tokens, "").map_err(Failure::while_doing(tokens.display()))?;
    let twin = TwinServer::start(&program, &site.room, &["--speed", "1"])?;
    command
        .arg(site.source.join(script))
        .current_dir(&site.room)
        .env("COMPAT_TWIN_URL", twin.url())
        .env("COMPAT_PROGRAM", &program)
        .env("COMPAT_TOKENS", &tokens)
        // The twin is on this machine, and no proxy finds it.
        .env("NO_PROXY", "127.0.0.1,localhost")
        .env("no_proxy", "127.0.0.1,localhost");
    let heard = process::overhear(&mut command)?;
    if let Some(because) = heard.text.lines().find_map(|line| line.strip_prefix("missing ")) {
        return skip(site, because);
    }
    let ours = verifier::judge(&site.name, &tokens)?;
    Ok(count(&heard.text, heard.is_success).plus(ours))
}

/// One for each `ok` and each `failed`. A script that broke off or checked nothing has failed.
fn count(text: &str, is_success: bool) -> Tally {
    let lines = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
    let (passed, failed) = (lines("ok "), lines("failed "));
    let is_broken = failed == 0 && (!is_success || passed == 0);
    Tally { passed, failed: failed + usize::from(is_broken), skipped: 0 }
}

/// Runs to the end; what it says goes to a file of the room, which is begun anew. Did it succeed?
fn run_quietly(site: &Site, command: &mut Command, log: &Path) -> Result<bool, Failure> {
    let failed = || Failure::while_doing(log.display().to_string());
    let file = fs::File::create(log).map_err(failed())?;
    let other = file.try_clone().map_err(failed())?;
    let command = command.current_dir(&site.room).stdin(std::process::Stdio::null());
    let status = command.stdout(file).stderr(other).status().map_err(failed())?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: usize, failed: usize) -> Tally {
        Tally { passed, failed, skipped: 0 }
    }

    #[test]
    fn each_line_of_a_script_is_one_check() {
        let text = "ok create\nsome words, ok or failed\nok status\n";
        assert_eq!(count(text, true), tally(2, 0));
        assert_eq!(count("ok create\nfailed status: 500\n", false), tally(1, 1));
    }

    #[test]
    fn a_script_that_broke_off_or_checked_nothing_failed() {
        assert_eq!(count("ok create\n", false), tally(1, 1));
        assert_eq!(count("", true), tally(0, 1));
        assert_eq!(count("", false), tally(0, 1));
        assert_eq!(count("failed create: 500\n", true), tally(0, 1));
    }

    #[test]
    fn every_folder_has_a_script() {
        let workspace = Workspace {
            root: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
            target: PathBuf::from("target"),
            packages: Vec::new(),
        };
        let sites = list_sites(&workspace).unwrap();
        for name in ["conekta", "etpay", "events", "fintoc", "statement", "virtualpos"] {
            assert!(sites.iter().any(|site| site.name == name), "{name}");
        }
        for site in &sites {
            let has = |language: &Language| site.source.join(language.script).is_file();
            assert!(LANGUAGES.iter().any(has), "{}", site.name);
        }
        let unknown = check(&workspace, &["nobody".to_owned()]).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no folder crates/pagos-trials/compat/nobody");
    }
}
