//! The `.crate` files: made by cargo, unpacked beside each other, built from what they hold.
//! Nothing of the workspace's own tree is seen by these builds but the versions in `Cargo.lock`.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::process::build_cargo;
use crate::workspace::Package;
use crate::workspace::Workspace;

/// One packaged crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Archive {
    name: String,
    /// `name-version`: the folder that holds everything in the archive.
    stem: String,
    path: PathBuf,
}

impl Archive {
    /// The files in it, without the folder that holds them all.
    pub(super) fn list_files(&self) -> Result<Vec<String>, Failure> {
        let list = process::read_stdout(Command::new("tar").arg("-tzf").arg(&self.path))?;
        let inner = |line: &str| line.split_once('/').map(|(_, inner)| inner.to_owned());
        Ok(list.lines().filter_map(inner).collect())
    }

    /// How large it is.
    pub(super) fn size_bytes(&self) -> Result<u64, Failure> {
        let entry = fs::metadata(&self.path).map_err(Failure::while_doing(self.path.display()))?;
        Ok(entry.len())
    }
}

/// Packages the crates together, so that each may need the others before any is published.
pub(super) fn package(
    workspace: &Workspace,
    packages: &[&Package],
) -> Result<Vec<Archive>, Failure> {
    let mut command = build_cargo(workspace, &["package", "--quiet", "--no-verify"]);
    if !process::is_ci() {
        command.arg("--allow-dirty");
    }
    for package in packages {
        command.args(["-p", &package.name]);
    }
    process::run(&mut command)?;
    let archive = |package: &&Package| {
        let stem = format!("{}-{}", package.name, package.version);
        let path = workspace.target.join("package").join(format!("{stem}.crate"));
        Archive { name: package.name.clone(), stem, path }
    };
    Ok(packages.iter().map(archive).collect())
}

/// Unpacks all of them and builds each alone, with all features and with the default ones.
pub(super) fn build_each(workspace: &Workspace, archives: &[Archive]) -> Result<(), Failure> {
    let folder = workspace.target.join("release-check");
    unpack(workspace, archives, &folder)?;
    for archive in archives {
        for set in [&["--all-features"][..], &[]] {
            let words = ["build", "--quiet", "--offline", "-p", &archive.name];
            let mut command = build_cargo(workspace, &words);
            command.args(set).current_dir(&folder);
            process::run(command.env("CARGO_TARGET_DIR", folder.join("target")))?;
        }
    }
    Ok(())
}

fn unpack(workspace: &Workspace, archives: &[Archive], folder: &Path) -> Result<(), Failure> {
    let crates = folder.join("crates");
    let failed = |path: &Path| Failure::while_doing(path.display().to_string());
    if crates.is_dir() {
        fs::remove_dir_all(&crates).map_err(failed(&crates))?;
    }
    fs::create_dir_all(&crates).map_err(failed(&crates))?;
    for archive in archives {
        let mut tar = Command::new("tar");
        process::run(tar.arg("-xzf").arg(&archive.path).arg("-C").arg(&crates))?;
    }
    let manifest = folder.join("Cargo.toml");
    fs::write(&manifest, build_manifest(archives)).map_err(failed(&manifest))?;
    let lock = folder.join("Cargo.lock");
    fs::copy(workspace.root.join("Cargo.lock"), &lock).map_err(failed(&lock))?;
    Ok(())
}

/// A workspace in which the registry's crates of ours are the unpacked ones.
fn build_manifest(archives: &[Archive]) -> String {
    let mut text = "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n".to_owned();
    text.push_str("\n[patch.crates-io]\n");
    for archive in archives {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} = {{ path = \"crates/{}\" }}", archive.name, archive.stem);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_come_from_their_archives() {
        let archive = Archive {
            name: "pagos-core".to_owned(),
            stem: "pagos-core-0.1.0".to_owned(),
            path: PathBuf::new(),
        };
        let text = build_manifest(&[archive]);
        let manifest: toml::Table = text.parse().unwrap();
        let path = &manifest["patch"]["crates-io"]["pagos-core"]["path"];
        assert_eq!(path.as_str(), Some("crates/pagos-core-0.1.0"));
    }
}
