//! The signals that ask the program to stop: once politely, twice at once.

use crate::exit::Exit;

/// Resolves when the process is asked to stop: Ctrl-C, or SIGTERM where there is one.
pub(crate) async fn stop_requested() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::SignalKind;
        use tokio::signal::unix::signal;

        // If a handler cannot be set, the signal keeps its usual meaning: it ends the process, and
        // the next run resumes.
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Ends the process when it is asked to stop once more: what was under way is then in doubt, and
/// the next run asks about it.
pub(crate) fn exit_when_asked_again() {
    tokio::spawn(async {
        stop_requested().await;
        std::process::exit(i32::from(Exit::InDoubt.code()));
    });
}
