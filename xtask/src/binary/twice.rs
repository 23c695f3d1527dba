//! Builds the program twice, from copies of the sources in two folders, and compares the results byte by
//! byte. Where they differ, it says in which sections.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::read_checksum;
use crate::{failure::Failure, process, workspace::Workspace};

/// Builds one package under a profile twice; a difference is a failure.
pub(super) fn run(workspace: &Workspace, package: &str, profile: &str) -> Result<(), Failure> {
    let room = workspace.target.join("twice");
    let mut programs = Vec::new();
    for name in ["one", "another-folder"] {
        programs.push(build(workspace, &room.join(name), package, profile)?);
    }
    let mut checksums = Vec::new();
    for program in &programs {
        let (Some(folder), Some(name)) = (program.parent(), program.file_name()) else { continue };
        checksums.push(read_checksum(folder, &name.to_string_lossy())?);
    }
    for (program, checksum) in programs.iter().zip(&checksums) {
        println!("{checksum}  {}", workspace.shorten(program));
    }
    if checksums.windows(2).all(|pair| pair.first() == pair.last()) {
        println!("{package}: two builds are identical (profile {profile})");
        return Ok(());
    }
    let mut read = Vec::new();
    for program in &programs {
        read.push(fs::read(program).map_err(Failure::while_doing(program.display()))?);
    }
    let [one, other] = &read[..] else { return Err(Failure::new("there are no two builds")) };
    for difference in differences(one, other) {
        println!("{difference}");
    }
    Err(Failure::new(format!("{package}: two builds differ; see the sections above")))
}

/// Builds in a copy of what is committed, without names of folders and moments in the program.
fn build(
    workspace: &Workspace,
    folder: &Path,
    package: &str,
    profile: &str,
) -> Result<PathBuf, Failure> {
    let _ = fs::remove_dir_all(folder);
    let (sources, target) = (folder.join("sources"), folder.join("target"));
    fs::create_dir_all(&sources).map_err(Failure::while_doing(sources.display()))?;
    let archive = folder.join("sources.tar");
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.args(words).current_dir(&workspace.root);
        command
    };
    process::read_stdout(git(&["archive", "--output"]).arg(&archive).arg("HEAD"))?;
    process::read_stdout(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&sources))?;
    let committed_at = process::read_stdout(&mut git(&["log", "-1", "--format=%ct"]))?;
    let home = cargo_home();
    let from_to = [(sources.as_path(), "/pagos"), (target.as_path(), "/target"), (&home, "/cargo")];
    let flags = from_to.map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    let mut cargo = Command::new(process::cargo());
    cargo.args(["build", "--locked", "--profile", profile, "-p", package]).current_dir(&sources);
    cargo.env("CARGO_TARGET_DIR", &target).env("CARGO_INCREMENTAL", "0");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    cargo.env("SOURCE_DATE_EPOCH", committed_at.trim());
    process::run(&mut cargo)?;
    let built = target.join(if profile == "dev" { "debug" } else { profile });
    let names = ["pagos".to_owned(), package.to_owned()];
    let programs = names.map(|name| built.join(name + std::env::consts::EXE_SUFFIX));
    let found = programs.into_iter().find(|program| program.is_file());
    found.ok_or_else(|| Failure::new(format!("{package} is no program")))
}

/// Where cargo keeps what it downloads, whose paths are in messages of panics.
fn cargo_home() -> PathBuf {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    named.unwrap_or_else(|| std::env::home_dir().unwrap_or_default().join(".cargo"))
}

/// What differs between two programs: their lengths, and the sections that differ with the place of the
/// first byte. For files that are not ELF of 64 bits, the first byte alone.
fn differences(one: &[u8], other: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    if one.len() != other.len() {
        found.push(format!("length: {} and {} bytes", one.len(), other.len()));
    }
    let (Some(sections), Some(others)) = (sections(one), sections(other)) else {
        let place = one.iter().zip(other).position(|(one, other)| one != other);
        found.extend(place.map(|place| format!("the first difference is at byte {place}")));
        return found;
    };
    for (name, bytes) in &sections {
        match others.iter().find(|(known, _)| known == name) {
            None => found.push(format!("{name}: only in the first")),
            Some((_, compared)) if bytes.len() != compared.len() => {
                found.push(format!("{name}: {} and {} bytes", bytes.len(), compared.len()));
            }
            Some((_, compared)) => {
                let mut pairs = bytes.iter().zip(*compared);
                if let Some(place) = pairs.position(|(one, other)| one != other) {
                    let more = pairs.filter(|(one, other)| one != other).count();
                    found.push(format!("{name}: {} bytes, the first at {place}", more + 1));
                }
            }
        }
    }
    let only = others.iter().filter(|(name, _)| !sections.iter().any(|(known, _)| known == name));
    found.extend(only.map(|(name, _)| format!("{name}: only in the second")));
    if found.is_empty() && one != other {
        found.push("the headers, outside of every section".to_owned());
    }
    found
}

