//! One start of `pagos` with a failpoint armed, and how it ended. Judges nothing but that.

use std::{
    fmt,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{failure::Failure, sweep::reach::Place, trial::payer::Payer};

const LOOK_EVERY: Duration = Duration::from_millis(3);

/// Longer than proof of absence and two deadlines of a sandbox.
const LIFE_MAX: Duration = Duration::from_secs(60);

/// An aborted process leaves no memory behind, whatever the machine's limits are.
const SHELL: &str = "ulimit -c 0; exec \"$0\" \"$@\"";

/// Where a start is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failpoint {
    pub(super) place: Place,
    /// Only for this order.
    pub(super) key: Option<String>,
    /// Only when a request to such a path has left.
    pub(super) path_part: Option<&'static str>,
    /// The how-manieth time.
    pub(super) nth: u32,
}

impl fmt::Display for Failpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.place.point, self.place.phase.word())?;
        if let Some(key) = &self.key {
            write!(f, "@{key}")?;
        }
        if let Some(part) = self.path_part {
            write!(f, "~{part}")?;
        }
        write!(f, "#{}", self.nth)
    }
}

/// How a start ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProcessEnd {
    /// At the failpoint.
    Aborted,
    /// By itself, with this code.
    Ended(i32),
}

/// A start, with what it says on standard output and the file of what it tells people.
#[derive(Debug)]
pub(super) struct Start {
    child: Child,
    failpoint: Option<Failpoint>,
    log: std::path::PathBuf,
    begun: Instant,
}

impl Start {
    /// Starts `pagos` with these words over the payer's store.
    pub(super) fn new(
        payer: &Payer,
        words: &[&str],
        failpoint: Option<Failpoint>,
    ) -> Result<Self, Failure> {
        let log = payer.folder.join("start.log");
        let stderr = File::create(&log).map_err(Failure::while_doing(log.display()))?;
        let mut command = program(&payer.program);
        payer.db.name_to(command.args(words));
        if matches!(words, ["pay" | "serve", ..]) {
            payer.db.name_witness_to(&mut command);
        }
        command.current_dir(&payer.folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        if let Some(failpoint) = &failpoint {
            command.env("PAGOS_FAILPOINT", failpoint.to_string());
        }
        let child = command.spawn().map_err(Failure::while_doing("starting `pagos`"))?;
        Ok(Self { child, failpoint, log, begun: Instant::now() })
    }

    /// The first line that it prints, or nothing if it ends before.
    pub(super) fn read_line(&mut self) -> Result<String, Failure> {
        let stdout = self.child.stdout.as_mut();
        let stdout = stdout.ok_or_else(|| Failure::new("standard output was read already"))?;
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        read.map_err(Failure::while_doing("reading the line of a start"))?;
        Ok(line)
    }

    /// Waits for the end. Whatever is neither the failpoint nor an exit is a failure.
    pub(super) fn end(mut self) -> Result<(ProcessEnd, String), Failure> {
        let reader = self.child.stdout.take().map(|stdout| {
            thread::spawn(move || std::io::read_to_string(stdout).unwrap_or_default())
        });
        let status = loop {
            let status = self.child.try_wait().map_err(Failure::while_doing("waiting"))?;
            if let Some(status) = status {
                break status;
            }
            if self.begun.elapsed() > LIFE_MAX {
                // The failure below says all there is to say.
                let _ = self.child.kill();
                let _ = self.child.wait();
                return Err(Failure::new(format!("{}: did not end", self.what())));
            }
            thread::sleep(LOOK_EVERY);
        };
        let said = reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
        let told = fs::read(&self.log).map_err(Failure::while_doing(self.log.display()))?;
        let told = String::from_utf8_lossy(&told).into_owned();
        match status.code() {
            Some(code) => Ok((ProcessEnd::Ended(code), said)),
            None if told.contains("aborting") => Ok((ProcessEnd::Aborted, said)),
            None => Err(Failure::new(format!("{}: ended with {status}: {told}", self.what()))),
        }
    }

    fn what(&self) -> String {
        self.failpoint.as_ref().map_or_else(|| "a start".to_owned(), Failpoint::to_string)
    }
}

/// Through a shell where there is one, so that no core file is written.
fn program(path: &Path) -> Command {
    if cfg!(not(unix)) {
        return Command::new(path);
    }
    let mut command = Command::new("sh");
    command.args(["-c", SHELL]).arg(path);
    command
}

#[cfg(test)]
mod tests {
    use pagos_engine::{Phase, Point};

    use super::*;

    #[test]
    fn a_failpoint_is_written_as_the_program_reads_it() {
        let place = Place { point: Point::Create, phase: Phase::Sent };
        let key = Some("C1N000007".to_owned());
        let failpoint = Failpoint { place, key, path_part: Some("payouts"), nth: 2 };
        assert_eq!(failpoint.to_string(), "create/sent@C1N000007~payouts#2");
        let failpoint = Failpoint { key: None, path_part: None, nth: 1, ..failpoint };
        assert_eq!(failpoint.to_string(), "create/sent#1");
    }
}
