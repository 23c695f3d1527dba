//! A copy of the tracked files, in which bugs can be planted. The checkout itself is only read.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{failure::Failure, files::list_files, process, workspace::Workspace};

/// The sources at one moment, and where they are built.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) source: PathBuf,
    pub(super) build: PathBuf,
}

impl Copy {
    /// Brings the copy below `folder` up to the files that git tracks, with what they hold now.
    ///
    /// A file that is the same is not touched, so that cargo builds only what changed. Whatever an
    /// earlier run left behind, a planted bug above all, is gone afterwards.
    pub(super) fn of(workspace: &Workspace, folder: &Path) -> Result<Self, Failure> {
        let copy = Self { source: folder.join("source"), build: folder.join("build") };
        let mut git = Command::new("git");
        git.args(["ls-files", "-z"]).current_dir(&workspace.root);
        let listed = process::read_stdout(&mut git)?;
        let mut wanted = BTreeSet::new();
        for name in listed.split('\0').filter(|name| !name.is_empty()) {
            // Deleted and not yet committed: not there, as far as tests are concerned.
            let Ok(bytes) = fs::read(workspace.root.join(name)) else { continue };
            let path = copy.source.join(name);
            write_if_other(&path, &bytes)?;
            wanted.insert(path);
        }
        for path in list_files(&copy.source)?.iter().filter(|path| !wanted.contains(*path)) {
            fs::remove_file(path).map_err(Failure::while_doing(path.display()))?;
        }
        Ok(copy)
    }

    pub(super) fn read(&self, file: &str) -> Result<String, Failure> {
        fs::read_to_string(self.source.join(file)).map_err(Failure::while_doing(file))
    }

    pub(super) fn write(&self, file: &str, text: &str) -> Result<(), Failure> {
        fs::write(self.source.join(file), text).map_err(Failure::while_doing(file))
    }
}

fn write_if_other(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let told = path.display();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Failure::while_doing(&told))?;
    }
    fs::write(path, bytes).map_err(Failure::while_doing(&told))
}
