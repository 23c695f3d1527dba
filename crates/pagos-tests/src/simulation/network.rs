//! The network between workers and twins: requests are lost, held up, answered late or not at all.
//! A request that has left arrives whatever becomes of its sender. What a twin does wrong is its own.

use std::{
    collections::BTreeMap,
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;

use pagos_core::{Clock, Departure, Reached, Timestamp, Transport, TransportError};
use pagos_twin::{Reply, Span, SplitMix64, World};

use crate::{simulation::log::Log, timer::VirtualTimer};

type Answer = Result<http::Response<Bytes>, TransportError>;

/// All lines to all twins.
pub(crate) struct Network {
    world: Arc<Mutex<World>>,
    timer: Arc<VirtualTimer>,
    log: Arc<Log>,
    trouble_per_mille: u64,
    calm_from: Timestamp,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    chance: Option<SplitMix64>,
    under_way: BTreeMap<(Timestamp, u64), UnderWay>,
    count: u64,
}

enum UnderWay {
    /// A request that arrives later.
    Request(Box<http::Request<Bytes>>, Arc<Mutex<Slot>>),
    /// An answer that arrives later.
    Answer(Answer, Arc<Mutex<Slot>>),
}

/// Where a sender looks for his answer, if he still does.
#[derive(Default)]
struct Slot {
    answer: Option<Answer>,
    waker: Option<Waker>,
}

/// What becomes of one request.
enum RequestOutcome {
    Fine,
    Unreachable,
    Lost,
    LostInSilence,
    AnswerLost,
    AnswerLostInSilence,
    HeldUp(Duration),
    Slow(Duration),
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

impl Network {
    pub(crate) fn new(
        world: Arc<Mutex<World>>,
        timer: Arc<VirtualTimer>,
        log: Arc<Log>,
        trouble_per_mille: u64,
        calm_from: Timestamp,
        seed: u64,
    ) -> Arc<Self> {
        let chance = Some(SplitMix64::for_occasion(seed, "network", "", 0));
        let state = Mutex::new(State { chance, ..State::default() });
        Arc::new(Self { world, timer, log, trouble_per_mille, calm_from, state })
    }

    /// When the next thing arrives.
    pub(crate) fn next_arrival(&self) -> Option<Timestamp> {
        self.state().under_way.keys().next().map(|(moment, _)| *moment)
    }

    /// Lets arrive what has to by now. Returns how much.
    pub(crate) fn deliver(&self) -> usize {
        let mut count = 0;
        loop {
            let now = self.timer.now();
            let mut state = self.state();
            let Some(first) = state.under_way.first_entry().filter(|it| it.key().0 <= now) else {
                return count;
            };
            let arrived = first.remove();
            drop(state);
            count += 1;
            match arrived {
                UnderWay::Request(request, slot) => {
                    self.log.turn(|| "network".to_owned());
                    self.handle(&request, slot, Duration::ZERO);
                }
                UnderWay::Answer(answer, slot) => fill(&slot, answer),
            }
        }
    }

    /// The twin's answer, into the slot after `delay`.
    fn handle(&self, request: &http::Request<Bytes>, slot: Arc<Mutex<Slot>>, delay: Duration) {
        let reply = {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            world.handle(request, self.timer.now())
        };
        self.log.say(|| {
            let body = String::from_utf8_lossy(request.body());
            format!("{} {} {body} => {}", request.method(), request.uri(), told(&reply))
        });
        let (answer, slow) = into_answer(reply);
        let delay = delay + slow;
        if delay.is_zero() {
            fill(&slot, answer);
        } else {
            self.later(delay, UnderWay::Answer(answer, slot));
        }
    }

    fn later(&self, delay: Duration, what: UnderWay) {
        let moment = self.timer.now().plus(delay);
        let mut state = self.state();
        state.count += 1;
        let number = state.count;
        state.under_way.insert((moment, number), what);
    }

    fn draw(&self) -> RequestOutcome {
        if self.timer.now() >= self.calm_from {
            return RequestOutcome::Fine;
        }
        let mut state = self.state();
        let Some(chance) = &mut state.chance else { return RequestOutcome::Fine };
        if chance.below(1_000) >= self.trouble_per_mille {
            return RequestOutcome::Fine;
        }
        let (name, fate) = match chance.below(9) {
            0 => ("host unreachable", RequestOutcome::Unreachable),
            1 => ("request lost, line broken", RequestOutcome::Lost),
            2 => ("request lost, silence", RequestOutcome::LostInSilence),
            3 => ("reply lost, line broken", RequestOutcome::AnswerLost),
            4 => ("reply lost, silence", RequestOutcome::AnswerLostInSilence),
            5 => {
                let delay = chance.within(Span::from_millis(1_000, 2_400_000));
                ("request held up on the way", RequestOutcome::HeldUp(delay))
            }
            6 => {
                let delay = chance.within(Span::from_millis(500, 29_000));
                ("reply slow, within the deadline", RequestOutcome::Slow(delay))
            }
            7 => {
                let delay = chance.within(Span::from_millis(30_001, 119_000));
                ("reply slow beyond the deadline", RequestOutcome::Slow(delay))
            }
            _ => {
                let delay = chance.within(Span::from_millis(120_000, 900_000));
                ("reply slow beyond the lease", RequestOutcome::Slow(delay))
            }
        };
        drop(state);
        self.log.count(name, "");
        fate
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The line of one worker.
#[derive(Debug)]
pub(crate) struct Line(pub(crate) Arc<Network>);

#[async_trait]
impl Transport for Line {
    async fn send(&self, request: http::Request<Bytes>, departure: Departure) -> Answer {
        let network = &self.0;
        if departure.is_over(network.timer.now()) {
            return Err(TransportError::too_late());
        }
        let slot: Arc<Mutex<Slot>> = Arc::default();
        let given = Arc::clone(&slot);
        match network.draw() {
            RequestOutcome::Fine => network.handle(&request, given, Duration::ZERO),
            RequestOutcome::Unreachable => {
                fill(&slot, Err(failed(Reached::No, "no route to the host")))
            }
            RequestOutcome::Lost => fill(&slot, Err(failed(Reached::Maybe, "the line broke"))),
            RequestOutcome::LostInSilence => {}
            RequestOutcome::AnswerLost => {
                network.handle(&request, Arc::default(), Duration::ZERO);
                fill(&slot, Err(failed(Reached::Maybe, "the line broke")));
            }
            RequestOutcome::AnswerLostInSilence => {
                network.handle(&request, Arc::default(), Duration::ZERO)
            }
            RequestOutcome::HeldUp(delay) => {
                network.later(delay, UnderWay::Request(Box::new(request), given))
            }
            RequestOutcome::Slow(delay) => network.handle(&request, given, delay),
        }
        poll_fn(|context| {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            match slot.answer.take() {
                Some(answer) => Poll::Ready(answer),
                None => {
                    slot.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

fn fill(slot: &Mutex<Slot>, answer: Answer) {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    slot.answer = Some(answer);
    if let Some(waker) = slot.waker.take() {
        waker.wake();
    }
}

fn failed(reached: Reached, message: &str) -> TransportError {
    TransportError::new(reached, message)
}

/// What the caller gets of a reply, and how much later.
fn into_answer(reply: Reply) -> (Answer, Duration) {
    match reply {
        Reply::Answer(response) => (Ok(response), Duration::ZERO),
        Reply::Drop => (Err(failed(Reached::Maybe, "the line broke")), Duration::ZERO),
        Reply::Torn { .. } => (Err(failed(Reached::Maybe, "the body broke off")), Duration::ZERO),
        Reply::Later { after, reply } => {
            let (answer, more) = into_answer(*reply);
            (answer, after + more)
        }
    }
}

fn told(reply: &Reply) -> String {
    match reply {
        Reply::Answer(response) => {
            format!("{} {}", response.status(), String::from_utf8_lossy(response.body()))
        }
        Reply::Drop => "nothing".to_owned(),
        Reply::Torn { .. } => "a torn body".to_owned(),
        Reply::Later { after, reply } => format!("after {after:?}: {}", told(reply)),
    }
}
