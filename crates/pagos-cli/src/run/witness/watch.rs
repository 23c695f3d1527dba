//! Says when nothing is sent because the witness cannot be used, and when it can be used again.

use std::{convert::Infallible, time::Duration};

use pagos_engine::WithoutWitness;
use tokio::time::Instant;

use crate::words::{Text, witness};

/// How long `pay` waits for its witness, in one piece.
const AWAY_MAX: Duration = Duration::from_secs(120);

const BEAT: Duration = Duration::from_secs(1);

/// For a service, which waits as long as it takes. `trouble` says why the witness cannot be used.
pub(crate) async fn tell_outages(
    trouble: impl Fn() -> Option<String>,
    without: WithoutWitness,
    tell: impl Fn(&str),
) -> Infallible {
    let mut watch = Watch::default();
    loop {
        tokio::time::sleep(BEAT).await;
        watch.look(trouble(), without, &tell);
    }
}

/// For a command, which ends. Resolves with the reason when nothing was sent for too long.
pub(crate) async fn away_too_long(
    trouble: impl Fn() -> Option<String>,
    without: WithoutWitness,
    tell: impl Fn(&str),
) -> String {
    let mut watch = Watch::default();
    loop {
        tokio::time::sleep(BEAT).await;
        watch.look(trouble(), without, &tell);
        if let Some((since, because)) = &watch.away
            && without == WithoutWitness::Stop
            && since.elapsed() >= AWAY_MAX
        {
            return because.clone();
        }
    }
}

/// Since when the witness is away, and why.
#[derive(Debug, Default)]
struct Watch {
    away: Option<(Instant, String)>,
}

impl Watch {
    fn look(&mut self, trouble: Option<String>, without: WithoutWitness, tell: &impl Fn(&str)) {
        match (trouble, &self.away) {
            (Some(because), None) => {
                tell(&line(&because, without));
                self.away = Some((Instant::now(), because));
            }
            (None, Some(_)) => {
                tell(&witness::is_back());
                self.away = None;
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

fn line(because: &str, without: WithoutWitness) -> Text {
    let because = Text::heard(because);
    match without {
        WithoutWitness::Stop => witness::is_away_and_stops(because),
        WithoutWitness::GoOn => witness::is_away_and_goes_on(because),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// How long `pay` goes on if the witness is away in these seconds, and what it tells meanwhile. After
    /// ten minutes nobody waits any more.
    async fn outcome(
        is_away: impl Fn(u64) -> bool,
        without: WithoutWitness,
    ) -> (Option<(Duration, String)>, Vec<String>) {
        let begun = Instant::now();
        let told = RefCell::new(Vec::new());
        let trouble = || is_away(begun.elapsed().as_secs()).then(|| "no disk".to_owned());
        let tell = |line: &str| told.borrow_mut().push(line.to_owned());
        let ten_minutes = Duration::from_mins(10);
        let end = tokio::time::timeout(ten_minutes, away_too_long(trouble, without, tell)).await;
        (end.ok().map(|because| (begun.elapsed(), because)), told.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn pay_gives_up_when_the_witness_is_away_for_two_minutes() {
        let (end, told) = outcome(|second| second >= 30, WithoutWitness::Stop).await;
        assert_eq!(end, Some((Duration::from_secs(150), "no disk".to_owned())));
        let consequence = "nothing is sent until it can be used again, which is tried";
        assert_eq!(told, [format!("the witness cannot be used: no disk; {consequence}")]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_that_ends_does_not_count_for_the_next_one() {
        let is_away = |second| (1..120).contains(&second) || (121..240).contains(&second);
        let (end, told) = outcome(is_away, WithoutWitness::Stop).await;
        assert_eq!((end, told.len()), (None, 4), "{told:?}");
        assert_eq!(told.last().unwrap(), "the witness can be used again");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_goes_on_without_a_witness_never_gives_up() {
        let (end, told) = outcome(|_| true, WithoutWitness::GoOn).await;
        assert_eq!(end, None);
        assert!(told[0].contains("sent all the same"), "{told:?}");
    }
}
