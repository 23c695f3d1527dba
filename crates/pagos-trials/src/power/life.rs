//! One process of ours between two cuts: `pay`, or `serve` with webhooks that come in one after the
//! other. Judges nothing.

use std::{
    io,
    process::{Child, ExitStatus},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    power::{
        mount::Mounted,
        webhooks::{self, Sender},
    },
    trial::payer::{Payer, Work},
};

const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A running process, and whoever sends it webhooks.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) number: u64,
    pub(super) work: Work,
    child: Child,
    sender: Option<JoinHandle<Result<Vec<String>, Failure>>>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Death {
    /// If it ended by itself.
    pub(super) status: Option<ExitStatus>,
    /// The webhooks that it acknowledged.
    pub(super) acknowledged: Vec<String>,
}

impl Life {
    pub(super) fn start(
        payer: &Payer,
        sender: &Arc<Sender>,
        (number, work): (u64, Work),
        name: &str,
    ) -> Result<Self, Failure> {
        if work == Work::Pay {
            let child = payer.spawn_worker(number, work)?;
            return Ok(Self { number, work, child, sender: None });
        }
        let mut child = payer.spawn_heard(number, work)?;
        let stdout = child.stdout.take();
        let mut stdout = stdout.ok_or_else(|| Failure::new("serve has no standard output"))?;
        let (sender, name) = (Arc::clone(sender), format!("{name}L{number}"));
        let sender = thread::spawn(move || {
            let Some(address) = webhooks::read_address(&mut stdout)? else {
                return Ok(Vec::new());
            };
            // What it tells of payouts is read by nobody, and must not stop it.
            thread::spawn(move || io::copy(&mut stdout, &mut io::sink()));
            sender.send_to(address, &name)
        });
        Ok(Self { number, work, child, sender: Some(sender) })
    }

    /// Waits until the power has gone: in the operation that was drawn, or now if the process has ended
    /// or had its time: a machine that has little to do loses its power as well.
    pub(super) fn await_cut(
        &mut self,
        mounted: &Mounted,
        life_max: Duration,
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        while !mounted.await_cut(LOOK_EVERY) {
            if self.has_ended()? || begun.elapsed() > life_max {
                mounted.cut_now();
            }
        }
        Ok(())
    }

    pub(super) fn has_ended(&mut self) -> Result<bool, Failure> {
        let status = self.child.try_wait().map_err(Failure::while_doing("looking at a life"))?;
        Ok(status.is_some())
    }

    /// Kills it. It is not gone before the disk lets it go.
    pub(super) fn kill(mut self) -> Result<Dying, Failure> {
        let status = self.child.try_wait().map_err(Failure::while_doing("looking at a life"))?;
        self.child.kill().map_err(Failure::while_doing("killing a life"))?;
        Ok(Dying { life: self, status })
    }
}

/// A killed process.
#[derive(Debug)]
pub(super) struct Dying {
    life: Life,
    status: Option<ExitStatus>,
}

impl Dying {
    /// Waits until it is gone.
    pub(super) fn end(self) -> Result<Death, Failure> {
        let Self { mut life, status } = self;
        life.child.wait().map_err(Failure::while_doing("waiting for a killed life"))?;
        let acknowledged = match life.sender.take().map(JoinHandle::join) {
            None => Vec::new(),
            Some(Ok(acknowledged)) => acknowledged?,
            Some(Err(_)) => return Err(Failure::new("the sender of webhooks panicked")),
        };
        Ok(Death { status, acknowledged })
    }
}
