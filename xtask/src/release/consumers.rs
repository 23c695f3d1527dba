//! Builds and runs one program for each provider as a stranger would: outside of the workspace, from the
//! archives of our crates, with the dependencies that cargo chooses today and a transport of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use crate::{
    failure::Failure,
    process::{cargo, read_stdout, run as run_command},
    workspace::{PROVIDERS, Package, Workspace},
};

/// The programs, one file a provider; `outside.rs` is what they share.
pub(crate) const SOURCES: &str = "xtask/consumers";

/// Runs every program. `archives` holds the packages as cargo made them.
pub(super) fn run(
    workspace: &Workspace,
    packages: &[&Package],
    archives: &Path,
) -> Result<(), Failure> {
    let folder = Folder::make()?;
    let unpacked = folder.0.join("archives");
    make_folder(&unpacked)?;
    for package in packages {
        let archive = archives.join(format!("{}-{}.crate", package.name, package.version));
        run_command(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&unpacked))?;
    }
    for provider in PROVIDERS.iter() {
        let program = workspace.root.join(SOURCES).join(format!("{provider}.rs"));
        if !program.is_file() {
            return Err(Failure::new(format!("{SOURCES}/{provider}.rs is missing")));
        }
        let home = folder.0.join(provider);
        make_folder(&home)?;
        let manifest = home.join("Cargo.toml");
        let text = write_manifest(provider, &program, packages, &unpacked);
        fs::write(&manifest, text).map_err(Failure::while_doing(manifest.display()))?;
        let mut command = Command::new(cargo());
        command.args(["run", "--quiet", "--target-dir"]).arg(folder.0.join("target"));
        let said = read_stdout(command.current_dir(&home))?;
        println!("{provider:<22}{}", said.lines().next().unwrap_or_default());
    }
    println!("each provider is usable alone, from the archives and with a transport of its own");
    Ok(())
}

/// The manifest of one program. The archives stand in for what the registry does not have yet.
fn write_manifest(
    provider: &str,
    program: &Path,
    packages: &[&Package],
    archives: &Path,
) -> String {
    let quote = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned()).to_string();
    let patches = packages.iter().map(|package| {
        let archive = archives.join(format!("{}-{}", package.name, package.version));
        format!("{} = {{ path = {} }}\n", package.name, quote(&archive))
    });
    let version = packages.iter().find(|it| it.name == "pagos").map_or("*", |it| &it.version);
    format!(
        "[package]\nname = \"consumer-{provider}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         publish = false\n\n[[bin]]\nname = \"consumer-{provider}\"\npath = {}\n\n\
         [dependencies.pagos]\nversion = \"={version}\"\ndefault-features = false\n\
         features = [\"{provider}\"]\n\n[workspace]\n\n[patch.crates-io]\n{}",
        quote(program),
        patches.collect::<String>(),
    )
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(Failure::while_doing(path.display()))
}

/// A folder that no cargo workspace contains, and that goes with this value.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, Failure> {
        let path = env::temp_dir().join(format!("pagos-consumers-{}", process::id()));
        make_folder(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::package;

    #[test]
    fn a_program_depends_on_one_feature_and_takes_our_crates_from_archives() {
        let (facade, core) = (package("pagos", &[]), package("pagos-core", &[]));
        let (program, archives) = (Path::new("/w/etpay.rs"), Path::new("/t/a \"quoted\" folder"));
        let text = write_manifest("etpay", program, &[&facade, &core], archives);
        let manifest: toml::Table = text.parse().unwrap();
        let pagos = &manifest["dependencies"]["pagos"];
        assert_eq!(pagos["version"].as_str(), Some("=0.1.0"));
        assert_eq!(pagos["default-features"].as_bool(), Some(false));
        assert_eq!(pagos["features"].as_array().map(Vec::len), Some(1));
        let patches = manifest["patch"]["crates-io"].as_table().unwrap();
        assert_eq!(patches.len(), 2);
        let path = patches["pagos-core"]["path"].as_str();
        assert_eq!(path, Some("/t/a \"quoted\" folder/pagos-core-0.1.0"));
    }

    #[test]
    fn every_provider_has_a_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("consumers");
        for provider in PROVIDERS.iter() {
            assert!(folder.join(format!("{provider}.rs")).is_file(), "{provider}");
        }
    }
}
