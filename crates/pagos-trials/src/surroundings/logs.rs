//! A `pay` that was killed when it had paid everything, and what becomes of its database then: its log is
//! deleted, damaged or not copied with it, or another database takes its place. None of them pays again.

use std::{
    fs,
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    surroundings::{
        site::{Expected, Harness, Site},
        table::Told,
    },
};

const NAME: &str = "logs";
const ROWS: usize = 12;
const PAID_MAX: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What happens to the files, and what comes of it.
type Harm = (&'static str, fn(&Path) -> std::io::Result<()>, Expected);

const HARMS: [Harm; 7] = [
    ("nothing", |_| Ok(()), Expected::Paid),
    ("the log is deleted", |work| fs::remove_file(work.join("a.db-wal")), Expected::Refused),
    ("log and index are deleted", without_log, Expected::Refused),
    ("all but the file itself is deleted", without_anything, Expected::Refused),
    ("a byte in the middle of the log is flipped", flipped, Expected::Refused),
    ("the head of the log is overwritten", beheaded, Expected::Refused),
    ("another database takes its place", replaced, Expected::Refused),
];

pub(super) fn play(harness: &Harness) -> Result<Vec<Told>, Failure> {
    let site = harness.site(NAME, ROWS as u64)?;
    crash(&site)?;
    // Another one, that knows nothing of this one's payouts.
    let other = harness.site(NAME, 1)?;
    other.run(&mut other.pay("other.db"))?;
    let (from, to) = (other.work.join("other.db"), site.work.join("other.db"));
    fs::copy(&from, &to).map_err(Failure::while_doing(from.display()))?;
    let mut told = Vec::new();
    // What is paid in peace comes last, since it goes on where the others must not begin.
    for (what, spoil, expected) in HARMS.into_iter().rev() {
        let copy = site.copy()?;
        spoil(&copy.work).map_err(Failure::while_doing(what))?;
        told.push(copy.try_out(NAME, what, &mut copy.pay("a.db"), expected)?);
    }
    Ok(told)
}

/// Pays everything, and is killed before it ends.
fn crash(site: &Site<'_>) -> Result<(), Failure> {
    let mut command = site.pay("a.db");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(Failure::while_doing("starting a run"))?;
    let begun = Instant::now();
    let is_paid = || Ok::<_, Failure>(site.count()?.once == ROWS);
    while !is_paid()? && begun.elapsed() < PAID_MAX {
        thread::sleep(LOOK_EVERY);
    }
    // It may be gone already; then its log is, too, and the scenario says so.
    let _ = child.kill();
    let _ = child.wait();
    match is_paid()? && site.work.join("a.db-wal").exists() {
        true => Ok(()),
        false => Err(Failure::new("the run that is to be killed did not pay, or ended by itself")),
    }
}

fn without_log(work: &Path) -> std::io::Result<()> {
    ["a.db-wal", "a.db-shm"].iter().try_for_each(|name| fs::remove_file(work.join(name)))
}

fn without_anything(work: &Path) -> std::io::Result<()> {
    without_log(work)?;
    fs::remove_file(work.join("a.db.lock"))
}

fn flipped(work: &Path) -> std::io::Result<()> {
    let log = work.join("a.db-wal");
    let mut bytes = fs::read(&log)?;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 0xff;
    }
    fs::write(&log, bytes)
}

fn beheaded(work: &Path) -> std::io::Result<()> {
    let log = work.join("a.db-wal");
    let mut bytes = fs::read(&log)?;
    bytes.iter_mut().take(512).for_each(|byte| *byte = 0);
    fs::write(&log, bytes)
}

fn replaced(work: &Path) -> std::io::Result<()> {
    without_log(work)?;
    fs::copy(work.join("other.db"), work.join("a.db")).map(drop)
}
