//! Cuts under a PostgreSQL server whose data is on the disk: its processes are killed, it starts again
//! on what is left and recovers. The payer is on another machine: it dies as well, or goes on.

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::{
    failure::Failure,
    postgres::Server,
    power::{
        disk::Honesty,
        life::Life,
        mount::{self, Mounted},
        play::{Figures, Plan, Run, Trial},
    },
    process,
    trial::payer::{Db, REFUSED},
};

/// Longer than a start waits for a server.
const LIFE_MAX: Duration = Duration::from_secs(10);

const GONE_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A server, and the disk under it. The server is dropped first.
struct Machine {
    server: Server,
    mounted: Mounted,
}

/// One database after the other on one server.
pub(super) fn play(trial: &Trial<'_>, plans: &[Plan]) -> Result<Figures, Failure> {
    let place = trial.places.make("server")?;
    let mounted = Mounted::new(mount::empty_disk()?, &place)?;
    let Some(server) = Server::start_below(&place)? else {
        return Err(Failure::new("PostgreSQL's programs are missing: install Debian's postgresql"));
    };
    let mut machine = Machine { server, mounted };
    let mut figures = Figures::default();
    for plan in plans {
        let name = format!("d{}", plan.number);
        let url = machine.server.make_database(&name)?;
        // A cluster is made without syncs; nobody would use it before the machine has written it.
        machine.mounted.sync_all(Honesty::Honest);
        let password = machine.server.password().to_owned();
        let mut run = trial.begin(*plan, Db::Server { url, password })?;
        let mut life = None;
        for number in 1..=plan.cuts {
            (machine, life) = cut_once(&mut run, machine, &place, (number, life))?;
            if number == 1 {
                machine.mounted.sync_all(trial.honesty());
            }
        }
        if let Some(life) = life {
            end(&mut run, life)?;
        }
        figures.add(run.judge()?);
        // Each start syncs all files of all databases.
        machine.server.drop_database(&name)?;
    }
    let Machine { server, mounted } = machine;
    drop(server);
    mounted.unmount()?;
    Ok(figures)
}

/// A cut, with the life that goes on if it does.
fn cut_once(
    run: &mut Run<'_>,
    machine: Machine,
    place: &Path,
    (number, life): (u64, Option<Life>),
) -> Result<(Machine, Option<Life>), Failure> {
    let begun = Instant::now();
    let Machine { server, mounted } = machine;
    let (cut, goes_on) = (run.draw(number), run.random.draw(1, 2) == 1);
    mounted.cut_at(cut.operation);
    let mut life = match life {
        Some(life) => life,
        None => {
            let name = format!("D{}", run.plan.number);
            Life::start(&run.payer, &run.sender, (number, cut.work), &name)?
        }
    };
    life.await_cut(&mounted, LIFE_MAX)?;
    let processes = kill_server(place)?;
    mounted.release();
    await_end(&processes, place)?;
    let disk = mounted.unmount()?.cut(cut.seed);
    let mounted = Mounted::new(disk, place)?;
    // Torn, it keeps the server from starting, and whoever starts a machine removes it.
    server.remove_process_id()?;
    let life = match goes_on && !life.has_ended()? {
        true => Some(life),
        false => {
            end(run, life)?;
            None
        }
    };
    server.start_again()?;
    run.figures.cuts.push(begun.elapsed());
    Ok((Machine { server, mounted }, life))
}

fn end(run: &mut Run<'_>, life: Life) -> Result<(), Failure> {
    let (number, work) = (life.number, life.work);
    let mut death = life.kill()?.end()?;
    // Whoever starts while the server is away ends soon, and says so. A server that has lost the database
    // is found out in the end.
    death.status = death.status.filter(|status| status.code() != Some(REFUSED));
    run.bury(number, work, death);
    Ok(())
}

/// Kills every process of the server: they work in a folder of the disk.
fn kill_server(place: &Path) -> Result<Vec<String>, Failure> {
    let mut processes = Vec::new();
    for entry in fs::read_dir("/proc").map_err(Failure::while_doing("/proc"))?.flatten() {
        // Some have ended since, and others are nobody's business.
        let folder = fs::read_link(entry.path().join("cwd"));
        if folder.is_ok_and(|folder| folder.starts_with(place)) {
            processes.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    // Some may have ended since.
    let _ = process::read_stdout(Command::new("kill").args(["-s", "KILL"]).args(&processes));
    Ok(processes)
}

/// Waits until nothing of the server holds the disk any more.
fn await_end(processes: &[String], place: &Path) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut processes = processes.to_vec();
    while !processes.is_empty() {
        if begun.elapsed() > GONE_MAX {
            return Err(Failure::new("the killed server does not end"));
        }
        processes.retain(|id| is_alive(id));
        if processes.is_empty() {
            // Its first process may have started one more in its last moment.
            processes = kill_server(place)?;
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// A process that is dead but not buried holds nothing. Source: proc_pid_stat(5).
fn is_alive(id: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"));
    stat.is_ok_and(|stat| !stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z")))
}
