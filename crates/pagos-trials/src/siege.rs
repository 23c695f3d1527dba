//! `cargo xtask siege`: strangers attack a running `pagos serve` on this machine, one attack after
//! the other, while genuine webhooks come in ten times a second; then judges whether those were
//! acknowledged and applied in time, what strangers cost, and that nothing was paid twice. Some attack
//! the HTTP API, one of them with a token, beside a calm client that must be answered.
//!
//! What it does not show: a network. Strangers and the provider have the same address here.

mod attack;
mod harness;
mod listener;
mod meter;
mod notices;
mod proxy;
mod relay;
mod verdict;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use clap::{Args, value_parser};

use crate::{
    failure::Failure,
    siege::{
        attack::{Attack, Outcome},
        harness::{Harness, Load, SENDS_PER_SECOND},
        proxy::Kind,
        relay::Delivery,
        verdict::{DeliveryOutcome, Figures},
    },
    tally::Tally,
    trial::{self, BuildProfile},
    workspace::Workspace,
};

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What may still be applied after the last attack is waited for so long.
const LAST_WAIT_MAX: Duration = Duration::from_secs(7);

/// What the way to the first attack may take, in payouts that must not run out meanwhile.
const START_S: u64 = 15;

/// Attacks a running `pagos serve` as strangers do, beside genuine webhooks; judges those, and what the
/// strangers cost.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Options {
    /// How long each attack lasts: 20 seconds, or 3 with `--quick`.
    #[arg(long, value_parser = value_parser!(u64).range(1..))]
    seconds: Option<u64>,
    /// Only these: all of them, or with `--quick` those that tell most in little time.
    #[arg(long, value_enum, value_delimiter = ',')]
    attacks: Vec<Attack>,
    /// What everybody's test command can afford.
    #[arg(long)]
    quick: bool,
    /// Which build of `pagos` is attacked.
    #[arg(long, value_enum, default_value = "release")]
    profile: BuildProfile,
    /// Another `pagos` than the one of this workspace.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// What is done, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plan {
    attacks: Vec<Attack>,
    /// How long each attack lasts.
    attack: Duration,
    /// How long it is watched without one before the first.
    calm: Duration,
    /// What an attack leaves behind counts for so long.
    pause: Duration,
    /// Payouts that can be named.
    stuck: u64,
}

impl Options {
    fn plan(&self) -> Result<Plan, Failure> {
        trial::refuse_repeats("--attacks", &self.attacks, |it| it.name())?;
        let mut plan = if self.quick { Plan::quick() } else { Plan::whole() };
        if let Some(seconds) = self.seconds {
            plan.attack = Duration::from_secs(seconds);
        }
        if !self.attacks.is_empty() {
            plan.attacks.clone_from(&self.attacks);
        }
        Ok(plan)
    }
}

impl Plan {
    fn whole() -> Self {
        Self {
            attacks: Attack::ALL.to_vec(),
            attack: Duration::from_secs(20),
            calm: Duration::from_secs(20),
            pause: Duration::from_secs(2),
            stuck: 200,
        }
    }

    fn quick() -> Self {
        Self {
            attacks: Attack::QUICK.to_vec(),
            attack: Duration::from_secs(3),
            calm: Duration::from_secs(4),
            pause: Duration::from_millis(500),
            stuck: 40,
        }
    }

    fn load(&self) -> Load {
        let attacks = u32::try_from(self.attacks.len()).unwrap_or(u32::MAX);
        let lasts = self.calm + (self.attack + self.pause) * attacks;
        let flowing = (lasts.as_secs() + START_S) * SENDS_PER_SECOND;
        Load { flowing, stuck: self.stuck }
    }
}

/// Does it and prints the table; each attack that was held counts. Fails if anything was not.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<Tally, Failure> {
    let plan = options.plan()?;
    let program = trial::find_program(workspace, options.program.as_deref(), options.profile)?;
    let begun = Instant::now();
    let folder = trial::claim_folder(workspace, "siege")?;
    let mut harness = Harness::set_up(program, folder, plan.load())?;
    harness.await_flow()?;
    let phases = besiege(&mut harness, &plan)?;
    let is_serving = harness.is_serving();
    let all = sum_up(&harness, &phases)?;
    verdict::table(&all).iter().for_each(|line| println!("siege: {line}"));
    let mut faults: Vec<&str> =
        all.iter().filter(|it| !verdict::judge(it).is_empty()).map(|it| it.name).collect();
    let paid = harness.bank.count_payments()?;
    let paid_twice = paid.values().filter(|count| **count > 1).count();
    println!(
        "siege: {} payouts paid, {paid_twice} paid twice, {:.1?}",
        paid.len(),
        begun.elapsed()
    );
    if !is_serving {
        faults.push("serve ended");
    }
    if paid_twice > 0 {
        faults.push("paid twice");
    }
    match faults.as_slice() {
        [] => Ok(Tally { passed: plan.attacks.len(), ..Tally::default() }),
        faults => Err(Failure::new(format!("not held: {}", faults.join(", ")))),
    }
}

/// One part of the siege, with what follows it until the next one begins.
#[derive(Debug)]
struct Phase {
    name: &'static str,
    from: Instant,
    until: Instant,
    outcome: Outcome,
    peak_kib: Option<u64>,
    grown_bytes: i64,
}

