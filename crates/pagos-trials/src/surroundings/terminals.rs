//! Terminals of several widths: no line of what a person sees is longer than theirs.

use std::process::Command;

use crate::{
    failure::Failure,
    process,
    surroundings::{
        side_by_side,
        site::{Harness, Site},
        table::{CheckResult, Told},
        without,
    },
};

const NAME: &str = "terminals";

const WIDTHS: [usize; 4] = [60, 80, 100, 160];

/// The commands whose output people read, but for `pay`; `DB` is the database that `pay` has left.
const OTHERS: [&str; 2] = ["list --db DB", "doctor --db DB"];

pub(super) fn play(harness: &Harness) -> Result<Vec<Told>, Failure> {
    // The one of BSD has neither this option nor the words that we use.
    if !process::is_available(Command::new("script").arg("--version")) {
        let missing = "script is missing (Debian's bsdutils)";
        return Ok(vec![match cfg!(target_os = "linux") {
            true => without(NAME, "widths", missing),
            false => Told::skipped(NAME, "widths", missing),
        }]);
    }
    side_by_side(WIDTHS, |width| look_at_all(&harness.apart(&format!("width-{width}"))?, width))
}

fn look_at_all(harness: &Harness, width: usize) -> Result<Vec<Told>, Failure> {
    let site = harness.site(NAME, 4)?;
    let file = format!("'{}'", site.file.display());
    let mut told = vec![look(&site, width, "pay", &site.pay_in_shell("a.db", &file))?];
    let program = harness.program.display();
    for words in OTHERS {
        let command = format!("'{program}' {}", words.replace("DB", "a.db"));
        let name = words.split(' ').next().unwrap_or(words);
        told.push(look(&site, width, name, &command)?);
    }
    Ok(told)
}

fn look(site: &Site<'_>, width: usize, name: &str, command: &str) -> Result<Told, Failure> {
    let script = format!("stty rows 40 cols {width}; exec {command}");
    let mut terminal = Command::new("script");
    terminal.args(["-q", "-e", "-c", &script, "/dev/null"]).current_dir(&site.work);
    let ended = site.run(terminal.env("TERM", "xterm-256color"))?;
    let what = format!("{name} at {width} columns");
    let longest = lines(&ended.output, width).into_iter().max_by_key(|line| line.chars().count());
    let longest = longest.unwrap_or_default();
    let length = longest.chars().count();
    let (is_empty, is_too_long) = (length == 0, length > width);
    let (happened, result) = match (is_empty, is_too_long) {
        (true, _) => ("it printed nothing".to_owned(), CheckResult::Broken),
        (false, true) => (format!("a line of {length}: {longest}"), CheckResult::Broken),
        (false, false) => (format!("the longest line has {length}"), CheckResult::Holds),
    };
    let paid = site.count()?;
    let told = Told::of(NAME, &what, happened, result);
    Ok(Told { paid: paid.once, twice: paid.twice, ..told })
}

/// What stands in the lines of a terminal: without what moves its cursor and colours its letters. What
/// is written over the same line is a line of its own. A line that spaces fill up to the edge ends there.
fn lines(output: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    let mut letters = output.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' | '\r' => lines.push(std::mem::take(&mut line)),
            '\u{1b}' if is_a_move(&mut letters) => lines.push(std::mem::take(&mut line)),
            '\u{1b}' => {}
            letter if letter.is_control() => {}
            letter => {
                if line.ends_with(' ') && line.chars().count() == width {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(letter);
            }
        }
    }
    lines.push(line);
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

/// Reads on to the end of `ESC [ ... letter`, or `ESC letter`. Does the letter move the cursor?
fn is_a_move(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    if letters.next() != Some('[') {
        return false;
    }
    let last = letters.by_ref().find(|letter| matches!(letter, '@'..='~'));
    last.is_some_and(|letter| matches!(letter, 'A'..='J' | 'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_letters_count() {
        let seen = lines("\u{1b}[1;32mgood\u{1b}[0m  \r\u{1b}[2Kbetter\r\nñ\u{1b}[1Aup", 80);
        assert_eq!(seen, ["good", "better", "", "ñ", "up"]);
        assert_eq!(lines("a  bc", 3), ["a", "bc"]);
        assert_eq!(lines("abcde", 3), ["abcde"]);
    }
}
