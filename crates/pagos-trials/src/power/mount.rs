//! A disk that is mounted, and the moment at which its power goes. Until then every write and sync
//! reaches the disk before its program goes on; from then on nothing is answered until the programs are
//! dead. The kernel keeps the locks, and writes what is mapped into memory when it pleases.

mod answers;
mod calls;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use fuser::{BackgroundSession, Config, Errno, MountOption, SessionACL};

use crate::{
    failure::Failure,
    power::{
        disk::{Disk, Honesty, Marks, Refusal},
        mount::calls::Calls,
    },
    process,
};

/// A mounted disk. Dropping it unmounts it.
#[derive(Debug)]
pub(super) struct Mounted {
    session: BackgroundSession,
    shared: Arc<Shared>,
}

/// What the file system's thread and the trial share.
#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    turned: Condvar,
}

#[derive(Debug)]
struct State {
    disk: Disk,
    power: Power,
    /// Changes and syncs since the disk was mounted.
    operations: u64,
    cut_at: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    On,
    /// Nothing is answered.
    Cut,
    /// The programs are dead, and their calls are answered with an error that nobody reads.
    Off,
}

/// Whether the operation in which the power goes has reached the disk's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InFlight {
    Reached,
    /// A sync that did not return promises nothing.
    Promised,
}

impl Mounted {
    /// Mounts a disk on an empty folder.
    pub(super) fn new(disk: Disk, place: &Path) -> Result<Self, Failure> {
        mount(disk, place).map_err(Failure::while_doing("mounting a disk"))
    }

    /// The power goes in the `number`th operation from now.
    pub(super) fn cut_at(&self, number: u64) {
        let mut state = self.shared.lock();
        state.cut_at = Some(state.operations.saturating_add(number));
    }

    /// The power goes now.
    pub(super) fn cut_now(&self) {
        let mut state = self.shared.lock();
        if state.power == Power::On {
            state.power = Power::Cut;
        }
        self.shared.turned.notify_all();
    }

    /// Waits so long for the cut at most. Has it come?
    pub(super) fn await_cut(&self, time_max: Duration) -> bool {
        let until = Instant::now() + time_max;
        let mut state = self.shared.lock();
        while state.power == Power::On {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.turned.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// The programs that used the disk were killed: their last calls may end.
    pub(super) fn release(&self) {
        self.shared.lock().power = Power::Off;
        self.shared.turned.notify_all();
    }

    /// Makes everything durable, as an idle machine does, and does with later syncs what is said.
    pub(super) fn sync_all(&self, then: Honesty) {
        let mut state = self.shared.lock();
        state.disk.sync_all();
        state.disk.set_honesty(then);
    }

    /// Unmounts it and returns what it holds. Nothing on it may be open any more.
    pub(super) fn unmount(self) -> Result<Disk, Failure> {
        match self.session.umount_and_join() {
            // What the thread that reads calls may hear when there are none any more.
            Err(error) if error.kind() != io::ErrorKind::ConnectionAborted => {
                return Err(Failure::while_doing("unmounting the disk")(error));
            }
            Ok(()) | Err(_) => {}
        }
        Ok(self.shared.lock().disk.clone())
    }
}

fn mount(disk: Disk, place: &Path) -> io::Result<Mounted> {
    let state = State { disk, power: Power::On, operations: 0, cut_at: None };
    let shared = Arc::new(Shared { state: Mutex::new(state), turned: Condvar::new() });
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::FSName("pagos-power".to_owned()),
        MountOption::DefaultPermissions,
        MountOption::NoAtime,
    ];
    // PostgreSQL runs as somebody else where we are root. Nobody else may let others in.
    config.acl = if is_root() { SessionACL::All } else { SessionACL::Owner };
    let session = fuser::spawn_mount(Calls::new(Arc::clone(&shared)), place, &config)?;
    Ok(Mounted { session, shared })
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics under the lock but by a fault of ours, which another thread reports.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A change or a sync: counted, and the place where the power can go.
    fn change<T>(
        &self,
        in_flight: InFlight,
        change: impl FnOnce(&mut Disk) -> Result<T, Refusal>,
    ) -> Result<T, Errno> {
        let mut state = self.lock();
        if state.power == Power::On {
            state.operations += 1;
            if state.cut_at != Some(state.operations) {
                return change(&mut state.disk).map_err(errno);
            }
            if in_flight == InFlight::Reached {
                change(&mut state.disk).map_err(errno)?;
            }
            state.power = Power::Cut;
            self.turned.notify_all();
        }
        while state.power == Power::Cut {
            state = self.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Err(Errno::EIO)
    }
}

fn errno(refusal: Refusal) -> Errno {
    match refusal {
        Refusal::NotFound => Errno::ENOENT,
        Refusal::Exists => Errno::EEXIST,
        Refusal::NotAFolder => Errno::ENOTDIR,
        Refusal::IsAFolder => Errno::EISDIR,
        Refusal::NotEmpty => Errno::ENOTEMPTY,
    }
}

/// An empty disk that belongs to us and that everybody may enter.
pub(super) fn empty_disk() -> Result<Disk, Failure> {
    use std::os::unix::fs::MetadataExt;

    // Our own process shows who we are, without a call of the system that needs unsafe code.
    let ours = fs::metadata("/proc/self").map_err(Failure::while_doing("looking who we are"))?;
    let (user, group) = (ours.uid(), ours.gid());
    Ok(Disk::new(Marks { mode: 0o755, user, group, changed_at: SystemTime::UNIX_EPOCH }))
}

/// Where disks are mounted: a folder that PostgreSQL's user can enter, whoever that is.
#[derive(Debug)]
pub(super) struct Places {
    folder: PathBuf,
}

impl Places {
    pub(super) fn new() -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("pagos-power-{}", std::process::id()));
        make(&folder)?;
        Ok(Self { folder })
    }

    /// A folder for one disk.
    pub(super) fn make(&self, name: &str) -> Result<PathBuf, Failure> {
        let place = self.folder.join(name);
        make(&place)?;
        Ok(place)
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        // Only empty folders are removed: whatever is still mounted stays for whoever looks.
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let _ = fs::remove_dir(entry.path());
        }
        let _ = fs::remove_dir(&self.folder);
    }
}

fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(Failure::while_doing(folder.display()))?;
    process::read_stdout(Command::new("chmod").arg("755").arg(folder)).map(drop)
}

/// May we mount here? If not, why.
pub(super) fn refusal(places: &Places) -> Result<Option<String>, Failure> {
    let disk = empty_disk()?;
    match mount(disk, &places.make("probe")?) {
        Ok(mounted) => mounted.unmount().map(|_| None),
        Err(error) => Ok(Some(error.to_string())),
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;

    fs::metadata("/proc/self").is_ok_and(|ours| ours.uid() == 0)
}
