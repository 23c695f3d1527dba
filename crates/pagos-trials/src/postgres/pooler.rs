//! Debian's pgbouncer before a private server: made, started, killed and started again. It shares two
//! sessions among everybody, gives them out in turn, resets none and knows no names of statements.

use std::{
    env,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    postgres::{Server, USER, free_port},
    process,
};

const START_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A running pgbouncer. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Pooler<'server> {
    server: &'server Server,
    program: PathBuf,
    config: PathBuf,
    port: u16,
    child: Child,
}

impl<'server> Pooler<'server> {
    /// Is the program there?
    pub(crate) fn is_installed() -> bool {
        find().is_some()
    }

    /// Starts one on a free port in a mode: `transaction`, `session` or `statement`.
    pub(crate) fn start(server: &'server Server, pool_mode: &str) -> Result<Self, Failure> {
        let program = find().ok_or_else(|| Failure::new("pgbouncer is not installed"))?;
        let port = free_port()?;
        let config = server.folder.path.join(format!("pgbouncer-{port}.ini"));
        server.folder.write(&config, &configuration(server, port, pool_mode), &server.programs)?;
        let child = launch(server, &program, &config, port)?;
        Ok(Self { server, program, config, port, child })
    }

    /// Where a program connects to that wants a database of the server.
    pub(crate) fn address(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Kills it and starts it again.
    pub(crate) fn start_again(&mut self) -> Result<(), Failure> {
        self.child.kill().map_err(Failure::while_doing("killing pgbouncer"))?;
        self.child.wait().map_err(Failure::while_doing("waiting for pgbouncer"))?;
        self.child = launch(self.server, &self.program, &self.config, self.port)?;
        Ok(())
    }
}

impl Drop for Pooler<'_> {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whoever comes is let in: it listens on loopback, and lives for seconds.
fn configuration(server: &Server, port: u16, pool_mode: &str) -> String {
    let (server_port, password) = (server.port, server.password());
    format!(
        "[databases]\n\
         * = host=127.0.0.1 port={server_port} user={USER} password={password}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = any\n\
         pool_mode = {pool_mode}\n\
         default_pool_size = 2\n\
         server_round_robin = 1\n\
         max_client_conn = 200\n"
    )
}

fn launch(server: &Server, program: &Path, config: &Path, port: u16) -> Result<Child, Failure> {
    // A changer of users would be killed in its place, so it changes by itself, after it read the
    // configuration.
    let mut command = std::process::Command::new(program);
    if let Some(name) = server.programs.user().name() {
        command.args(["-u", name]);
    }
    command.arg("-q").arg(config).current_dir(&server.folder.path);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(Failure::while_doing("starting pgbouncer"))?;
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let has_ended = child.try_wait().map_err(Failure::while_doing("pgbouncer"))?.is_some();
        if has_ended || begun.elapsed() > START_MAX {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::new("pgbouncer does not start"));
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(child)
}

/// Debian puts it where only administrators look.
fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let others = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"].map(PathBuf::from);
    let folders = env::split_paths(&path).chain(others);
    let mut programs = folders.map(|folder| folder.join("pgbouncer"));
    programs.find(|program| {
        program.is_file() && process::is_available(std::process::Command::new(program).arg("-V"))
    })
}
