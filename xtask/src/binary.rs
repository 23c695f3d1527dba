//! `cargo xtask binary`: the `pagos` program as people download it, with a checksum beside it.
//! Uploads nothing; the release workflow does.

mod twice;

use std::{fs, path::Path, process::Command};

use clap::Args;

use crate::{failure::Failure, process, workspace::Workspace};

/// Builds the `pagos` program as an archive with its checksum, in `target/dist`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// For which machine, if not for this one.
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// Builds it twice, in two folders, and compares the results instead.
    #[arg(long, conflicts_with = "target")]
    twice: bool,
    /// With `--twice`: the package to build.
    #[arg(long, requires = "twice", default_value = "pagos-cli")]
    package: String,
    /// With `--twice`: the profile to build under.
    #[arg(long, requires = "twice", default_value = "release")]
    profile: String,
}

/// Builds it and packs it.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    if options.twice {
        return twice::run(workspace, &options.package, &options.profile);
    }
    let target = options.target.as_deref();
    let package = workspace.find("pagos-cli").ok_or_else(|| Failure::new("no crate pagos-cli"))?;
    let mut command = workspace.cargo(&["build", "--release", "--locked", "-p", "pagos-cli"]);
    let mut built = workspace.target.clone();
    if let Some(target) = target {
        command.args(["--target", target]);
        built.push(target);
    }
    process::run(&mut command)?;
    let place = target.unwrap_or(std::env::consts::ARCH);
    let stem = format!("pagos-{}-{place}", package.version);
    let dist = workspace.target.join("dist");
    let folder = workspace.target.join("dist-parts").join(&stem);
    for folder in [&dist, &folder] {
        fs::create_dir_all(folder).map_err(Failure::while_doing(folder.display()))?;
    }
    let is_windows = target.is_some_and(|triple| triple.contains("windows"));
    let suffix = if is_windows { ".exe" } else { std::env::consts::EXE_SUFFIX };
    let program = format!("pagos{suffix}");
    let built = built.join("release").join(&program);
    if has_failpoints(&built)? {
        return Err(Failure::new("the program has failpoints; a release must not"));
    }
    let mut parts = vec![(built, program)];
    for name in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
        parts.push((workspace.root.join(name), name.to_owned()));
    }
    for (from, name) in parts {
        fs::copy(&from, folder.join(name)).map_err(Failure::while_doing(from.display()))?;
    }
    let name = format!("{stem}.tar.gz");
    let archive = dist.join(&name);
    let parts = workspace.target.join("dist-parts");
    let mut tar = Command::new("tar");
    process::run(tar.arg("-czf").arg(&archive).arg("-C").arg(parts).arg(&stem))?;
    write_checksum(&dist, &name)
}

/// Writes the checksum of a file beside it, and prints it.
pub(crate) fn write_checksum(folder: &Path, name: &str) -> Result<(), Failure> {
    let line = format!("{}  {name}\n", read_checksum(folder, name)?);
    let path = folder.join(format!("{name}.sha256"));
    fs::write(&path, &line).map_err(Failure::while_doing(path.display()))?;
    print!("{line}");
    Ok(())
}

/// Can the program be ended from outside at a point of the engine? The name of the variable for that
/// stands in it, or there is nothing that reads it.
///
/// # Errors
/// If the program cannot be read.
pub fn has_failpoints(program: &Path) -> Result<bool, Failure> {
    const VARIABLE: &[u8] = b"PAGOS_FAILPOINT";
    let bytes = fs::read(program).map_err(Failure::while_doing(program.display()))?;
    Ok(bytes.windows(VARIABLE.len()).any(|part| part == VARIABLE))
}

/// The SHA-256 of a file, by whichever of the usual programs is here: those of GNU, of macOS and of
/// Windows.
fn read_checksum(folder: &Path, name: &str) -> Result<String, Failure> {
    const PROGRAMS: [(&str, &[&str], &[&str]); 3] = [
        ("sha256sum", &[], &[]),
        ("shasum", &["-a", "256"], &[]),
        ("certutil", &["-hashfile"], &["SHA256"]),
    ];
    let is_checksum =
        |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    for (program, before, after) in PROGRAMS {
        let mut command = Command::new(program);
        command.args(before).arg(name).args(after).current_dir(folder);
        // A program that is not here is no failure as long as another one is.
        let Ok(said) = process::read_stdout(&mut command) else { continue };
        if let Some(checksum) = said.split_whitespace().find(is_checksum) {
            return Ok(checksum.to_ascii_lowercase());
        }
    }
    Err(Failure::new(format!("no checksum of {name}: install sha256sum or shasum")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        let folder = std::env::temp_dir().join(format!("pagos-checksum-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("abc.txt"), "abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(read_checksum(&folder, "abc.txt"), Ok(expected.to_owned()));
        fs::remove_dir_all(&folder).unwrap();
    }
}
