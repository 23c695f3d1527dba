//! `cargo xtask failover`: `pagos pay` on PostgreSQL under Patroni, whose primary is killed, stopped,
//! cut off or demoted over and over. The bank's ledger judges. Needs Debian's patroni, etcd-server
//! and haproxy; the bank is `pagos twin`.

mod act;
mod blow;
mod cluster;
mod crew;
mod loss;
mod meter;
mod relay;
mod report;
mod tools;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum, value_parser};
use pagos_kit::{
    KITS, Kit, Random,
    people::{self, Row},
};

use crate::{
    crash,
    failover::{
        act::{Act, await_payout},
        blow::{KINDS, Kind},
        cluster::Cluster,
        crew::Crew,
        meter::Meter,
        relay::Relay,
        report::Figures,
        tools::Tools,
    },
    failure::Failure,
    process::is_ci,
    tally::Tally,
    trial::{
        self, BuildProfile,
        payer::{Db, Payer},
        twin_server::{Faults, TwinServer},
    },
    workspace::Workspace,
};

/// How a commit is replicated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// `synchronous_mode` and `synchronous_mode_strict`: a commit waits for a standby, always.
    Sync,
    /// A commit waits for nobody, and standbys are made to lag before the primary is struck.
    Async,
}

/// Pays on PostgreSQL under Patroni while the primary is killed, stopped, cut off and demoted, and
/// judges the bank's ledger. In asynchronous mode, what is lost and paid twice is counted, and is
/// no failure.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Options {
    /// How a commit is replicated.
    #[arg(long, value_enum, default_value = "sync")]
    mode: Mode,
    /// How often another server has to take over.
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u64).range(1..))]
    failovers: u64,
    /// After so many minutes no primary is struck any more, and what there is is judged.
    #[arg(long)]
    minutes: Option<u64>,
    /// How many payouts there are, in eight files for each failover: 160 for each failover if
    /// nothing is said.
    #[arg(long)]
    rows: Option<u64>,
    /// How many processes pay at once.
    #[arg(long, default_value_t = 4, value_parser = value_parser!(u64).range(1..))]
    workers: u64,
    /// What happens to the primary, drawn by the seed.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = KINDS.to_vec())]
    kinds: Vec<Kind>,
    /// Who pays, mixed by the seed.
    #[arg(long, value_delimiter = ',', default_values_t = KITS.to_vec())]
    providers: Vec<Kit>,
    /// Determines the files, what happens to the primary, and the bank's faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How bad the bank's day is.
    #[arg(long, value_enum, default_value = "hostile")]
    faults: Faults,
    /// All workers share a witness in a file. Then nobody may be paid twice in asynchronous mode either.
    #[arg(long)]
    witness: bool,
    /// Passes over everything where a program is missing, unless CI=true.
    #[arg(long)]
    if_installed: bool,
    /// Which build of `pagos` pays.
    #[arg(long, value_enum, default_value = "release")]
    profile: BuildProfile,
    /// Another `pagos` than the one of this workspace.
    #[arg(long)]
    program: Option<PathBuf>,
}

const ROWS_PER_FAILOVER: u64 = 160;

/// How long workers may take in the end; what is left is paid by one that takes all files.
const REST_MAX: Duration = Duration::from_secs(60);

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A kind of blow may change nothing; so many for each failover that was ordered are enough.
const BLOWS_PER_FAILOVER_MAX: u64 = 3;

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Async => "async",
        }
    }
}

impl Options {
    fn rows(&self) -> u64 {
        self.rows.unwrap_or(self.failovers * ROWS_PER_FAILOVER)
    }

    /// Up to three for each blow; some blows change no primary.
    fn files(&self) -> u64 {
        self.failovers.saturating_mul(8)
    }

    /// Refuses flags that do not fit together.
    fn judge(&self) -> Result<(), Failure> {
        if !self.kinds.iter().any(|kind| kind.changes_primary()) {
            return Err(Failure::new("--kinds has nothing after which another server takes over"));
        }
        if self.rows() < self.files() {
            return Err(Failure::new(
                "--rows is too small: there are eight files for each failover",
            ));
        }
        trial::refuse_repeats("--kinds", &self.kinds, |it| it.name())?;
        trial::refuse_repeats("--providers", &self.providers, |it| it.name())
    }
}

/// What the cluster and the workers stand on.
struct Stage {
    cluster: Cluster,
    bank: TwinServer,
    meter: Meter,
    /// One for each file.
    payers: Vec<Payer>,
    /// The keys of each file.
    files: Vec<BTreeSet<String>>,
    /// Pays everything, in the end.
    whole: Payer,
    rows: Vec<Row>,
    /// Between the workers and the bank.
    _relay: Relay,
}

/// Does it, and prints the figures and the seed. Fails on any violation, unless commits wait for
/// nobody: then it only counts.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Tally, Failure> {
    options.judge()?;
    let Some(tools) = find_tools(options)? else {
        return Ok(Tally { skipped: 1, ..Tally::default() });
    };
    let begun = Instant::now();
    let program = trial::find_program(workspace, options.program.as_deref(), options.profile)?;
    let mut stage = Stage::set(workspace, options, &program, tools)?;
    let mut figures = Figures::default();
    play(&mut stage, options, &mut figures)?;
    stage.cluster.wait_until_ready(options.mode)?;
    let judged = crash::bring_to_end(stage.whole, stage.bank, stage.rows)?;
    report::print(options, &figures, &judged, begun.elapsed());
    let is_lost = !figures.lost_orders.is_empty() || !figures.lost_attempts.is_empty();
    match options.mode {
        Mode::Sync if is_lost || !judged.violations.is_empty() => {
            Err(Failure::new(format!("money is not safe; seed {}", options.seed)))
        }
        Mode::Async if options.witness && judged.paid_twice > 0 => {
            Err(Failure::new(format!("somebody was paid twice; seed {}", options.seed)))
        }
        Mode::Sync | Mode::Async => Ok(Tally { passed: 1, ..Tally::default() }),
    }
}

