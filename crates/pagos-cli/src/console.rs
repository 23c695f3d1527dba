//! The two streams of the process: documents go to standard output, words to people to standard
//! error. No formatting.
//!
//! Words, and whatever a command writes that moves money, go through a [`Stream`] with a thread of
//! its own: nobody who does not read holds up a payout or a signal.

mod sheet;
mod stream;

use std::{
    io::{self, BufWriter, IsTerminal, StdoutLock, Write},
    sync::LazyLock,
    time::Duration,
};

use crate::output::{Screen, broken};

pub(crate) use sheet::Sheet;
pub(crate) use stream::{Lost, Stream, Ticket};

/// For how long the end of a process waits for whoever reads its streams.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

static OUTPUT: LazyLock<Stream> = LazyLock::new(|| Stream::over(io::stdout()));
static WORDS: LazyLock<Stream> = LazyLock::new(|| Stream::over(io::stderr()));

/// Standard output, for commands that move money.
pub(crate) fn output() -> Stream {
    OUTPUT.clone()
}

/// Standard output, for commands that move none. Flush it: what is dropped unflushed loses its
/// errors. What was told before is on standard error before.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    WORDS.drain(GRACE);
    BufWriter::with_capacity(64 * 1024, io::stdout().lock())
}

/// Tells a person something, on standard error, and never waits: what nobody reads is dropped after
/// a while. A closed stream is not an error.
pub(crate) fn tell(line: &str) {
    WORDS.offer_line(&fitted(line));
}

/// Tells a person something that is not to be dropped. Waits for the reader, so it is for commands
/// that move no money, and for `pay` before anything was released.
pub(crate) fn tell_patiently(line: &str) {
    // A closed stream is not an error.
    let _ = WORDS.push_patiently(format!("{}\n", fitted(line)).into_bytes());
}

/// Words on a terminal are broken where words end. What is as wide as it should be stays as it is.
fn fitted(words: &str) -> String {
    match Screen::of_stderr().columns {
        Some(columns) => fit(words, columns),
        None => words.to_owned(),
    }
}

fn fit(words: &str, columns: usize) -> String {
    // A line with colours is one of a table, which fits, and whose letters are hard to count.
    let fit = |line: &str| match line.contains('\u{1b}') {
        true => line.to_owned(),
        false => broken(line, columns).join("\n"),
    };
    words.split('\n').map(fit).collect::<Vec<_>>().join("\n")
}

/// Shows a picture of the progress on standard error, if somebody looks.
pub(crate) fn show(frame: Vec<u8>) {
    WORDS.offer_frame(frame);
}

/// Waits until all words were written, for a moment at most, so that a document behind them stands
/// behind them on a terminal.
pub(crate) fn settle() {
    WORDS.drain(Duration::from_millis(200));
}

/// Waits until both streams were written, as long as the end of a process may wait for that.
pub(crate) fn close() {
    WORDS.drain(GRACE);
    OUTPUT.drain(GRACE);
}

/// Asks a person. Without a terminal nobody is asked: `unasked` says what to do then.
pub(crate) fn is_agreed(question: &str, unasked: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        tell(&format!("standard input is no terminal; {unasked}"));
        return Ok(false);
    }
    WORDS.push_patiently(format!("{question} [y/N] ").into_bytes())?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
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
    fn world_17_words_are_broken_where_words_end() {
        let words =
            "sandbox: simulated providers, no real money\nshort\n\u{1b}[1mKEY  PROVIDER\u{1b}[0m";
        let expected = "sandbox: simulated\nproviders, no real\nmoney\nshort\n\u{1b}[1mKEY  \
                        PROVIDER\u{1b}[0m";
        assert_eq!(fit(words, 20), expected);
    }
}
