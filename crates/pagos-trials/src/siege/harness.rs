//! What a siege stands on: a twin, `serve` and `pay`, the proxy between `serve` and the twin, and the
//! relay between the twin and `serve`. The programs end when it is dropped.
//!
//! `serve` is configured as for real accounts, and not by `--sandbox-url`: Cashypro's orders name
//! the address of their webhooks, so it must be the relay's from the start; and for a sandbox it
//! asks after a tenth of a second by itself, which would hide webhooks that nobody applies.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use pagos_kit::{
    Events, KITS, Kit,
    people::{self, Row},
};

use crate::{
    failure::Failure,
    process,
    siege::{
        notices::{Endings, Ready},
        proxy::Proxy,
        relay::Relay,
    },
    trial::{self, twin_server::TwinServer},
};

/// How many payouts leave a second and account.
pub(super) const SENDS_PER_SECOND: u64 = 10;

/// How many queries about payouts may leave a second and account.
pub(super) const QUERIES_PER_SECOND: u64 = 20;

/// Payouts settle within three seconds.
const TWIN_SPEED: &str = "10";

/// Of a program that cannot be told, there is no limit to set.
const QUERY_FLAG: &str = "--query-rate";

const STEADY_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A program of ours that ends with us.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to stop.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Everything that runs.
#[derive(Debug)]
pub(super) struct Harness {
    program: PathBuf,
    folder: PathBuf,
    serve: Running,
    payers: Vec<Running>,
    pub(super) serve_address: SocketAddr,
    pub(super) api_address: SocketAddr,
    /// A token of the API, to submit and to read.
    pub(super) token: String,
    pub(super) endings: Endings,
    pub(super) proxy: Proxy,
    pub(super) relay: Relay,
    pub(super) bank: TwinServer,
    /// Payouts that stay under way: whom hints can name.
    pub(super) known: Vec<Row>,
}

/// How many payouts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Load {
    /// Those that keep genuine webhooks coming.
    pub(super) flowing: u64,
    /// Those that stay under way.
    pub(super) stuck: u64,
}

impl Harness {
    /// Starts everything and pays.
    pub(super) fn set_up(program: PathBuf, folder: PathBuf, load: Load) -> Result<Self, Failure> {
        let bank = TwinServer::start(&program, &folder, &["--speed", TWIN_SPEED])?;
        let proxy = Proxy::open(parse_origin(bank.url())?)?;
        let relay = Relay::open()?;
        let config = build_config(&bank.read_credentials()?, bank.url(), &proxy, &relay)?;
        let path = folder.join("pagos.toml");
        fs::write(&path, config).map_err(Failure::while_doing(path.display()))?;
        let token = make_token(&program, &folder)?;
        let (serve, ready, endings) = start_serve(&program, &folder)?;
        let (serve_address, api_address) = (ready.listening, ready.api);
        relay.aim(serve_address);
        let known: Vec<Row> =
            people::rows(load.stuck, 2, unsigned()).map(|row| row.kept_pending()).collect();
        let (payers, serve) = (Vec::new(), Running(serve));
        let mut harness = Self {
            program,
            folder,
            serve,
            payers,
            serve_address,
            api_address,
            token,
            endings,
            proxy,
            relay,
            bank,
            known,
        };
        let flowing = people::rows(load.flowing, 1, vec![pagos_kit::example()]);
        let rows = harness.known.clone().into_iter().chain(flowing).collect::<Vec<_>>();
        harness.pay("payouts", rows)?;
        Ok(harness)
    }

    /// Has a file of these rows paid, beside `serve`, which sends them.
    pub(super) fn pay(&mut self, name: &str, rows: Vec<Row>) -> Result<(), Failure> {
        let file = self.folder.join(format!("{name}.csv"));
        trial::write_payouts(&file, rows)?;
        let mut command = command(&self.program, &self.folder, "pay");
        command.arg(&file).args(["--yes", "--json"]);
        let command = command.stdout(Stdio::null()).stderr(log(&self.folder, name)?);
        let payer = command.spawn().map_err(Failure::while_doing("starting `pagos pay`"))?;
        self.payers.push(Running(payer));
        Ok(())
    }

