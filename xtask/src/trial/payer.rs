//! `pagos pay` on one file and one store: killed, run to its end, or just started. Judges nothing
//! but exit codes.

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

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// All succeeded, some failed, some in doubt: a run that came to its end.
const ENDS: [i32; 3] = [0, 2, 3];

/// How to pay the file.
#[derive(Debug)]
pub(crate) struct Payer {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) file: PathBuf,
    pub(crate) bank_url: String,
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
    pub(crate) fn run_to_end(&self, limit: Duration) -> Result<String, Failure> {
        let path = self.folder.join("outcomes.json");
        let file = File::create(&path).map_err(Failure::while_doing(path.display()))?;
        let mut child = self.spawn(Stdio::from(file))?;
        let Some(status) = wait_for(&mut child, limit)? else {
            // The failure below says all there is to say.
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::new(format!("the last run did not end within {limit:?}")));
        };
        self.judge_end(status)?;
        read(&path)
    }

    /// Starts a run. Its JSON goes to `stdout`, what it tells people to `pay.log`.
    pub(crate) fn spawn(&self, stdout: Stdio) -> Result<Child, Failure> {
        let log = self.folder.join("pay.log");
        let log = OpenOptions::new().create(true).append(true).open(&log);
        let log = log.map_err(Failure::while_doing("opening pay.log"))?;
        Command::new(&self.program)
            .arg("pay")
            .arg(&self.file)
            .arg("--db")
            .arg(self.folder.join("pagos.db"))
            .args(["--yes", "--json", "--sandbox-url", &self.bank_url])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(log)
            .spawn()
            .map_err(Failure::while_doing("starting `pagos pay`"))
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
