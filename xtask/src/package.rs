//! `cargo xtask package`: the Debian package of `pagos`, made of what is in `ops/`, and its trial in
//! a root of its own. Judges the systemd units before that.

mod attempt;
mod boot;
mod unit;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use clap::Args;

use crate::{binary, failure::Failure, process, workspace::Workspace};

/// Judges the units in `ops/systemd`, and makes the Debian package in `target/dist`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The program to pack; without it, a release is built.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// Installs, upgrades, removes and purges it in a root of its own, with a database.
    #[arg(long = "try")]
    is_tried: bool,
    /// Installs it beside a systemd of its own, and starts, kills, upgrades and stops the service.
    #[arg(long = "boot", conflicts_with = "is_tried")]
    is_booted: bool,
    /// Who maintains the package, as `Name <address>`.
    #[arg(long, value_name = "WHO", default_value = MAINTAINER)]
    maintainer: String,
}

/// Nobody in particular: the domain is one that RFC 2606 keeps for documentation. Whoever gives packages to
/// others names themselves.
const MAINTAINER: &str = "The Pagos maintainers <pagos@example.org>";

/// Judges, makes, tries.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<(), Failure> {
    unit::judge(workspace)?;
    if !workspace_has_dpkg()? {
        return Ok(());
    }
    let program = match &options.program {
        Some(program) => program.clone(),
        None => {
            process::run(&mut workspace.cargo(&[
                "build",
                "--release",
                "--locked",
                "-p",
                "pagos-cli",
            ]))?;
            workspace.target.join("release/pagos")
        }
    };
    let package = workspace.find("pagos-cli").ok_or_else(|| Failure::new("no crate pagos-cli"))?;
    if options.is_tried {
        return attempt::run(workspace, &program, &package.version);
    }
    if options.is_booted {
        return boot::run(workspace, &program, &package.version);
    }
    if binary::has_failpoints(&program)? {
        return Err(Failure::new("the program has failpoints; a release must not"));
    }
    let made = make_for(workspace, &program, &package.version, &options.maintainer, "xz")?;
    let (Some(folder), Some(name)) = (made.parent(), made.file_name()) else { return Ok(()) };
    binary::write_checksum(folder, &name.to_string_lossy())
}

/// Is there dpkg? Where there is none, nothing is packed, and on CI that is a failure.
fn workspace_has_dpkg() -> Result<bool, Failure> {
    if process::is_available(Command::new("dpkg-deb").arg("--version")) {
        return Ok(true);
    }
    if process::is_ci() {
        return Err(Failure::new("dpkg-deb is not installed, and CI skips nothing"));
    }
    println!("skipped: dpkg-deb is not installed");
    Ok(false)
}

/// Makes the package of a program under a version, for a trial, which is over sooner without compression.
fn make(workspace: &Workspace, program: &Path, version: &str) -> Result<PathBuf, Failure> {
    make_for(workspace, program, version, MAINTAINER, "none")
}

/// Makes the package; returns its path.
fn make_for(
    workspace: &Workspace,
    program: &Path,
    version: &str,
    maintainer: &str,
    compression: &str,
) -> Result<PathBuf, Failure> {
    if !is_maintainer(maintainer) {
        return Err(Failure::new(format!("{maintainer:?} is not `Name <address>`")));
    }
    let root = workspace.target.join("package");
    let _ = fs::remove_dir_all(&root);
    for (from, to, mode) in FILES {
        place(&workspace.root.join(from), &root.join(to), mode)?;
    }
    place(program, &root.join("usr/bin/pagos"), "0755")?;
    let own = |words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words);
        command
    };
    // The example is what `pagos init` writes.
    let config = root.join("etc/pagos/pagos.toml");
    process::read_stdout(own(&["init"]).arg(&config))?;
    chmod(&config, "0640")?;
    for (shell, to) in COMPLETIONS {
        let script = process::read_stdout(&mut own(&["completions", shell]))?;
        write(&root.join(to), &script)?;
    }
    let pages = root.join("usr/share/man/man1");
    process::read_stdout(own(&["man", "--to"]).arg(&pages))?;
    let mut pages = list(&pages)?;
    pages.sort();
    process::read_stdout(Command::new("gzip").arg("-9n").args(pages))?;
    let control = fs::read_to_string(workspace.root.join("ops/debian/control"));
    let control = control.map_err(Failure::while_doing("ops/debian/control"))?;
    let architecture = process::read_stdout(Command::new("dpkg").arg("--print-architecture"))?;
    let control = control
        .replace("@VERSION@", version)
        .replace("@ARCHITECTURE@", architecture.trim())
        .replace("@MAINTAINER@", maintainer)
        .replace("@HOMEPAGE@", "https://github.com/pagos-rs/pagos");
    write(&root.join("DEBIAN/control"), &control)?;
    let dist = workspace.target.join("dist");
    fs::create_dir_all(&dist).map_err(Failure::while_doing(dist.display()))?;
    let made = dist.join(format!("pagos_{version}_{}.deb", architecture.trim()));
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "-Z", compression, "--build"]).arg(&root).arg(&made);
    process::read_stdout(&mut build)?;
    Ok(made)
}

