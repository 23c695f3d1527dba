//! The content of a copy: its pages, whether they are whole, its mark and its seal.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::Path,
    time::{Instant, SystemTime},
};

use pagos_engine::{Moved, Restored, StoreError, stride};
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
    params,
};

use super::{CopiedPart, CopyStep, target::Target};
use crate::{
    failure::Failure,
    file::{self, BUSY_BEAT, BUSY_TIMEOUT, Use, WRITING},
    moving,
    place::{beside, blame},
    records, row, schema, wal,
};

/// How many pages are copied between two beats of the progress.
const PAGES: i32 = 4_096;

/// How many bytes are.
const CHUNK_BYTES: usize = 4 << 20;

/// A damaged file has thousands of faults; a few are enough for the message.
const FINDINGS_MAX: usize = 3;

/// Copies the pages of the snapshot that `source` has open.
pub(super) fn pages(
    source: &Connection,
    to: &Path,
    watch: &mut dyn FnMut(CopyStep) -> Result<(), StoreError>,
) -> Result<(), Failure> {
    let mut copy = file::connect(to, WRITING).map_err(of_store)?;
    // Nobody reads it before it is flushed as a whole.
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
    let page_bytes: u32 = source.query_row("PRAGMA page_size", (), |row| row.get(0))?;
    let backup = Backup::new(source, &mut copy)?;
    let patience_ends_at = Instant::now() + BUSY_TIMEOUT;
    loop {
        let step = backup.step(PAGES)?;
        let progress = backup.progress();
        let bytes =
            |pages: i32| u64::try_from(pages).unwrap_or(0).saturating_mul(page_bytes.into());
        let of = bytes(progress.pagecount);
        watch(CopyStep::Copied { bytes: of - bytes(progress.remaining).min(of), of })
            .map_err(of_store)?;
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ if Instant::now() >= patience_ends_at => {
                return Err(Failure::new("another program keeps it locked; try again"));
            }
            _ => std::thread::sleep(BUSY_BEAT),
        }
    }
}

/// Copies a file with its log, if it has one, byte by byte: it may lie where nothing can be written.
pub(super) fn bytes(
    from: &Path,
    to: &Path,
    target: &Target,
    watch: &mut dyn FnMut(CopyStep) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let read = |cause: std::io::Error| match cause.kind() {
        ErrorKind::NotFound => blame(from, "is not there; name a backup"),
        _ => blame(from, "cannot be read").with_source(cause),
    };
    let before = State::of(from).map_err(read)?;
    if !fs::metadata(from).map_err(read)?.is_file() {
        return Err(blame(from, "is not a file, so it is no backup"));
    }
    if before.size_bytes == 0 {
        return Err(blame(from, "is empty; name another backup"));
    }
    wal::check(from)?;
    let (log, of) = (beside(from, "-wal"), before.size_bytes + before.log_bytes());
    let mut done = 0;
    for (from, to) in [(from, to), (&log, &beside(to, "-wal"))] {
        if from == log && before.log_bytes() == 0 {
            continue;
        }
        let mut input = File::open(from).map_err(read)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut output = options.open(to).map_err(|cause| target.refused(cause))?;
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let length = input.read(&mut chunk).map_err(read)?;
            let Some(filled) = chunk.get(..length).filter(|it| !it.is_empty()) else { break };
            output.write_all(filled).map_err(|cause| target.refused(cause))?;
            done += u64::try_from(length).unwrap_or(0);
            watch(CopyStep::Copied { bytes: done, of })?;
        }
    }
    match State::of(from).map_err(read)? == before {
        true => Ok(()),
        false => Err(blame(
            from,
            "was written to while it was read, so it is no backup; make one with `pagos backup`",
        )),
    }
}

/// Size and time of change of a file, and of its log.
#[derive(PartialEq, Eq)]
struct State {
    size_bytes: u64,
    changed_at: Option<SystemTime>,
    log: Option<(u64, Option<SystemTime>)>,
}

impl State {
    fn of(from: &Path) -> std::io::Result<Self> {
        let metadata = fs::metadata(from)?;
        let log = fs::metadata(beside(from, "-wal")).ok().filter(|log| log.len() > 0);
        let log = log.map(|log| (log.len(), log.modified().ok()));
        Ok(Self { size_bytes: metadata.len(), changed_at: metadata.modified().ok(), log })
    }

    fn log_bytes(&self) -> u64 {
        self.log.map_or(0, |(size_bytes, _)| size_bytes)
    }
}

/// Opens an unfinished copy, as one file without a log. `told` is what to call it in errors. All
/// checks come before anything is written.
pub(super) fn open(unfinished: &Path, told: &Path) -> Result<Connection, StoreError> {
    let named = |failure| file::name(told, failure);
    let connection = file::connect(unfinished, WRITING)?;
    let prepare = || {
        file::check(&connection, unfinished, Use::Again)?;
        connection.execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA fullfsync = ON;
             PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;",
        )?;
        schema::migrate(&connection)
    };
    prepare().map_err(named)?;
    Ok(connection)
}

