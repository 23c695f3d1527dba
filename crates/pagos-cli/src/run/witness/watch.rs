//! Says when nothing is sent because the witness cannot be used, and when it can be used again.

use std::{convert::Infallible, time::Duration};

use pagos_engine::{Engine, WithoutWitness};
use tokio::time::Instant;

use crate::words::{Text, witness};

/// How long `pay` waits for its witness, in one piece.
const AWAY_MAX: Duration = Duration::from_secs(120);

const BEAT: Duration = Duration::from_secs(1);

/// For a service, which waits as long as it takes.
pub(crate) async fn tell_outages(
    engine: &Engine,
    without: WithoutWitness,
    tell: impl Fn(&str),
) -> Infallible {
    let mut watch = Watch::default();
    loop {
        tokio::time::sleep(BEAT).await;
        watch.look(engine, without, &tell);
    }
}

/// For a command, which ends. Resolves with the reason when nothing was sent for too long.
pub(crate) async fn away_too_long(
    engine: &Engine,
    without: WithoutWitness,
    tell: impl Fn(&str),
) -> String {
    let mut watch = Watch::default();
    loop {
        tokio::time::sleep(BEAT).await;
        watch.look(engine, without, &tell);
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
    fn look(&mut self, engine: &Engine, without: WithoutWitness, tell: &impl Fn(&str)) {
        match (engine.without_witness(), &self.away) {
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
    match without {
        WithoutWitness::Stop => witness::is_away_and_stops(because),
        WithoutWitness::GoOn => witness::is_away_and_goes_on(because),
    }
}
