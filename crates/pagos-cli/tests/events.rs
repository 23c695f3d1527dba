//! Events of a whole `pagos serve` at an endpoint on this machine, whose signature is verified with
//! another implementation of HMAC than the one that signs.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code, reason = "another test uses the rest of it")]
#[path = "support/server.rs"]
mod server;
mod support;

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;
use serde_json::Value;
use server::Server;
use support::{Folder, Run, Running, Twin, http, payouts, wait_for};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PATH: &str = "/canary-of-a-path";

/// A request to the endpoint.
#[derive(Debug, Clone)]
struct Got {
    id: String,
    is_signed: bool,
    text: String,
    body: Value,
}

impl Got {
    fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }

    fn is(&self, kind: &str, key: &str) -> bool {
        self.kind() == kind && self.body["data"]["key"] == key
    }

    /// The number of the notice.
    fn number(&self) -> u64 {
        self.id.rsplit('_').next().unwrap().parse().unwrap()
    }
}

/// An endpoint that answers as a test says.
#[derive(Debug)]
struct Receiver {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let status = Arc::new(AtomicU16::new(200));
        let got = Arc::default();
        let (answers, heard) = (Arc::clone(&status), Arc::clone(&got));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &answers, &heard);
            }
        });
        Self { address, status, got }
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn has(&self, kind: &str, key: &str) -> bool {
        self.got().iter().any(|got| got.is(kind, key))
    }
}

/// Nothing if the connection was closed before a whole request came.
fn answer(stream: TcpStream, status: &AtomicU16, heard: &Mutex<Vec<Got>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_lowercase(), value.to_owned())),
            None if line.starts_with("POST ") => assert!(line.contains(PATH)),
            None => break,
        }
    }
    let header = |name: &str| {
        headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone()).unwrap()
    };
    let mut text = vec![0; header("content-length").parse().unwrap()];
    reader.read_exact(&mut text).ok()?;
    let text = String::from_utf8(text).unwrap();
    let (id, signatures) = (header("webhook-id"), header("webhook-signature"));
    let signed = format!("{id}.{}.{text}", header("webhook-timestamp"));
    let (is_signed, body) = (is_signature(&signatures, &signed), serde_json::from_str(&text));
    heard.lock().unwrap().push(Got { id, is_signed, text, body: body.unwrap() });
    let status = status.load(Ordering::SeqCst);
    let reply = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    reader.get_mut().write_all(reply.as_bytes()).ok()
}

/// Whether one of the signatures is by the secret, over this text.
fn is_signature(signatures: &str, signed: &str) -> bool {
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let tags = signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
    let mut tags = tags.map(|tag| STANDARD.decode(tag).unwrap());
    tags.any(|tag| hmac::verify(&key, signed.as_bytes(), &tag).is_ok())
}

/// A service with an endpoint, and the twin that it pays through.
struct Scene {
    folder: Folder,
    /// Where the database is; without one it is a file.
    database: Option<Server>,
    receiver: Receiver,
    twin: Twin,
    /// The service, until it is stopped.
    server: Option<Running>,
    metrics: String,
}

impl Scene {
    fn start(name: &str, database: Option<Server>) -> Self {
        Self::start_with(name, database, "")
    }

    /// With more configuration.
    fn start_with(name: &str, database: Option<Server>, more: &str) -> Self {
        let (folder, receiver) = (Folder::new(name), Receiver::start());
        let twin = Twin::start(&folder);
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        folder.write("pagos.toml", config(&twin, listen, receiver.address) + more);
        let serve = format!("serve --listen {listen} --metrics 127.0.0.1:0");
        let mut server = start(&folder, database.as_ref(), &serve, &[]);
        let metrics = server.ready()["metrics"].as_str().unwrap().to_owned();
        let scene = Self { folder, database, receiver, twin, server: Some(server), metrics };
        // A new endpoint begins with the first notice after it became known.
        wait_for("the endpoint is known", || scene.state()["standing"] == "working");
        scene
    }

    fn run(&self, command: &str) -> Run {
        self.run_as(command, &[])
    }

    fn run_as(&self, command: &str, variables: &[(&str, &str)]) -> Run {
        let run = start(&self.folder, self.database.as_ref(), command, variables).end();
        assert!(!run.out.contains(PATH) && !run.err.contains(PATH), "{} {}", run.out, run.err);
        run
    }

    fn pay(&self, keys: &[&str]) {
        let rows = payouts(keys.iter().map(|key| (*key, "sim:success")));
        self.folder.write("payouts.csv", rows);
        self.run("pay payouts.csv --yes").exits(0);
    }

