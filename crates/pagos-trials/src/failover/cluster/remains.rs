//! Ends what the cluster has started, however it was started: every process that works in the
//! cluster's folder, which nobody else knows.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::failure::Failure;

/// PostgreSQL works in its data folder, and so do its children. Twice, because the first round can
/// meet a process that is about to have a child.
const END: &str = "for round in 1 2; do for process in /proc/[0-9]*; do \
     case \"$(readlink \"$process/cwd\")/\" in \"$1\"/*) kill -s KILL \"${process#/proc/}\";; esac; \
     done; done";

/// A shell that reads from us until we are gone, ends everything, and removes the folder.
#[derive(Debug)]
pub(super) struct Watcher {
    child: Child,
}

impl Watcher {
    pub(super) fn start(folder: &Path) -> Result<Self, Failure> {
        // Ctrl-C reaches the whole group of processes; the watcher must outlive it.
        let script = format!("trap '' INT TERM HUP; read -r _; {END}; rm -rf \"$1\"");
        let mut command = shell(&script, folder);
        let child = command.stdin(Stdio::piped()).spawn();
        Ok(Self { child: child.map_err(Failure::while_doing("starting the watcher"))? })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // The cluster is gone already, so the watcher finds nothing to do.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Ends every process that works in the folder.
pub(super) fn end_all(folder: &Path) {
    // Whatever is left is met again by the watcher.
    let _ = shell(END, folder).stdin(Stdio::null()).status();
}

fn shell(script: &str, folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(folder).current_dir("/");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;

    #[test]
    fn only_what_works_in_the_folder_is_ended() {
        let folder = env::temp_dir().join(format!("pagos-remains-{}", std::process::id()));
        let (inside, beside) = (folder.join("a"), env::temp_dir());
        fs::create_dir_all(&inside).unwrap();
        let sleep = |place: &Path| Command::new("sleep").arg("60").current_dir(place).spawn();
        let (mut ours, mut theirs) = (sleep(&inside).unwrap(), sleep(&beside).unwrap());
        end_all(&folder.canonicalize().unwrap());
        assert!(!ours.wait().unwrap().success());
        assert!(theirs.try_wait().unwrap().is_none());
        theirs.kill().unwrap();
        theirs.wait().unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }
}
