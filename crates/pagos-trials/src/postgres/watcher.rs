//! Ends a private server when this process is gone, however it went: by Ctrl-C, by a signal, by
//! SIGKILL. Does nothing while we live.

use std::process::{Child, Stdio};

use crate::{
    failure::Failure,
    postgres::{folder::Folder, programs::Programs},
};

/// A shell that reads from us until we are gone, and then stops the server.
#[derive(Debug)]
pub(super) struct Watcher {
    child: Child,
}

/// Ctrl-C reaches the whole group of processes; the watcher must outlive it.
const SCRIPT: &str =
    "trap '' INT TERM HUP; read -r _; folder=$1; shift; \"$@\"; rm -rf \"$folder\"";

impl Watcher {
    /// Starts it; `None` where there is no shell, so that only the next run finds a leftover.
    pub(super) fn start(programs: &Programs, folder: &Folder) -> Result<Option<Self>, Failure> {
        if !cfg!(unix) {
            return Ok(None);
        }
        let stop = programs.stop_command(&folder.data());
        let mut command = std::process::Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]).arg(&folder.path);
        command.arg(stop.get_program()).args(stop.get_args()).current_dir("/");
        let quiet = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = quiet.spawn().map_err(Failure::while_doing("starting the watcher"))?;
        Ok(Some(Self { child }))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // The server is stopped already, so the watcher finds nothing to do.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
