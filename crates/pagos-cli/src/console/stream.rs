//! One output stream of the process: a bounded queue, and a thread that writes its content.
//!
//! Work on money never waits for a reader: a task waits for room asynchronously, and optional
//! output is dropped. A thread that a stuck reader blocks is abandoned when the process ends.

use std::{
    collections::VecDeque,
    fmt,
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// The queue holds at most this many bytes plus one chunk.
const QUEUED_BYTES_MAX: usize = 256 * 1024;

/// A stream with its writer. Clones share it.
#[derive(Clone)]
pub(crate) struct Stream {
    shared: Arc<Shared>,
}

/// Identifies a queued chunk, for [`Stream::written`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// The stream cannot be written any more.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Lost(String);

struct Shared {
    state: Mutex<State>,
    /// There is something to write.
    filled: Condvar,
    /// Something was written, for threads that wait.
    moved: Condvar,
    /// Something was written, for tasks that wait.
    moved_for_tasks: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Vec<u8>>,
    /// Includes the chunk that is being written.
    queued_bytes: usize,
    queued: u64,
    written: u64,
    dropped_lines: u64,
    lost: Option<Lost>,
}

impl State {
    fn has_room(&self) -> bool {
        self.queued_bytes < QUEUED_BYTES_MAX
    }

    fn push(&mut self, chunk: Vec<u8>) -> Ticket {
        self.queued_bytes += chunk.len();
        self.queued += 1;
        self.queue.push_back(chunk);
        Ticket(self.queued)
    }

    fn is_drained(&self) -> bool {
        self.written == self.queued || self.lost.is_some()
    }
}

impl Stream {
    /// A stream whose own thread writes to `out`.
    pub(crate) fn over(out: impl Write + Send + 'static) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            filled: Condvar::new(),
            moved: Condvar::new(),
            moved_for_tasks: Notify::new(),
        });
        let writer = Arc::clone(&shared);
        let spawned = std::thread::Builder::new().spawn(move || writer.write_out(out));
        if let Err(error) = spawned {
            shared.lose(&error);
        }
        Self { shared }
    }

    /// Queues a line for people, or drops it if nobody reads. The number of dropped lines is
    /// reported when somebody reads again.
    pub(crate) fn offer_line(&self, line: &str) {
        let mut state = self.shared.state();
        if state.lost.is_some() {
            return;
        }
        if !state.has_room() {
            state.dropped_lines += 1;
            return;
        }
        state.push(format!("{line}\n").into_bytes());
        self.shared.filled.notify_one();
    }

    /// Queues a frame of the progress, or drops it: the next one replaces it.
    pub(crate) fn offer_frame(&self, frame: Vec<u8>) {
        let mut state = self.shared.state();
        if state.lost.is_none() && state.has_room() {
            state.push(frame);
            self.shared.filled.notify_one();
        }
    }

    /// Queues a chunk as soon as there is room. If the future is dropped before, nothing is queued.
    pub(crate) async fn push(&self, chunk: Vec<u8>) -> Result<Ticket, Lost> {
        loop {
            let mut moved = std::pin::pin!(self.shared.moved_for_tasks.notified());
            moved.as_mut().enable();
            {
                let mut state = self.shared.state();
                if let Some(lost) = &state.lost {
                    return Err(lost.clone());
                }
                if state.has_room() {
                    self.shared.filled.notify_one();
                    return Ok(state.push(chunk));
                }
            }
            moved.await;
        }
    }

    /// Resolves when a chunk and everything before it is written and flushed.
    pub(crate) async fn written(&self, ticket: Ticket) -> Result<(), Lost> {
        loop {
            let mut moved = std::pin::pin!(self.shared.moved_for_tasks.notified());
            moved.as_mut().enable();
            {
                let state = self.shared.state();
                if state.written >= ticket.0 {
                    return Ok(());
                }
                if let Some(lost) = &state.lost {
                    return Err(lost.clone());
                }
            }
            moved.await;
        }
    }

    /// Queues a chunk as soon as there is room. It blocks its thread, so it is for commands that
    /// move no money, and for `pay` before the release.
    pub(crate) fn push_patiently(&self, chunk: Vec<u8>) -> Result<Ticket, Lost> {
        let mut state = self.shared.state();
        while !state.has_room() && state.lost.is_none() {
            state = self.shared.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(lost) = &state.lost {
            return Err(lost.clone());
        }
        self.shared.filled.notify_one();
        Ok(state.push(chunk))
    }

    /// Like [`Stream::written`], for a thread.
    pub(crate) fn written_patiently(&self, ticket: Ticket) -> Result<(), Lost> {
        let mut state = self.shared.state();
        while state.written < ticket.0 && state.lost.is_none() {
            state = self.shared.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match &state.lost {
            Some(lost) if state.written < ticket.0 => Err(lost.clone()),
            _ => Ok(()),
        }
    }

    /// Waits until everything is written, at most for `patience`. Blocks its thread.
    pub(crate) fn drain(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut state = self.shared.state();
        while !state.is_drained() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.shared.moved.wait_timeout(state, left);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Resolves when for a whole `span` something waited to be written and nothing was.
    pub(crate) async fn stalled(&self, span: Duration) {
        loop {
            let before = self.shared.state().written;
            tokio::time::sleep(span).await;
            let state = self.shared.state();
            if state.written == before && !state.is_drained() {
                return;
            }
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // The guarded value is whole, since nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop of the writing thread.
    fn write_out(&self, mut out: impl Write) {
        loop {
            let chunk = self.next();
            let wrote = out.write_all(&chunk).and_then(|()| out.flush());
            if let Err(error) = wrote {
                return self.lose(&error);
            }
            let mut state = self.state();
            state.queued_bytes -= chunk.len();
            state.written += 1;
            drop(state);
            self.tell_moved();
        }
    }

    fn next(&self) -> Vec<u8> {
        let mut state = self.state();
        loop {
            if let Some(chunk) = state.queue.pop_front() {
                return chunk;
            }
            match std::mem::take(&mut state.dropped_lines) {
                0 => state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
                dropped => {
                    let note = format!("{dropped} lines are missing here: nobody read them\n");
                    state.push(note.into_bytes());
                }
            }
        }
    }

    fn lose(&self, error: &io::Error) {
        let mut state = self.state();
        state.lost = Some(Lost(error.to_string()));
        state.queue.clear();
        drop(state);
        self.tell_moved();
    }

    fn tell_moved(&self) {
        self.moved.notify_all();
        self.moved_for_tasks.notify_waiters();
    }
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<Lost> for io::Error {
    fn from(lost: Lost) -> Self {
        io::Error::other(lost)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A reader that reads when it is told to.
    struct Slow {
        go: mpsc::Receiver<()>,
        read: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.go.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            self.read.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Stream, mpsc::Sender<()>, mpsc::Receiver<Vec<u8>>) {
        let ((go_on, go), (read, was_read)) = (mpsc::channel(), mpsc::channel());
        (Stream::over(Slow { go, read }), go_on, was_read)
    }

    fn chunk() -> Vec<u8> {
        vec![b'x'; QUEUED_BYTES_MAX]
    }

    #[tokio::test]
    async fn what_people_do_not_read_is_dropped_and_counted() {
        let (stream, go_on, was_read) = slow();
        let first = stream.push(chunk()).await.unwrap();
        for _ in 0..3 {
            stream.offer_line("nobody reads this");
            stream.offer_frame(b"nor this".to_vec());
        }
        go_on.send(()).unwrap();
        stream.written(first).await.unwrap();
        go_on.send(()).unwrap();
        assert_eq!(was_read.recv().unwrap().len(), QUEUED_BYTES_MAX);
        assert_eq!(was_read.recv().unwrap(), b"3 lines are missing here: nobody read them\n");
        stream.offer_line("read again");
        go_on.send(()).unwrap();
        assert_eq!(was_read.recv().unwrap(), b"read again\n");
    }

    #[tokio::test]
    async fn who_waits_for_room_waits_for_nothing_else_and_loses_nothing() {
        let (stream, go_on, was_read) = slow();
        stream.push(chunk()).await.unwrap();
        {
            let mut waiting = std::pin::pin!(stream.push(b"second".to_vec()));
            let none = std::future::ready(());
            tokio::select! {
                biased;
                _ = &mut waiting => panic!("there is no room"),
                () = none => {}
            }
            // Dropped here, so it was never queued.
        }
        let pushing = tokio::spawn({
            let stream = stream.clone();
            async move { stream.push(b"third".to_vec()).await }
        });
        go_on.send(()).unwrap();
        let third = pushing.await.unwrap().unwrap();
        go_on.send(()).unwrap();
        stream.written(third).await.unwrap();
        assert_eq!(was_read.recv().unwrap().len(), QUEUED_BYTES_MAX);
        assert_eq!(was_read.recv().unwrap(), b"third");
    }

    #[tokio::test]
    async fn a_closed_stream_is_told_to_everybody_who_waits() {
        let (stream, go_on, _was_read) = slow();
        let first = stream.push(chunk()).await.unwrap();
        let waiting = tokio::spawn({
            let stream = stream.clone();
            async move { stream.push(Vec::new()).await }
        });
        drop(go_on);
        assert!(waiting.await.unwrap().is_err());
        assert!(stream.written(first).await.is_err());
        assert!(stream.push_patiently(Vec::new()).is_err());
        // Words are not worth an error.
        stream.offer_line("gone");
        stream.drain(Duration::from_secs(3_600));
    }

    #[test]
    fn a_stuck_writer_is_waited_for_no_longer_than_that() {
        let (stream, _go_on, _was_read) = slow();
        stream.offer_line("stuck");
        stream.drain(Duration::from_millis(1));
    }
}
