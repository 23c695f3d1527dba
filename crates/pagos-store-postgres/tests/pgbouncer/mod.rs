//! Debian's pgbouncer before the tests' server, on loopback, with two sessions for everybody that it
//! gives out in turn. It ends with its value.

#![allow(dead_code)]

use std::{
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// A running pgbouncer.
#[derive(Debug)]
pub(crate) struct Pooler {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Pooler {
    /// Between the store and the server of `url`. Without the program, says on standard error that the
    /// test is skipped, and panics where `CI` is `true`.
    pub(crate) fn start(url: &str, pool_mode: &str) -> Option<Self> {
        Self::start_with(url, pool_mode, "")
    }

    /// The same with further lines of configuration.
    pub(crate) fn start_with(url: &str, pool_mode: &str, further: &str) -> Option<Self> {
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        let program = find();
        let Some(program) = program else {
            assert!(!is_ci, "pgbouncer is not installed, and CI skips no test");
            eprintln!("skipped: pgbouncer is not installed");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("pagos-pgbouncer-{port}"));
        std::fs::create_dir_all(&folder).unwrap();
        let config = folder.join("pgbouncer.ini");
        std::fs::write(&config, configuration(url, port, pool_mode, further)).unwrap();
        let mut command = Command::new(program);
        if std::fs::metadata("/proc/self").is_ok_and(|own| is_root(&own)) {
            // It refuses to run as root.
            command.args(["-u", "nobody"]);
        }
        command.arg("-q").arg(&config).stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut pooler = Self { child, folder, port };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(pooler.child.try_wait().unwrap().is_none(), "pgbouncer does not start");
            std::thread::yield_now();
        }
        Some(pooler)
    }

    /// The URL of a database with the pooler in the place of the server.
    pub(crate) fn url(&self, url: &str) -> String {
        url.replacen(&crate::proxy::server_of(url), &format!("127.0.0.1:{}", self.port), 1)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Debian puts it where only administrators look.
fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"].map(PathBuf::from);
    let folders = std::env::split_paths(&path).chain(others);
    folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file())
}

fn is_root(own: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(own) == 0
}

/// No reset of sessions, no tracking of names: what the oldest versions do.
fn configuration(url: &str, port: u16, pool_mode: &str, further: &str) -> String {
    let server = crate::proxy::server_of(url);
    let (host, server_port) = server.split_once(':').unwrap();
    let authority = url.split("://").nth(1).unwrap().split('@').next().unwrap();
    let (user, password) = authority.split_once(':').unwrap_or((authority, ""));
    format!(
        "[databases]\n\
         * = host={host} port={server_port} user={user} password={password}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = any\n\
         pool_mode = {pool_mode}\n\
         default_pool_size = 2\n\
         server_round_robin = 1\n\
         max_client_conn = 200\n\
         server_tls_sslmode = disable\n\
         {further}\n"
    )
}
