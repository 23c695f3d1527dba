//! The two output streams of the process: documents go to standard output, messages for people to
//! standard error.
//!
//! Messages, and everything that a command which moves money writes, go through a [`Stream`] with a
//! thread of its own: a reader that does not read holds up neither a payout nor a signal.

mod sheet;
mod stream;

use std::{
    io::{self, BufWriter, IsTerminal, StdoutLock, Write},
    sync::LazyLock,
    time::Duration,
};

use crate::{
    language::{Language, spoken},
    output::{Screen, broken},
    words::{Text, pay},
};

pub(crate) use sheet::Sheet;
pub(crate) use stream::{Lost, Stream, Ticket};

/// How long the end of a process waits for the readers of its streams.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

static OUTPUT: LazyLock<Stream> = LazyLock::new(|| Stream::over(io::stdout()));
static WORDS: LazyLock<Stream> = LazyLock::new(|| Stream::over(io::stderr()));

/// Standard output, for commands that move money.
pub(crate) fn output() -> Stream {
    OUTPUT.clone()
}

/// Standard output, for commands that move no money. Flush it, because errors are lost if it is
/// dropped unflushed. Earlier messages appear on standard error before it.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    WORDS.drain(GRACE);
    BufWriter::with_capacity(64 * 1024, io::stdout().lock())
}

/// Writes a message for people to standard error without waiting; if nobody reads it, it is dropped
/// after a while. A closed stream is no error.
pub(crate) fn tell(line: &str) {
    WORDS.offer_line(&fitted(line));
}

/// Writes a line of the log to standard error without waiting, as it is. If nobody reads, it is
/// dropped and counted.
pub(crate) fn log(line: &str) {
    WORDS.offer_line(line);
}

/// Writes a message that must not be dropped. It waits for the reader, so it is for commands that
/// move no money, and for `pay` before the release.
pub(crate) fn tell_patiently(line: &str) {
    // A closed stream is no error.
    let _ = WORDS.push_patiently(format!("{}\n", fitted(line)).into_bytes());
}

/// Breaks text on a terminal between words. Lines that fit stay as they are.
fn fitted(words: &str) -> String {
    match Screen::of_stderr().columns {
        Some(columns) => fit(words, columns),
        None => words.to_owned(),
    }
}

fn fit(words: &str, columns: usize) -> String {
    // A line with colours belongs to a table, which fits, and its width is hard to count.
    let fit = |line: &str| match line.contains('\u{1b}') {
        true => line.to_owned(),
        false => broken(line, columns).join("\n"),
    };
    words.split('\n').map(fit).collect::<Vec<_>>().join("\n")
}

/// Shows a frame of the progress on standard error, if it is a terminal.
pub(crate) fn show(frame: Vec<u8>) {
    WORDS.offer_frame(frame);
}

/// Waits a moment until all messages are written, so that a document after them also appears after
/// them on a terminal.
pub(crate) fn settle() {
    WORDS.drain(Duration::from_millis(200));
}

/// Waits until both streams are written, as long as the end of a process may wait.
pub(crate) fn close() {
    WORDS.drain(GRACE);
    OUTPUT.drain(GRACE);
}

/// Asks for confirmation. Without a terminal it does not ask, and `unasked` says what to do then.
pub(crate) fn is_agreed(question: &Text, unasked: &Text) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        tell(&pay::no_terminal(unasked));
        return Ok(false);
    }
    WORDS.push_patiently(format!("{question} {} ", pay::choice()).into_bytes())?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(is_yes(answer.trim(), spoken()))
}

/// What the question offers counts. In Spanish `y` counts too, as people know it from other commands.
fn is_yes(answer: &str, language: Language) -> bool {
    match (answer, language) {
        ("y" | "Y" | "yes", _) => true,
        (answer, Language::Es) => matches!(answer.to_lowercase().as_str(), "s" | "sí" | "si"),
        (_, Language::En) => false,
    }
}

/// Prints one JSON document on standard output.
pub(crate) fn print_json(document: &impl serde::Serialize) -> io::Result<()> {
    let mut out = stdout();
    serde_json::to_writer(&mut out, document)?;
    writeln!(out)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_of_the_language_is_a_yes() {
        for (answer, es, en) in [
            ("s", true, false),
            ("Sí", true, false),
            ("si", true, false),
            ("y", true, true),
            ("yes", true, true),
            ("", false, false),
            ("n", false, false),
            ("sin", false, false),
        ] {
            let found = [Language::Es, Language::En].map(|language| is_yes(answer, language));
            assert_eq!(found, [es, en], "{answer}");
        }
    }

    #[test]
    fn world_17_words_are_broken_where_words_end() {
        let words =
            "sandbox: simulated providers, no real money\nshort\n\u{1b}[1mKEY  PROVIDER\u{1b}[0m";
        let expected = "sandbox: simulated\nproviders, no real\nmoney\nshort\n\u{1b}[1mKEY  \
                        PROVIDER\u{1b}[0m";
        assert_eq!(fit(words, 20), expected);
    }
}
