//! Tries the unit under a real systemd, as process 1 of namespaces of its own: the package is installed, the
//! service started, upgraded while it runs, killed, stopped and removed. Needs root; this machine stays as it is.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{attempt::expect, make};
use crate::{failure::Failure, process, workspace::Workspace};

/// Tries it, or says why it cannot.
pub(super) fn run(workspace: &Workspace, program: &Path, version: &str) -> Result<(), Failure> {
    if let Some(because) = missing() {
        if process::is_ci() {
            return Err(Failure::new(format!("{because}, and CI skips nothing")));
        }
        println!("skipped: {because}");
        return Ok(());
    }
    let former = make(workspace, program, &format!("{version}~former"))?;
    let newer = make(workspace, program, version)?;
    let machine = Machine::boot(workspace, &[former.as_path(), newer.as_path()])?;
    println!(
        "systemd is up: {}",
        machine.tell(&["systemctl", "--version"])?.lines().next().unwrap_or_default()
    );

    machine.install(&former)?;
    expect(!machine.is_active()?, "an installation starts nothing")?;
    machine.tell(&["sh", "-c", "echo PAGOS_OPTIONS=--sandbox >> /etc/pagos/environment"])?;
    machine.start()?;
    let first = machine.property("MainPID")?;
    let user = machine.tell(&["stat", "-c", "%U", &format!("/proc/{first}")])?;
    expect(user == "pagos", "the service runs as its own user")?;
    let owner = machine.tell(&["stat", "-c", "%U %a", "/var/lib/pagos/pagos.db"])?;
    expect(owner == "pagos 600", "the database is its own")?;
    println!("started: the service answers, as {user}");

    machine.tell(&["systemctl", "start", "pagos-backup.service"])?;
    let copies =
        machine.tell(&["find", "/var/backups/pagos", "-type", "f", "-printf", "%u %m\n"])?;
    expect(copies == "pagos 600", "the database is copied while the service runs")?;
    machine.tell(&["systemctl", "enable", "--now", "pagos-backup.timer"])?;
    println!("copied: while the service ran, for its owner only; the timer is enabled");

    machine.tell(&["systemctl", "kill", "--signal=KILL", "pagos.service"])?;
    machine.await_property("NRestarts", |count| count == "1")?;
    machine.await_ready()?;
    expect(machine.property("MainPID")? != first, "it is started again after a kill")?;
    println!("killed: it was started again by itself");

    let second = machine.property("MainPID")?;
    machine.install(&newer)?;
    machine.await_ready()?;
    expect(machine.property("MainPID")? != second, "an upgrade stops the former program")?;
    println!("upgraded while it ran: the new program answers");

    let begun = Instant::now();
    machine.tell(&["systemctl", "stop", "pagos.service"])?;
    let took = begun.elapsed();
    expect(machine.property("Result")? == "success", "it ends by itself on SIGTERM")?;
    println!("stopped: in {:.1} s", took.as_secs_f32());

    machine.start()?;
    machine.tell(&["dpkg", "--purge", "pagos"])?;
    expect(!machine.is_active()?, "a removal stops the service")?;
    machine.tell(&["test", "-s", "/var/lib/pagos/pagos.db"])?;
    println!("purged while it ran: the service is stopped and the database stays");
    Ok(())
}

/// What this machine lacks.
fn missing() -> Option<String> {
    if !Path::new(SYSTEMD).is_file() {
        return Some(format!("there is no {SYSTEMD}"));
    }
    if cgroups().is_none() {
        return Some("no cgroup2 is mounted".to_owned());
    }
    let mut probe = Command::new("unshare");
    probe.args(NAMESPACES).args(["sh", "-c", "mount -t tmpfs tmpfs /mnt"]);
    let is_able = process::is_available(&mut probe);
    (!is_able).then(|| "this user may not make namespaces and mounts; root may".to_owned())
}

const SYSTEMD: &str = "/lib/systemd/systemd";
const NAMESPACES: [&str; 8] =
    ["--pid", "--fork", "--kill-child", "--mount", "--cgroup", "--uts", "--ipc", "--net"];

/// Where the cgroup2 of this machine is.
fn cgroups() -> Option<PathBuf> {
    let places = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(PathBuf::from);
    places.into_iter().find(|place| place.join("cgroup.controllers").is_file())
}

/// A systemd with its processes. All of them end when it is dropped.
struct Machine {
    child: Child,
    cgroup: PathBuf,
    /// Process 1 of the namespaces, as this machine counts.
    init: String,
}

