//! The two streams of the process: documents go to standard output, words to people to standard
//! error. No formatting.

use std::io;
use std::io::BufWriter;
use std::io::IsTerminal;
use std::io::StdoutLock;
use std::io::Write;

/// Standard output, buffered. Flush it: what is dropped unflushed loses its errors.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(64 * 1024, io::stdout().lock())
}

/// Tells a person something, on standard error. A closed stream is not an error.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Asks a person. Without a terminal nobody is asked: `unasked` says what to do then.
pub(crate) fn is_agreed(question: &str, unasked: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        tell(&format!("standard input is no terminal; {unasked}"));
        return Ok(false);
    }
    let mut err = io::stderr().lock();
    write!(err, "{question} [y/N] ")?;
    err.flush()?;
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
