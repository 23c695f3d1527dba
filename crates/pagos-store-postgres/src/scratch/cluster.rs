//! Servers for tests of failovers and backups: made, copied, stopped, started and promoted with
//! PostgreSQL's own programs. Each ends with its value, or with this process.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

const USER: &str = "pagos";

/// It listens on loopback only, asks for a password, and keeps the safe settings, except that a
/// cluster may be lost with the machine.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 60
max_prepared_transactions = 0
shared_buffers = 16MB
";

/// A PostgreSQL cluster of one test, and its server if that is running.
#[derive(Debug)]
pub struct ScratchCluster {
    programs: Programs,
    folder: PathBuf,
    password: String,
    port: u16,
    server: Option<Child>,
}

impl ScratchCluster {
    /// Makes a cluster and starts its server. `None` if PostgreSQL's programs are not installed;
    /// prints that the test is skipped.
    ///
    /// # Panics
    /// If something fails, or if the programs are missing although `CI` is `true`.
    pub fn start() -> Option<Self> {
        let Some(programs) = Programs::find() else {
            let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!is_ci, "PostgreSQL's programs are not installed, and CI skips no test");
            eprintln!("skipped: PostgreSQL's programs are not installed");
            return None;
        };
        let password = format!("{:032x}", u128::from(RandomState::new().hash_one(USER)));
        let mut cluster = Self::new(programs, password, free_port());
        let secret = cluster.folder.join("password");
        cluster.write(&secret, &cluster.password);
        let mut command = cluster.command("initdb");
        let words = ["-U", USER, "-E", "UTF8", "--locale=C", "--no-sync", "-A", "scram-sha-256"];
        command.args(words).arg("--pwfile").arg(&secret).arg("-D").arg(cluster.data());
        finish(&mut command);
        cluster.set(SETTINGS);
        cluster.run();
        Some(cluster)
    }

    /// The URL of a database of this cluster, with the password in it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The URL of a database on whichever of the two servers can be written.
    pub fn url_with(&self, other: &Self, database: &str) -> String {
        let hosts = format!("127.0.0.1:{},127.0.0.1:{}", self.port, other.port);
        format!("postgres://{USER}:{}@{hosts}/{database}", self.password)
    }

    /// A copy of the cluster as a base backup takes it (`pg_basebackup`), whose server does not run
    /// yet. With `--write-recovery-conf` it becomes a standby that follows this server.
    ///
    /// # Panics
    /// If that fails.
    pub fn copy(&self, options: &[&str]) -> Self {
        let copy = Self::new(self.programs.clone(), self.password.clone(), free_port());
        let mut command = copy.command("pg_basebackup");
        command.args(["--checkpoint=fast", "--wal-method=stream", "--no-sync", "-U", USER]);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).args(options);
        finish(command.arg("-D").arg(copy.data()).env("PGPASSWORD", &self.password));
        copy
    }

    /// Starts the server on the port that another one had.
    ///
    /// # Panics
    /// If it does not start.
    pub fn run_in_place_of(&mut self, other: &Self) {
        self.port = other.port;
        self.run();
    }

    /// Starts the server, and waits until it answers.
    ///
    /// # Panics
    /// If it does not start.
    pub fn run(&mut self) {
        // The shell stops the server when its input ends, which it also does if we are killed.
        let script = "\"$0\" -D \"$1\" -p \"$2\" > \"$3\" 2>&1 & server=$!; read -r _; \
                      kill -s QUIT $server; wait $server";
        let mut command = self.programs.command(Path::new("/bin/sh"), &self.folder);
        command.args(["-c", script]).arg(self.programs.path("postgres")).arg(self.data());
        command.arg(self.port.to_string()).arg(self.folder.join("log"));
        self.server = Some(command.stdin(Stdio::piped()).spawn().expect("a shell"));
        let port = self.port.to_string();
        for _ in 0..5_000 {
            let mut asking = self.command("pg_isready");
            asking.args(["-q", "-h", "127.0.0.1", "-p", &port]);
            if asking.status().is_ok_and(|status| status.success()) {
                return;
            }
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!("the server does not start: {log}");
    }

    /// Stops the server as a crash does. Nothing that it had acknowledged is lost.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            drop(server.stdin.take());
            let _ = server.wait();
        }
    }

    /// Makes a standby the primary, on a new timeline.
    ///
    /// # Panics
    /// If that fails.
    pub fn promote(&self) {
        let mut command = self.command("pg_ctl");
        finish(command.args(["promote", "--wait", "--silent", "-D"]).arg(self.data()));
    }

    /// Adds lines to its configuration, for the next start.
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn set(&self, lines: &str) {
        let path = self.data().join("postgresql.conf");
        let before = fs::read_to_string(&path).expect("a configuration");
        self.write(&path, &format!("{before}\n{lines}\n"));
    }

    /// Makes an empty file in its data folder, as `recovery.signal` is.
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn signal(&self, name: &str) {
        self.write(&self.data().join(name), "");
    }

    /// A folder of its own, beside its data.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// One of PostgreSQL's programs, with the password of this cluster.
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.programs.command(&self.programs.path(program), &self.folder);
        command.env("PGPASSWORD", &self.password);
        command
    }

    fn new(programs: Programs, password: String, port: u16) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pagos-cluster-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a new folder");
        programs.own(&folder, "700");
        Self { programs, folder, password, port, server: None }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn write(&self, path: &Path, text: &str) {
        fs::write(path, text).expect("a file of the cluster");
        self.programs.own(path, "600");
    }
}

impl Drop for ScratchCluster {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const PROGRAMS: [&str; 7] =
    ["initdb", "postgres", "pg_ctl", "pg_isready", "pg_basebackup", "pg_dump", "psql"];

/// Where PostgreSQL's programs are, and as whom they run: they refuse to run as root.
#[derive(Debug, Clone)]
struct Programs {
    folder: PathBuf,
    user: Option<&'static str>,
}

impl Programs {
    fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        // Debian keeps those of each version in a folder of its own.
        for version in fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
            folders.push(version.path().join("bin"));
        }
        let folder = folders
            .into_iter()
            .find(|it| PROGRAMS.iter().all(|program| it.join(program).is_file()))?;
        let is_root = Command::new("id").arg("-u").output().ok()?.stdout.starts_with(b"0\n");
        let is_there = |name: &&str| {
            Command::new("id").args(["-u", name]).output().is_ok_and(|it| it.status.success())
        };
        let user = ["postgres", "nobody"].into_iter().find(is_there).filter(|_| is_root);
        Some(Self { folder, user })
    }

    fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
        };
        command.env("LC_ALL", "C").current_dir(folder);
        command
    }

    /// Gives a file to whoever runs the programs.
    fn own(&self, path: &Path, mode: &str) {
        finish(Command::new("chmod").arg(mode).arg(path));
        if let Some(user) = self.user {
            finish(Command::new("chown").arg(user).arg(path));
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Output is kept from pipes that a server would inherit.
fn finish(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("a program that starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {said}", command.get_program());
}
