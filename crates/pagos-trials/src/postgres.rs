//! A private PostgreSQL server for tests and crash runs: made, started, killed, started again and
//! removed. Nobody's own server is touched, and no table is known here.
//!
//! It listens on loopback only, asks for a password that is drawn anew, and keeps PostgreSQL's safe
//! settings: what is tested with `fsync` switched off is not tested.

pub(crate) mod folder;
mod pooler;
pub(crate) mod programs;
mod watcher;

use std::{
    env,
    ffi::OsString,
    fs,
    hash::{BuildHasher, RandomState},
    io,
    net::TcpListener,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use xtask::server::{STANDBY_VARIABLE, VARIABLE};

pub(crate) use self::pooler::Pooler;
use crate::{
    failure::Failure,
    postgres::{folder::Folder, programs::Programs, watcher::Watcher},
    process::{self, is_ci},
    workspace::Workspace,
};

pub(crate) const USER: &str = "pagos";

/// How long a killed server's children may hold what the next one needs.
const RESTART_MAX: Duration = Duration::from_secs(60);
const RESTART_BEAT: Duration = Duration::from_millis(200);

/// Another program can take a free port before the server does.
const PORTS_MAX: u32 = 3;

/// Runs a command that finds a private PostgreSQL server, and a standby of it, in its environment.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Prints where the server is, and keeps it until the input ends.
    #[arg(long, conflicts_with = "command")]
    hold: bool,
    /// The command, with its words: `cargo test -p pagos-store-postgres`.
    #[arg(trailing_var_arg = true, required_unless_present = "hold")]
    command: Vec<OsString>,
}

/// Runs the command, or holds a server.
pub(crate) fn run(workspace: &Workspace, orders: &Options) -> Result<(), Failure> {
    let Some((program, words)) = orders.command.split_first() else {
        return hold(workspace);
    };
    let Some(server) = Server::start(workspace)? else {
        return Err(Failure::new("PostgreSQL's programs are missing: install Debian's postgresql"));
    };
    let standby = server.make_standby(workspace)?;
    let mut command = Command::new(program);
    command.args(words).env(VARIABLE, server.url()).env(STANDBY_VARIABLE, standby.url());
    process::run(&mut command)
}

/// A running server. Dropping it stops it and removes its folder; a watcher does the same if this
/// process is killed.
#[derive(Debug)]
pub(crate) struct Server {
    programs: Programs,
    folder: Folder,
    port: u16,
    password: String,
    _watcher: Option<Watcher>,
}

/// How a server is brought down in the middle of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blow {
    /// SIGKILL of its first process.
    Kill,
    /// `pg_ctl stop -m immediate`.
    Immediate,
}

impl Server {
    /// Makes a cluster and starts it. `None` if PostgreSQL's programs are not installed.
    pub(crate) fn start(workspace: &Workspace) -> Result<Option<Self>, Failure> {
        Self::start_below(&workspace.target.join("postgres"))
    }

    /// The same in another folder.
    pub(crate) fn start_below(parent: &Path) -> Result<Option<Self>, Failure> {
        let Some(programs) = Programs::find()? else {
            return Ok(None);
        };
        let folder = Folder::new(parent, &programs)?;
        let password = draw_password();
        make_cluster(&programs, &folder, &password)?;
        // Before the start: whatever happens from here on, the server does not outlive us.
        let watcher = Watcher::start(&programs, &folder)?;
        let server = Self { programs, folder, port: 0, password, _watcher: watcher };
        server.start_on_a_free_port().map(Some)
    }

    /// Copies it and starts the copy as a standby that follows it.
    pub(crate) fn make_standby(&self, workspace: &Workspace) -> Result<Self, Failure> {
        let folder = Folder::new(&workspace.target.join("postgres"), &self.programs)?;
        let port = self.port.to_string();
        let mut command = self.programs.command("pg_basebackup", &folder.path);
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", USER, "-c", "fast", "-R", "-D"]);
        // What it writes for the standby has the password in it.
        command.arg(folder.data()).env("PGPASSWORD", &self.password);
        process::read_stdout(&mut command)?;
        let watcher = Watcher::start(&self.programs, &folder)?;
        let (programs, password) = (self.programs.clone(), self.password.clone());
        let standby = Self { programs, folder, port: 0, password, _watcher: watcher };
        standby.start_on_a_free_port()
    }

