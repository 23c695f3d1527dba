//! Delivers the events of one endpoint, session after session.

use std::{future::Future, pin::pin, time::Duration};

use futures_util::{
    FutureExt,
    future::{Either, FusedFuture, select},
};

use crate::{
    sender::Deliverer,
    session::{End, Session},
};

/// How long to wait after the store failed, or while another process delivers.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

impl Deliverer {
    /// Delivers until `stop`. Then it begins no other try, waits for those under way (at most
    /// [`TRY_TIMEOUT`](crate::TRY_TIMEOUT)), records them, and gives its lease back, so that another process
    /// takes over at once. `tell` gets messages for the operator's console.
    ///
    /// Dropping it loses nothing either: what was not recorded as delivered is delivered again, once the
    /// lease is over.
    ///
    /// A new endpoint begins with the first notice after the present. A store that fails is tried again.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send, tell: &(dyn Fn(&str) + Sync)) {
        let mut stop = pin!(stop.fuse());
        let mut told = String::new();
        loop {
            let ended = match Session::begin(self).await {
                Ok(session) => session.run(stop.as_mut()).await,
                Err(end) => Err(end),
            };
            let Err(end) = ended else { return };
            let message = self.message(&end);
            if message != told {
                tell(&message);
                told = message;
            }
            if stop.is_terminated() {
                return;
            }
            let again = pin!(self.timer.sleep(AGAIN_AFTER));
            if let Either::Right(_) = select(again, stop.as_mut()).await {
                return;
            }
        }
    }

    fn message(&self, end: &End) -> String {
        let name = self.endpoint.name();
        match end {
            End::Held => format!("another process delivers the events of endpoint {name}"),
            End::Store(error) => format!(
                "the events of endpoint {name} are not delivered now: {error}; that is tried again"
            ),
        }
    }
}