/// `None` where a program is missing and may be; says so in one line.
fn find_tools(options: &Options) -> Result<Option<Tools>, Failure> {
    let missing = match Tools::find()? {
        Ok(tools) => return Ok(Some(tools)),
        Err(missing) => missing.join(", "),
    };
    let told = format!(
        "failover is skipped: {missing} is missing; install Debian's postgresql, patroni, \
         python3-etcd, etcd-server and haproxy"
    );
    if is_ci() || !options.if_installed {
        return Err(Failure::new(told));
    }
    eprintln!("{told}");
    Ok(None)
}

impl Stage {
    fn set(
        workspace: &Workspace,
        options: &Options,
        program: &std::path::Path,
        tools: Tools,
    ) -> Result<Self, Failure> {
        let folder = trial::claim_folder(workspace, "failover")?;
        let bank = TwinServer::open(program, &folder, options.faults, options.seed)?;
        let meter = Meter::default();
        let address = bank.url().trim_start_matches("http://").parse();
        let address = address.map_err(Failure::while_doing("the bank's address"))?;
        let relay = Relay::before(address, Some(meter.watch()))?;
        let cluster = Cluster::start(workspace, &folder, tools, options.mode)?;
        let payer = |name: &str| Payer {
            config: None,
            witness: options.witness.then(|| folder.join("pagos.witness")),
            program: program.to_owned(),
            folder: folder.clone(),
            file: folder.join(name),
            bank_url: format!("http://127.0.0.1:{}", relay.port()),
            db: Db::Server { url: cluster.address(), password: cluster.password().to_owned() },
        };
        let rows: Vec<Row> =
            people::rows(options.rows(), options.seed, options.providers.clone()).collect();
        let whole = payer("payouts.csv");
        trial::write_payouts(&whole.file, rows.iter().cloned())?;
        let size = rows.len() / usize::try_from(options.files()).unwrap_or(usize::MAX);
        let mut payers = Vec::new();
        for (number, part) in rows.chunks(size.max(1)).enumerate() {
            payers.push(payer(&format!("payouts-{number}.csv")));
            let Some(written) = payers.last() else { continue };
            trial::write_payouts(&written.file, part.iter().cloned())?;
        }
        let keys = |part: &[Row]| part.iter().map(|row| row.key.clone()).collect();
        let files = rows.chunks(size.max(1)).map(keys).collect();
        Ok(Self { cluster, bank, meter, payers, files, whole, rows, _relay: relay })
    }
}

/// Strikes until another server took over as often as was ordered, and lets the workers end.
fn play(stage: &mut Stage, options: &Options, figures: &mut Figures) -> Result<(), Failure> {
    let mut random = Random::new(options.seed, 5);
    let mut crew = Crew::start(&stage.payers, options.workers)?;
    await_payout(&mut crew, &stage.meter, Instant::now())?;
    let blows_max = options.failovers.saturating_mul(BLOWS_PER_FAILOVER_MAX);
    let (begun, limit) = (Instant::now(), options.minutes.map(|it| Duration::from_secs(it * 60)));
    let is_over = || limit.is_some_and(|limit| begun.elapsed() > limit);
    while figures.changes() < options.failovers && !is_over() {
        if u64::try_from(figures.events.len()).unwrap_or(u64::MAX) >= blows_max {
            return Err(Failure::new(format!(
                "another server took over only {} times after {blows_max} blows",
                figures.changes()
            )));
        }
        let Some(kind) = random.choose(&options.kinds).copied() else { break };
        let at =
            Act { bank: &stage.bank, meter: &stage.meter, files: &stage.files, mode: options.mode };
        let event = at.strike_once(&mut stage.cluster, &mut crew, kind, (&mut random, figures))?;
        println!("failover: {:>3} {event}", figures.changes());
        figures.starts = crew.starts;
        figures.gave_up.clone_from(&crew.gave_up);
    }
    let begun = Instant::now();
    while !crew.is_at_rest() && begun.elapsed() < REST_MAX {
        crew.look()?;
        crew.start_again()?;
        thread::sleep(LOOK_EVERY);
    }
    figures.gave_up.clone_from(&crew.gave_up);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    #[test]
    fn flags_are_read_and_what_does_not_fit_together_is_refused() {
        let usual = parse::<Options>("").unwrap();
        assert_eq!((usual.mode, usual.failovers, usual.rows()), (Mode::Sync, 10, 1_600));
        assert_eq!(usual.kinds, KINDS);
        assert_eq!(usual.judge(), Ok(()));
        assert_eq!(parse::<Options>("--mode async --seed 4").unwrap().mode, Mode::Async);
        for bad in ["--kinds cut-haproxy", "--kinds kill,kill", "--rows 79"] {
            assert!(parse::<Options>(bad).unwrap().judge().is_err(), "{bad}");
        }
        for bad in ["--mode quorum", "--kinds fire", "--failovers 0", "--faults cruel"] {
            assert!(parse::<Options>(bad).is_err(), "{bad}");
        }
    }
}