    /// Waits until webhooks come in steadily and whatever stays under way was sent.
    pub(super) fn await_flow(&self) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let orders = self.bank.read_orders()?;
            let is_sent = self.known.iter().all(|row| orders.contains(&format!("\"{}\"", row.key)));
            if is_sent && self.relay.count() >= usize::try_from(SENDS_PER_SECOND).unwrap_or(0) {
                return Ok(());
            }
            if begun.elapsed() > STEADY_MAX {
                return Err(Failure::new(format!(
                    "payouts do not flow; what `pagos` says is in {}",
                    self.folder.display()
                )));
            }
            thread::sleep(LOOK_EVERY * 10);
        }
    }

    /// The process under siege.
    pub(super) fn serve_id(&self) -> u32 {
        self.serve.0.id()
    }

    /// Does it still run?
    pub(super) fn is_serving(&mut self) -> bool {
        matches!(self.serve.0.try_wait(), Ok(None))
    }

    pub(super) fn database(&self) -> PathBuf {
        self.folder.join(DATABASE)
    }
}

const DATABASE: &str = "pagos.db";

fn make_token(program: &Path, folder: &Path) -> Result<String, Failure> {
    let mut command = Command::new(program);
    command.args(["token", "create", "--name", "siege", "--scope", "submit", "--scope", "read"]);
    command.args(["--db", DATABASE, "--new-db"]).current_dir(folder).stdin(Stdio::null());
    Ok(process::read_stdout(&mut command)?.trim().to_owned())
}

fn start_serve(program: &Path, folder: &Path) -> Result<(Child, Ready, Endings), Failure> {
    let mut help = Command::new(program);
    let has_query_rate = process::read_stdout(help.args(["serve", "--help"]))?.contains(QUERY_FLAG);
    let mut command = command(program, folder, "serve");
    command.args([
        "--api",
        "127.0.0.1:0",
        "--listen",
        "127.0.0.1:0",
        "--rate",
        &SENDS_PER_SECOND.to_string(),
    ]);
    if has_query_rate {
        command.args([QUERY_FLAG, &QUERIES_PER_SECOND.to_string()]);
    }
    command.stdout(Stdio::piped()).stderr(log(folder, "serve")?);
    let mut child = command.spawn().map_err(Failure::while_doing("starting `pagos serve`"))?;
    let stdout = child.stdout.take();
    let stdout = stdout.ok_or_else(|| Failure::new("`pagos serve` has no standard output"));
    match stdout.and_then(Endings::listen) {
        Ok((ready, endings)) => Ok((child, ready, endings)),
        Err(failure) => {
            drop(Running(child));
            Err(failure)
        }
    }
}

fn command(program: &Path, folder: &Path, word: &str) -> Command {
    let mut command = Command::new(program);
    command.args([word, "--db", DATABASE]).current_dir(folder).stdin(Stdio::null());
    command
}

fn log(folder: &Path, name: &str) -> Result<File, Failure> {
    let path = folder.join(format!("{name}.log"));
    File::create(&path).map_err(Failure::while_doing(path.display()))
}

/// The providers whose events are not signed.
pub(super) fn unsigned() -> Vec<Kit> {
    KITS.iter().copied().filter(|kit| kit.events() == Events::Unsigned).collect()
}

/// Accounts with the twin's credentials, reached through the proxy, told through the relay.
fn build_config(
    credentials: &str,
    twin: &str,
    proxy: &Proxy,
    relay: &Relay,
) -> Result<String, Failure> {
    let credentials: Value =
        serde_json::from_str(credentials).map_err(Failure::while_doing("the credentials"))?;
    let origin = format!("http://{}", proxy.address());
    let mut config = String::new();
    for provider in unsigned().into_iter().chain([pagos_kit::example()]) {
        let name = provider.name();
        let fields = credentials.get(name).and_then(Value::as_object);
        let fields = fields.ok_or_else(|| Failure::new(format!("no credentials of {name}")))?;
        config += &format!("[accounts.{name}]\nenvironment = \"sandbox\"\n");
        let notify_url = format!("http://{}/webhooks/{name}", relay.address());
        config += &format!("notify_url = \"{notify_url}\"\n");
        for (field, value) in fields {
            // A JSON string of such letters is one of TOML, too.
            config += &format!("{field} = {}\n", value.to_string().replace(twin, &origin));
        }
    }
    Ok(config)
}

fn parse_origin(origin: &str) -> Result<SocketAddr, Failure> {
    let address = origin.strip_prefix("http://").and_then(|address| address.parse().ok());
    address.ok_or_else(|| Failure::new(format!("{origin:?} is not http://ADDRESS:PORT")))
}
