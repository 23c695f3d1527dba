//! Unsigned messages that name payouts. They prove nothing, and are reasons to ask.

use super::{Outcome, Target, flood::flood};
use crate::{
    random::Random,
    siege::wire::{self, Message},
    trial::payroll::{Provider, Row},
};

const PER_SECOND: u64 = 7_000;

const PADDING_BYTES: usize = 60 * 1024;

/// A hint about a payout of a provider that signs nothing.
pub(super) fn build(provider: Provider, key: &str, headers: &str, padding: &str) -> Message {
    let padded = match padding {
        "" => String::new(),
        _ => format!(",\"padding\":\"{padding}\""),
    };
    let body = match provider {
        Provider::Etpay => format!(
            "{{\"id\":\"siege-{key}\",\"status\":\"pending\",\"merchant_order_id\":\"{key}\"{padded}}}"
        ),
        Provider::Cashypro | Provider::Conekta | Provider::Virtualpos => {
            format!("{{\"merchant_id\":\"{key}\"{padded}}}")
        }
    };
    wire::post(&format!("/webhooks/{}", provider.name()), headers, body.into_bytes())
}

/// A hint about one of these.
fn about_one_of(known: &[Row], random: &mut Random, headers: &str, padding: &str) -> Message {
    match random.choose(known) {
        Some(row) => build(row.provider, &row.key, headers, padding),
        None => build(Provider::Virtualpos, "nobody", headers, padding),
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
        for (provider, path, field) in [
            (Provider::Virtualpos, "/webhooks/virtualpos", "merchant_id"),
            (Provider::Etpay, "/webhooks/etpay", "merchant_order_id"),
        ] {
            for padding in ["", "aa"] {
                let hint = build(provider, "C2N1", "X-Odd: 1\r\n", padding);
                assert_eq!(hint.target().unwrap().1, path);
                let body: serde_json::Value = serde_json::from_slice(&hint.body).unwrap();
                assert_eq!(body[field], "C2N1");
                assert_eq!(body.get("padding").is_some(), !padding.is_empty());
            }
        }
    }
}
