//! SIGTERM ends `serve` and `pay` in time for `docker stop`, whatever a provider, a client or another
//! program does. What is cut off is in doubt, which is said, and the next start asks about it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    io::Write,
    net::TcpStream,
    time::{Duration, Instant},
};

use support::{Folder, Run, Running, Twin, http, silent};

/// `docker stop` kills after so long. The command wants less.
const STOP_MAX: Duration = Duration::from_secs(10);

const SERVE: &str = "serve --listen 127.0.0.1:0 --db s.db";
const PAY: &str = "pay payouts.csv --yes --db s.db";

/// Sends SIGTERM and insists on an end in time.
fn stopped(running: Running) -> Run {
    let told_at = Instant::now();
    running.signal("TERM");
    let run = running.end();
    assert!(told_at.elapsed() < STOP_MAX, "{:?}: {}", told_at.elapsed(), run.err);
    run
}

/// It was begun, and nobody wrote that it failed.
fn check_doubt(folder: &Folder) {
    let payout = folder.payout("s.db", "k-1");
    assert_eq!(payout["attempts"], 1, "{payout}");
    let status = payout["status"].as_str().unwrap();
    assert!(["created", "unknown"].contains(&status), "{payout}");
}

#[test]
fn world_18_a_provider_that_never_answers_does_not_hold_up_serve() {
    let (folder, silent) = silent("stop-serve");
    let mut server = folder.start(SERVE);
    server.ready();
    let payer = folder.start(PAY);
    let call = silent.accept().unwrap();
    stopped(payer).exits(3).says("some payouts are not settled");
    stopped(server).exits(3).says("1 payout was being sent and is left in doubt");
    check_doubt(&folder);
    drop(call);
    let mut server = folder.start(SERVE);
    server.ready();
    // A query, and no second order: the key may have been paid.
    let (mut asked, _) = silent.accept().unwrap();
    let mut head = [0; 64];
    let read = std::io::Read::read(&mut asked, &mut head).unwrap();
    let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
    assert!(head.contains("query"), "{head}");
    assert_eq!(folder.payout("s.db", "k-1")["attempts"], 1);
    server.kill();
}

#[test]
fn world_18_a_provider_that_never_answers_does_not_hold_up_pay() {
    let (folder, silent) = silent("stop-pay");
    let payer = folder.start(PAY);
    let _call = silent.accept().unwrap();
    let run = stopped(payer).exits(3).says("stopping: nothing new is sent");
    let run = run.says("1 payout was being sent and is left in doubt");
    run.says("Run the same command again to resume").says("do not pay them in another way");
    check_doubt(&folder);
}

/// The answer is lost, and that cannot be written down: another program has the database.
#[test]
fn world_18_a_database_that_another_program_keeps_locked_does_not_hold_up_the_end() {
    let (folder, silent) = silent("stop-locked");
    let mut server = folder.start(SERVE);
    server.ready();
    let payer = folder.start(PAY);
    let call = silent.accept().unwrap();
    payer.kill();
    let other = rusqlite::Connection::open(folder.path().join("s.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    drop(call);
    drop(silent);
    let run = stopped(server).exits(3);
    run.says("1 payout was being sent and is left in doubt");
    other.execute_batch("ROLLBACK").unwrap();
    check_doubt(&folder);
}

#[test]
fn world_18_a_client_that_holds_its_connection_does_not_hold_up_the_end() {
    let (folder, _silent) = silent("stop-client");
    let mut server = folder.start(SERVE);
    let ready = server.ready();
    let origin = ready["listening"].as_str().unwrap().to_owned();
    let authority = origin.strip_prefix("http://").unwrap();
    let mut idle = TcpStream::connect(authority).unwrap();
    let mut begun = TcpStream::connect(authority).unwrap();
    begun.write_all(b"POST /webhooks/cashypro HTTP/1.1\r\ncontent-length: 9\r\n\r\n{").unwrap();
    // Both were accepted before this one.
    for path in ["healthz", "readyz"] {
        let (status, body) = http("HEAD", &format!("{origin}/{path}"), &[], "");
        assert_eq!((status, body.as_str()), (200, ""), "{path}");
    }
    let run = stopped(server).exits(0);
    assert!(!run.err.contains("in doubt"), "{}", run.err);
    let _ = idle.write_all(b"x");
}

#[test]
fn world_18_a_twin_ends_although_a_client_holds_its_connection() {
    let folder = Folder::new("stop-twin");
    let twin = Twin::start(&folder);
    let mut begun = TcpStream::connect(twin.origin.strip_prefix("http://").unwrap()).unwrap();
    begun.write_all(b"POST /_twin/merchant HTTP/1.1\r\ncontent-length: 9\r\n\r\n{").unwrap();
    twin.ask("credentials");
    let told_at = Instant::now();
    twin.stop().exits(0);
    assert!(told_at.elapsed() < STOP_MAX, "{:?}", told_at.elapsed());
}
