//! Asks the cluster behind HAProxy, as a worker does.

use std::{
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::{failure::Failure, postgres::USER, process};

/// A client of the cluster.
#[derive(Clone)]
pub(crate) struct Client {
    pub(super) psql: PathBuf,
    pub(super) port: u16,
    pub(super) password: String,
}

/// How long a question is repeated.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(60);

const ASK_EVERY: Duration = Duration::from_millis(100);

impl Client {
    /// The values of the rows, one a line.
    pub(super) fn ask(&self, sql: &str) -> Result<String, Failure> {
        let port = self.port.to_string();
        // A session of a stopped server would never answer.
        let mut command = Command::new("timeout");
        command.args(["-s", "KILL", "10"]).arg(&self.psql);
        command.args(["-X", "-A", "-t", "-h", "127.0.0.1", "-p", &port, "-U", USER]);
        command.args(["-d", "postgres", "-c", sql]);
        command.env("PGPASSWORD", &self.password).env("PGCONNECT_TIMEOUT", "2");
        process::read_stdout(&mut command)
    }

    /// Asks again and again for a while: for a moment after a change, HAProxy leads to a server that
    /// is going down.
    pub(crate) fn ask_patiently(&self, sql: &str) -> Result<String, Failure> {
        let begun = Instant::now();
        loop {
            match self.ask(sql) {
                Err(_) if begun.elapsed() < ANSWER_MAX => thread::sleep(ASK_EVERY),
                answer => return answer,
            }
        }
    }

    /// Returns when something was committed: later than a primary is there, where commits wait for a
    /// standby, which has to follow first.
    pub(crate) fn commit(&self) -> Result<Instant, Failure> {
        self.ask_patiently("SELECT pg_logical_emit_message(true, 'pagos', 'failover')")?;
        Ok(Instant::now())
    }
}
