//! Scripts for Node.js: exactly the packages that `package-lock.json` of their folder pins, by
//! version and checksum. It names no place to get them from; that is npm's own setting. Installs
//! nothing outside of `target`, and runs no script of a package.

use std::{fs, process::Command};

use crate::{
    compat::{Prepared, Site, run_quietly},
    failure::Failure,
    process,
};

const FILES: [&str; 2] = ["package.json", "package-lock.json"];

/// The oldest Node.js with `fetch`, which scripts may use.
const NODE_MIN: &str = "process.exit(Number(process.versions.node.split('.')[0] < 20))";

/// On Windows npm is a batch file, which is found by its whole name only.
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Finds Node.js, and installs the packages unless the same ones are there.
pub(super) fn prepare(site: &Site) -> Result<Prepared, Failure> {
    if !process::is_available(Command::new("node").args(["-e", NODE_MIN])) {
        let because = "node is not installed, or older than 20".to_owned();
        return Ok(Prepared::Missing(because));
    }
    let wanted = copy_files(site)?;
    let stamp = site.room.join("installed-npm.txt");
    let is_same = fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted);
    let modules = site.room.join("node_modules");
    if is_same && modules.is_dir() {
        return Ok(Prepared::Ready(interpreter(site)));
    }
    // What is half made must not pass for whole when it is looked at again.
    if stamp.is_file() {
        fs::remove_file(&stamp).map_err(Failure::while_doing(stamp.display()))?;
    }
    if let Some(because) = install(site)? {
        return Ok(Prepared::Missing(because));
    }
    fs::write(&stamp, wanted).map_err(Failure::while_doing(stamp.display()))?;
    Ok(Prepared::Ready(interpreter(site)))
}

/// npm installs beside its two files, so they are copied to where that may be. Returns them.
fn copy_files(site: &Site) -> Result<String, Failure> {
    let mut all = String::new();
    for name in FILES {
        let (from, to) = (site.source.join(name), site.room.join(name));
        let text = fs::read_to_string(&from).map_err(Failure::while_doing(from.display()))?;
        fs::write(&to, &text).map_err(Failure::while_doing(to.display()))?;
        all += &text;
    }
    Ok(all)
}

/// Installs what is pinned; or says what is missing for it. A package whose checksum is wrong is a
/// failure, on every machine.
fn install(site: &Site) -> Result<Option<String>, Failure> {
    if !process::is_available(Command::new(NPM).arg("--version")) {
        return Ok(Some("npm is not installed".to_owned()));
    }
    let words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];
    let limits = ["--fetch-retries=2", "--fetch-timeout=30000"];
    let log = site.room.join("npm.log");
    if run_quietly(site, Command::new(NPM).args(words).args(limits), &log)? {
        return Ok(None);
    }
    let said = fs::read(&log).map_err(Failure::while_doing(log.display()))?;
    if is_forged(&String::from_utf8_lossy(&said)) {
        return Err(Failure::new(format!("compat {}: a checksum of npm's is wrong", site.name)));
    }
    let log = log.display();
    Ok(Some(format!("npm could not install; is the package index within reach? see {log}")))
}

/// npm's word for a package that is not the one that was pinned.
fn is_forged(said: &str) -> bool {
    said.contains("EINTEGRITY")
}

/// Scripts lie in our folder and packages in another, so it has to be told.
fn interpreter(site: &Site) -> Command {
    let mut command = Command::new("node");
    command.env("NODE_PATH", site.room.join("node_modules"));
    command
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    fn is_exact(version: &Value) -> bool {
        let version = version.as_str().unwrap_or_default();
        !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    }

    #[test]
    fn every_package_is_pinned_by_version_and_checksum_and_names_no_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("compat");
        for entry in fs::read_dir(root).unwrap() {
            let source = entry.unwrap().path();
            if !source.join("check.js").is_file() {
                continue;
            }
            let [package, lock] = FILES.map(|name| fs::read_to_string(source.join(name)).unwrap());
            assert!(!package.contains("://") && !lock.contains("://"), "{}", source.display());
            let package: Value = serde_json::from_str(&package).unwrap();
            assert!(package["dependencies"].as_object().unwrap().values().all(is_exact));
            let lock: Value = serde_json::from_str(&lock).unwrap();
            let packages = lock["packages"].as_object().unwrap();
            assert_eq!(packages[""]["dependencies"], package["dependencies"]);
            for (name, pinned) in packages.iter().filter(|(name, _)| !name.is_empty()) {
                let checksum = pinned["integrity"].as_str().unwrap_or_default();
                assert!(is_exact(&pinned["version"]), "{name}");
                assert!(checksum.starts_with("sha512-"), "{name}");
                assert!(pinned.get("resolved").is_none(), "{name}");
            }
        }
    }

    #[test]
    fn a_wrong_checksum_is_told_from_a_silent_index() {
        assert!(is_forged("npm error code EINTEGRITY\nnpm error sha512-... integrity checksum"));
        assert!(!is_forged("npm error code ECONNREFUSED"));
    }
}
