//! `pagos pay` on one file and one store: killed, run to its end, or just started; and what a
//! person asks and decides about its payouts. Judges nothing but exit codes.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{failure::Failure, process};

const PAY_LOG: &str = "pay.log";

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The exit code of a run that could not begin, or not go on.
pub(crate) const REFUSED: i32 = 1;

/// The exit codes of a run that came to its end.
pub(crate) const SUCCEEDED: i32 = 0;
pub(crate) const SOME_FAILED: i32 = 2;
pub(crate) const IN_DOUBT: i32 = 3;

pub(crate) const ENDS: [i32; 3] = [SUCCEEDED, SOME_FAILED, IN_DOUBT];

/// A decision about an attempt that may still be on its way is refused for some seconds.
const DECIDE_MAX: Duration = Duration::from_secs(30);
const DECIDE_EVERY: Duration = Duration::from_millis(500);

/// How to pay the file.
#[derive(Debug, Clone)]
pub(crate) struct Payer {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) file: PathBuf,
    pub(crate) bank_url: String,
    pub(crate) db: Db,
    /// A configuration for the commands of this file, beside what a sandbox says.
    pub(crate) config: Option<PathBuf>,
    /// The witness of what sends.
    pub(crate) witness: Option<PathBuf>,
}

/// Where payouts are kept.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    File(PathBuf),
    /// The password goes where no list of processes shows it.
    Server {
        url: String,
        password: String,
    },
}

impl Db {
    /// Says to a command of ours where payouts are kept.
    pub(crate) fn name_to(&self, command: &mut Command) {
        command.arg("--db");
        match self {
            Db::File(path) => command.arg(path),
            Db::Server { url, password } => command.arg(url).env("PGPASSWORD", password),
        };
    }

    /// Says to a command that sends where the witness of a file is.
    pub(crate) fn name_witness_to(&self, command: &mut Command) {
        if let Db::File(path) = self {
            command.arg("--witness").arg(path.with_extension("witness"));
        }
    }
}

/// What one of several processes does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// `pagos pay`.
    Pay,
    /// `pagos serve`.
    Serve,
}

/// What a run that came to its end says.
#[derive(Debug)]
pub(crate) struct Said {
    /// Its exit code, one of those that an end has.
    pub(crate) code: i32,
    /// Its JSON.
    pub(crate) json: String,
}

/// What a person decides about a payout in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The bank never had it and cannot have it any more: send the same key again.
    Resend,
    /// The bank may tell more by now: ask once more.
    Ask,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By our SIGKILL.
    Killed,
    /// Before it, with this documented code.
    ByItself(i32),
}

impl Payer {
    /// Starts a run and kills it after `life`, unless it ends before.
    pub(crate) fn run_for(&self, life: Duration) -> Result<Ended, Failure> {
        let mut child = self.spawn(Stdio::null())?;
        if let Some(status) = wait_for(&mut child, life)? {
            return self.judge_end(status);
        }
        child.kill().map_err(Failure::while_doing("killing a run"))?;
        let status = child.wait().map_err(Failure::while_doing("waiting for a killed run"))?;
        // It may have ended in the last moment.
        if status.code().is_some_and(|code| ENDS.contains(&code)) {
            return self.judge_end(status);
        }
        Ok(Ended::Killed)
    }

