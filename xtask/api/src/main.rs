//! Prints the public items of a crate, one a line, from the file that rustdoc wrote. Judges nothing.

use std::{env, error::Error, fs};

use public_api::Builder;
use rustdoc_types::FORMAT_VERSION;
use serde_json::Value;

/// What the compiler adds. That a type is `Send` is usual, so only one that is not is worth a line; the
/// others are worth none.
const USUAL: [&str; 3] = ["core::marker::Send", "core::marker::Sync", "core::marker::Unpin"];
const UNTOLD: [&str; 5] = [
    "core::marker::Freeze",
    "core::marker::StructuralPartialEq",
    "core::marker::UnsafeUnpin",
    "core::panic::unwind_safe::RefUnwindSafe",
    "core::panic::unwind_safe::UnwindSafe",
];

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: api-listing FILE.json")?;
    let file: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
    let version = &file["format_version"];
    if *version != FORMAT_VERSION {
        let wanted = "use the compiler of `rust-version` in Cargo.toml";
        return Err(
            format!("rustdoc wrote format {version}, not {FORMAT_VERSION}; {wanted}").into()
        );
    }
    let api = Builder::from_rustdoc_json(&path).omit_blanket_impls(true).build()?;
    let lines = api.items().map(ToString::to_string);
    shorten(lines).iter().for_each(|line| println!("{line}"));
    Ok(())
}

/// Leaves out what the compiler adds, and the functions of a trait's implementation, which are as the trait says.
fn shorten(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut implementing = None;
    for line in lines {
        if let Some(subject) = &implementing {
            if line.starts_with(&format!("pub fn {subject}::")) {
                continue;
            }
            if !line.starts_with(&format!("pub type {subject}::")) {
                implementing = None;
            }
        }
        if let Some((of, rest)) = line.split_once(" for ").filter(|_| line.starts_with("impl")) {
            let name = of.rsplit(' ').next().unwrap_or_default();
            if USUAL.contains(&name) || UNTOLD.contains(&name.trim_start_matches('!')) {
                continue;
            }
            implementing = rest.split(" where ").next().map(str::to_owned);
        }
        kept.push(line);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_left_out() {
        let lines = [
            "pub struct a::Key(_)",
            "impl a::Key",
            "pub fn a::Key::new(&str) -> Self",
            "impl core::clone::Clone for a::Key",
            "pub fn a::Key::clone(&self) -> a::Key",
            "impl core::str::traits::FromStr for a::Key",
            "pub type a::Key::Err = a::Error",
            "pub fn a::Key::from_str(&str)",
            "impl core::marker::Send for a::Key",
            "impl !core::marker::Sync for a::Key",
            "impl !core::marker::Freeze for a::Key",
            "pub struct a::List<T>(_)",
            "impl<T> core::fmt::Debug for a::List<T> where T: core::fmt::Debug",
            "pub fn a::List<T>::fmt(&self)",
            "pub fn a::List<T>::fmt_twice(&self)",
            "pub fn a::free()",
        ];
        let kept = shorten(lines.iter().map(|line| (*line).to_owned()));
        let expected = [0, 1, 2, 3, 5, 6, 9, 11, 12, 15].map(|at| lines[at]);
        assert_eq!(kept, expected);
    }
}
