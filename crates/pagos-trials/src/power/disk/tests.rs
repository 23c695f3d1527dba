//! The disk without a mount: what a cut leaves is legal, whatever was done before.

use std::{ffi::OsStr, time::SystemTime};

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::power::disk::content::SECTOR_BYTES;

const MARKS: Marks = Marks { mode: 0o644, user: 0, group: 0, changed_at: SystemTime::UNIX_EPOCH };

fn disk() -> Disk {
    Disk::new(MARKS)
}

fn name(name: &str) -> &OsStr {
    OsStr::new(name)
}

/// A file whose name is durable.
fn with_file(disk: &mut Disk, named: &str) -> Number {
    let number = disk.make_file(ROOT, name(named), MARKS).unwrap();
    disk.sync(ROOT);
    number
}

fn read(disk: &Disk, named: &str) -> Option<Vec<u8>> {
    let number = disk.find(ROOT, name(named)).ok()?;
    Some(disk.read(number, 0, usize::MAX).to_vec())
}

/// Everything that so many cuts leave of something.
fn after_cuts<T: Ord>(disk: &Disk, look: impl Fn(&Disk) -> T) -> BTreeMap<T, usize> {
    let mut seen = BTreeMap::new();
    for seed in 0..300 {
        *seen.entry(look(&disk.cut(seed))).or_insert(0) += 1;
    }
    seen
}

#[test]
fn what_was_not_synced_is_lost_kept_or_torn_at_a_sector() {
    let mut disk = disk();
    let file = with_file(&mut disk, "a");
    disk.write(file, 0, &[1; 2 * SECTOR_BYTES]).unwrap();
    disk.sync(file);
    disk.write(file, 100, &[2; SECTOR_BYTES]).unwrap();
    let seen = after_cuts(&disk, |disk| read(disk, "a").unwrap());
    // Each of the two sectors is old or new, and nothing else.
    assert_eq!(seen.len(), 4);
    for bytes in seen.keys() {
        assert!(bytes[..100].iter().chain(&bytes[100 + SECTOR_BYTES..]).all(|byte| *byte == 1));
    }
    disk.sync(file);
    assert_eq!(after_cuts(&disk, |disk| read(disk, "a").unwrap()).len(), 1);
}

#[test]
fn a_file_that_grew_has_its_old_size_or_zeros_where_the_bytes_are_lost() {
    let mut disk = disk();
    let file = with_file(&mut disk, "a");
    disk.write(file, 0, b"old").unwrap();
    disk.sync(file);
    disk.set_size(file, 0).unwrap();
    disk.write(file, 0, b"newer").unwrap();
    let seen = after_cuts(&disk, |disk| read(disk, "a").unwrap());
    for legal in [&b"old"[..], b"", b"old\0\0", b"new", b"newer", b"\0\0\0"] {
        assert!(seen.contains_key(legal), "{legal:?} of {seen:?}");
    }
}

#[test]
fn names_change_in_their_order_and_only_a_sync_of_the_folder_makes_them_durable() {
    let mut disk = disk();
    let file = disk.make_file(ROOT, name("a"), MARKS).unwrap();
    disk.write(file, 0, b"x").unwrap();
    disk.sync(file);
    disk.rename((ROOT, name("a")), (ROOT, name("b"))).unwrap();
    disk.make_file(ROOT, name("c"), MARKS).unwrap();
    let names = |disk: &Disk| {
        let list = disk.list(ROOT).unwrap().into_iter();
        list.map(|(name, _)| name.into_string().unwrap()).collect::<String>()
    };
    let seen = after_cuts(&disk, names);
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["", "a", "b", "bc"]);
    disk.sync(ROOT);
    disk.remove(ROOT, name("b")).unwrap();
    assert_eq!(after_cuts(&disk, names).keys().collect::<Vec<_>>(), ["bc", "c"]);
    let kept = (0..300).map(|seed| disk.cut(seed)).find(|disk| names(disk) == "bc").unwrap();
    assert_eq!(read(&kept, "b").unwrap(), b"x", "its content was synced");
}

