//! Where a scenario takes place: a folder, a file of payouts that nobody else has, and the bank that
//! all share. Runs programs with a limit, and judges what they did by the bank's ledger.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use pagos_kit::{
    KITS, Kit, Repeat,
    people::{self, Row},
};

use crate::{
    failure::Failure,
    postgres::Server,
    process,
    surroundings::table::{CheckResult, Told},
    trial::{self, twin_server::TwinServer},
    workspace::Workspace,
};

/// No run may take longer: what is not over then hangs.
const RUN_MAX: Duration = Duration::from_secs(20);

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Payouts settle at once.
const TWIN_SPEED: &str = "1000";

/// Everything that runs for all scenarios.
#[derive(Debug)]
pub(super) struct Harness {
    workspace: Workspace,
    pub(super) program: PathBuf,
    folder: PathBuf,
    pub(super) bank: TwinServer,
    sites: AtomicU64,
}

impl Harness {
    /// Starts the bank.
    pub(super) fn set_up(workspace: &Workspace, program: PathBuf) -> Result<Self, Failure> {
        Self::set_up_in(trial::claim_folder(workspace, "surroundings")?, workspace, program)
    }

    /// The same with a bank of its own, which tells nobody else what happens: where every line that is
    /// printed counts.
    pub(super) fn apart(&self, name: &str) -> Result<Self, Failure> {
        Self::set_up_in(self.folder.join(name), &self.workspace, self.program.clone())
    }

    fn set_up_in(
        folder: PathBuf,
        workspace: &Workspace,
        program: PathBuf,
    ) -> Result<Self, Failure> {
        trial::empty(&folder)?;
        let bank = TwinServer::start(&program, &folder, &["--speed", TWIN_SPEED])?;
        let workspace = workspace.clone();
        Ok(Self { workspace, program, folder, bank, sites: AtomicU64::new(1) })
    }

    /// A private PostgreSQL server, if its programs are there.
    pub(super) fn start_server(&self) -> Result<Option<Server>, Failure> {
        Server::start(&self.workspace)
    }

    /// A folder with so many payouts, at banks that pay a repeat again: what is sent twice is seen.
    pub(super) fn site(&self, name: &str, rows: u64) -> Result<Site<'_>, Failure> {
        let seed = self.sites.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(format!("{seed:02}-{name}"));
        let (given, work, said) = (folder.join("given"), folder.join("work"), folder.join("said"));
        for folder in [&given, &work, &said] {
            fs::create_dir_all(folder).map_err(Failure::while_doing(folder.display()))?;
        }
        let pays_again = |kit: &Kit| kit.repeat() == Repeat::PaidAgain;
        let providers = KITS.iter().copied().filter(pays_again).collect();
        let rows: Vec<Row> = people::rows(rows, seed, providers).collect();
        let keys = rows.iter().map(|row| row.key.clone()).collect();
        let file = given.join("payouts.csv");
        trial::write_payouts(&file, rows)?;
        Ok(Site { harness: self, work, said, file, keys, runs: AtomicU64::new(1) })
    }
}

/// The place of one scenario. Whatever is in `work` at the end, the runs have left there.
#[derive(Debug)]
pub(super) struct Site<'harness> {
    pub(super) harness: &'harness Harness,
    pub(super) work: PathBuf,
    said: PathBuf,
    pub(super) file: PathBuf,
    keys: BTreeSet<String>,
    runs: AtomicU64,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// `None` if it was killed because it hung, or by a signal.
    pub(super) code: Option<i32>,
    /// What it wrote to its standard output.
    pub(super) output: String,
    /// What it told people.
    pub(super) told: String,
}

/// What must come out of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Every payout was paid once, by this run or before.
    Paid,
    /// It says why not, and pays nothing that was not paid before.
    Refused,
    /// Either.
    PaidOrRefused,
}

