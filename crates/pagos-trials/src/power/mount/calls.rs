//! The kernel's calls, each as what it means to the disk. Names and attributes are asked for each
//! time, so that the kernel remembers nothing that a cut took away.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use fuser::{
    BsdFileFlags, Errno, FileHandle, Filesystem, FopenFlags, INodeNo, LockOwner, OpenFlags,
    RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry,
    ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use crate::power::{
    disk::{Disk, Number, Refusal, Sort},
    mount::{
        InFlight, Shared,
        answers::{
            BLOCK_BYTES, FIRST, FOR_NO_TIME, attribute, attributes, enter, file_type, finish,
            length, new_marks, permissions,
        },
        errno,
    },
};

/// What the disk claims to have: 16 GiB.
const BLOCKS: u64 = 4 * 1_024 * 1_024;
const NAME_BYTES_MAX: u32 = 255;

/// The kernel's side of a mounted disk.
#[derive(Debug)]
pub(super) struct Calls {
    shared: Arc<Shared>,
    listings: Mutex<Listings>,
}

/// What opened folders held when they were opened, so that removing while reading skips nothing.
#[derive(Debug, Default)]
struct Listings {
    opened: BTreeMap<u64, Vec<(OsString, Number, Sort)>>,
    next: u64,
}

impl Calls {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, listings: Mutex::default() }
    }

    fn look<T>(&self, look: impl FnOnce(&Disk) -> Result<T, Refusal>) -> Result<T, Errno> {
        look(&self.shared.lock().disk).map_err(errno)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Disk) -> Result<T, Refusal>) -> Result<T, Errno> {
        self.shared.change(InFlight::Reached, change)
    }

    fn sync(&self, number: INodeNo) -> Result<(), Errno> {
        self.shared.change(InFlight::Promised, |disk| {
            disk.sync(number.0);
            Ok(())
        })
    }
}

