//! Whatever the umask: a file that a run makes can be read by its owner only, also while it runs.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crate::{
    failure::Failure,
    surroundings::{
        side_by_side,
        site::{Harness, Site},
        table::{CheckResult, Told},
    },
    trial::twin_server::TwinServer,
};

const NAME: &str = "files";

const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What leaves files. `$P` is the program, `$CSV` the payouts.
const RUNS: [(&str, &str); 5] = [
    ("pay in a sandbox", "exec \"$P\" pay \"$CSV\" --yes --sandbox --db s.db"),
    ("pay from a pipe", "cat \"$CSV\" | \"$P\" pay - --yes --sandbox --db p.db"),
    ("plan from a pipe", "cat \"$CSV\" | \"$P\" plan -"),
    ("pay at a running twin", "exec \"$P\" pay \"$CSV\" --yes --db t.db --sandbox-url \"$URL\""),
    ("init", "exec \"$P\" init pagos.toml"),
];

pub(super) fn play(harness: &Harness) -> Result<Vec<Told>, Failure> {
    if !cfg!(unix) {
        return Ok(vec![Told::skipped(NAME, "modes of files", "there are none here")]);
    }
    let mut told = side_by_side(RUNS, |run| look_at(harness, run))?;
    told.push(with_a_journal(&harness.site(NAME, 1)?)?);
    Ok(told)
}

fn look_at(harness: &Harness, (what, script): (&str, &str)) -> Result<Vec<Told>, Failure> {
    let site = harness.site(NAME, 2)?;
    let temporary = site.work.join("tmp");
    fs::create_dir(&temporary).map_err(Failure::while_doing(temporary.display()))?;
    let mut shell = open_shell(&site, script);
    let mut modes = BTreeMap::new();
    let ended = watch(&site.work, &mut modes, || site.run(&mut shell))?;
    Ok(vec![judge(&site, what, &modes, &ended.in_short())])
}

fn open_shell(site: &Site<'_>, script: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("umask 000; {script}")]).current_dir(&site.work);
    shell.env("P", &site.harness.program).env("CSV", &site.file);
    shell.env("URL", site.harness.bank.url()).env("TMPDIR", site.work.join("tmp"));
    shell
}

/// A twin that keeps a journal, also in a file that somebody made before with a mode of its own.
fn with_a_journal(site: &Site<'_>) -> Result<Told, Failure> {
    let wrapper = site.file.with_file_name("open-twin");
    let text = format!("#!/bin/sh\numask 000\nexec '{}' \"$@\"\n", site.harness.program.display());
    fs::write(&wrapper, text).map_err(Failure::while_doing(wrapper.display()))?;
    set_mode(&wrapper, 0o700)?;
    let logs = site.file.parent().unwrap_or(&site.work).to_owned();
    let mut modes = BTreeMap::new();
    let made_before = site.work.join("before.journal");
    for name in ["new.journal", "before.journal"] {
        if made_before.ends_with(name) {
            fs::write(&made_before, "").map_err(Failure::while_doing(made_before.display()))?;
            set_mode(&made_before, 0o666)?;
        }
        let journal = site.work.join(name).display().to_string();
        drop(TwinServer::start(&wrapper, &logs, &["--journal", &journal])?);
        note_modes(&site.work, &mut modes);
    }
    Ok(judge(site, "twin --journal", &modes, "ended"))
}

fn watch<T: Send>(folder: &Path, modes: &mut BTreeMap<PathBuf, u32>, act: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    let done = thread::scope(|scope| {
        let seen = scope.spawn(|| {
            let mut seen = BTreeMap::new();
            while !is_over.load(Ordering::Relaxed) {
                note_modes(folder, &mut seen);
                thread::sleep(LOOK_EVERY);
            }
            seen
        });
        let done = act();
        is_over.store(true, Ordering::Relaxed);
        modes.extend(seen.join().unwrap_or_default());
        done
    });
    note_modes(folder, modes);
    done
}

/// Adds up every bit that a file ever had. Our own folder for temporary files does not count.
fn note_modes(folder: &Path, modes: &mut BTreeMap<PathBuf, u32>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // It may be gone again.
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let is_ours = metadata.is_dir() && path.ends_with("tmp");
        if !is_ours {
            *modes.entry(path.clone()).or_default() |= mode_of(&metadata);
        }
        if metadata.is_dir() {
            note_modes(&path, modes);
        }
    }
}

fn judge(site: &Site<'_>, what: &str, modes: &BTreeMap<PathBuf, u32>, ended: &str) -> Told {
    let is_open = |(_, mode): &(&PathBuf, &u32)| **mode & 0o077 != 0;
    let name = |path: &Path| path.strip_prefix(&site.work).unwrap_or(path).display().to_string();
    let open: Vec<String> = modes
        .iter()
        .filter(is_open)
        .map(|(path, mode)| format!("{} is {:o}", name(path), mode & 0o777))
        .collect();
    match open.is_empty() {
        true => {
            let happened = format!("{} files, all 600; {ended}", modes.len());
            Told::of(NAME, what, happened, CheckResult::Holds)
        }
        false => Told::broken(NAME, what, open.join(", ")),
    }
}

#[cfg(unix)]
fn mode_of(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777
}

#[cfg(not(unix))]
fn mode_of(_metadata: &fs::Metadata) -> u32 {
    0
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> Result<(), Failure> {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(path, permissions).map_err(Failure::while_doing(path.display()))
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) -> Result<(), Failure> {
    Ok(())
}
