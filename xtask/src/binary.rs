//! `cargo xtask binary`: the `pagos` program as people download it, with a checksum beside it.
//! Uploads nothing; the release workflow does.

use std::{fmt::Write, fs, path::Path, process::Command};

use sha2::{Digest, Sha256};

use crate::{
    failure::Failure,
    flags::Flags,
    process::{self, build_cargo},
    workspace::Workspace,
};

/// Builds for `--target TRIPLE`, or for this machine.
pub(crate) fn run(workspace: &Workspace, mut flags: Flags) -> Result<(), Failure> {
    let target = flags.take_text("target", "")?;
    flags.end()?;
    let package = workspace.find("pagos-cli").ok_or_else(|| Failure::new("no crate pagos-cli"))?;
    let mut command =
        build_cargo(workspace, &["build", "--release", "--locked", "-p", "pagos-cli"]);
    let mut built = workspace.target.clone();
    if !target.is_empty() {
        command.args(["--target", &target]);
        built.push(&target);
    }
    process::run(&mut command)?;
    let place = if target.is_empty() { std::env::consts::ARCH } else { target.as_str() };
    let stem = format!("pagos-{}-{place}", package.version);
    let dist = workspace.target.join("dist");
    let folder = workspace.target.join("dist-parts").join(&stem);
    for folder in [&dist, &folder] {
        fs::create_dir_all(folder).map_err(Failure::while_doing(folder.display()))?;
    }
    let suffix = if target.contains("windows") { ".exe" } else { std::env::consts::EXE_SUFFIX };
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
    let bytes = fs::read(&archive).map_err(Failure::while_doing(archive.display()))?;
    let line = build_checksum_line(&bytes, &name);
    let path = dist.join(format!("{name}.sha256"));
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

/// The line that `sha256sum --check` reads.
fn build_checksum_line(bytes: &[u8], name: &str) -> String {
    let mut line = String::new();
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(line, "{byte:02x}");
    }
    format!("{line}  {name}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        let expected =
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  abc.txt\n";
        assert_eq!(build_checksum_line(b"abc", "abc.txt"), expected);
    }
}
