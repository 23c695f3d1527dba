//! The sockets on which webhooks and requests arrive, who serves them, and the address that
//! providers are told.

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
};

use futures_util::future::BoxFuture;
use pagos_core::AccountName;
use pagos_webhook::Served;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::exit::Failure;

/// A server in a task of its own.
#[derive(Debug)]
pub(crate) struct Serving {
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<Served>>,
}

impl Serving {
    /// Runs what `serve` makes of the future that tells it to stop.
    pub(crate) fn spawn<Serve>(serve: impl FnOnce(BoxFuture<'static, ()>) -> Serve) -> Self
    where
        Serve: Future<Output = io::Result<Served>> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        let until = Box::pin(async {
            // A dropped sender means the same as a message: stop.
            let _ = stopped.await;
        });
        Self { stop, task: tokio::spawn(serve(until)) }
    }

    /// Lets what is under way finish, but waits for none of it after `hurry`, then stops. However it
    /// ended, whoever got no answer sends again.
    pub(crate) async fn shut_down(self, hurry: impl Future<Output = ()>) {
        drop(self.stop);
        let mut task = self.task;
        tokio::select! {
            biased;
            ended = &mut task => drop(ended),
            () = hurry => task.abort(),
        }
    }
}

/// Opens a socket; what arrives waits in it until somebody serves.
pub(crate) fn open(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .map_err(|error| Failure::new(format!("cannot listen on {address}: {error}")))
}

/// The webhook address of a sandbox account on this machine.
pub(crate) fn notify_url(listening: SocketAddr, account: &AccountName) -> String {
    format!("http://{listening}/webhooks/{account}")
}
