//! Three PostgreSQL servers under Patroni, one etcd, and HAProxy before the primary, all on loopback
//! and in one folder. Relays stand where a network would: between a node and etcd, between a
//! primary and its replicas, and between HAProxy and a node.

mod client;
mod configuration;
mod remains;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

pub(super) use self::client::Client;
use self::{
    client::ANSWER_MAX,
    configuration::{Ports, etcd_arguments, haproxy_configuration, patroni_configuration},
    remains::{Watcher, end_all},
};
use crate::{
    failover::{
        Mode,
        relay::Relay,
        tools::{Place, Tools},
    },
    failure::Failure,
    postgres::{USER, draw_password, folder::Folder, free_port},
    process,
    trial::http,
    workspace::Workspace,
};

/// The name of the cluster.
pub(super) const SCOPE: &str = "pagos";

const NODES: [&str; 3] = ["n1", "n2", "n3"];

/// How long a server that was struck may take to follow again, before the next one is struck.
const WHOLE_MAX: Duration = Duration::from_secs(20);

/// Making a server and a copy of it, beside other work.
const READY_MAX: Duration = Duration::from_secs(180);

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The cluster. Dropping it ends everything in it and removes its folder; a watcher does the same
/// if this process is killed.
pub(super) struct Cluster {
    pub(super) tools: Tools,
    folder: Folder,
    /// Where everybody's words are kept after the end.
    logs: PathBuf,
    password: String,
    port: u16,
    pub(super) nodes: Vec<Node>,
    others: Vec<Child>,
    _watcher: Watcher,
}

/// One server with its Patroni.
pub(super) struct Node {
    name: &'static str,
    pub(super) folder: PathBuf,
    ports: Ports,
    pub(super) patroni: Option<Child>,
    pub(super) to_etcd: Relay,
    pub(super) to_replicas: Relay,
    pub(super) to_haproxy: Relay,
}

/// What a session behind HAProxy sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// The place of the node among [`Cluster::nodes`].
    pub(super) node: usize,
    /// Standbys that receive its log.
    standbys: u32,
}

impl Cluster {
    /// Makes it, and waits until the primary can be written and both standbys follow. Its logs go to
    /// a folder that outlives it.
    pub(super) fn start(
        workspace: &Workspace,
        logs: &Path,
        tools: Tools,
        mode: Mode,
    ) -> Result<Self, Failure> {
        let folder = Folder::new(&workspace.target.join("patroni"), &tools.postgres)?;
        // Before the first start: whatever happens from here on, nothing outlives us.
        let watcher = Watcher::start(&folder.path)?;
        let etcd_port = free_port()?;
        let etcd_folder = tools.make_folder(&folder.path, "etcd")?;
        let mut etcd = Command::new(&tools.etcd);
        etcd.args(etcd_arguments(&etcd_folder, etcd_port, free_port()?));
        let etcd =
            tools.start(etcd, Place { folder: &folder.path, log: &logs.join("etcd.log") })?;
        wait_for_etcd(etcd_port)?;
        let nodes = NODES.map(|name| Node::make(name, &folder.path, &tools, etcd_port));
        let nodes = nodes.into_iter().collect::<Result<Vec<Node>, Failure>>()?;
        let (password, port) = (draw_password(), free_port()?);
        let mut cluster = Self {
            tools,
            folder,
            logs: logs.to_owned(),
            password,
            port,
            nodes,
            others: vec![etcd],
            _watcher: watcher,
        };
        cluster.configure(mode)?;
        for node in 0..cluster.nodes.len() {
            cluster.start_patroni(node)?;
        }
        cluster.wait_until_ready(mode)?;
        Ok(cluster)
    }

    /// Where a program connects to that has the password from elsewhere.
    pub(super) fn address(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// Starts a node's Patroni, which starts its server or takes over the one that runs.
    pub(super) fn start_patroni(&mut self, node: usize) -> Result<(), Failure> {
        let Some(node) = self.nodes.get_mut(node) else { return Ok(()) };
        let mut command = Command::new(&self.tools.patroni);
        command.arg(node.configuration()).env("HOME", &node.folder);
        let log = self.logs.join(format!("{}.log", node.name));
        let place = Place { folder: &node.folder, log: &log };
        node.patroni = Some(self.tools.start(command, place)?);
        Ok(())
    }

    /// `patronictl`, with these words.
    pub(super) fn control(&self, words: &[&str]) -> Result<String, Failure> {
        let Some(node) = self.nodes.first() else { return Err(Failure::new("no node")) };
        let mut command = Command::new("timeout");
        command.arg("60").arg(&self.tools.patronictl).arg("-c").arg(node.configuration());
        self.tools.command_as_user(command.args(words).current_dir(&node.folder));
        process::read_stdout(&mut command)
    }

    pub(super) fn name_of(&self, node: usize) -> &'static str {
        self.nodes.get(node).map_or("?", |node| node.name)
    }

