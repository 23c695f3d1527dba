//! What happens to the primary: it is killed, stopped, cut off or demoted, and later healed.

use std::{
    collections::BTreeSet,
    fs,
    process::{Child, Command},
    thread,
    time::Duration,
};

use clap::ValueEnum;
use pagos_kit::Random;

use crate::{
    failover::{
        Mode,
        cluster::{Cluster, SCOPE},
    },
    failure::Failure,
    process,
};

/// What can happen to a primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Kind {
    /// SIGKILL of the server and of its Patroni: the machine is gone.
    Kill,
    /// SIGKILL of the server; its Patroni sees that.
    KillServer,
    /// SIGKILL of Patroni: the server goes on, and nobody tells it that it is no primary any more.
    KillPatroni,
    /// SIGSTOP of both with all children, woken when another primary is at work: a zombie.
    Stop,
    /// Patroni does not reach etcd.
    CutEtcd,
    /// Nothing reaches the standbys, and then both are killed.
    CutReplicas,
    /// HAProxy does not reach the server. Nobody takes over; the way comes back.
    CutHaproxy,
    /// `patronictl switchover`.
    Switchover,
    /// `patronictl failover`, to a standby that is named.
    Failover,
}

/// Everything that can happen.
pub(super) const KINDS: [Kind; 9] = [
    Kind::Kill,
    Kind::KillServer,
    Kind::KillPatroni,
    Kind::Stop,
    Kind::CutEtcd,
    Kind::CutReplicas,
    Kind::CutHaproxy,
    Kind::Switchover,
    Kind::Failover,
];

/// A primary that was struck.
#[derive(Debug)]
pub(super) struct Struck {
    node: usize,
    /// Processes that were stopped and have to be woken.
    stopped: BTreeSet<u32>,
}

/// How long standbys get nothing before the primary is struck.
const LAG_MS_MIN: u64 = 400;
const LAG_MS_MAX: u64 = 2_000;

/// How long a way stays cut that nobody takes over from.
const CUT_MS_MIN: u64 = 1_000;
const CUT_MS_MAX: u64 = 6_000;

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::KillServer => "kill-server",
            Self::KillPatroni => "kill-patroni",
            Self::Stop => "stop",
            Self::CutEtcd => "cut-etcd",
            Self::CutReplicas => "cut-replicas",
            Self::CutHaproxy => "cut-haproxy",
            Self::Switchover => "switchover",
            Self::Failover => "failover",
        }
    }

    /// Does another server take over?
    pub(super) fn changes_primary(self) -> bool {
        self != Self::CutHaproxy
    }

    /// Does somebody ask the primary to step down, so that it hands over all that it has?
    fn is_ordered(self) -> bool {
        matches!(self, Self::Switchover | Self::Failover)
    }
}

/// Holds back what standbys would receive from now on, in asynchronous mode: what is committed next is
/// on no other server. Not where the primary is asked to step down: it hands over all that it has.
pub(super) fn hold_back(cluster: &Cluster, node: usize, kind: Kind, mode: Mode) {
    if mode == Mode::Async
        && !kind.is_ordered()
        && kind.changes_primary()
        && let Some(primary) = cluster.nodes.get(node)
    {
        primary.to_replicas.stall();
    }
}

