//! Misuse that must not compile: each file of `misuse/wrong` is refused with the words beside it, and
//! its twin of the same name in `misuse/right` compiles, so that it is refused for the right reason.
//!
//! Not here: misuse that the types allow. `docs/SAFETY.md` tells which that is.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

use trybuild::TestCases;

/// The compiler whose words stand in the `.stderr` files.
const WORDS_OF: &str = env!("CARGO_PKG_RUST_VERSION");

#[test]
fn misuse_does_not_compile() {
    let cases = TestCases::new();
    cases.pass("tests/misuse/right/*.rs");
    // Every compiler has words of its own. With another one, only the twins are looked at.
    match compiler().contains(&format!("rustc {WORDS_OF}.")) {
        true => cases.compile_fail("tests/misuse/wrong/*.rs"),
        false => println!("skipped: the words of tests/misuse are those of rustc {WORDS_OF}"),
    }
}

#[test]
fn every_misuse_has_its_twin_and_its_words() {
    let (wrong, right) = (names("wrong", "rs"), names("right", "rs"));
    assert_eq!(wrong, right);
    assert_eq!(wrong, names("wrong", "stderr"));
    assert!(wrong.len() >= 20, "{wrong:?}");
}

/// A misuse that is refused for a mistake of its own proves nothing.
#[test]
fn no_misuse_is_refused_for_a_name_that_does_not_exist() {
    for name in names("wrong", "stderr") {
        let words = fs::read_to_string(folder("wrong").join(format!("{name}.stderr"))).unwrap();
        for mistake in ["E0432", "E0433", "E0425", "E0412", "cannot find"] {
            assert!(!words.contains(mistake), "{name}: {mistake}");
        }
    }
}

fn folder(of: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/misuse").join(of)
}

fn names(of: &str, ending: &str) -> BTreeSet<String> {
    let files = fs::read_dir(folder(of)).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|it| it == ending));
    files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
