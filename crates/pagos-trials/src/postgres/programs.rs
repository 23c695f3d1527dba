//! PostgreSQL's programs: where they lie, and as whom they run, since the server refuses to run as
//! root. Installs nothing.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{failure::Failure, process};

/// Where the programs are, and as whom they run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    folder: PathBuf,
    user: User,
}

/// Who owns and runs the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum User {
    /// Whoever runs us.
    Present,
    /// Somebody without rights, since we are root.
    Other {
        /// The name.
        name: String,
        /// The program that changes to this user.
        changer: Changer,
    },
}

/// A program that runs another one as somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changer {
    Runuser,
    Setpriv,
}

impl Programs {
    /// Looks in the search path, in `PGBIN`, where Debian and Homebrew put them, and where
    /// `pg_config` says.
    pub(crate) fn find() -> Result<Option<Self>, Failure> {
        let folder = folders().into_iter().find(|folder| is_complete(folder));
        let Some(folder) = folder else {
            return Ok(None);
        };
        Ok(Some(Self { folder, user: User::choose()? }))
    }

    /// Where one of the programs lies.
    pub(crate) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(format!("{program}{}", env::consts::EXE_SUFFIX))
    }

    /// Who owns what the server writes, if that is not us.
    pub(crate) fn user(&self) -> &User {
        &self.user
    }

    /// One of the programs, run by the right user in a folder that this user can enter. No setting
    /// of another server reaches it.
    pub(crate) fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = self.user.command(&self.path(program));
        let foreign = env::vars_os().map(|(name, _)| name);
        for name in foreign.filter(|name| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").current_dir(folder);
        command
    }

    /// The command that stops the server of a folder at once.
    pub(crate) fn stop_command(&self, data: &Path) -> Command {
        let mut command = self.command("pg_ctl", data.parent().unwrap_or(data));
        command.args(["stop", "--wait", "--silent", "-m", "immediate", "-D"]).arg(data);
        command
    }

    /// Stops the server of a folder at once.
    pub(crate) fn stop(&self, data: &Path) -> Result<(), Failure> {
        process::read_stdout(&mut self.stop_command(data)).map(drop)
    }
}

impl User {
    /// Its name, if it is not us.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Present => None,
            Self::Other { name, .. } => Some(name),
        }
    }

    fn choose() -> Result<Self, Failure> {
        let is_root = process::read_stdout(Command::new("id").arg("-u"));
        if is_root.is_ok_and(|id| id.trim() == "0") {
            return Self::other();
        }
        Ok(Self::Present)
    }

    fn other() -> Result<Self, Failure> {
        let is_there = |name: &&str| process::is_available(Command::new("id").args(["-u", name]));
        let name = ["postgres", "nobody"].into_iter().find(is_there);
        let changers = [Changer::Runuser, Changer::Setpriv];
        let changer = changers.into_iter().find(|changer| changer.is_there());
        match (name, changer) {
            (Some(name), Some(changer)) => Ok(Self::Other { name: name.to_owned(), changer }),
            (None, _) => Err(Failure::new(
                "PostgreSQL refuses to run as root, and there is neither a user postgres nor \
                 nobody; run as somebody else",
            )),
            (_, None) => Err(Failure::new(
                "PostgreSQL refuses to run as root, and neither runuser nor setpriv is \
                 installed; run as somebody else",
            )),
        }
    }

    /// A program, run by this user.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let Self::Other { name, changer } = self else {
            return Command::new(program);
        };
        let mut command = Command::new(changer.word());
        match changer {
            Changer::Runuser => command.args(["-u", name, "--"]),
            Changer::Setpriv => command.args(["--reuid", name, "--clear-groups", "--"]),
        };
        command.arg(program);
        command
    }
}

impl Changer {
    fn word(self) -> &'static str {
        match self {
            Self::Runuser => "runuser",
            Self::Setpriv => "setpriv",
        }
    }

    fn is_there(self) -> bool {
        process::is_available(Command::new(self.word()).arg("--version"))
    }
}

/// Where the programs can be, the most wanted place first.
fn folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    folders.extend(env::var_os("PGBIN").map(PathBuf::from));
    folders.extend(versions(Path::new("/usr/lib/postgresql")));
    folders.extend(versions(Path::new("/opt/homebrew/opt")));
    if let Ok(folder) = process::read_stdout(Command::new("pg_config").arg("--bindir")) {
        folders.push(PathBuf::from(folder.trim()));
    }
    folders
}

/// The `bin` folders of the versions in a folder, the newest first.
fn versions(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let version = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix("postgresql@").unwrap_or(name).parse::<u32>().ok()
    };
    let paths = entries.map(|entry| entry.path());
    let mut found: Vec<(u32, PathBuf)> =
        paths.filter_map(|path| Some((version(&path)?, path.join("bin")))).collect();
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn is_complete(folder: &Path) -> bool {
    let names = ["initdb", "postgres", "pg_ctl", "createdb"];
    names.iter().all(|name| folder.join(format!("{name}{}", env::consts::EXE_SUFFIX)).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let folder = env::temp_dir().join(format!("pagos-versions-{}", std::process::id()));
        for name in ["9", "15", "postgresql@17", "common"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let found = versions(&folder);
        let names = ["postgresql@17/bin", "15/bin", "9/bin"].map(|name| folder.join(name));
        assert_eq!(found, names);
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(versions(&folder), Vec::<PathBuf>::new());
    }

    #[test]
    fn another_user_runs_the_program_itself() {
        let words = |changer| {
            let user = User::Other { name: "nobody".to_owned(), changer };
            let command = user.command(Path::new("initdb"));
            let arguments = command.get_args().map(|it| it.to_string_lossy().into_owned());
            arguments.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words(Changer::Runuser), "-u nobody -- initdb");
        assert_eq!(words(Changer::Setpriv), "--reuid nobody --clear-groups -- initdb");
        assert_eq!(User::Present.command(Path::new("initdb")).get_args().count(), 0);
    }
}
