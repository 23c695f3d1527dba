//! The signals that ask the program to stop: once politely, twice at once.

use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;

use tokio::sync::watch;

use crate::exit::Exit;

/// Hears the signals from its making on, whatever else is done meanwhile. The second one ends the
/// process: what was under way is then in doubt, and the next run asks about it.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    times_asked: watch::Receiver<u32>,
    exit_code: Arc<AtomicU8>,
}

impl Stop {
    /// From here on a signal is a request, and no longer the end.
    pub(crate) fn listen() -> Self {
        let (sender, times_asked) = watch::channel(0);
        let exit_code = Arc::new(AtomicU8::new(Exit::InDoubt.code()));
        let mut heard = Heard::new();
        let code = Arc::clone(&exit_code);
        tokio::spawn(async move {
            loop {
                heard.next().await;
                if *sender.borrow() > 0 {
                    std::process::exit(i32::from(code.load(Ordering::SeqCst)));
                }
                sender.send_modify(|times| *times += 1);
            }
        });
        Self { times_asked, exit_code }
    }

    /// Resolves when it is asked, or at once if it was.
    pub(crate) async fn requested(&self) {
        let mut times_asked = self.times_asked.clone();
        if times_asked.wait_for(|times| *times > 0).await.is_err() {
            // Nobody hears signals any more, so they have their usual meaning.
            std::future::pending().await
        }
    }

    /// How the process ends if it is asked once more: in doubt, until this is said.
    pub(crate) fn ends_as(&self, exit: Exit) {
        self.exit_code.store(exit.code(), Ordering::SeqCst);
    }
}

/// Resolves when the process is asked to stop: Ctrl-C, or SIGTERM where there is one.
pub(crate) async fn stop_requested() {
    Heard::new().next().await;
}

/// From here on SIGHUP no longer ends the process: `heard` is called instead.
#[cfg(unix)]
pub(crate) fn on_hangup(heard: impl Fn() + Send + 'static) {
    use tokio::signal::unix::SignalKind;
    use tokio::signal::unix::signal;

    // Without a handler it keeps its usual meaning: it ends the process, and the next one resumes.
    if let Ok(mut hangup) = signal(SignalKind::hangup()) {
        tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                heard();
            }
        });
    }
}

#[cfg(not(unix))]
pub(crate) fn on_hangup(_: impl Fn() + Send + 'static) {}

/// The signals since its making. If a handler cannot be set, the signal keeps its usual meaning: it
/// ends the process, and the next run resumes.
struct Heard {
    #[cfg(unix)]
    signals: [Option<tokio::signal::unix::Signal>; 2],
}

impl Heard {
    #[cfg(unix)]
    fn new() -> Self {
        use tokio::signal::unix::SignalKind;
        use tokio::signal::unix::signal;

        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Self { signals: kinds.map(|kind| signal(kind).ok()) }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.signals;
        tokio::select! {
            () = received(interrupt) => {}
            () = received(terminate) => {}
        }
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Self {}
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    let heard = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if heard.is_none() {
        std::future::pending().await
    }
}
