//! The thread that owns the log. Appends that wait are written together, with one sync.

use std::sync::mpsc;

use futures_channel::oneshot;
use pagos_engine::{Noted, Reading, SentAttempt, WitnessError, WitnessErrorKind, WitnessMark};

use crate::{log::Log, medium::Medium};

/// The caller's end of the thread, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Thread {
    requests: mpsc::Sender<Request>,
}

type Reply<T> = oneshot::Sender<Result<T, WitnessError>>;

/// What the thread is asked for.
#[derive(Debug)]
pub(crate) enum Request {
    Append(Vec<SentAttempt>, Reply<Vec<Noted>>),
    Mark(Reply<WitnessMark>),
    Read(Option<WitnessMark>, usize, Reply<Reading>),
}

impl Thread {
    pub(crate) fn spawn<M: Medium + 'static>(log: Log<M>) -> std::io::Result<Self> {
        let (requests, waiting) = mpsc::channel();
        std::thread::Builder::new()
            .name("pagos-witness".to_owned())
            .spawn(move || serve(log, &waiting))?;
        Ok(Self { requests })
    }

    pub(crate) async fn call<T>(
        &self,
        request: impl FnOnce(Reply<T>) -> Request,
    ) -> Result<T, WitnessError> {
        let ended = || WitnessError {
            kind: WitnessErrorKind::Unavailable,
            message: "the witness's thread has ended; open the witness again".to_owned(),
        };
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}

fn serve<M: Medium>(mut log: Log<M>, waiting: &mpsc::Receiver<Request>) {
    let mut next = waiting.recv().ok();
    while let Some(request) = next.take() {
        match request {
            Request::Append(attempts, reply) => {
                let mut group = vec![(attempts, reply)];
                next = gather(&mut group, waiting);
                append(&mut log, group);
            }
            // The caller may be gone.
            Request::Mark(reply) => drop(reply.send(log.mark())),
            Request::Read(after, limit, reply) => {
                drop(reply.send(log.read(after.as_ref(), limit)));
            }
        }
        if next.is_none() {
            next = waiting.recv().ok();
        }
    }
}

/// Takes the appends that wait, and returns the first request that is none.
fn gather(group: &mut Vec<Append>, waiting: &mpsc::Receiver<Request>) -> Option<Request> {
    let mut attempts_in_group = group.iter().map(|(attempts, _)| attempts.len()).sum::<usize>();
    while attempts_in_group < ATTEMPTS_MAX {
        match waiting.try_recv().ok()? {
            Request::Append(attempts, reply) => {
                attempts_in_group += attempts.len();
                group.push((attempts, reply));
            }
            other => return Some(other),
        }
    }
    None
}

fn append<M: Medium>(log: &mut Log<M>, group: Vec<Append>) {
    // Whoever gave up will not send; what it wanted noted would only raise a false alarm.
    let (attempts, replies): (Vec<_>, Vec<_>) =
        group.into_iter().filter(|(_, reply)| !reply.is_canceled()).unzip();
    match log.append(&attempts) {
        Ok(answers) => {
            for (reply, noted) in replies.into_iter().zip(answers) {
                drop(reply.send(Ok(noted)));
            }
        }
        Err(error) => {
            for reply in replies {
                drop(reply.send(Err(error.clone())));
            }
        }
    }
}

type Append = (Vec<SentAttempt>, Reply<Vec<Noted>>);

/// How many attempts are gathered for one write: about 0.9 MB.
const ATTEMPTS_MAX: usize = 4_096;
