//! What is recorded can be replayed: as it is, and as a case of the conformance suite.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../pagos-conformance/tests/acme/mod.rs"]
#[allow(dead_code, reason = "only the careful provider is recorded")]
mod acme;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use pagos_conformance::{Case, Replay};
use pagos_core::{
    Clock, Departure, PayoutOrder, PayoutProvider, Reached, Timestamp, Transport, TransportError,
};
use pagos_http::{HttpOptions, HttpTransport, RecordTransport};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::acme::{Acme, Manners};

fn request(body: &'static [u8], sign: &str) -> http::Request<Bytes> {
    http::Request::post("https://sandbox.example/stage-api/api/payOut")
        .header("content-type", "application/json")
        .header("sign", sign)
        .body(Bytes::from_static(body))
        .unwrap()
}

/// Loses the body `lost`, and says every other one again, the one that begins with `late` last.
#[derive(Debug)]
struct Mirror;

#[async_trait]
impl Transport for Mirror {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        if request.body() == "lost" {
            return Err(TransportError::new(Reached::Maybe, "closed \"by the peer\""));
        }
        if request.body().starts_with(b"late") {
            tokio::task::yield_now().await;
        }
        let mut response = http::Response::new(request.into_body());
        response.headers_mut().insert("set-cookie", "session=1".parse().unwrap());
        Ok(response)
    }
}

fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder.join("made/recorded.fixture")
}

#[tokio::test]
async fn what_was_recorded_replays() {
    // The third is no text, and what ends in a line end could lose it.
    const BODIES: [&[u8]; 4] = [b"{\"n\":1}", b"lost", b"=== \xff\r\n\\n", b"\n\n"];
    let file = file("record");
    let record = RecordTransport::new(Arc::new(Mirror), &file).unwrap();
    for body in BODIES {
        let _ = record.send(request(body, "0c58e030"), Departure::Anytime).await;
    }
    assert_eq!(record.answers_unwritten(), 0);
    let text = fs::read_to_string(&file).unwrap();
    let first = "\n=== request 1\nPOST https://sandbox.example/stage-api/api/payOut\n\
                 content-type: application/json\nsign: <redacted>\n\n{\"n\":1}\n\
                 \n=== response 1\nHTTP/1.1 200\nset-cookie: <redacted>\n\n{\"n\":1}\n";
    assert!(text.contains(first), "{text}");

    let replay = Replay::open(&file).unwrap();
    for body in BODIES {
        let answer = replay.send(request(body, "another signature"), Departure::Anytime).await;
        match answer {
            Ok(response) => assert_eq!(response.body(), body),
            Err(error) => assert_eq!((error.reached, body), (Reached::Maybe, BODIES[1])),
        }
    }
    assert_eq!(replay.failures(), [""; 0]);
}

#[tokio::test]
async fn a_difference_is_named() {
    let file = file("difference");
    let record = RecordTransport::new(Arc::new(Mirror), &file).unwrap();
    record.send(request(b"1", "0c58e030"), Departure::Anytime).await.unwrap();
    let mut without = request(b"1", "0c58e030");
    without.headers_mut().remove("sign");
    for (request, expected) in [(request(b"2", "0c58e030"), "body"), (without, "header sign")] {
        let replay = Replay::open(&file).unwrap();
        replay.send(request, Departure::Anytime).await.unwrap();
        let failures = replay.failures();
        assert!(failures[0].starts_with(&format!("request 1: {expected}")), "{failures:?}");
        assert_eq!(failures.len(), 1);
    }
    assert_eq!(Replay::open(&file).unwrap().failures(), ["request 1 was not sent"]);
}

#[tokio::test]
async fn requests_that_are_under_way_together_keep_their_answers() {
    let file = file("together");
    let record = RecordTransport::new(Arc::new(Mirror), &file).unwrap();
    let late = record.send(request(b"late 1", ""), Departure::Anytime);
    let soon = record.send(request(b"soon 2", ""), Departure::Anytime);
    let _ = tokio::join!(late, soon);
    let text = fs::read_to_string(&file).unwrap();
    let markers: Vec<&str> = text.lines().filter(|line| line.starts_with("===")).collect();
    let together = ["=== request 1", "=== request 2", "=== response 2", "=== response 1"];
    assert_eq!(markers, together);
    let replay = Replay::open(&file).unwrap();
    for body in [&b"late 1"[..], b"soon 2"] {
        let answer = replay.send(request(body, ""), Departure::Anytime).await.unwrap();
        assert_eq!(answer.body(), body);
    }
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let file = file("taken");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "somebody else's").unwrap();
    assert!(RecordTransport::new(Arc::new(Mirror), &file).is_err());
    assert_eq!(fs::read_to_string(&file).unwrap(), "somebody else's");
}

/// Bodies are recorded whole, with the people in them.
#[cfg(unix)]
#[tokio::test]
async fn world_7_only_their_owner_reads_what_was_recorded() {
    use std::os::unix::fs::PermissionsExt;

    let file = file("private");
    let record = RecordTransport::new(Arc::new(Mirror), &file).unwrap();
    record.send(request(b"{}", "0c58e030"), Departure::Anytime).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    assert_eq!(mode(&file), 0o600);
}

/// A clock that stands still.
#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-01-15T13:20:30Z".parse().unwrap()
    }
}

/// A server that answers one request as the provider of the suite's own tests documents.
async fn serve_one() -> String {
    const ANSWER: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\
        Content-Length: 32\r\nConnection: close\r\n\r\n{\"id\":\"po_1\",\"status\":\"pending\"}";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"}") {
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "the request broke off");
        }
        stream.write_all(ANSWER).await.unwrap();
    });
    format!("http://{address}")
}

/// A call over a socket, recorded; then a head above it, order and expectation below, and it is a case.
#[tokio::test]
async fn a_recorded_call_is_a_case() {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("recorded-case");
    let _ = fs::remove_dir_all(&root);
    let file = root.join("acme/documented/payout-create/recorded.fixture");
    let documented =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../pagos-conformance/tests/fixtures");
    let documented = Case::find(&documented, "acme", "payout-create", "accepted").unwrap();
    let order: PayoutOrder = documented.json("order").unwrap();

    let base_url = serve_one().await;
    let http = HttpTransport::new(&HttpOptions::default(), Arc::new(Noon)).unwrap();
    let record = Arc::new(RecordTransport::new(Arc::new(http), &file).unwrap());
    let setting = |name: &str| match name {
        "BASE_URL" => Some(base_url.clone()),
        _ => Some("the-key-of-the-sandbox".to_owned()),
    };
    let provider = Acme::new(setting, record, Arc::new(Noon), Manners::Careful).unwrap();
    let seen = provider.create(&order, None, Departure::Anytime).await.unwrap();

    let recording = fs::read_to_string(&file).unwrap();
    assert!(!recording.contains("the-key-of-the-sandbox"), "{recording}");
    let case = format!(
        "description = \"A new payout.\"\nsource = \"a recording\"\nread = \"2026-01-15\"\n\
         clock = \"2026-01-15T13:20:30Z\"\n\n\
         [settings]\nBASE_URL = \"{base_url}\"\nAPI_KEY = \"invented\"\n\n{recording}\n\
         === order\n{}\n\n=== expected\n{}\n",
        serde_json::to_string_pretty(&order).unwrap(),
        serde_json::json!({"observation": seen}),
    );
    fs::write(&file, case).unwrap();
    let report = pagos_conformance::run(&root, &[("acme", &acme::build(Manners::Careful))]);
    assert!(report.is_passed(), "{report}");
    assert_eq!(report.cases().len(), 3, "{report}");
}
