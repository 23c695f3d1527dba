//! Ctrl-C and SIGTERM during `pay`: it stops sending, waits, says how to resume, and resumes.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::json;

use support::{Folder, Twin, all_are, keys, payouts};

#[test]
fn an_interrupted_run_says_how_to_resume_and_resumes() {
    let folder = Folder::new("interrupted");
    // A second of the twin is 50 ms: each answer takes 100 to 500 ms.
    let twin = Twin::start_with(&folder, "--speed 20");
    let keys = keys("i", 30);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "sim:slow"))));
    let pay = format!(
        "pay payouts.csv --sandbox-url {} --yes --db i.db --json --concurrency 2",
        twin.origin
    );
    let mut sent = 0;
    for signal in ["INT", "TERM"] {
        let running = folder.start(&pay);
        support::wait_for("more is sent", || orders(&twin) > sent);
        running.signal(signal);
        let run = running.end().exits(3).says("stopping: nothing new is sent");
        let run = run.says("Run the same command again to resume: `pagos pay payouts.csv`");
        // What was under way was waited for: everything is sent and known to be, or not sent.
        let document = run.says("do not pay them in another way").json();
        sent = orders(&twin);
        assert!(sent < keys.len(), "the test was too slow to interrupt anything");
        let attempts = support::field_by_key(&document, "attempts");
        let begun = attempts.iter().filter(|(_, attempts)| *attempts == 1).count();
        assert_eq!(begun, sent, "{document}");
        for ((key, attempts), (_, status)) in
            attempts.iter().zip(support::field_by_key(&document, "status"))
        {
            let expected: &[&str] =
                if *attempts == 0 { &["created"] } else { &["pending", "succeeded"] };
            assert!(expected.contains(&status.as_str().unwrap()), "{key}: {status}");
        }
    }
    twin.tell("clock", &json!({"speed": 200}));
    let document = folder.run(&pay).exits(0).json();
    assert!(all_are(&document, "status", "succeeded"), "{document}");
    assert!(all_are(&document, "attempts", 1), "{document}");
    assert_eq!(twin.paid(), keys);
}

/// How many orders the twin has.
fn orders(twin: &Twin) -> usize {
    twin.ask("orders").as_array().unwrap().len()
}