    /// The endpoint, as `events list` shows it.
    fn state(&self) -> Value {
        self.run("events list --json").exits(0).json()["endpoints"][0].clone()
    }

    fn page(&self) -> String {
        http("GET", &self.metrics, &[], "").1
    }

    /// Stops the service.
    fn stop(&mut self) -> Run {
        let server = self.server.take().unwrap();
        server.signal("TERM");
        server.end()
    }
}

/// Starts a command on the database of the test.
fn start(
    folder: &Folder,
    database: Option<&Server>,
    command: &str,
    variables: &[(&str, &str)],
) -> Running {
    let (db, password) =
        database.map_or(("v.db", ""), |server| (server.url.as_str(), server.password.as_str()));
    let variables = variables.iter().copied().chain([("PGPASSWORD", password)]);
    let arguments = command.split_whitespace().chain(["--db", db]);
    folder.start_with(arguments, &variables.collect::<Vec<_>>())
}

fn config(twin: &Twin, listen: SocketAddr, endpoint: SocketAddr) -> String {
    let credentials = twin.ask("credentials")["cashypro"].clone();
    let fields = credentials.as_object().unwrap().iter();
    let fields: String = fields.map(|(name, value)| format!("{name} = {value}\n")).collect();
    format!(
        "[accounts.cashypro]\n{fields}notify_url = \"http://{listen}/webhooks/cashypro\"\n\
         [events.erp]\nurl = \"http://{endpoint}{PATH}\"\nsecret = \"{SECRET}\"\n\
         private_addresses = true\n"
    )
}

#[test]
fn a_paid_payout_is_told_to_the_endpoint_in_order_and_again_under_its_id() {
    let mut scene = Scene::start("events-paid", None);
    scene.pay(&["e-1", "e-2"]);
    wait_for("both successes", || {
        ["e-1", "e-2"].iter().all(|key| scene.receiver.has("payout.succeeded", key))
    });
    wait_for("nothing waits", || scene.state()["waiting"] == 0);
    let first = scene.receiver.got();
    assert!(first.iter().all(|got| got.is_signed), "{first:?}");
    let ids: BTreeSet<&str> = first.iter().map(|got| got.id.as_str()).collect();
    assert_eq!(ids.len(), first.len(), "each event came once");
    for key in ["e-1", "e-2"] {
        let of_key: Vec<&Got> = first.iter().filter(|got| got.body["data"]["key"] == key).collect();
        assert_eq!(of_key.first().unwrap().kind(), "payout.pending");
        assert_eq!(of_key.last().unwrap().kind(), "payout.succeeded");
        assert!(of_key.windows(2).all(|two| two[0].number() < two[1].number()));
    }

    let from = first.iter().map(Got::number).min().unwrap();
    scene.run(&format!("events replay --endpoint erp --from {from}")).exits(0);
    wait_for("every event again", || scene.receiver.got().len() == 2 * first.len());
    let again = scene.receiver.got().split_off(first.len());
    let texts = |got: &[Got]| -> BTreeSet<(String, String)> {
        got.iter().map(|got| (got.id.clone(), got.text.clone())).collect()
    };
    assert_eq!(texts(&again), texts(&first));
    assert!(again.iter().all(|got| got.is_signed), "{again:?}");
    let delivered = format!(
        "pagos_event_deliveries_total{{endpoint=\"erp\",outcome=\"delivered\"}} {}",
        again.len() + first.len()
    );
    wait_for("they are counted", || scene.page().lines().any(|line| line == delivered));
    let doctor = scene.run("doctor").exits(0);
    assert!(doctor.out.contains("good  events to erp (127.0.0.1): signed with one secret; works"));
    let run = scene.stop().exits(0);
    assert!(!run.err.contains(PATH) && !run.err.contains(SECRET), "{}", run.err);
}

