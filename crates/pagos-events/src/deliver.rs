//! Delivers the events of one endpoint, session after session.

use std::{convert::Infallible, time::Duration};

use crate::{
    sender::Deliverer,
    session::{End, Session},
};

/// How long to wait after the store failed, or while another process delivers.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

impl Deliverer {
    /// Delivers until it is dropped, which loses nothing: what was not recorded as delivered is delivered
    /// again. `tell` gets messages for the operator's console.
    ///
    /// A new endpoint begins with the first notice after the present. A store that fails is tried again.
    pub async fn run(&self, tell: &(dyn Fn(&str) + Sync)) -> Infallible {
        let mut told = String::new();
        loop {
            let Err(end) = self.session().await;
            let message = match end {
                End::Held => format!(
                    "another process delivers the events of endpoint {}",
                    self.endpoint.name()
                ),
                End::Store(error) => format!(
                    "the events of endpoint {} are not delivered now: {error}; that is tried again",
                    self.endpoint.name()
                ),
            };
            if message != told {
                tell(&message);
                told = message;
            }
            self.timer.sleep(AGAIN_AFTER).await;
        }
    }

    async fn session(&self) -> Result<Infallible, End> {
        Session::begin(self).await?.run().await
    }
}
