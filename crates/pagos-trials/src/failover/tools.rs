//! The programs that the cluster is made of: where they are, and as whom they run. Installs nothing.

use std::{
    env,
    fs::File,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::{
    failure::Failure,
    postgres::{folder, programs::Programs},
    process,
};

/// PostgreSQL's programs and those around them.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) postgres: Programs,
    pub(super) patroni: PathBuf,
    pub(super) patronictl: PathBuf,
    pub(super) etcd: PathBuf,
    pub(super) haproxy: PathBuf,
    /// The user and the group that everything runs as, if they are not ours.
    ids: Option<(u32, u32)>,
}

/// Where a program of the cluster works, and where its words go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) folder: &'a Path,
    pub(super) log: &'a Path,
}

impl Tools {
    /// All of them, or the names of those that are missing.
    pub(super) fn find() -> Result<Result<Self, Vec<&'static str>>, Failure> {
        let postgres = Programs::find()?;
        let names = ["patroni", "patronictl", "etcd", "haproxy"];
        let missing = names.into_iter().filter(|name| find(name).is_none());
        let missing = missing.chain(postgres.is_none().then_some("postgres")).collect();
        match (postgres, names.map(find)) {
            (Some(postgres), [Some(patroni), Some(patronictl), Some(etcd), Some(haproxy)]) => {
                let ids = postgres.user().name().map(ids_of).transpose()?;
                Ok(Ok(Self { postgres, patroni, patronictl, etcd, haproxy, ids }))
            }
            _ => Ok(Err(missing)),
        }
    }

    /// Makes a folder that the programs may write.
    pub(super) fn make_folder(&self, parent: &Path, name: &str) -> Result<PathBuf, Failure> {
        let path = parent.join(name);
        folder::make(&path, &self.postgres)?;
        Ok(path)
    }

    /// Starts a program that goes on by itself, in a group of its own. The folder that it works in
    /// marks it, and its children, as ours.
    pub(super) fn start(&self, mut command: Command, place: Place<'_>) -> Result<Child, Failure> {
        let failed = || Failure::while_doing(place.log.display());
        let log = File::options().create(true).append(true).open(place.log).map_err(failed())?;
        let errors = log.try_clone().map_err(failed())?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        command.current_dir(place.folder).process_group(0);
        self.command_as_user(&mut command);
        command.spawn().map_err(failed())
    }

    /// Lets a command run as the server's user. No changer of users stands in between, which would
    /// be killed in the place of the program.
    pub(super) fn command_as_user(&self, command: &mut Command) {
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
        let foreign = env::vars_os().map(|(name, _)| name);
        let is_meant = |name: &str| name.starts_with("PG") || name.starts_with("PATRONI");
        for name in foreign.filter(|name| is_meant(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C.UTF-8");
    }
}

/// Debian puts some of them where only administrators look.
fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let others = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let mut programs = env::split_paths(&path).chain(others).map(|folder| folder.join(name));
    programs.find(|program| program.is_file())
}

fn ids_of(name: &str) -> Result<(u32, u32), Failure> {
    let id = |flag| {
        let said = process::read_stdout(Command::new("id").args([flag, name]))?;
        said.trim().parse::<u32>().map_err(Failure::while_doing("reading the number of a user"))
    };
    Ok((id("-u")?, id("-g")?))
}
