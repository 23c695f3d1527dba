//! Unsigned messages that name payouts. They prove nothing, and are reasons to ask.

use pagos_kit::{Kit, Random, people::Row};

use super::{Outcome, Target, flood::flood};
use crate::{
    siege::harness::unsigned,
    trial::wire::{self, Message},
};

const PER_SECOND: u64 = 7_000;

const PADDING_BYTES: usize = 60 * 1024;

/// A hint about a payout of a provider that signs nothing.
pub(super) fn build(provider: Kit, key: &str, headers: &str, padding: &str) -> Message {
    let body = provider.hint(key, padding).unwrap_or_default();
    wire::post(&format!("/webhooks/{}", provider.name()), headers, body.into_bytes())
}

/// A hint about one of these.
fn about_one_of(known: &[Row], random: &mut Random, headers: &str, padding: &str) -> Message {
    match (random.choose(known), random.choose(&unsigned())) {
        (Some(row), _) => build(row.provider, &row.key, headers, padding),
        (None, Some(provider)) => build(*provider, "nobody", headers, padding),
        (None, None) => wire::post("/webhooks/nobody", headers, Vec::new()),
    }
}

/// Small ones, 7,000 a second if that is possible.
pub(super) fn small(target: &Target<'_>) -> Outcome {
    Outcome::of(flood(target, Some(PER_SECOND), |stranger| {
        let hint = about_one_of(target.known, &mut stranger.random, "", "");
        stranger.ask(&hint).map(|_| 1)
    }))
}

/// Large ones that differ in body and headers, as fast as possible.
pub(super) fn large(target: &Target<'_>) -> Outcome {
    Outcome::of(flood(target, None, |stranger| {
        let random = &mut stranger.random;
        let word = format!("{:016x}", random.draw(0, u64::MAX));
        let padding = word.repeat(PADDING_BYTES / word.len());
        let headers = format!("X-Odd-{word}: {word}\r\nUser-Agent: {word}\r\n");
        let hint = about_one_of(target.known, random, &headers, &padding);
        stranger.ask(&hint).map(|_| 1)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_name_a_payout_in_the_words_of_its_provider() {
        assert!(!unsigned().is_empty());
        for provider in unsigned() {
            for padding in ["", "aa"] {
                let hint = build(provider, "C2N1", "X-Odd: 1\r\n", padding);
                let path = format!("/webhooks/{}", provider.name());
                assert_eq!(hint.target().unwrap().1, path);
                let body: serde_json::Value = serde_json::from_slice(&hint.body).unwrap();
                let is_told = provider.words().keys.iter().any(|field| body[field] == "C2N1");
                assert!(is_told, "{body}");
                assert_eq!(body["padding"], padding);
            }
        }
    }
}
