//! The signals that ask the program to stop: the first allows a bounded time, the second stops at
//! once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::Duration,
};

use pagos_engine::Sending;
use tokio::{sync::watch, time::Instant};

use crate::{
    words::{Text, pay},
    {console, exit::Exit},
};

/// How long after a signal work under way is waited for. What is not done then is in doubt.
pub(crate) const WORK_MAX: Duration = Duration::from_secs(4);

/// How long after a signal current deliveries are waited for.
pub(crate) const RECEIVER_MAX: Duration = Duration::from_millis(5_000);

/// How long after a signal outcomes are read from the store.
pub(crate) const OUTCOMES_MAX: Duration = Duration::from_millis(6_000);

/// How long after a signal the process ends, whatever a provider, a client, a database or a reader
/// does. `docker stop` kills after 10 seconds, and a slow machine needs a part of them.
pub(crate) const END: Duration = Duration::from_millis(7_500);

/// Receives signals from its creation on. The second signal ends the process, and so does the end
/// of the time limit after the first: what was under way is then in doubt, and the next run queries
/// it.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    asked_at: watch::Receiver<Option<Instant>>,
    end: Arc<End>,
}

/// How the process ends if its work does not end in time.
#[derive(Debug)]
struct End {
    exit_code: AtomicU8,
    sending: Sending,
}

impl Stop {
    /// From here on a signal is a request, and does not end the process. `sending` counts the
    /// payouts that are left in doubt if it ends.
    pub(crate) fn listen(sending: Sending) -> Self {
        let (sender, asked_at) = watch::channel(None);
        let exit_code = AtomicU8::new(Exit::InDoubt.code());
        let end = Arc::new(End { exit_code, sending });
        let mut heard = Heard::new();
        let last = Arc::clone(&end);
        tokio::spawn(async move {
            heard.next().await;
            Arc::clone(&last).spawn_timer();
            sender.send_replace(Some(Instant::now()));
            heard.next().await;
            last.end_now(pay::asked_once_more());
        });
        Self { asked_at, end }
    }

    /// Resolves when a stop is requested, or at once if it already was.
    pub(crate) async fn requested(&self) {
        self.asked_for(Duration::ZERO).await;
    }

    /// Resolves when the request is that long ago.
    pub(crate) async fn asked_for(&self, span: Duration) {
        let mut asked_at = self.asked_at.clone();
        let asked_at = asked_at.wait_for(Option::is_some).await.ok().and_then(|at| *at);
        match asked_at {
            Some(asked_at) => tokio::time::sleep_until(asked_at + span).await,
            // Nobody handles signals any more, so they have their default effect.
            None => std::future::pending().await,
        }
    }

    /// Whether a stop was requested.
    pub(crate) fn is_requested(&self) -> bool {
        self.asked_at.borrow().is_some()
    }

    /// Sets the exit code for a second signal; before this it is "in doubt".
    pub(crate) fn ends_as(&self, exit: Exit) {
        self.end.exit_code.store(exit.code(), Ordering::SeqCst);
    }
}

impl End {
    /// A thread, because the tasks of a blocked runtime do not run.
    fn spawn_timer(self: Arc<Self>) {
        // Without the thread, the process ends after a signal only when everything is done.
        let _ = std::thread::Builder::new().spawn(move || {
            std::thread::sleep(END);
            self.end_now(pay::stop_took_too_long());
        });
    }

    fn end_now(&self, because: Text) -> ! {
        console::tell(&pay::ends(because, left_in_doubt(self.sending.count())));
        console::settle();
        std::process::exit(i32::from(self.exit_code.load(Ordering::SeqCst)))
    }
}

/// Whether payouts left in doubt were reported. Those are not counted any more.
static WERE_SOME_TOLD: AtomicBool = AtomicBool::new(false);

/// The message about payouts that are being sent when the process ends without waiting for them.
pub(crate) fn left_in_doubt(sending: usize) -> Text {
    let were_some_told = WERE_SOME_TOLD.fetch_or(sending > 0, Ordering::SeqCst);
    words_of_doubt(sending, were_some_told)
}

fn words_of_doubt(sending: usize, were_some_told: bool) -> Text {
    match sending {
        0 if were_some_told => pay::none_besides(),
        0 => pay::none_was_being_sent(),
        1 => pay::one_was_being_sent(),
        _ => pay::were_being_sent(sending),
    }
}

/// From here on SIGHUP calls `heard` instead of ending the process.
#[cfg(unix)]
pub(crate) fn on_hangup(heard: impl Fn() + Send + 'static) {
    use tokio::signal::unix::{SignalKind, signal};

    // Without a handler it keeps its default effect: it ends the process, and the next one resumes.
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

/// The signals since its creation. If a handler cannot be set, the signal keeps its default effect:
/// it ends the process, and the next run resumes.
struct Heard {
    #[cfg(unix)]
    signals: [Option<tokio::signal::unix::Signal>; 2],
}

impl Heard {
    #[cfg(unix)]
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn world_18_every_wait_is_counted_from_the_signal() {
        let (sender, asked_at) = watch::channel(None);
        let end = End { exit_code: AtomicU8::new(0), sending: Sending::default() };
        let stop = Stop { asked_at, end: Arc::new(end) };
        assert!(!stop.is_requested());
        let began = Instant::now();
        tokio::time::sleep(Duration::from_secs(60)).await;
        sender.send_replace(Some(Instant::now()));
        stop.requested().await;
        assert!(stop.is_requested());
        assert_eq!(began.elapsed(), Duration::from_secs(60));
        // Whoever asks late waits no longer than whoever asked at once.
        tokio::time::sleep(Duration::from_secs(3)).await;
        stop.asked_for(WORK_MAX).await;
        assert_eq!(began.elapsed(), Duration::from_secs(60) + WORK_MAX);
        stop.asked_for(Duration::from_secs(1)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(60) + WORK_MAX);
    }

    /// "64 payouts are left in doubt", and a line further "nothing more is left in doubt".
    #[test]
    fn world_18_the_words_of_a_stop_do_not_contradict_each_other() {
        assert!(
            words_of_doubt(64, false)
                .english()
                .starts_with("64 payouts were being sent and are left")
        );
        assert!(words_of_doubt(0, true).english().contains("that are in doubt as said above"));
        assert_eq!(
            words_of_doubt(0, false).english(),
            "no payout was being sent, and nothing is lost"
        );
    }

    #[test]
    fn world_18_the_parts_of_a_stop_fit_into_eight_seconds() {
        let parts = [WORK_MAX, RECEIVER_MAX, OUTCOMES_MAX, END, Duration::from_secs(8)];
        assert!(parts.is_sorted_by(|earlier, later| earlier < later), "{parts:?}");
    }
}
