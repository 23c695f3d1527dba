//! The progress bar on standard error. Shows counts that it is given; measures nothing but time. A
//! picture of it that nobody reads is dropped, so drawing never waits.

use std::io;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use indicatif::ProgressBar;
use indicatif::ProgressDrawTarget;
use indicatif::ProgressStyle;
use indicatif::TermLike;

use crate::console;

const TEMPLATE: &str = "{bar:30} {pos}/{len} settled in {elapsed}, about {eta} to go: {msg}";
const FRAMES_PER_SECOND: u8 = 10;

/// How many payouts stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) pending: u64,
    /// In doubt or in quarantine.
    pub(crate) unknown: u64,
}

/// Whether a bar is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// On a terminal.
    Auto,
    /// Never: a script reads us.
    Hidden,
}

/// A bar over a known number of payouts. Removes itself when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar of `total` payouts.
    pub(crate) fn new(total: u64, visibility: Visibility) -> Self {
        let is_seen = visibility == Visibility::Auto && io::stderr().is_terminal();
        let target = match is_seen {
            true => ProgressDrawTarget::term_like_with_hz(
                Box::new(Screen::default()),
                FRAMES_PER_SECOND,
            ),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars("=> "));
        }
        if is_seen {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar }
    }

    /// Shows how far it is: a payout is done when its outcome is final.
    pub(crate) fn show(&self, counts: Counts) {
        self.bar.set_position(counts.succeeded + counts.failed);
        self.bar.set_message(summary(counts));
    }

    /// Prints a line above the bar, or on standard error if there is none.
    pub(crate) fn tell(&self, line: &str) {
        self.bar.suspend(|| console::tell(line));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The terminal on standard error, as a bar of one line draws on it.
#[derive(Debug, Default)]
struct Screen {
    frame: Mutex<String>,
}

impl Screen {
    fn draw(&self, text: &str) -> io::Result<()> {
        // Nothing panics while it holds the lock, so what it guards is whole.
        self.frame.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
        Ok(())
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| width.0)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.draw(text)?;
        self.draw("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.draw(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.draw("\r\u{1b}[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let frame = std::mem::take(&mut *self.frame.lock().unwrap_or_else(PoisonError::into_inner));
        if !frame.is_empty() {
            console::show(frame.into_bytes());
        }
        Ok(())
    }
}

impl Screen {
    fn move_cursor(&self, n: usize, direction: char) -> io::Result<()> {
        match n {
            0 => Ok(()),
            _ => self.draw(&format!("\u{1b}[{n}{direction}")),
        }
    }
}

/// `41 succeeded, 2 failed, 1 in doubt`; what is zero is not said, but for the successes.
fn summary(counts: Counts) -> String {
    let parts =
        [(counts.failed, "failed"), (counts.pending, "pending"), (counts.unknown, "in doubt")];
    let mut text = format!("{} succeeded", counts.succeeded);
    for (count, word) in parts.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!(", {count} {word}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_what_there_is() {
        assert_eq!(summary(Counts::default()), "0 succeeded");
        let counts = Counts { succeeded: 41, failed: 2, pending: 0, unknown: 1 };
        assert_eq!(summary(counts), "41 succeeded, 2 failed, 1 in doubt");
        let progress = Progress::new(44, Visibility::Hidden);
        progress.show(counts);
    }
}