    /// Where a program connects to, with the password in it. For variables and arguments of tests.
    pub(crate) fn url(&self) -> String {
        let Self { password, port, .. } = self;
        format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres")
    }

    /// Where a program connects to that has the password from elsewhere.
    pub(crate) fn address(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    /// Makes an empty database; returns where it is, as [`Server::address`] does.
    pub(crate) fn make_database(&self, name: &str) -> Result<String, Failure> {
        let port = self.port.to_string();
        let mut command = self.programs.command("createdb", &self.folder.path);
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", USER, name]);
        process::read_stdout(command.env("PGPASSWORD", &self.password))?;
        Ok(format!("postgres://{USER}@127.0.0.1:{port}/{name}"))
    }

    /// Drops it again, whoever is connected.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "power is cut on Linux only"))]
    pub(crate) fn drop_database(&self, name: &str) -> Result<(), Failure> {
        let port = self.port.to_string();
        let mut command = self.programs.command("dropdb", &self.folder.path);
        command.args(["--force", "-h", "127.0.0.1", "-p", &port, "-U", USER, name]);
        process::read_stdout(command.env("PGPASSWORD", &self.password)).map(drop)
    }

    /// What it asks for.
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// Brings it down as a crash does.
    pub(crate) fn strike(&self, blow: Blow) -> Result<(), Failure> {
        match blow {
            Blow::Immediate => self.programs.stop(&self.folder.data()),
            Blow::Kill => {
                let id = self.folder.read_process_id()?;
                let mut command = match cfg!(unix) {
                    true => Command::new("kill"),
                    false => Command::new("taskkill"),
                };
                let words = if cfg!(unix) { ["-s", "KILL"] } else { ["/F", "/PID"] };
                process::read_stdout(command.args(words).arg(&id)).map(drop)
            }
        }
    }

    /// Removes the file with that number, when a dead server left it.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "power is cut on Linux only"))]
    pub(crate) fn remove_process_id(&self) -> Result<(), Failure> {
        self.folder.remove_process_id()
    }

    /// Starts it again after a blow, on the same port.
    pub(crate) fn start_again(&self) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            match self.launch() {
                Ok(()) => return Ok(()),
                Err(failure) if begun.elapsed() >= RESTART_MAX => return Err(failure),
                Err(_) => thread::sleep(RESTART_BEAT),
            }
        }
    }

    fn start_on_a_free_port(mut self) -> Result<Self, Failure> {
        let mut tries = 1;
        loop {
            self.port = free_port()?;
            match self.launch() {
                Ok(()) => return Ok(self),
                Err(failure) if tries == PORTS_MAX => return Err(failure),
                Err(_) => tries += 1,
            }
        }
    }

    fn launch(&self) -> Result<(), Failure> {
        let log = self.folder.log();
        let options = format!("-p {}", self.port);
        let mut command = self.programs.command("pg_ctl", &self.folder.path);
        command.args(["start", "--wait", "--silent", "-t", "60", "-o", &options]);
        command.arg("-D").arg(self.folder.data()).arg("-l").arg(&log);
        // Not `read_stdout`: the server inherits the pipes, and reading them never ends.
        match process::is_available(&mut command) {
            true => Ok(()),
            false => {
                let said = fs::read(&log).unwrap_or_default();
                let said = String::from_utf8_lossy(&said).into_owned();
                let last: Vec<&str> = said.lines().rev().take(5).collect();
                let last: Vec<&str> = last.into_iter().rev().collect();
                let last = last.join("\n");
                Err(Failure::new(format!("PostgreSQL does not start; its last words:\n{last}")))
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be down already, by a blow.
        let _ = self.programs.stop(&self.folder.data());
        self.folder.remove();
    }
}

/// Are the programs there? If not, says so in one line: skipped on a user's machine, a failure
/// where `CI=true`.
pub(crate) fn is_installed() -> Result<bool, Failure> {
    match (Programs::find()?, is_ci()) {
        (Some(_), _) => Ok(true),
        (None, true) => Err(Failure::new(MISSING)),
        (None, false) => {
            eprintln!("{MISSING}");
            Ok(false)
        }
    }
}

const MISSING: &str = "PostgreSQL tests are skipped: install Debian's postgresql or set \
                       PAGOS_TEST_POSTGRES_URL";

/// Keeps a private server and a standby until our input ends, as it does when whoever started us is
/// gone. The only lines of the output are where they are; there are none where PostgreSQL is not
/// installed.
fn hold(workspace: &Workspace) -> Result<(), Failure> {
    let Some(server) = Server::start(workspace)? else {
        return is_installed().map(drop);
    };
    let (folder, port) = (server.folder.path.display(), server.port);
    eprintln!("PostgreSQL tests use a private server on port {port} in {folder}");
    let standby = server.make_standby(workspace)?;
    println!("{}\n{}", server.url(), standby.url());
    let ended = io::copy(&mut io::stdin(), &mut io::sink());
    ended.map(drop).map_err(Failure::while_doing("waiting for the end of the input"))
}

fn make_cluster(programs: &Programs, folder: &Folder, password: &str) -> Result<(), Failure> {
    let secret = folder.path.join("password");
    folder.write(&secret, password, programs)?;
    let mut command = programs.command("initdb", &folder.path);
    command.args([
        "-U",
        USER,
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
        "-A",
        "scram-sha-256",
        "-D",
    ]);
    command.arg(folder.data()).arg("--pwfile").arg(&secret);
    let made = process::read_stdout(&mut command);
    fs::remove_file(&secret).map_err(Failure::while_doing(secret.display()))?;
    made?;
    append(&folder.data().join("postgresql.conf"), SETTINGS)
}

/// Every test has databases and connections of its own. No socket in a folder that others share.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
max_prepared_transactions = 0
fsync = on
synchronous_commit = on
full_page_writes = on
";

fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let before = fs::read_to_string(path).map_err(Failure::while_doing(path.display()))?;
    fs::write(path, before + text).map_err(Failure::while_doing(path.display()))
}

