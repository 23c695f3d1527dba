//! Which PostgreSQL server tests use: the one that the environment names, or a private one, which
//! `pagos-trials` makes and keeps for us. Knows no program of PostgreSQL.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::{failure::Failure, trials};

/// Where tests find the server that they may make databases in.
pub const VARIABLE: &str = "PAGOS_TEST_POSTGRES_URL";

/// Where tests find a standby that follows that server.
pub const STANDBY_VARIABLE: &str = "PAGOS_TEST_POSTGRES_STANDBY_URL";

/// Which server the tests use.
#[derive(Debug)]
pub(crate) enum Choice {
    /// The one that the environment names.
    Given,
    /// A private one.
    Private(Server),
    /// None; the tests say so, too.
    Nothing,
}

/// A private server and its standby. They are stopped and removed when this is dropped, or this process is gone.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    url: String,
    standby_url: String,
}

impl Choice {
    /// Chooses, and says in one line which it is. Where `CI=true`, nothing is a failure.
    pub(crate) fn make() -> Result<Self, Failure> {
        if env::var_os(VARIABLE).is_some_and(|url| !url.is_empty()) {
            println!("PostgreSQL tests use the server of {VARIABLE}");
            return Ok(Self::Given);
        }
        let failed = || Failure::while_doing("asking for a PostgreSQL server");
        let mut command = trials::build_command(&["postgres", "--hold"]);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().map_err(failed())?;
        let mut lines = child.stdout.take().map(BufReader::new).map(BufRead::lines);
        let mut read_line = || lines.as_mut()?.next();
        let url = read_line().transpose().map_err(failed())?;
        let standby_url = read_line().transpose().map_err(failed())?;
        if let (Some(url), Some(standby_url)) = (url, standby_url) {
            return Ok(Self::Private(Server { child, url, standby_url }));
        }
        match child.wait().map_err(failed())?.success() {
            true => Ok(Self::Nothing),
            false => Err(Failure::new("there is no PostgreSQL server; see above")),
        }
    }

    /// Tells a command about it.
    pub(crate) fn tell(&self, command: &mut Command) {
        match self {
            Self::Given | Self::Nothing => {}
            Self::Private(server) => {
                command.env(VARIABLE, &server.url);
                command.env(STANDBY_VARIABLE, &server.standby_url);
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It holds the server until its input ends, and says itself what goes wrong.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
