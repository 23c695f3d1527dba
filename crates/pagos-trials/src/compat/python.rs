//! Scripts in Python: an environment of their own with exactly the packages that their folder pins,
//! by version and checksum. `requirements.txt` pins the packages; where one comes as source only,
//! `build.txt` pins what it is built with. A script that needs other versions has an environment and
//! lists of its own, whose names end in `-older`. Installs nothing outside of `target`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    compat::{Prepared, Site, run_quietly},
    failure::Failure,
    process,
};

/// An environment, by the names of its parts.
struct Environment {
    /// In the site's room.
    folder: &'static str,
    /// Says what is installed; beside the folder.
    stamp: &'static str,
    /// In their order: the packages are built with what the first file installs.
    lists: [&'static str; 2],
}

const TODAY: Environment = Environment {
    folder: "venv",
    stamp: "installed.txt",
    lists: ["build.txt", "requirements.txt"],
};

const OLDER: Environment = Environment {
    folder: "venv-older",
    stamp: "installed-older.txt",
    lists: ["build-older.txt", "requirements-older.txt"],
};

/// The oldest Python that the pinned packages take.
const PYTHON_MIN: &str = "import sys; sys.exit(sys.version_info < (3, 10))";

/// Gets ready the packages of `requirements.txt`.
pub(super) fn prepare(site: &Site) -> Result<Prepared, Failure> {
    prepare_environment(site, &TODAY)
}

/// Gets ready the packages of `requirements-older.txt`.
pub(super) fn prepare_older(site: &Site) -> Result<Prepared, Failure> {
    prepare_environment(site, &OLDER)
}

/// Finds Python, and makes the environment unless it is there with the same packages.
fn prepare_environment(site: &Site, environment: &Environment) -> Result<Prepared, Failure> {
    let python = environment.python(&site.room);
    let wanted = environment.read_lists(&site.source)?;
    let stamp = site.room.join(environment.stamp);
    let is_same = fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted);
    if is_same && process::is_available(Command::new(&python).args(["-c", PYTHON_MIN])) {
        return Ok(Prepared::Ready(interpreter(&python)));
    }
    // What is half made must not pass for whole when it is looked at again.
    if stamp.is_file() {
        fs::remove_file(&stamp).map_err(Failure::while_doing(stamp.display()))?;
    }
    if let Some(because) = make_environment(site, environment.folder)? {
        return Ok(Prepared::Missing(because));
    }
    for list in environment.lists(&site.source) {
        if !install(site, &python, list)? {
            return Ok(Prepared::Missing(format!(
                "pip could not install {list}; is the package index within reach? see {}",
                log_of(site, list).display()
            )));
        }
    }
    fs::write(&stamp, wanted).map_err(Failure::while_doing(stamp.display()))?;
    Ok(Prepared::Ready(interpreter(&python)))
}

/// Makes an empty environment; or says what is missing for it.
fn make_environment(site: &Site, name: &str) -> Result<Option<String>, Failure> {
    let is_usable =
        |name: &&str| process::is_available(Command::new(name).args(["-c", PYTHON_MIN]));
    let Some(system) = ["python3", "python"].into_iter().find(is_usable) else {
        return Ok(Some("python3 is not installed, or older than 3.10".to_owned()));
    };
    // Debian has Python without these two; its package of the first brings the second.
    if !process::is_available(Command::new(system).args(["-c", "import venv, ensurepip"])) {
        return Ok(Some("python3 has no venv; on Debian install python3-venv".to_owned()));
    }
    let folder = site.room.join(name);
    if folder.is_dir() {
        fs::remove_dir_all(&folder).map_err(Failure::while_doing(folder.display()))?;
    }
    let log = log_of(site, name);
    let made = run_quietly(site, Command::new(system).args(["-m", "venv", name]), &log)?;
    Ok((!made).then(|| format!("{system} -m venv failed; see {}", log.display())))
}

/// Installs what one list pins. A package whose checksum is wrong is a failure, on every machine.
fn install(site: &Site, python: &Path, list: &str) -> Result<bool, Failure> {
    let words = ["install", "--quiet", "--no-input", "--disable-pip-version-check"];
    let limits = ["--retries", "2", "--timeout", "30"];
    // Without isolation packages are built with what `build.txt` pins, and with nothing else.
    let exact = ["--require-hashes", "--no-build-isolation", "--requirement"];
    let log = log_of(site, list);
    let mut pip = Command::new(python);
    pip.args(["-m", "pip"]).args(words).args(limits).args(exact).arg(site.source.join(list));
    if run_quietly(site, &mut pip, &log)? {
        return Ok(true);
    }
    let said = fs::read(&log).map_err(Failure::while_doing(log.display()))?;
    if is_forged(&String::from_utf8_lossy(&said)) {
        return Err(Failure::new(format!("compat {}: a checksum of {list} is wrong", site.name)));
    }
    Ok(false)
}

/// Pip's words for a package that is not the one that was pinned.
fn is_forged(said: &str) -> bool {
    said.contains("DO NOT MATCH THE HASHES")
}

impl Environment {
    fn python(&self, room: &Path) -> PathBuf {
        let inner = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
        room.join(self.folder).join(inner)
    }

    fn lists(&self, source: &Path) -> impl Iterator<Item = &'static str> {
        self.lists.into_iter().filter(|list| source.join(list).is_file())
    }

    fn read_lists(&self, source: &Path) -> Result<String, Failure> {
        let mut all = String::new();
        for list in self.lists(source) {
            let path = source.join(list);
            all += &fs::read_to_string(&path).map_err(Failure::while_doing(path.display()))?;
        }
        Ok(all)
    }
}

/// Isolated from the user's own packages and settings, and without a buffer before its words.
fn interpreter(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-I", "-u"]);
    command
}

fn log_of(site: &Site, what: &str) -> PathBuf {
    site.room.join(format!("{what}.log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned_by_version_and_checksum() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("compat");
        let environments = [("check.py", TODAY), ("check-older.py", OLDER)];
        let scripts = fs::read_dir(root).unwrap().flat_map(|entry| {
            let source = entry.unwrap().path();
            environments.each_ref().map(|(script, environment)| {
                (source.clone(), source.join(script).is_file(), environment)
            })
        });
        for (source, has_script, environment) in scripts {
            let lists = environment.read_lists(&source).unwrap();
            assert_eq!(!lists.is_empty(), has_script, "{}", source.display());
            for line in lists.lines() {
                let is_pinned = line.contains("==") && line.contains(" --hash=sha256:");
                assert!(line.starts_with('#') || is_pinned, "{line}");
                assert!(!line.contains("://"), "{line}");
            }
        }
    }

    #[test]
    fn a_wrong_checksum_is_told_from_a_silent_index() {
        assert!(is_forged("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE ..."));
        assert!(!is_forged("ERROR: No matching distribution found for requests==2.34.2"));
    }
}
