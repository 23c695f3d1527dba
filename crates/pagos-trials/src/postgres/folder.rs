//! The folder of a private server: where it lies, who owns it, and what runs of the past left in
//! it. Starts nothing.

use std::{
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    failure::Failure,
    postgres::programs::{Programs, User},
    process,
};

/// The folder of one server. It bears the number of our process, so that a later run finds what a
/// killed one left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
}

impl Folder {
    /// Makes it below `parent`, or below the system's temporary folder if the user that the server
    /// runs as cannot enter `parent`; says so in one line.
    pub(crate) fn new(parent: &Path, programs: &Programs) -> Result<Self, Failure> {
        fs::create_dir_all(parent).map_err(Failure::while_doing(parent.display()))?;
        sweep(parent, programs);
        let name = format!("{}-{}", std::process::id(), next_number());
        let path = parent.join(&name);
        make(&path, programs)?;
        if can_enter(&path, programs) {
            return Ok(Self { path });
        }
        remove(&path);
        let path = env::temp_dir().join(format!("pagos-postgres-{name}"));
        eprintln!(
            "PostgreSQL's user cannot enter {}; it runs in {}",
            parent.display(),
            path.display()
        );
        make(&path, programs)?;
        match can_enter(&path, programs) {
            true => Ok(Self { path }),
            false => Err(Failure::new(format!(
                "{}: PostgreSQL's user cannot enter it; set TMPDIR to a folder of everybody",
                path.display()
            ))),
        }
    }

    /// The cluster.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// What the server says.
    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }

    fn process_id_file(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    /// Removes the file with the number of the server's first process, if it is there.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "power is cut on Linux only"))]
    pub(super) fn remove_process_id(&self) -> Result<(), Failure> {
        let path = self.process_id_file();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Failure::while_doing(path.display())(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The number of the server's first process.
    pub(crate) fn read_process_id(&self) -> Result<String, Failure> {
        let path = self.process_id_file();
        let text = fs::read_to_string(&path).map_err(Failure::while_doing(path.display()))?;
        let id = text.lines().next().unwrap_or_default().trim();
        match id.parse::<u32>() {
            Ok(_) => Ok(id.to_owned()),
            Err(_) => Err(Failure::new(format!("{}: no number of a process", path.display()))),
        }
    }

    /// Writes a file that the server's user may read.
    pub(crate) fn write(
        &self,
        path: &Path,
        text: &str,
        programs: &Programs,
    ) -> Result<(), Failure> {
        fs::write(path, text).map_err(Failure::while_doing(path.display()))?;
        own(path, programs)
    }

    /// Removes it with everything in it.
    pub(crate) fn remove(&self) {
        remove(&self.path);
    }
}

/// A folder of the server's user. One that exists already, or a link in its place, is never taken.
pub(crate) fn make(path: &Path, programs: &Programs) -> Result<(), Failure> {
    fs::create_dir(path).map_err(Failure::while_doing(path.display()))?;
    own(path, programs)
}

fn own(path: &Path, programs: &Programs) -> Result<(), Failure> {
    if cfg!(unix) {
        let mode = if path.is_dir() { "700" } else { "600" };
        process::read_stdout(Command::new("chmod").arg(mode).arg(path))?;
    }
    match programs.user() {
        User::Present => Ok(()),
        User::Other { name, .. } => {
            process::read_stdout(Command::new("chown").arg(name).arg(path)).map(drop)
        }
    }
}

fn can_enter(path: &Path, programs: &Programs) -> bool {
    match programs.user() {
        User::Present => true,
        user => process::is_available(user.command(Path::new("test")).arg("-w").arg(path)),
    }
}

/// Ends and removes what runs left that were killed together with their watcher.
fn sweep(parent: &Path, programs: &Programs) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((owner, _)) = name.split_once('-') else { continue };
        if owner.parse::<u32>().is_err() || is_alive(owner) {
            continue;
        }
        eprintln!("PostgreSQL of an earlier run is ended: {}", entry.path().display());
        let folder = Folder { path: entry.path() };
        // It may be down; then only its folder is left.
        let _ = programs.stop(&folder.data());
        folder.remove();
    }
}

/// Where it cannot be told, nobody's server is ended.
fn is_alive(process_id: &str) -> bool {
    !cfg!(unix) || process::is_available(Command::new("kill").args(["-0", process_id]))
}

fn remove(path: &Path) {
    // What cannot be removed now is swept by a later run.
    let _ = fs::remove_dir_all(path);
}

/// One process can start several servers.
fn next_number() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};

    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_the_living_are_alive() {
        assert!(is_alive(&std::process::id().to_string()));
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        assert!(!is_alive(&child.id().to_string()));
    }
}