impl Machine {
    fn boot(workspace: &Workspace, packages: &[&Path]) -> Result<Self, Failure> {
        let folder = workspace.target.join("package-boot");
        fs::create_dir_all(&folder).map_err(Failure::while_doing(folder.display()))?;
        let script = folder.with_extension("sh");
        fs::write(&script, include_str!("boot.sh"))
            .map_err(Failure::while_doing(script.display()))?;
        // A group of its own, or systemd would take the whole machine for its processes.
        let name = format!("pagos-trial-{}", std::process::id());
        let cgroup = cgroups().unwrap_or_default().join(name);
        fs::create_dir_all(&cgroup).map_err(Failure::while_doing(cgroup.display()))?;
        let mut command = Command::new("sh");
        command.args(["-c", r#"echo $$ > "$0/cgroup.procs" && exec "$@""#]).arg(&cgroup);
        command.arg("unshare").args(NAMESPACES).arg("sh").arg(&script).arg(&folder).args(packages);
        let log = fs::File::create(folder.with_extension("log"))
            .map_err(Failure::while_doing("package-boot.log"))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().map_err(Failure::while_doing("unshare"))?;
        let mut machine = Self { child, cgroup, init: String::new() };
        let children = format!("/proc/{0}/task/{0}/children", machine.child.id());
        within(PATIENCE, "process 1", || {
            let found = fs::read_to_string(&children).unwrap_or_default();
            machine.init = found.trim().to_owned();
            let name = fs::read_to_string(format!("/proc/{}/comm", machine.init));
            name.is_ok_and(|name| name.trim() == "systemd")
        })?;
        let is_up = || {
            let state = machine.tell(&["sh", "-c", "systemctl is-system-running || true"]);
            state.is_ok_and(|state| ["running", "degraded"].contains(&state.as_str()))
        };
        within(PATIENCE, "systemd", is_up)?;
        Ok(machine)
    }

    /// Runs a command beside systemd, and returns what it says.
    fn tell(&self, words: &[&str]) -> Result<String, Failure> {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.init, "--mount", "--pid", "--cgroup", "--uts", "--ipc"]);
        command.args(["--net", "--root", "--wd=/"]).args(words);
        Ok(process::read_stdout(&mut command)?.trim().to_owned())
    }

    fn install(&self, package: &Path) -> Result<(), Failure> {
        let name = package.file_name().unwrap_or_default().to_string_lossy();
        let path = format!("/run/packages/{name}");
        self.tell(&["dpkg", "--force-confold", "--install", &path]).map(drop)
    }

    fn start(&self) -> Result<(), Failure> {
        let started = self.tell(&["systemctl", "start", "pagos.service"]);
        started.map_err(|failure| self.with_log(failure))?;
        self.await_ready()
    }

    /// A failure with what the service said last.
    fn with_log(&self, failure: Failure) -> Failure {
        let log = self.tell(&["journalctl", "--no-pager", "--unit=pagos.service", "--lines=40"]);
        Failure::new(format!("{failure}\n{}", log.unwrap_or_default()))
    }

    fn property(&self, name: &str) -> Result<String, Failure> {
        self.tell(&["systemctl", "show", "--value", "--property", name, "pagos.service"])
    }

    fn is_active(&self) -> Result<bool, Failure> {
        Ok(self.property("ActiveState")? == "active")
    }

    fn await_property(&self, name: &str, is_it: fn(&str) -> bool) -> Result<(), Failure> {
        within(PATIENCE, name, || self.property(name).is_ok_and(|value| is_it(&value)))
    }

    /// Waits until the service says that it is ready: its first line of standard output is in the journal.
    fn await_ready(&self) -> Result<(), Failure> {
        let is_ready = || {
            let log = self.property("MainPID").and_then(|id| {
                self.tell(&["journalctl", "--no-pager", "--output=cat", &format!("_PID={id}")])
            });
            log.is_ok_and(|log| log.contains("\"ready\"") || log.contains("API="))
        };
        within(PATIENCE, "the service", is_ready).map_err(|failure| self.with_log(failure))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // With process 1 all others of its namespace end.
        let _ = self.child.kill();
        let _ = self.child.wait();
        remove_cgroups(&self.cgroup);
    }
}

/// Removes a cgroup and those within it, which are empty once the last process has ended.
fn remove_cgroups(group: &Path) {
    let within: Vec<PathBuf> = fs::read_dir(group)
        .map(|all| all.flatten().map(|one| one.path()).filter(|path| path.is_dir()).collect())
        .unwrap_or_default();
    within.iter().for_each(|path| remove_cgroups(path));
    let ends = Instant::now() + Duration::from_secs(5);
    while group.is_dir() && fs::remove_dir(group).is_err() && Instant::now() < ends {
        thread::sleep(BETWEEN);
    }
}

const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN: Duration = Duration::from_millis(100);

/// Looks until something is so.
fn within(patience: Duration, what: &str, mut is_so: impl FnMut() -> bool) -> Result<(), Failure> {
    let ends = Instant::now() + patience;
    while !is_so() {
        if Instant::now() >= ends {
            return Err(Failure::new(format!("{what}: nothing within {} s", patience.as_secs())));
        }
        thread::sleep(BETWEEN);
    }
    Ok(())
}