#[test]
fn a_name_moves_over_another_and_links_are_counted() {
    let mut disk = disk();
    let (one, other) = (with_file(&mut disk, "a"), with_file(&mut disk, "b"));
    disk.link(one, ROOT, name("c")).unwrap();
    assert_eq!(disk.about(one).unwrap().links, 2);
    assert_eq!(disk.link(one, ROOT, name("b")), Err(Refusal::Exists));
    disk.rename((ROOT, name("a")), (ROOT, name("b"))).unwrap();
    assert_eq!((disk.about(one).unwrap().links, disk.about(other).unwrap().links), (2, 0));
    disk.rename((ROOT, name("b")), (ROOT, name("c"))).unwrap();
    assert_eq!(disk.list(ROOT).unwrap().len(), 2, "two names of one file stay");
    let folder = disk.make_folder(ROOT, name("d"), MARKS).unwrap();
    disk.make_file(folder, name("e"), MARKS).unwrap();
    assert_eq!(disk.remove(ROOT, name("d")), Err(Refusal::NotEmpty));
    assert_eq!(disk.rename((ROOT, name("d")), (ROOT, name("x"))), Ok(()));
    assert!(disk.find(folder, name("e")).is_ok());
}

#[test]
fn a_lying_disk_keeps_nothing_after_its_first_lie() {
    let mut disk = disk();
    let file = with_file(&mut disk, "a");
    disk.write(file, 0, b"old").unwrap();
    disk.sync(file);
    disk.set_honesty(Honesty::Lies);
    disk.write(file, 0, b"new").unwrap();
    disk.sync(file);
    assert_eq!(read(&disk, "a").unwrap(), b"new");
    let seen = after_cuts(&disk, |disk| read(disk, "a").unwrap());
    assert_eq!(seen.keys().collect::<Vec<_>>(), [&b"old"[..]]);
}

/// One thing that a program does to a file.
#[derive(Debug, Clone)]
enum Act {
    Write { at: usize, length: usize, byte: u8 },
    SetSize(usize),
    Sync,
}

fn act() -> impl Strategy<Value = Act> {
    let write = (0..3_000_usize, 1..1_500_usize, 1..=255_u8);
    prop_oneof![
        4 => write.prop_map(|(at, length, byte)| Act::Write { at, length, byte }),
        1 => (0..3_000_usize).prop_map(Act::SetSize),
        1 => Just(Act::Sync),
    ]
}

proptest! {
    /// Whatever was done to two files: what was synced survives any cut, what was not is legal, and a
    /// second cut takes nothing more.
    #[test]
    fn a_cut_leaves_what_is_legal(acts in vec((0..2_usize, act()), 0..40), seed: u64) {
        let mut disk = disk();
        let files = [with_file(&mut disk, "a"), with_file(&mut disk, "b")];
        let mut synced = [Some(Vec::new()), Some(Vec::new())];
        for (which, act) in acts {
            let file = files[which];
            synced[which] = None;
            match act {
                Act::Write { at, length, byte } => {
                    disk.write(file, at, &vec![byte; length]).unwrap();
                }
                Act::SetSize(size) => disk.set_size(file, size).unwrap(),
                Act::Sync => {
                    disk.sync(file);
                    synced[which] = Some(disk.read(file, 0, usize::MAX).to_vec());
                }
            }
        }
        let after = disk.cut(seed);
        for (which, file) in files.into_iter().enumerate() {
            let left = after.read(file, 0, usize::MAX);
            if let Some(expected) = &synced[which] {
                prop_assert_eq!(left, &expected[..]);
            }
            let Some(Kind::File(content)) = disk.nodes.get(&file).map(|node| &node.kind) else {
                panic!("it is a file");
            };
            prop_assert!(content.allows(left));
        }
        prop_assert_eq!(after.cut(seed.wrapping_add(1)), after);
    }
}
