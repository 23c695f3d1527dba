//! The loop that sends due webhooks and reports what came of them.
//! Not how one is sent; see `poster`.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::{host::Host, poster::Poster};

/// Sends webhooks until `stopped` says so.
pub(super) fn spawn_sending(host: Arc<Host>, mut stopped: watch::Receiver<()>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let poster = Arc::new(Poster::default());
        let mut running = JoinSet::new();
        loop {
            for delivery in host.due(AT_ONCE_MAX - running.len()) {
                let (poster, host) = (Arc::clone(&poster), Arc::clone(&host));
                running.spawn(async move {
                    let id = delivery.id;
                    let ack = poster.post(delivery).await;
                    host.delivered(id, ack);
                });
            }
            // At full stretch, the next thing to wait for is the end of one of them.
            let wait = host.wait().filter(|_| running.len() < AT_ONCE_MAX).unwrap_or(REST);
            tokio::select! {
                _ = stopped.changed() => break,
                Some(_) = running.join_next() => {}
                () = host.something_earlier() => {}
                () = tokio::time::sleep(wait.min(REST)) => {}
            }
        }
    })
}

/// How many webhooks are under way at most.
const AT_ONCE_MAX: usize = 64;

/// How long the loop sleeps at most.
const REST: Duration = Duration::from_secs(60);
