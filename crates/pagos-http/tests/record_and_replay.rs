//! What is recorded can be replayed, and a request that differs in one byte cannot.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use pagos_core::{Departure, Reached, Transport};
use pagos_http::{Exchange, RecordTransport, ReplayTransport};

fn request(body: &'static str, sign: &str) -> http::Request<Bytes> {
    http::Request::post("https://sandbox.example/stage-api/api/payOut")
        .header("content-type", "application/json")
        .header("sign", sign)
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}

fn exchange(body: &'static str) -> Exchange {
    let response = http::Response::builder().status(200).body(Bytes::from_static(b"{}")).unwrap();
    Exchange { request: request(body, "0c58e030"), response }
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[tokio::test]
async fn what_was_recorded_replays() {
    let folder = folder("record");
    let inner = Arc::new(ReplayTransport::new([exchange("{\"n\":1}"), exchange("{\"n\":2}")]));
    let record = RecordTransport::new(inner, &folder).unwrap();
    record.send(request("{\"n\":1}", "0c58e030"), Departure::Anytime).await.unwrap();
    record.send(request("{\"n\":2}", "0c58e030"), Departure::Anytime).await.unwrap();
    assert_eq!(record.answers_unwritten(), 0);
    let text = std::fs::read_to_string(folder.join("1-request.http")).unwrap();
    assert_eq!(
        text,
        "POST https://sandbox.example/stage-api/api/payOut HTTP/1.1\n\
         content-type: application/json\nsign: <redacted>\n\n{\"n\":1}"
    );

    let replay = ReplayTransport::open(&folder).unwrap();
    assert_eq!(replay.remaining(), 2);
    let response =
        replay.send(request("{\"n\":1}", "another signature"), Departure::Anytime).await.unwrap();
    assert_eq!(response.body(), "{}");
    assert_eq!(replay.remaining(), 1);
}

#[tokio::test]
async fn a_difference_is_named_and_not_shown() {
    let replay = ReplayTransport::new([exchange("{\"n\":1}")]);
    let cases = [
        (request("{\"n\":3}", "0c58e030"), "the body differs from byte 5 on"),
        (request("{\"n\":1}", "0c58e031"), "the header sign differs"),
    ];
    for (request, expected) in cases {
        let error = replay.send(request, Departure::Anytime).await.unwrap_err();
        assert_eq!(error.reached, Reached::No);
        assert_eq!(error.message, format!("not the recorded request: {expected}"));
    }
    replay.send(request("{\"n\":1}", "0c58e030"), Departure::Anytime).await.unwrap();
    assert!(replay.send(request("{\"n\":1}", "0c58e030"), Departure::Anytime).await.is_err());
}

#[tokio::test]
async fn a_request_that_cannot_be_recorded_is_not_sent() {
    let folder = folder("taken");
    let inner = Arc::new(ReplayTransport::new([exchange("{}")]));
    let record = RecordTransport::new(inner.clone(), &folder).unwrap();
    std::fs::write(folder.join("1-request.http"), "somebody else's").unwrap();
    let error = record.send(request("{}", "0c58e030"), Departure::Anytime).await.unwrap_err();
    assert_eq!(error.reached, Reached::No);
    assert_eq!(inner.remaining(), 1);
}

/// Bodies are recorded whole, with the people in them.
#[cfg(unix)]
#[tokio::test]
async fn world_7_only_their_owner_reads_what_was_recorded() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder("private").join("made");
    let inner = Arc::new(ReplayTransport::new([exchange("{}")]));
    let record = RecordTransport::new(inner, &folder).unwrap();
    record.send(request("{}", "0c58e030"), Departure::Anytime).await.unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for name in ["1-request.http", "1-response.http"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
}
