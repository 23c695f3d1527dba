//! What the kernel is told: attributes, and that it shall remember none of them.

use std::time::{Duration, SystemTime};

use fuser::{
    Errno, FileAttr, FileType, Generation, INodeNo, ReplyAttr, ReplyEmpty, ReplyEntry, Request,
};

use crate::power::disk::{About, Marks, Sort};

/// Nothing is remembered.
pub(super) const FOR_NO_TIME: Duration = Duration::ZERO;
/// No number is used twice.
pub(super) const FIRST: Generation = Generation(1);
pub(super) const BLOCK_BYTES: u32 = 4_096;
const SECTOR_BYTES: u64 = 512;

pub(super) fn enter(reply: ReplyEntry, about: Result<About, Errno>) {
    match about {
        Ok(about) => reply.entry(&FOR_NO_TIME, &attributes(&about), FIRST),
        Err(error) => reply.error(error),
    }
}

pub(super) fn attribute(reply: ReplyAttr, about: Result<About, Errno>) {
    match about {
        Ok(about) => reply.attr(&FOR_NO_TIME, &attributes(&about)),
        Err(error) => reply.error(error),
    }
}

pub(super) fn finish(reply: ReplyEmpty, outcome: Result<(), Errno>) {
    match outcome {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

pub(super) fn new_marks(request: &Request, mode: u32, umask: u32) -> Marks {
    let (user, group) = (request.uid(), request.gid());
    Marks { mode: permissions(mode & !umask), user, group, changed_at: SystemTime::now() }
}

pub(super) fn permissions(mode: u32) -> u16 {
    u16::try_from(mode & 0o7777).unwrap_or(0)
}

pub(super) fn length(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

pub(super) fn file_type(sort: Sort) -> FileType {
    match sort {
        Sort::File => FileType::RegularFile,
        Sort::Folder => FileType::Directory,
        Sort::Link => FileType::Symlink,
    }
}

pub(super) fn attributes(about: &About) -> FileAttr {
    let size = u64::try_from(about.size).unwrap_or(u64::MAX);
    let Marks { mode, user, group, changed_at } = about.marks;
    FileAttr {
        ino: INodeNo(about.number),
        size,
        blocks: size.div_ceil(SECTOR_BYTES),
        atime: changed_at,
        mtime: changed_at,
        ctime: changed_at,
        crtime: changed_at,
        kind: file_type(about.sort),
        perm: mode,
        nlink: about.links,
        uid: user,
        gid: group,
        rdev: 0,
        blksize: BLOCK_BYTES,
        flags: 0,
    }
}