/// Strikes the primary.
pub(super) fn strike(
    cluster: &mut Cluster,
    node: usize,
    kind: Kind,
    random: &mut Random,
) -> Result<Struck, Failure> {
    let lag = Duration::from_millis(random.draw(LAG_MS_MIN, LAG_MS_MAX));
    let mut struck = Struck { node, stopped: BTreeSet::new() };
    let Some(primary) = cluster.nodes.get_mut(node) else { return Ok(struck) };
    if kind == Kind::CutReplicas {
        primary.to_replicas.stall();
        thread::sleep(lag);
    }
    match kind {
        Kind::Kill | Kind::CutReplicas => {
            end(&mut primary.patroni);
            signal("KILL", &server_of(primary.data()));
        }
        Kind::KillServer => signal("KILL", &server_of(primary.data())),
        Kind::KillPatroni => end(&mut primary.patroni),
        Kind::Stop => {
            struck.stopped = server_of(primary.data());
            struck.stopped.extend(primary.patroni.as_ref().map(Child::id));
            signal("STOP", &struck.stopped);
        }
        Kind::CutEtcd => primary.to_etcd.cut(),
        Kind::CutHaproxy => {
            primary.to_haproxy.cut();
            thread::sleep(Duration::from_millis(random.draw(CUT_MS_MIN, CUT_MS_MAX)));
            primary.to_haproxy.mend();
        }
        Kind::Switchover | Kind::Failover => step_down(cluster, node, kind)?,
    }
    if let Some(primary) = cluster.nodes.get(node).filter(|node| node.to_replicas.is_stalled()) {
        // What was held back never arrives.
        primary.to_replicas.cut();
    }
    Ok(struck)
}

/// Gives back what was taken.
pub(super) fn heal(cluster: &mut Cluster, struck: &Struck) -> Result<(), Failure> {
    signal("CONT", &struck.stopped);
    let Some(node) = cluster.nodes.get(struck.node) else { return Ok(()) };
    node.to_etcd.mend();
    node.to_haproxy.mend();
    node.to_replicas.mend();
    match node.patroni {
        Some(_) => Ok(()),
        None => cluster.start_patroni(struck.node),
    }
}

/// A standby that has everything takes over. Patroni refuses while there is none; then nothing
/// happens.
fn step_down(cluster: &Cluster, node: usize, kind: Kind) -> Result<(), Failure> {
    let standby = cluster.client().ask_patiently(BEST_STANDBY)?;
    let ordered = match kind {
        Kind::Failover => {
            cluster.control(&["failover", "--force", "--candidate", standby.trim(), SCOPE])
        }
        _ => cluster.control(&["switchover", "--force", SCOPE]),
    };
    ordered.map(drop).or_else(|failure| {
        println!("failover: {} of {} is refused: {failure}", kind.name(), cluster.name_of(node));
        Ok(())
    })
}

const BEST_STANDBY: &str = "SELECT application_name FROM pg_stat_replication
    WHERE state = 'streaming' ORDER BY sync_state = 'sync' DESC, replay_lsn DESC LIMIT 1";

fn end(patroni: &mut Option<Child>) {
    if let Some(mut child) = patroni.take() {
        // It may be gone already; then there is nothing to kill.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A server's first process and its children. None of them is there if it is down.
fn server_of(data: std::path::PathBuf) -> BTreeSet<u32> {
    let first = fs::read_to_string(data.join("postmaster.pid")).ok();
    let first = first.and_then(|text| text.lines().next()?.trim().parse::<u32>().ok());
    let Some(first) = first else { return BTreeSet::new() };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut server: BTreeSet<u32> = ids.filter(|id| parent_of(*id) == Some(first)).collect();
    server.insert(first);
    server
}

fn parent_of(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name before it is in parentheses and may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Some of them may be gone already.
fn signal(name: &str, ids: &BTreeSet<u32>) {
    if !ids.is_empty() {
        let ids = ids.iter().map(ToString::to_string);
        process::is_available(Command::new("kill").args(["-s", name, "--"]).args(ids));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_known_by_its_children() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert_eq!(parent_of(child.id()), Some(std::process::id()));
        signal("KILL", &BTreeSet::from([child.id()]));
        assert!(!child.wait().unwrap().success());
        assert_eq!(parent_of(u32::MAX), None);
    }

    #[test]
    fn every_kind_is_drawn_from_by_its_own_name() {
        for kind in KINDS {
            assert_eq!(Kind::from_str(kind.name(), false), Ok(kind));
        }
        assert_eq!(KINDS.len(), Kind::value_variants().len());
    }
}
