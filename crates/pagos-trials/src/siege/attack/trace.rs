//! Genuine webhooks once more, byte for byte, with headers that tracing systems add on the way. All
//! are acknowledged, and they are the same deliveries as before.

use std::sync::atomic::{AtomicU64, Ordering};

use pagos_kit::Random;

use super::{Outcome, Target, flood::flood};
use crate::trial::wire::Message;

pub(super) fn launch(target: &Target<'_>) -> Outcome {
    let kept = target.relay.kept();
    let refused = AtomicU64::new(0);
    let requests = flood(target, None, |stranger| {
        let Some(genuine) = stranger.random.choose(&kept) else { return Ok(0) };
        let request = traced(genuine, &mut stranger.random);
        // A kept connection may close at any time; then it is asked on another one.
        let answer = stranger.ask(&request).or_else(|_| stranger.ask(&request));
        let is_acknowledged = answer.is_ok_and(|it| is_success(&it));
        if !is_acknowledged {
            refused.fetch_add(1, Ordering::Relaxed);
        }
        Ok(1)
    });
    let complaints = match (requests, refused.into_inner()) {
        (0, _) => vec!["no webhook was repeated".to_owned()],
        (_, 0) => Vec::new(),
        (_, count) => vec![format!("{count} repeated webhooks were not acknowledged")],
    };
    Outcome { requests, complaints }
}

fn is_success(answer: &Message) -> bool {
    answer.status().is_some_and(|status| (200..300).contains(&status))
}

/// The same with three headers before the end of its head.
fn traced(genuine: &Message, random: &mut Random) -> Message {
    let word = format!("{:016x}", random.draw(0, u64::MAX));
    let headers = format!(
        "traceparent: 00-{word}{word}-{word}-01\r\nx-trace-id: {word}\r\nx-odd-{word}: {word}\r\n\r\n"
    );
    let mut head = genuine.head.clone();
    head.truncate(head.len().saturating_sub(2));
    head.extend_from_slice(headers.as_bytes());
    Message { head, body: genuine.body.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::wire;

    #[test]
    fn headers_are_added_and_nothing_else_changes() {
        let genuine = wire::post("/webhooks/cashypro", "Sign: ab\r\n", b"{}".to_vec());
        let traced = traced(&genuine, &mut Random::new(1, 1));
        let head = String::from_utf8(traced.head).unwrap();
        let before = String::from_utf8(genuine.head).unwrap();
        assert!(head.starts_with(before.trim_end()), "{head}");
        assert_eq!(head.matches("\r\n\r\n").count(), 1);
        assert!(head.ends_with("\r\n\r\n"));
        assert_eq!(head.lines().count(), before.lines().count() + 3);
        assert_eq!(traced.body, genuine.body);
    }
}
