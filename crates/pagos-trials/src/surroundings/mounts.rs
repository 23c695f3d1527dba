//! A database that is mounted elsewhere as a single file, as containers do it: its log and its lock
//! would lie somewhere else.

use std::{fs, process::Command};

use crate::{
    failure::Failure,
    process,
    surroundings::{
        site::{Expected, Harness},
        table::Told,
        without,
    },
};

const NAME: &str = "mounts";
const FILE: &str = "a single file";
const FOLDER: &str = "its folder";

/// Mounts `$1` at `$2`, in a space of its own, and runs the rest there.
const SCRIPT: &str = "mount --bind \"$1\" \"$2\" || exit 77; shift 2; exec \"$@\"";

pub(super) fn play(harness: &Harness) -> Result<Vec<Told>, Failure> {
    if !process::is_available(Command::new("unshare").arg("--version")) {
        let missing = "unshare is missing (Debian's util-linux)";
        // No other system has it, so it is a lack on Linux only.
        return Ok(vec![match cfg!(target_os = "linux") {
            true => without(NAME, FILE, missing),
            false => Told::skipped(NAME, FILE, missing),
        }]);
    }
    let site = harness.site(NAME, 4)?;
    let mut told = vec![site.try_out(NAME, "no mount", &mut site.pay("a.db"), Expected::Paid)?];
    let (here, there) = (site.work.join("a.db"), site.work.join("there"));
    fs::create_dir(&there).map_err(Failure::while_doing(there.display()))?;
    let target = there.join("b.db");
    fs::write(&target, "").map_err(Failure::while_doing(target.display()))?;
    let mounted = |from: &std::path::Path, to: &std::path::Path, words: &Command| {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", SCRIPT, "sh"]).arg(from).arg(to);
        command.arg(words.get_program()).args(words.get_args());
        command.current_dir(&site.work);
        command
    };
    // What a kernel forbids (in most containers) no package brings, so it is skipped in CI as well.
    let probe = mounted(&here, &target, &Command::new("true"));
    if !process::is_available(&mut { probe }) {
        told.push(Told::skipped(NAME, FILE, "this kernel lets nobody mount here (unshare -m)"));
        return Ok(told);
    }
    let mut pay = mounted(&here, &target, &site.pay("there/b.db"));
    told.push(site.try_out(NAME, FILE, &mut pay, Expected::Refused)?);
    let mut pay = mounted(&site.work, &there, &site.pay("there/a.db"));
    told.push(site.try_out(NAME, FOLDER, &mut pay, Expected::Paid)?);
    Ok(told)
}