pub(crate) fn free_port() -> Result<u16, Failure> {
    let failed = || Failure::while_doing("looking for a free port");
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed())?;
    Ok(listener.local_addr().map_err(failed())?.port())
}

/// For a server that lives for minutes on loopback: the hasher's keys come from the system.
pub(crate) fn draw_password() -> String {
    let draw = || RandomState::new().hash_one(env::current_exe().ok());
    format!("{:016x}{:016x}", draw(), draw())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn passwords_differ_and_need_no_escape_in_a_url() {
        let (one, other) = (draw_password(), draw_password());
        assert_ne!(one, other);
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    /// Skipped where the programs are missing; `cargo xtask test` says so and fails where it must.
    #[test]
    fn a_server_is_killed_starts_again_and_leaves_nothing() {
        let parent = env::temp_dir().join(format!("pagos-server-{}", std::process::id()));
        fs::create_dir_all(&parent).unwrap();
        let Some(server) = Server::start_below(&parent).unwrap() else { return };
        let (port, folder) = (server.port, server.folder.path.clone());
        let answers = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        assert!(answers());
        for blow in [Blow::Kill, Blow::Immediate] {
            server.strike(blow).unwrap();
            server.start_again().unwrap();
            assert!(answers(), "{blow:?}");
        }
        drop(server);
        assert!(!answers());
        assert!(!folder.exists());
        fs::remove_dir_all(&parent).unwrap();
    }

    #[test]
    fn nothing_unsafe_is_set() {
        for unsafe_line in ["fsync = off", "synchronous_commit = off", "listen_addresses = '*'"] {
            assert!(!SETTINGS.contains(unsafe_line));
        }
    }
}