    /// Whoever asks behind HAProxy, in any thread.
    pub(super) fn client(&self) -> Client {
        let psql = self.tools.postgres.path("psql");
        Client { psql, port: self.port, password: self.password.clone() }
    }

    /// The primary that HAProxy leads to, if it leads to one.
    pub(super) fn look(&self) -> Option<Seen> {
        let said = self.client().ask(LOOK).ok()?;
        let numbers = said.trim().split(' ').map(|word| word.parse::<u32>().ok());
        let numbers: Vec<u32> = numbers.collect::<Option<_>>()?;
        let [port, standbys] = numbers.as_slice() else { return None };
        let node = self.nodes.iter().position(|node| u32::from(node.ports.postgres) == *port)?;
        Some(Seen { node, standbys: *standbys })
    }

    /// Waits for a primary that `is_good`.
    pub(super) fn wait_for(&self, limit: Duration, is_good: impl Fn(Seen) -> bool) -> Option<Seen> {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if let Some(seen) = self.look().filter(|seen| is_good(*seen)) {
                return Some(seen);
            }
            thread::sleep(LOOK_EVERY);
        }
        None
    }

    /// Waits until every standby follows, or, after a while, until there is one that may take over.
    pub(super) fn wait_until_ready(&self, mode: Mode) -> Result<Seen, Failure> {
        let may_be_struck = |seen: Seen, standbys: u32| {
            seen.standbys >= standbys && (mode == Mode::Async || self.knows_synchronous())
        };
        let standbys = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX).saturating_sub(1);
        let whole = self.wait_for(WHOLE_MAX, |seen| may_be_struck(seen, standbys));
        let ready = whole.or_else(|| self.wait_for(READY_MAX, |seen| may_be_struck(seen, 1)));
        ready.ok_or_else(|| {
            let state = self.control(&["list"]).unwrap_or_else(|failure| failure.to_string());
            Failure::new(format!("no standby may take over after {READY_MAX:?}:\n{state}"))
        })
    }

    /// Does etcd name a synchronous standby? Until it does, nobody may take over, although commits
    /// wait for a standby already.
    fn knows_synchronous(&self) -> bool {
        self.nodes.iter().any(|node| {
            let origin = format!("http://127.0.0.1:{}", node.ports.patroni);
            http::call(&origin, "GET", "/synchronous", "").is_ok()
        })
    }

    fn configure(&mut self, mode: Mode) -> Result<(), Failure> {
        for node in &self.nodes {
            let text = patroni_configuration(node, &self.tools, &self.password, mode);
            self.folder.write(&node.configuration(), &text, &self.tools.postgres)?;
        }
        let file = self.folder.path.join("haproxy.cfg");
        let text = haproxy_configuration(self.port, &self.nodes);
        self.folder.write(&file, &text, &self.tools.postgres)?;
        let mut haproxy = Command::new(&self.tools.haproxy);
        haproxy.arg("-db").arg("-f").arg(&file);
        let log = self.logs.join("haproxy.log");
        let place = Place { folder: &self.folder.path, log: &log };
        self.others.push(self.tools.start(haproxy, place)?);
        Ok(())
    }
}

impl Node {
    fn make(
        name: &'static str,
        parent: &Path,
        tools: &Tools,
        etcd_port: u16,
    ) -> Result<Self, Failure> {
        let ports = Ports { postgres: free_port()?, patroni: free_port()? };
        Ok(Self {
            name,
            folder: tools.make_folder(parent, name)?,
            patroni: None,
            to_etcd: Relay::open(etcd_port)?,
            to_replicas: Relay::open(ports.postgres)?,
            to_haproxy: Relay::open(ports.postgres)?,
            ports,
        })
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("patroni.yml")
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

/// Patroni ends where etcd has not yet agreed with itself on a version.
fn wait_for_etcd(port: u16) -> Result<(), Failure> {
    let begun = Instant::now();
    while begun.elapsed() < ANSWER_MAX {
        let version = http::call(&format!("http://127.0.0.1:{port}"), "GET", "/version", "");
        if version.is_ok_and(|said| said.contains("etcdcluster") && !said.contains("not_decided")) {
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
    Err(Failure::new("etcd does not start"))
}

impl Drop for Cluster {
    fn drop(&mut self) {
        end_all(&self.folder.path);
        let patronis = self.nodes.iter_mut().filter_map(|node| node.patroni.as_mut());
        for child in patronis.chain(&mut self.others) {
            // It was killed above.
            let _ = child.wait();
        }
        self.folder.remove();
    }
}

const LOOK: &str =
    "SELECT current_setting('port') || ' ' || count(*) FILTER (WHERE state = 'streaming')
    FROM pg_stat_replication HAVING NOT pg_is_in_recovery()";
