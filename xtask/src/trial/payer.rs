//! `pagos pay` on one file and one store: killed, run to its end, or just started; and what a
//! person asks and decides about its payouts. Judges nothing but exit codes.

use std::fs::File;
use std::fs::OpenOptions;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::failure::Failure;
use crate::process;

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The exit codes of a run that came to its end.
pub(crate) const SUCCEEDED: i32 = 0;
pub(crate) const SOME_FAILED: i32 = 2;
pub(crate) const IN_DOUBT: i32 = 3;

const ENDS: [i32; 3] = [SUCCEEDED, SOME_FAILED, IN_DOUBT];

/// A decision about an attempt that may still be on its way is refused for some seconds.
const DECIDE_MAX: Duration = Duration::from_secs(30);
const DECIDE_EVERY: Duration = Duration::from_millis(500);

/// How to pay the file.
#[derive(Debug)]
pub(crate) struct Payer {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) file: PathBuf,
    /// The store: a file, or an address of a server.
    pub(crate) db: PathBuf,
    pub(crate) bank_url: String,
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
        let log = self.folder.join("pay.log");
        let log = OpenOptions::new().create(true).append(true).open(&log);
        let log = log.map_err(Failure::while_doing("opening pay.log"))?;
        self.command(&["pay", "--yes", "--json", "--sandbox-url", &self.bank_url])
            .arg(&self.file)
            .stdout(stdout)
            .stderr(log)
            .spawn()
            .map_err(Failure::while_doing("starting `pagos pay`"))
    }

    /// A command about our store.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).arg("--db").arg(&self.db);
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// An end that is documented, or a failure with the last words of the run.
    pub(crate) fn judge_end(&self, status: ExitStatus) -> Result<Ended, Failure> {
        match status.code().filter(|code| ENDS.contains(code)) {
            Some(code) => Ok(Ended::ByItself(code)),
            None => {
                let log = read(&self.folder.join("pay.log"))?;
                let last: Vec<&str> = log.lines().rev().take(10).collect();
                let last: Vec<&str> = last.into_iter().rev().collect();
                Err(Failure::new(format!("`pagos pay` ended with {status}:\n{}", last.join("\n"))))
            }
        }
    }
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
