//! Databases for tests: created on a server that the environment names, and dropped when they go
//! out of scope.

// A test that cannot have its database panics.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[cfg(unix)]
mod cluster;

use std::time::Duration;

use crate::{
    connection::Connection,
    target::{Mode, Target},
    url,
};

#[cfg(unix)]
pub use cluster::ScratchCluster;

const VARIABLE: &str = "PAGOS_TEST_POSTGRES_URL";

const STANDBY_VARIABLE: &str = "PAGOS_TEST_POSTGRES_STANDBY_URL";

/// A server on which tests may create databases.
#[derive(Debug, Clone)]
pub struct Scratch {
    target_url: Url,
}

/// A database for one test. It is dropped with this value, even if somebody is still connected to
/// it.
#[derive(Debug)]
pub struct ScratchDatabase {
    /// Its URL, which contains the password if there is one.
    pub url: String,
    name: String,
    server: Url,
}

/// Hidden, because it may contain a password.
#[derive(Clone)]
struct Url(String);

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Url(..)")
    }
}

impl Scratch {
    /// The server that `PAGOS_TEST_POSTGRES_URL` names, as a user who may create databases. Without
    /// the variable, prints to standard error that the test is skipped, and returns `None`.
    ///
    /// # Panics
    /// If the variable is missing although `CI` is `true`: nothing is skipped there.
    pub fn from_env() -> Option<Self> {
        url_of(VARIABLE).map(|url| Self { target_url: Url(url) })
    }

    /// Creates an empty database.
    ///
    /// # Panics
    /// If the server does not create one.
    pub async fn database(&self) -> ScratchDatabase {
        let connection = connect(&self.target_url).await;
        let name = "SELECT 'pagos_scratch_' || replace(gen_random_uuid()::text, '-', '')";
        let row = connection.one(name, &[]).await.expect("a name for the database");
        let name: String = row.try_get(0).expect("a text");
        let sql = format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0");
        connection.batch(&sql).await.expect("a database for the test");
        let url = with_database(&self.target_url.0, &name);
        ScratchDatabase { url, name, server: self.target_url.clone() }
    }
}

impl ScratchDatabase {
    /// Its URL on the standby that `PAGOS_TEST_POSTGRES_STANDBY_URL` names, once the standby has it.
    /// Without the variable, the test is skipped as with [`Scratch::from_env`].
    ///
    /// # Panics
    /// As [`Scratch::from_env`]; or if the standby does not get the database within a minute.
    pub async fn on_standby(&self) -> Option<String> {
        let url = with_database(&url_of(STANDBY_VARIABLE)?, &self.name);
        let server = url::parse(&url).expect("the URL of a standby");
        let target = Target::new(server, "public".to_owned(), Mode::Read, Duration::from_secs(10));
        let arrives = async {
            while Connection::open(&target).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), arrives)
            .await
            .expect("a standby that follows");
        Some(url)
    }
}

/// The URL in a variable; without it, says that the test is skipped.
fn url_of(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_ci, "{variable} is not set, and CI skips no test");
        eprintln!("skipped: {variable} does not name a PostgreSQL server");
    }
    url
}

impl Drop for ScratchDatabase {
    fn drop(&mut self) {
        let (name, server) = (self.name.clone(), self.server.clone());
        let remove = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let connection = connect(&server).await;
                let _ = connection.batch(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        };
        // A thread of its own, because this one may be inside a runtime. A failure leaves a
        // database behind, but must not hide the test's own failure.
        let _ = std::thread::spawn(remove).join();
    }
}

async fn connect(target_url: &Url) -> Connection {
    let server = url::parse(&target_url.0).expect("the URL of a server");
    let target = Target::new(server, "public".to_owned(), Mode::Write, Duration::from_secs(10));
    Connection::open(&target).await.expect("the server that the environment names")
}

/// The same server and user, another database.
fn with_database(server: &str, name: &str) -> String {
    let (base, parameters) = server.split_once('?').unwrap_or((server, ""));
    let (scheme, rest) = base.split_once("://").unwrap_or(("postgres", base));
    let authority = rest.split('/').next().unwrap_or_default();
    match parameters.is_empty() {
        true => format!("{scheme}://{authority}/{name}"),
        false => format!("{scheme}://{authority}/{name}?{parameters}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_is_replaced() {
        let cases = [
            ("postgres://u:p@h:1/postgres", "postgres://u:p@h:1/d"),
            ("postgres://u:p@h", "postgres://u:p@h/d"),
            ("postgresql:///postgres?host=/run&user=u", "postgresql:///d?host=/run&user=u"),
        ];
        for (server, expected) in cases {
            assert_eq!(with_database(server, "d"), expected);
        }
    }
}