impl Site<'_> {
    /// `pagos pay` on the file; `db` is what stands behind `--db`.
    pub(super) fn pay(&self, db: &str) -> Command {
        let mut command = self.pay_from(db);
        command.arg(&self.file);
        command
    }

    /// The same without a file.
    pub(super) fn pay_from(&self, db: &str) -> Command {
        let mut command = self.command();
        command.args(["pay", "--yes", "--db", db, "--sandbox-url", self.harness.bank.url()]);
        command
    }

    /// `pagos` in the folder of the runs.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.harness.program);
        command.current_dir(&self.work);
        command
    }

    /// The text of a shell's command that pays; `file` stands in it as it is.
    pub(super) fn pay_in_shell(&self, db: &str, file: &str) -> String {
        let (program, url) = (self.harness.program.display(), self.harness.bank.url());
        format!("'{program}' pay {file} --yes --db {db} --sandbox-url {url}")
    }

    /// The same place as it is now, with the same payouts, so that each can meet another fate.
    pub(super) fn copy(&self) -> Result<Self, Failure> {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let work = self.work.with_file_name(format!("work-{number}"));
        let failed = || Failure::while_doing(work.display().to_string());
        fs::create_dir(&work).map_err(failed())?;
        for entry in fs::read_dir(&self.work).map_err(failed())? {
            let entry = entry.map_err(failed())?;
            fs::copy(entry.path(), work.join(entry.file_name())).map_err(failed())?;
        }
        let said = self.said.with_file_name(format!("said-{number}"));
        fs::create_dir(&said).map_err(failed())?;
        let (harness, file, keys) = (self.harness, self.file.clone(), self.keys.clone());
        Ok(Self { harness, work, said, file, keys, runs: AtomicU64::new(1) })
    }

    /// Runs to the end, or kills what hangs.
    pub(super) fn run(&self, command: &mut Command) -> Result<Ended, Failure> {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let path = |name: &str| self.said.join(format!("{number}-{name}.txt"));
        let open = |name: &str| {
            let path = path(name);
            File::create(&path).map_err(Failure::while_doing(path.display()))
        };
        command.stdout(open("output")?).stderr(open("told")?);
        let mut child = in_a_group(command)
            .stdin(Stdio::null())
            .spawn()
            .map_err(Failure::while_doing("starting a run"))?;
        let begun = Instant::now();
        let code = loop {
            let status = child.try_wait().map_err(Failure::while_doing("waiting for a run"))?;
            if let Some(status) = status {
                break status.code();
            }
            if begun.elapsed() > RUN_MAX {
                end_group(&mut child);
                break None;
            }
            thread::sleep(LOOK_EVERY);
        };
        // Where we are is of no interest.
        let here = format!("{}/", self.work.display());
        let told = read(&path("told"))?.replace(&here, "");
        Ok(Ended { code, output: read(&path("output"))?, told })
    }

    /// Runs, and tells what came out of it.
    pub(super) fn try_out(
        &self,
        scenario: &'static str,
        what: &str,
        command: &mut Command,
        expected: Expected,
    ) -> Result<Told, Failure> {
        let before = self.count()?;
        let ended = self.run(command)?;
        self.judge(scenario, what, &ended, (expected, before))
    }

    /// How many payouts of this place were paid, and how many of them more than once.
    pub(super) fn count(&self) -> Result<Paid, Failure> {
        let payments = self.harness.bank.count_payments()?;
        let counts = self.keys.iter().filter_map(|key| payments.get(key));
        let once = counts.clone().count();
        Ok(Paid { once, twice: counts.filter(|count| **count > 1).count() })
    }

    /// The payouts of this place that the bank never paid.
    pub(super) fn unpaid(&self) -> Result<BTreeSet<String>, Failure> {
        let payments = self.harness.bank.count_payments()?;
        Ok(self.keys.iter().filter(|key| !payments.contains_key(*key)).cloned().collect())
    }

    fn judge(
        &self,
        scenario: &'static str,
        what: &str,
        ended: &Ended,
        (expected, before): (Expected, Paid),
    ) -> Result<Told, Failure> {
        let paid = self.count()?;
        let is_paid = ended.code == Some(0) && paid.once == self.keys.len();
        let has_words = !ended.told.trim().is_empty();
        let is_refused = ended.code.is_some_and(|code| code != 0) && paid == before && has_words;
        let is_as_expected = match expected {
            Expected::Paid => is_paid,
            Expected::Refused => is_refused,
            Expected::PaidOrRefused => is_paid || is_refused,
        };
        // What was paid twice before is told in its own line.
        let twice = paid.twice - before.twice;
        let result = match is_as_expected && twice == 0 {
            true => CheckResult::Holds,
            false => CheckResult::Broken,
        };
        let what = what.to_owned();
        let (happened, paid) = (ended.in_short(), paid.once);
        Ok(Told { scenario, what, happened, paid, twice, result })
    }
}

/// Payouts that were paid at all, and those of them that were paid more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paid {
    pub(super) once: usize,
    pub(super) twice: usize,
}

impl Ended {
    /// The exit code and the end of what was told.
    pub(super) fn in_short(&self) -> String {
        const LENGTH_MAX: usize = 110;

        let mut lines = self.output.lines().chain(self.told.lines());
        let last = lines.rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        let last: String = last.chars().take(LENGTH_MAX).collect();
        match (self.code, self.code == Some(0)) {
            (None, _) => format!("hung and was killed, or ended by a signal: {last}"),
            (Some(_), true) => "exit 0".to_owned(),
            (Some(code), false) => format!("exit {code}: {last}"),
        }
    }
}

/// What a shell starts ends with it.
#[cfg(unix)]
fn in_a_group(command: &mut Command) -> &mut Command {
    std::os::unix::process::CommandExt::process_group(command, 0)
}

#[cfg(not(unix))]
fn in_a_group(command: &mut Command) -> &mut Command {
    command
}

fn end_group(child: &mut Child) {
    if cfg!(unix) {
        let group = format!("-{}", child.id());
        let _ = process::is_available(Command::new("kill").args(["-s", "KILL", "--", &group]));
    }
    // It may have ended in this moment.
    let _ = child.kill();
    let _ = child.wait();
}

pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let bytes = fs::read(path).map_err(Failure::while_doing(path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