/// The sections of an ELF file of 64 bits, little endian, by name. Those without bytes in the file are empty.
fn sections(file: &[u8]) -> Option<Vec<(String, &[u8])>> {
    const NO_BITS: u32 = 8;
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let number = |at: usize, length: usize| -> Option<usize> {
        let bytes = file.get(at..at.checked_add(length)?)?;
        let fold = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        usize::try_from(bytes.iter().rev().fold(0, fold)).ok()
    };
    let (table, size, count) = (number(0x28, 8)?, number(0x3a, 2)?, number(0x3c, 2)?);
    let header = |index: usize| table.checked_add(index.checked_mul(size)?);
    let content = |index: usize| {
        let header = header(index)?;
        let (start, length) = (number(header + 0x18, 8)?, number(header + 0x20, 8)?);
        let is_empty = number(header + 4, 4)? == usize::try_from(NO_BITS).ok()?;
        if is_empty { Some(&[][..]) } else { file.get(start..start.checked_add(length)?) }
    };
    let names = content(number(0x3e, 2)?)?;
    let section = |index: usize| {
        let name = names.get(number(header(index)?, 4)?..)?;
        let name = name.split(|byte| *byte == 0).next()?;
        Some((String::from_utf8_lossy(name).into_owned(), content(index)?))
    };
    (1..count).map(section).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file with these sections, and one more for their names.
    fn elf(sections: &[(&str, &[u8])]) -> Vec<u8> {
        let mut file = vec![0; 64];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        let mut names = vec![0];
        let mut headers = vec![[0_u8; 64]];
        let mut add = |file: &mut Vec<u8>, name: usize, bytes: &[u8]| {
            let mut header = [0; 64];
            header[..4].copy_from_slice(&u32::try_from(name).unwrap().to_le_bytes());
            header[4..8].copy_from_slice(&1_u32.to_le_bytes());
            header[0x18..0x20].copy_from_slice(&u64::try_from(file.len()).unwrap().to_le_bytes());
            header[0x20..0x28].copy_from_slice(&u64::try_from(bytes.len()).unwrap().to_le_bytes());
            file.extend_from_slice(bytes);
            headers.push(header);
        };
        for (name, bytes) in sections {
            let at = names.len();
            names.extend_from_slice(name.as_bytes());
            names.push(0);
            add(&mut file, at, bytes);
        }
        add(&mut file, 0, &names);
        let table = u64::try_from(file.len()).unwrap();
        let count = u16::try_from(headers.len()).unwrap();
        headers.iter().for_each(|header| file.extend_from_slice(header));
        file[0x28..0x30].copy_from_slice(&table.to_le_bytes());
        file[0x3a..0x3c].copy_from_slice(&64_u16.to_le_bytes());
        file[0x3c..0x3e].copy_from_slice(&count.to_le_bytes());
        file[0x3e..0x40].copy_from_slice(&(count - 1).to_le_bytes());
        file
    }

    #[test]
    fn the_sections_that_differ_are_named() {
        let one = elf(&[(".text", b"abcd"), (".note", b"1"), (".old", b"")]);
        let mut header = one.clone();
        header[7] = 3;
        let cases: [(Vec<u8>, &[&str]); 4] = [
            (one.clone(), &[]),
            (
                elf(&[(".text", b"aXcY"), (".note", b"1"), (".old", b"")]),
                &[".text: 2 bytes, the first at 1"],
            ),
            (
                elf(&[(".text", b"abcd"), (".note", b"22"), (".new", b"")]),
                &[".note: 1 and 2 bytes", ".old: only in the first", ".new: only in the second"],
            ),
            (header, &["the headers, outside of every section"]),
        ];
        for (other, expected) in cases {
            let found = differences(&one, &other);
            // The lengths differ with the sections, and so does the table of names, which has none here.
            let is_meant = |it: &&str| !it.starts_with("length") && !it.starts_with(':');
            let found: Vec<&str> = found.iter().map(String::as_str).filter(is_meant).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_is_no_elf_file_is_compared_as_it_is_and_nothing_torn_panics() {
        assert_eq!(differences(b"abc", b"abd"), ["the first difference is at byte 2"]);
        assert_eq!(differences(b"abc", b"ab"), ["length: 3 and 2 bytes"]);
        let whole = elf(&[(".text", b"abcd")]);
        for length in 0..whole.len() {
            let torn = &whole[..length];
            assert!(!differences(&whole, torn).is_empty(), "{length}");
        }
    }
}