/// Calm first, then one attack after the other.
fn besiege(harness: &mut Harness, plan: &Plan) -> Result<Vec<Phase>, Failure> {
    let calm = watch(harness, "calm", plan.pause, |_| {
        thread::sleep(plan.calm);
        Ok(Outcome::default())
    })?;
    let mut phases = vec![calm];
    for attack in &plan.attacks {
        println!("siege: {}", attack.name());
        phases.push(watch(harness, attack.name(), plan.pause, |harness| {
            attack.launch(harness, Instant::now() + plan.attack)
        })?);
    }
    // Nothing may be missing only because nobody waited for it.
    let last = Instant::now() + LAST_WAIT_MAX;
    let is_done = |it: &Delivery| !it.is_acknowledged() || harness.endings.of(&it.key).is_some();
    let until = Instant::now();
    while Instant::now() < last {
        let from = phases.first().map_or(until, |phase| phase.from);
        if harness.relay.has_answered_all_before(until)
            && harness.relay.deliveries(from, until).iter().all(is_done)
        {
            break;
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(phases)
}

fn watch(
    harness: &mut Harness,
    name: &'static str,
    pause: Duration,
    act: impl FnOnce(&mut Harness) -> Result<Outcome, Failure>,
) -> Result<Phase, Failure> {
    let (database, process) = (harness.database(), harness.serve_id());
    let size = || meter::database_bytes(&database).map_err(Failure::while_doing("the database"));
    let (from, before) = (Instant::now(), size()?);
    let (has_ended, peak_kib) = (AtomicBool::new(false), AtomicU64::new(0));
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            while !has_ended.load(Ordering::Relaxed) {
                let kib = meter::resident_kib(process).unwrap_or(0);
                peak_kib.fetch_max(kib, Ordering::Relaxed);
                thread::sleep(LOOK_EVERY);
            }
        });
        let outcome = act(harness);
        thread::sleep(pause);
        has_ended.store(true, Ordering::Relaxed);
        outcome
    })?;
    let grown = i128::from(size()?) - i128::from(before);
    let grown_bytes = i64::try_from(grown).unwrap_or(i64::MAX);
    let peak_kib = Some(peak_kib.into_inner()).filter(|kib| *kib > 0);
    Ok(Phase { name, from, until: Instant::now(), outcome, peak_kib, grown_bytes })
}

/// What a judge can read, of every part.
fn sum_up(harness: &Harness, phases: &[Phase]) -> Result<Vec<Figures>, Failure> {
    let calm = phases.first().ok_or_else(|| Failure::new("there was no calm"))?;
    let calm_work = work(harness, calm).max(1);
    let figures = |phase: &Phase| {
        let genuine_bytes = calm.grown_bytes * work(harness, phase) / calm_work;
        let deliveries = harness.relay.deliveries(phase.from, phase.until);
        let outcome = |it: &Delivery| DeliveryOutcome {
            answered_ms: milliseconds(it.answered_at - it.sent_at),
            is_acknowledged: it.is_acknowledged(),
            // It may have been asked about before; then it was told before.
            applied_ms: harness
                .endings
                .of(&it.key)
                .filter(|_| it.is_acknowledged())
                .map(|told_at| milliseconds(told_at.saturating_duration_since(it.answered_at))),
        };
        Figures {
            name: phase.name,
            lasted: phase.until - phase.from,
            requests: phase.outcome.requests,
            outcomes: deliveries.iter().map(outcome).collect(),
            peak_kib: phase.peak_kib,
            strangers_kib: (phase.grown_bytes - genuine_bytes) / 1_024,
            queries: count_queries(harness, phase),
            complaints: phase.outcome.complaints.clone(),
        }
    };
    Ok(phases.iter().map(figures).collect())
}

/// How much genuine work there was: each payout that was sent, and each that was told. What an
/// attack holds up is sent in one part and told in the next.
fn work(harness: &Harness, phase: &Phase) -> i64 {
    let sent = harness.proxy.calls(phase.from, phase.until);
    let sent = sent.iter().filter(|it| it.kind == Kind::Create && it.refused.is_none()).count();
    let told = harness.relay.deliveries(phase.from, phase.until);
    let told = told.iter().filter(|it| it.is_acknowledged()).count();
    i64::try_from(sent + told).unwrap_or(i64::MAX)
}

/// The queries of the account that was asked about most.
fn count_queries(harness: &Harness, phase: &Phase) -> u64 {
    let mut counts = BTreeMap::<&str, u64>::new();
    for call in harness.proxy.calls(phase.from, phase.until) {
        if call.kind == Kind::Query {
            *counts.entry(call.provider).or_default() += 1;
        }
    }
    counts.into_values().max().unwrap_or(0)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    fn plan(line: &str) -> Result<Plan, String> {
        let options = parse::<Options>(line).map_err(|error| error.to_string())?;
        options.plan().map_err(|failure| failure.to_string())
    }

    #[test]
    fn every_attack_is_made_unless_told_otherwise() {
        assert_eq!(plan(""), Ok(Plan::whole()));
        assert_eq!(parse::<Options>("").unwrap().profile, BuildProfile::Release);
        assert_eq!(plan("--quick"), Ok(Plan::quick()));
        let two = plan("--quick --attacks trace,large-hints --seconds 7").unwrap();
        assert_eq!(
            (two.attacks, two.attack.as_secs()),
            (vec![Attack::Trace, Attack::LargeHints], 7)
        );
        for bad in [
            "--seconds many",
            "--seconds 0",
            "--attacks nobody",
            "--attacks idle,idle",
            "--attacks idle,",
            "--attacks=",
            "--profile fast",
            "--quick yes",
        ] {
            assert!(plan(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn payouts_do_not_run_out_before_the_end() {
        let plan = plan("--seconds 10 --attacks idle,slow").unwrap();
        assert_eq!(plan.load(), Load { flowing: (20 + 2 * 12 + 15) * 10, stuck: 200 });
    }
}