/// Whether a text is a name and an address on one line, as the field `Maintainer` of Debian's policy.
fn is_maintainer(text: &str) -> bool {
    let parts =
        text.split_once(" <").and_then(|(name, rest)| Some((name, rest.strip_suffix('>')?)));
    parts.is_some_and(|(name, address)| {
        let is_plain = !text.contains(char::is_control) && !address.contains(['<', '>', ' ']);
        is_plain && !name.trim().is_empty() && address.contains('@')
    })
}

/// Which file goes where, with its mode.
const FILES: [(&str, &str, &str); 17] = [
    ("ops/debian/conffiles", "DEBIAN/conffiles", "0644"),
    ("ops/debian/preinst", "DEBIAN/preinst", "0755"),
    ("ops/debian/postinst", "DEBIAN/postinst", "0755"),
    ("ops/debian/prerm", "DEBIAN/prerm", "0755"),
    ("ops/debian/postrm", "DEBIAN/postrm", "0755"),
    ("ops/systemd/pagos.service", "usr/lib/systemd/system/pagos.service", "0644"),
    ("ops/systemd/pagos-backup.service", "usr/lib/systemd/system/pagos-backup.service", "0644"),
    ("ops/systemd/pagos-backup.timer", "usr/lib/systemd/system/pagos-backup.timer", "0644"),
    ("ops/systemd/pagos.sysusers", "usr/lib/sysusers.d/pagos.conf", "0644"),
    ("ops/systemd/pagos.tmpfiles", "usr/lib/tmpfiles.d/pagos.conf", "0644"),
    ("ops/systemd/environment", "etc/pagos/environment", "0600"),
    ("ops/prometheus/alerts.yml", "usr/share/doc/pagos/alerts.yml", "0644"),
    ("LICENSE-MIT", "usr/share/doc/pagos/copyright", "0644"),
    ("README.md", "usr/share/doc/pagos/README.md", "0644"),
    ("docs/OPERATIONS.md", "usr/share/doc/pagos/OPERATIONS.md", "0644"),
    ("docs/SAFETY.md", "usr/share/doc/pagos/SAFETY.md", "0644"),
    ("docs/TELEMETRY.md", "usr/share/doc/pagos/TELEMETRY.md", "0644"),
];

const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/pagos"),
    ("zsh", "usr/share/zsh/vendor-completions/_pagos"),
    ("fish", "usr/share/fish/vendor_completions.d/pagos.fish"),
];

fn place(from: &Path, to: &Path, mode: &str) -> Result<(), Failure> {
    make_folder_of(to)?;
    fs::copy(from, to).map_err(Failure::while_doing(from.display()))?;
    chmod(to, mode)
}

fn write(to: &Path, text: &str) -> Result<(), Failure> {
    make_folder_of(to)?;
    fs::write(to, text).map_err(Failure::while_doing(to.display()))?;
    chmod(to, "0644")
}

/// Folders have the usual mode, whatever the umask is.
fn make_folder_of(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    process::read_stdout(Command::new("install").args(["-d", "-m", "0755"]).arg(folder)).map(drop)
}

fn chmod(path: &Path, mode: &str) -> Result<(), Failure> {
    process::read_stdout(Command::new("chmod").arg(mode).arg(path)).map(drop)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = || Failure::while_doing(folder.display());
    let entries = fs::read_dir(folder).map_err(failed())?;
    entries.map(|entry| Ok(entry.map_err(failed())?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        Workspace::read().unwrap()
    }

    #[test]
    fn every_file_that_is_packed_exists() {
        let root = workspace().root;
        for (from, _, _) in FILES {
            assert!(root.join(from).is_file(), "{from}");
        }
    }

    #[test]
    fn a_maintainer_is_a_name_and_an_address() {
        let cases = [
            (MAINTAINER, true),
            ("Ana Díaz <ana@example.com>", true),
            ("Ana", false),
            (" <ana@example.com>", false),
            ("Ana <example.com>", false),
            ("Ana <ana@example.com> of Acme", false),
            ("Ana <ana@example.com>\nDepends: x <y@z>", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_maintainer(text), expected, "{text}");
        }
        assert!(MAINTAINER.contains("@example.org>"), "an address that nobody has");
    }

    #[test]
    fn every_placeholder_of_the_control_file_is_filled() {
        let control = fs::read_to_string(workspace().root.join("ops/debian/control")).unwrap();
        let names: Vec<&str> = control.split('@').skip(1).step_by(2).collect();
        assert_eq!(names, ["VERSION", "ARCHITECTURE", "MAINTAINER", "HOMEPAGE"]);
    }

    /// No builder is needed to see that the steps fit the files. A test of pagos-cli looks at the
    /// command.
    #[test]
    fn the_image_copies_what_exists_and_runs_without_root() {
        let root = workspace().root;
        let text = fs::read_to_string(root.join("ops/Containerfile")).unwrap();
        let steps: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        for step in steps.iter().filter_map(|step| step.strip_prefix("COPY ")) {
            let words: Vec<&str> = step.split(' ').filter(|word| !word.starts_with("--")).collect();
            let (_, from) = words.split_last().unwrap();
            for from in from.iter().filter(|from| **from != "${PROGRAM}") {
                assert!(root.join(from).is_file(), "{step}");
            }
        }
        for needed in ["USER nonroot", "VOLUME [\"/var/lib/pagos\"]", "STOPSIGNAL SIGTERM"] {
            assert!(steps.contains(&needed), "{needed}");
        }
    }
}
