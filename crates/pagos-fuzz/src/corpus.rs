//! The inputs that were found: a folder for each target, a file for each input. What coverage found
//! is named by its digest; what broke a rule begins with `broke-` and stays, so that it never does
//! again.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where a target's inputs lie.
pub fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// Every input of a target, by name. None where there is no folder.
///
/// # Errors
/// Whatever the file system says.
pub fn read(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let folder = folder(target);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    paths.into_iter().map(fs::read).collect()
}

/// Keeps an input that broke a rule.
///
/// # Errors
/// Whatever the file system says.
pub fn keep(target: &str, input: &[u8]) -> io::Result<PathBuf> {
    let folder = folder(target);
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("broke-{:016x}", digest(input)));
    fs::write(&path, input)?;
    Ok(path)
}

/// FNV-1a: names of files, nothing else.
pub fn digest(input: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    input.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