impl Filesystem for Calls {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        enter(reply, self.look(|disk| disk.about(disk.find(parent.0, name)?)));
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        attribute(reply, self.look(|disk| disk.about(number.0)));
    }

    fn setattr(
        &self,
        _: &Request,
        number: INodeNo,
        mode: Option<u32>,
        user: Option<u32>,
        group: Option<u32>,
        size: Option<u64>,
        _accessed_at: Option<TimeOrNow>,
        changed_at: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let changed_at = changed_at.map(|at| match at {
            TimeOrNow::SpecificTime(time) => time,
            TimeOrNow::Now => SystemTime::now(),
        });
        let change = |disk: &mut Disk| {
            if let Some(size) = size {
                disk.set_size(number.0, length(size))?;
            }
            let marks = disk.marks_of(number.0)?;
            marks.mode = mode.map_or(marks.mode, permissions);
            marks.user = user.unwrap_or(marks.user);
            marks.group = group.unwrap_or(marks.group);
            marks.changed_at = changed_at.unwrap_or(marks.changed_at);
            disk.about(number.0)
        };
        attribute(reply, self.change(change));
    }

    fn readlink(&self, _: &Request, number: INodeNo, reply: ReplyData) {
        match self.look(|disk| disk.target(number.0).map(Path::to_owned)) {
            Ok(target) => reply.data(target.as_os_str().as_encoded_bytes()),
            Err(error) => reply.error(error),
        }
    }

    fn mknod(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: u32,
        reply: ReplyEntry,
    ) {
        let marks = new_marks(request, mode, umask);
        let made = self.change(|disk| {
            let number = disk.make_file(parent.0, name, marks)?;
            disk.about(number)
        });
        enter(reply, made);
    }

    fn mkdir(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        reply: ReplyEntry,
    ) {
        let marks = new_marks(request, mode, umask);
        let made = self.change(|disk| {
            let number = disk.make_folder(parent.0, name, marks)?;
            disk.about(number)
        });
        enter(reply, made);
    }

    fn symlink(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        target: &Path,
        reply: ReplyEntry,
    ) {
        let marks = new_marks(request, 0o777, 0);
        let made = self.change(|disk| {
            let number = disk.make_link(parent.0, name, target, marks)?;
            disk.about(number)
        });
        enter(reply, made);
    }

    fn link(&self, _: &Request, number: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let linked = self.change(|disk| {
            disk.link(number.0, parent.0, name)?;
            disk.about(number.0)
        });
        enter(reply, linked);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        finish(reply, self.change(|disk| disk.remove(parent.0, name)));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        finish(reply, self.change(|disk| disk.remove(parent.0, name)));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        to_parent: INodeNo,
        to_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let (from, to) = ((parent.0, name), (to_parent.0, to_name));
        if flags.contains(RenameFlags::RENAME_EXCHANGE) {
            return reply.error(Errno::EINVAL);
        }
        let moved = self.change(|disk| {
            if flags.contains(RenameFlags::RENAME_NOREPLACE) && disk.find(to.0, to.1).is_ok() {
                return Err(Refusal::Exists);
            }
            disk.rename(from, to)
        });
        finish(reply, moved);
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        // Nobody but the kernel changes files, so what it has cached is right until it unmounts.
        reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let marks = new_marks(request, mode, umask);
        let made = self.change(|disk| {
            let number = disk.make_file(parent.0, name, marks)?;
            disk.about(number)
        });
        match made {
            Ok(about) => reply.created(
                &FOR_NO_TIME,
                &attributes(&about),
                FIRST,
                FileHandle(0),
                FopenFlags::FOPEN_KEEP_CACHE,
            ),
            Err(error) => reply.error(error),
        }
    }

    fn read(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let state = self.shared.lock();
        reply.data(state.disk.read(number.0, length(offset), length(size.into())));
    }

    fn write(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        bytes: &[u8],
        flags: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let write = |disk: &mut Disk| {
            disk.write(number.0, length(offset), bytes)?;
            disk.marks_of(number.0).map(|marks| marks.changed_at = SystemTime::now())
        };
        let written = match flags.contains(WriteFlags::FUSE_WRITE_CACHE) {
            // Mapped memory, which the kernel could have written at any moment before: it counts as
            // no operation, and what comes after the cut was there at the cut.
            true => write(&mut self.shared.lock().disk).map_err(errno),
            false => self.change(write),
        };
        match written {
            Ok(()) => reply.written(u32::try_from(bytes.len()).unwrap_or(u32::MAX)),
            Err(error) => reply.error(error),
        }
    }

    fn fallocate(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        if mode != 0 {
            return reply.error(Errno::EOPNOTSUPP);
        }
        let end = length(offset.saturating_add(size));
        let allocated = self.change(|disk| match disk.about(number.0)?.size {
            size if size < end => disk.set_size(number.0, end),
            _ => Ok(()),
        });
        finish(reply, allocated);
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        // Closing a file makes nothing durable.
        reply.ok();
    }

    fn fsync(&self, _: &Request, number: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        finish(reply, self.sync(number));
    }

    fn fsyncdir(&self, _: &Request, number: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        finish(reply, self.sync(number));
    }

    fn opendir(&self, _: &Request, number: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let listed = self.look(|disk| {
            let entries = disk.list(number.0)?.into_iter();
            let sorted = entries
                .map(|(name, number)| disk.about(number).map(|about| (name, number, about.sort)));
            sorted.collect::<Result<Vec<_>, Refusal>>()
        });
        match listed {
            Ok(listed) => {
                let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
                listings.next += 1;
                let handle = listings.next;
                listings.opened.insert(handle, listed);
                reply.opened(FileHandle(handle), FopenFlags::empty());
            }
            Err(error) => reply.error(error),
        }
    }

    fn readdir(
        &self,
        _: &Request,
        number: INodeNo,
        handle: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        let dots = [(OsStr::new("."), number.0), (OsStr::new(".."), number.0)];
        let dots = dots.map(|(name, number)| (name, number, Sort::Folder));
        let listed = listings.opened.get(&handle.0).into_iter().flatten();
        let listed = listed.map(|(name, number, sort)| (name.as_os_str(), *number, *sort));
        for (at, (name, number, sort)) in (1..).zip(dots.into_iter().chain(listed)) {
            if at > offset && reply.add(INodeNo(number), at, file_type(sort), name) {
                break;
            }
        }
        reply.ok();
    }

    fn releasedir(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        reply: ReplyEmpty,
    ) {
        let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        listings.opened.remove(&handle.0);
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        reply.statfs(
            BLOCKS,
            BLOCKS,
            BLOCKS,
            BLOCKS,
            BLOCKS,
            BLOCK_BYTES,
            NAME_BYTES_MAX,
            BLOCK_BYTES,
        );
    }
}
