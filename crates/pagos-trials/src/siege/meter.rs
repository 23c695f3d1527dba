//! What `serve` takes of its machine: resident memory from `/proc`, and the size of its database.
//! Without `/proc` there is no memory to read.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// `serve` keeps a write-ahead log of up to 16 MiB (4,000 pages) before it is folded into the
/// file. What is beyond that for long was not folded in, and counts.
const WAL_USUAL_BYTES: u64 = 24 * 1024 * 1024;

const WAL_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// Resident memory of a process, in KiB.
pub(super) fn resident_kib(process: u32) -> Option<u64> {
    parse_resident_kib(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

fn parse_resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// How much a database holds, in bytes: the pages that it has after its last transaction, wherever
/// they lie. The sizes of its files say less, since they grow by leaps.
pub(super) fn database_bytes(path: &Path) -> io::Result<u64> {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    let wal = PathBuf::from(wal);
    let beyond = fs::metadata(&wal).map_or(0, |it| it.len()).saturating_sub(WAL_USUAL_BYTES);
    let pages = match File::open(&wal) {
        Ok(file) => pages_of_wal(file)?,
        Err(_) => None,
    };
    Ok(beyond + pages.map_or_else(|| fs::metadata(path).map(|it| it.len()), Ok)?)
}

/// The size after the last transaction in a write-ahead log, in bytes; `None` if it has none. The
/// frames of the present round bear the salt of the header; what is behind them is left over.
///
/// Source: sqlite.org/fileformat2.html, "WAL File Format".
fn pages_of_wal(mut wal: impl Read + Seek) -> io::Result<Option<u64>> {
    let mut header = [0; 32];
    if wal.read_exact(&mut header).is_err() {
        return Ok(None);
    }
    let page_bytes = u64::from(number(&header, 8));
    let salt = header.get(16..24).unwrap_or_default().to_vec();
    let mut pages = None;
    let mut at = WAL_HEADER_BYTES;
    let mut frame = [0; 24];
    loop {
        wal.seek(SeekFrom::Start(at))?;
        if wal.read_exact(&mut frame).is_err() || frame.get(8..16) != Some(salt.as_slice()) {
            return Ok(pages.map(|pages| pages * page_bytes));
        }
        // Only the last frame of a transaction says how many pages there are.
        pages = Some(number(&frame, 4)).filter(|it| *it > 0).map(u64::from).or(pages);
        at += FRAME_HEADER_BYTES + page_bytes;
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn resident_memory_is_read_if_there_is_any() {
        assert_eq!(parse_resident_kib("VmHWM:\t 9 kB\nVmRSS:\t   512 kB\n"), Some(512));
        assert_eq!(parse_resident_kib("State:\tZ (zombie)\n"), None);
    }

    #[test]
    fn the_last_transaction_says_how_many_pages_there_are() {
        let header = |salt: u8| {
            let mut header = vec![0; 32];
            header[8..12].copy_from_slice(&512_u32.to_be_bytes());
            header[16..24].fill(salt);
            header
        };
        let frame = |pages: u32, salt: u8| {
            let mut frame = vec![0; 24 + 512];
            frame[4..8].copy_from_slice(&pages.to_be_bytes());
            frame[8..16].fill(salt);
            frame
        };
        let read = |parts: &[Vec<u8>]| pages_of_wal(Cursor::new(parts.concat())).unwrap();
        let whole = [header(1), frame(5, 1), frame(0, 1), frame(7, 1), frame(0, 1), frame(99, 2)];
        assert_eq!(read(&whole), Some(7 * 512));
        assert_eq!(read(&[header(1), frame(99, 2)]), None);
        assert_eq!(read(&[]), None);
    }
}