/// Checks every page, and the rows against these sums.
pub(super) fn verify(
    copied: &Connection,
    wanted: Option<&[CopiedPart]>,
    watch: &mut dyn FnMut(CopyStep) -> Result<(), StoreError>,
) -> Result<(), Failure> {
    let check = format!("PRAGMA integrity_check({FINDINGS_MAX})");
    let mut statement = copied.prepare(&check)?;
    let found = statement.query_map((), |row| row.get(0))?;
    let found = found.collect::<Result<Vec<String>, _>>()?;
    if found != ["ok"] {
        let found = found.join("; ").replace(char::is_control, " ");
        return Err(Failure::new(format!("is damaged ({found}); take another backup")));
    }
    let Some(wanted) = wanted else { return Ok(()) };
    let found = sums(copied, watch)?;
    let differs = wanted.iter().zip(&found).find(|(wanted, found)| wanted != found);
    if let Some((wanted, found)) = differs {
        return Err(Failure::new(format!(
            "its {} are not as they were written: {} now ({}), {} then ({}); take another backup",
            found.kind, found.rows, found.digest, wanted.rows, wanted.digest
        )));
    }
    Ok(())
}

/// The rows of every kind.
pub(super) fn sums(
    connection: &Connection,
    watch: &mut dyn FnMut(CopyStep) -> Result<(), StoreError>,
) -> Result<Vec<CopiedPart>, Failure> {
    let mut parts = Vec::with_capacity(Moved::ALL.len());
    for kind in Moved::ALL {
        let part = sum(connection, kind)?;
        watch(CopyStep::Compared { kind, rows: part.rows }).map_err(of_store)?;
        parts.push(part);
    }
    Ok(parts)
}

fn sum(connection: &Connection, kind: Moved) -> Result<CopiedPart, Failure> {
    let (rows, digest) = moving::sum(connection, kind)?.finish();
    Ok(CopiedPart { kind, rows, digest })
}

/// Marks a copy as restored.
pub(super) fn mark(copied: &Connection, restored: &Restored) -> Result<(), Failure> {
    let (kind, name) = Restored::RECORD;
    copied.execute(
        "INSERT INTO records (kind, name, version, body) VALUES (?1, ?2, ?4, ?3)
         ON CONFLICT (kind, name)
         DO UPDATE SET version = version + excluded.version, body = excluded.body",
        params![kind.word(), name, restored.body().map_err(of_store)?, row::signed(stride())],
    )?;
    match records::restored(copied)?.as_ref() == Some(restored) {
        true => Ok(()),
        false => Err(Failure::new("the mark of the copy is not as it was written")),
    }
}

/// Writes down what is in a backup, so that whoever restores it sees what its pages do not show: a
/// row that changed on the disk.
pub(super) fn seal(copied: &Connection, parts: &mut [CopiedPart]) -> Result<(), Failure> {
    // The mark is one of them.
    for part in parts.iter_mut().filter(|part| part.kind == Moved::Records) {
        *part = sum(copied, part.kind)?;
    }
    file::end_backup(copied)?;
    copied.execute_batch(
        "CREATE TABLE backup (kind TEXT PRIMARY KEY, rows INTEGER NOT NULL, sha256 TEXT NOT NULL)
         STRICT, WITHOUT ROWID",
    )?;
    for CopiedPart { kind, rows, digest } in parts.iter() {
        let rows = i64::try_from(*rows).unwrap_or(i64::MAX);
        copied.execute(
            "INSERT INTO backup VALUES (?1, ?2, ?3)",
            params![kind.word(), rows, digest],
        )?;
    }
    Ok(())
}

/// What a backup says of its rows; `None` for a copy that other tools made, and for one that was
/// opened for writing since.
pub(super) fn sealed(copied: &Connection) -> Result<Option<Vec<CopiedPart>>, Failure> {
    let table = "SELECT 1 FROM sqlite_schema WHERE name = 'backup'";
    if !copied.prepare(table)?.exists(())? {
        return Ok(None);
    }
    let read = |kind: Moved| {
        let sql = "SELECT rows, sha256 FROM backup WHERE kind = ?1";
        let row = copied.query_row(sql, [kind.word()], |row| Ok((row.get(0)?, row.get(1)?)));
        let (rows, digest): (i64, String) = row?;
        Ok(CopiedPart { kind, rows: u64::try_from(rows).unwrap_or(0), digest })
    };
    Moved::ALL.into_iter().map(read).collect::<Result<Vec<_>, Failure>>().map(Some)
}

/// Closes it, so that nothing of it is anywhere but in its file.
pub(super) fn close(copied: Connection) -> Result<(), Failure> {
    copied.close().map_err(|(_, cause)| Failure::from(cause))
}

fn of_store(error: StoreError) -> Failure {
    Failure { error, is_busy: false }
}