#[test]
fn an_endpoint_that_was_gone_is_told_first_that_it_recovered_and_can_be_forgotten() {
    let mut scene = Scene::start("events-gone", None);
    scene.receiver.answers(410);
    scene.pay(&["e-3"]);
    wait_for("it is off", || scene.state()["standing"] == "off");
    let doctor = scene.run("doctor").exits(1);
    assert!(doctor.out.contains("BAD   events to erp (127.0.0.1)"), "{}", doctor.out);
    let off = "pagos_event_endpoint_off{endpoint=\"erp\"} 1";
    wait_for("it is shown", || scene.page().lines().any(|line| line == off));
    assert!(scene.page().contains("{endpoint=\"erp\",outcome=\"gone\"} 1"), "{}", scene.page());

    let before = scene.receiver.got().len();
    scene.receiver.answers(200);
    scene.run("events enable erp").exits(0);
    wait_for("the success", || {
        scene.receiver.got()[before..].iter().any(|got| got.is("payout.succeeded", "e-3"))
    });
    let got = scene.receiver.got().split_off(before);
    assert_eq!(got[0].kind(), "endpoint.recovered");
    assert!(got.iter().all(|got| got.is_signed), "{got:?}");
    wait_for("nothing waits", || scene.state()["waiting"] == 0);
    scene.run("events forget erp").exits(1).says("`pagos serve` delivers to it");

    // The lease ends with the service and not half a minute later.
    scene.stop().exits(0);
    scene.run("events forget erp").exits(0).says("erp is forgotten; 0 events");
    assert_eq!(scene.state(), Value::Null);
    scene.run("events forget erp").exits(1).says("knows no endpoint erp");
    scene.run("events forget --reader nobody").exits(1).says("known: serve");
    scene.run("events forget --reader serve").exits(0).says("serve is forgotten");
}

#[test]
fn on_a_server_another_service_goes_on_when_the_first_one_stops() {
    let Some(database) = Server::open() else { return };
    let mut scene = Scene::start("events-server", Some(database));
    let beside = "serve --listen 127.0.0.1:0 --reader beside";
    let mut beside = start(&scene.folder, scene.database.as_ref(), beside, &[]);
    beside.ready();
    beside.waits_until_it_says("another process delivers the events of endpoint erp");
    scene.pay(&["e-4"]);
    wait_for("the success", || scene.receiver.has("payout.succeeded", "e-4"));
    wait_for("nothing waits", || scene.state()["waiting"] == 0);
    scene.stop().exits(0);
    let before = scene.receiver.got();
    let from = before[0].number();
    scene.run(&format!("events replay --endpoint erp --from {from}")).exits(0);
    wait_for("every event again", || scene.receiver.got().len() == 2 * before.len());
    let ids = |got: &[Got]| got.iter().map(|got| got.id.clone()).collect::<Vec<_>>();
    let got = scene.receiver.got();
    assert_eq!(ids(&got[before.len()..]), ids(&before), "all are of one payout");
    assert!(got.iter().all(|got| got.is_signed), "{got:?}");
    beside.signal("TERM");
    beside.end().exits(0);
    scene.run("events forget erp").exits(0).says("erp is forgotten; 0 events");
}

#[test]
fn a_run_that_waits_for_approval_is_told_and_paid_once_it_is_approved() {
    check_approval("events-approval", None);
}

#[test]
fn a_run_on_a_server_that_waits_for_approval_is_told_and_paid_once_it_is_approved() {
    if let Some(database) = Server::open() {
        check_approval("events-approval-server", Some(database));
    }
}

fn check_approval(name: &str, database: Option<Server>) {
    let rule = "[[accounts.cashypro.approval]]\nof = \"payout\"\nover = \"1 COP\"\napprovers = 1\n";
    let mut scene = Scene::start_with(name, database, rule);
    scene.folder.write("payouts.csv", payouts([("a-1", "sim:success")]));
    let bea = scene.run("token create --name bea --scope submit").exits(0).out;
    scene.run_as("pay payouts.csv --yes", &[("PAGOS_TOKEN", bea.trim())]).exits(4);
    let has = |kind: &str| scene.receiver.got().iter().any(|got| got.kind() == kind);
    wait_for("the run is told", || has("run.waiting_for_approval"));
    let waits = scene.run("runs --waiting --json").exits(0).json()["runs"][0].clone();
    let (run, digest) = (waits["run"].as_str().unwrap(), waits["digest"].as_str().unwrap());
    assert!(scene.twin.paid().is_empty());
    let token = scene.run("token create --name ana --scope approve").exits(0).out;
    let approve = format!("approve {run} --digest {digest}");
    scene.run(&approve).exits(1).says("it is not proven who you are");
    scene.run_as(&approve, &[("PAGOS_TOKEN", token.trim())]).exits(0);
    wait_for("the success", || scene.receiver.has("payout.succeeded", "a-1"));
    assert!(has("run.approved") && scene.receiver.got().iter().all(|got| got.is_signed));
    assert_eq!(scene.twin.paid(), ["a-1"]);
    scene.stop().exits(0);
}