    /// Starts a run, waits for its end and reads what it says of every row, as its JSON.
    pub(crate) fn run_to_end(&self, limit: Duration) -> Result<Said, Failure> {
        let path = self.folder.join("outcomes.json");
        let file = File::create(&path).map_err(Failure::while_doing(path.display()))?;
        let mut child = self.spawn(Stdio::from(file))?;
        let Some(status) = wait_for(&mut child, limit)? else {
            // The failure below says all there is to say.
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::new(format!("the last run did not end within {limit:?}")));
        };
        match self.judge_end(status)? {
            Ended::ByItself(code) => Ok(Said { code, json: read(&path)? }),
            Ended::Killed => Err(Failure::new("the last run was killed")),
        }
    }

    /// Takes a person's decision. Tries again while the attempt may still be on its way.
    pub(crate) fn decide(&self, key: &str, decision: Decision, note: &str) -> Result<(), Failure> {
        let word = match decision {
            Decision::Resend => "resend",
            Decision::Ask => "ask",
        };
        let begun = Instant::now();
        loop {
            let mut command = self.command(&["resolve", key, "--as", word, "--note", note]);
            match process::read_stdout(&mut command) {
                Ok(_) => return Ok(()),
                Err(failure) if begun.elapsed() >= DECIDE_MAX => return Err(failure),
                Err(_) => thread::sleep(DECIDE_EVERY),
            }
        }
    }

    /// Everything that was learned about a payout, as the command's JSON.
    pub(crate) fn read_history(&self, key: &str) -> Result<String, Failure> {
        process::read_stdout(&mut self.command(&["history", key, "--json"]))
    }

    /// Starts a run. Its JSON goes to `stdout`, what it tells people to `pay.log`.
    pub(crate) fn spawn(&self, stdout: Stdio) -> Result<Child, Failure> {
        self.start(Work::Pay, PAY_LOG, stdout)
    }

    /// Starts one of several processes. What it tells people goes to a log of its own.
    pub(crate) fn spawn_worker(&self, number: u64, work: Work) -> Result<Child, Failure> {
        self.start(work, &log_of(number), Stdio::null())
    }

    /// The same, with its standard output to be read.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "power is cut on Linux only"))]
    pub(crate) fn spawn_heard(&self, number: u64, work: Work) -> Result<Child, Failure> {
        self.start(work, &log_of(number), Stdio::piped())
    }

    /// Every webhook that the store has received, as the command's JSON.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "power is cut on Linux only"))]
    pub(crate) fn read_inbox(&self) -> Result<String, Failure> {
        process::read_stdout(&mut self.command(&["inbox", "list", "--json"]))
    }

    fn start(&self, work: Work, log: &str, stdout: Stdio) -> Result<Child, Failure> {
        let log = OpenOptions::new().create(true).append(true).open(self.folder.join(log));
        let log = log.map_err(Failure::while_doing("opening a log"))?;
        let mut command = match work {
            Work::Pay => {
                let mut command = self.command(&["pay", "--yes", "--json"]);
                command.arg(&self.file);
                command
            }
            Work::Serve => self.command(&["serve"]),
        };
        if let Some(witness) = &self.witness {
            command.arg("--witness").arg(witness);
        }
        let command = command.args(["--sandbox-url", &self.bank_url]).stdout(stdout).stderr(log);
        command.spawn().map_err(Failure::while_doing("starting pagos"))
    }

    /// A command about our store.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
        self.db.name_to(command.args(words));
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// The end of one of several processes. A service has no end of its own.
    pub(crate) fn judge_worker(
        &self,
        number: u64,
        work: Work,
        status: ExitStatus,
    ) -> Result<Ended, Failure> {
        let codes: &[i32] = match work {
            Work::Pay => &ENDS,
            Work::Serve => &[],
        };
        self.judge(status, codes, &log_of(number))
    }

    /// An end that is documented, or a failure with the last words of the run.
    pub(crate) fn judge_end(&self, status: ExitStatus) -> Result<Ended, Failure> {
        self.judge(status, &ENDS, PAY_LOG)
    }

    fn judge(&self, status: ExitStatus, codes: &[i32], log: &str) -> Result<Ended, Failure> {
        match status.code().filter(|code| codes.contains(code)) {
            Some(code) => Ok(Ended::ByItself(code)),
            None => {
                let said = read(&self.folder.join(log))?;
                let last: Vec<&str> = said.lines().rev().take(10).collect();
                let last: Vec<&str> = last.into_iter().rev().collect();
                Err(Failure::new(format!("pagos ended with {status}:\n{}", last.join("\n"))))
            }
        }
    }
}

pub(crate) fn log_of(number: u64) -> String {
    format!("worker-{number}.log")
}

/// The exit status, or `None` if it still runs after `limit`.
fn wait_for(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, Failure> {
    let begun = Instant::now();
    loop {
        let status = child.try_wait().map_err(Failure::while_doing("waiting for a run"))?;
        if status.is_some() || begun.elapsed() >= limit {
            return Ok(status);
        }
        thread::sleep(LOOK_EVERY.min(limit));
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(path).map_err(Failure::while_doing(path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
