//! A file of payouts that is no file: standard input, a named pipe, what a shell substitutes. It is
//! paid once, or refused in words, and never waited for without an end.

use std::process::Command;

use crate::{
    failure::Failure,
    process,
    surroundings::{
        side_by_side,
        site::{Expected, Harness},
        table::Told,
        without,
    },
};

const NAME: &str = "pipes";

/// What a shell makes of it: `$CSV` is the file, `PAY` the command with the word behind it in the
/// place of its file.
const WAYS: [(&str, &str); 6] = [
    ("-, from a pipe", "cat \"$CSV\" | PAY -"),
    ("-, from a file", "PAY - < \"$CSV\""),
    ("/dev/stdin, from a pipe", "cat \"$CSV\" | PAY /dev/stdin"),
    ("a named pipe", "mkfifo fifo && { cat \"$CSV\" > fifo & } && PAY fifo"),
    ("<(...)", "PAY <(cat \"$CSV\")"),
    ("a pipe that ends in the middle of a row", "head -n 3 \"$CSV\" | head -c -60 | PAY -"),
];

pub(super) fn play(harness: &Harness) -> Result<Vec<Told>, Failure> {
    if !process::is_available(Command::new("bash").arg("--version")) {
        return Ok(vec![without(NAME, "a shell's pipes", "bash is missing")]);
    }
    side_by_side(WAYS, |way| try_way(harness, way))
}

fn try_way(harness: &Harness, (what, script): (&str, &str)) -> Result<Vec<Told>, Failure> {
    let site = harness.site(NAME, 4)?;
    let mut told = Vec::new();
    let is_torn = what.contains("ends in the middle");
    let expected = if is_torn { Expected::Refused } else { Expected::PaidOrRefused };
    let (before, after) = script.split_once("PAY ").unwrap_or((script, ""));
    let (file, rest) = match after.split_once(" < ") {
        Some((file, rest)) => (file, format!(" < {rest}")),
        None => (after, String::new()),
    };
    let script = format!("rm -f fifo; {before}{}{rest}", site.pay_in_shell("a.db", file));
    // The second time nothing is left to pay.
    for time in ["", ", again"] {
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).env("CSV", &site.file).current_dir(&site.work);
        told.push(site.try_out(NAME, &format!("{what}{time}"), &mut shell, expected)?);
    }
    Ok(told)
}
