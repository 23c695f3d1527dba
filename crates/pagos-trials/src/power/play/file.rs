//! Cuts under a database in a file. The disk is mounted anew after each, so that the kernel has nothing
//! left of what was lost.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    power::{
        disk::Disk,
        life::Life,
        mount::{self, Mounted},
        play::{Figures, Plan, Run, Trial},
    },
    process,
    trial::payer::Db,
};

/// Longer than a start waits for another process that may be making the database.
const LIFE_MAX: Duration = Duration::from_secs(3);

/// One database, until the power was cut often enough, and its end.
pub(super) fn play(trial: &Trial<'_>, plan: Plan) -> Result<Figures, Failure> {
    let place = trial.places.make(&format!("disk-{}", plan.number))?;
    let mut run = trial.begin(plan, Db::File(place.join("pagos.db")))?;
    let folder = run.folder.clone();
    let mut disk = mount::empty_disk()?;
    let mut is_legal = true;
    for number in 1..=plan.cuts {
        (disk, is_legal) = cut_once(&mut run, (disk, &place), number)?;
        if !is_legal {
            break;
        }
        disk.set_honesty(trial.honesty());
    }
    let mounted = Mounted::new(disk, &place)?;
    // From one that does not open nobody can be paid any more.
    let figures = if is_legal { run.judge()? } else { run.figures };
    match figures.violations.is_empty() {
        true => fs::remove_dir_all(&folder).map_err(Failure::while_doing(folder.display()))?,
        false => keep(&place, &folder),
    }
    mounted.unmount()?;
    Ok(figures)
}

/// A life, the cut that ends it, and what is left of the disk.
fn cut_once(
    run: &mut Run<'_>,
    (disk, place): (Disk, &Path),
    number: u64,
) -> Result<(Disk, bool), Failure> {
    let begun = Instant::now();
    let cut = run.draw(number);
    let mounted = Mounted::new(disk, place)?;
    mounted.cut_at(cut.operation);
    let name = format!("D{}", run.plan.number);
    let mut life = Life::start(&run.payer, &run.sender, (number, cut.work), &name)?;
    life.await_cut(&mounted, LIFE_MAX)?;
    let dying = life.kill()?;
    mounted.release();
    let is_legal = run.bury(number, cut.work, dying.end()?);
    let disk = mounted.unmount()?;
    run.figures.cuts.push(begun.elapsed());
    // What does not open is kept as it was found.
    Ok((if is_legal { disk.cut(cut.seed) } else { disk }, is_legal))
}

/// Copies what is on the disk to where it stays.
fn keep(disk: &Path, folder: &Path) {
    // A copy that fails takes nothing from the violation, which is told anyway.
    let _ = process::read_stdout(Command::new("cp").arg("-a").arg(disk).arg(folder.join("disk")));
}
