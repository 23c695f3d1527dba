//! The progress bar on standard error. It shows the counts that it is given, and measures only
//! time. A frame that nobody reads is dropped, so drawing never waits.

use std::{
    fmt,
    io::{self, IsTerminal},
    ops::RangeInclusive,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use indicatif::{
    HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike,
};
use unicode_width::UnicodeWidthStr;

use crate::{
    console,
    output::{Screen, screen::COLUMNS_USUAL},
    words::{Text, pay},
};

const FRAMES_PER_SECOND: u8 = 10;

/// The number of cells of a bar; fewer if there is less room.
const BAR_CELLS: RangeInclusive<usize> = 10..=30;

/// The number of payouts in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) pending: u64,
    /// In doubt or in quarantine.
    pub(crate) unknown: u64,
}

/// Whether a bar is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// On a terminal.
    Auto,
    /// Never, because a script reads the output.
    Hidden,
}

/// A bar over a known number of payouts. Removes itself when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    counts: Arc<Mutex<Counts>>,
}

impl Progress {
    /// A bar for `total` payouts.
    pub(crate) fn new(total: u64, visibility: Visibility) -> Self {
        let is_seen = visibility == Visibility::Auto && io::stderr().is_terminal();
        let target = match is_seen {
            true => ProgressDrawTarget::term_like_with_hz(
                Box::new(Terminal::default()),
                FRAMES_PER_SECOND,
            ),
            false => ProgressDrawTarget::hidden(),
        };
        let counts = Arc::new(Mutex::new(Counts::default()));
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template("{line}") {
            let counts = Arc::clone(&counts);
            bar.set_style(style.with_key(
                "line",
                move |state: &ProgressState, out: &mut dyn fmt::Write| {
                    let moment = Moment {
                        counts: *counts.lock().unwrap_or_else(PoisonError::into_inner),
                        total: state.len().unwrap_or_default(),
                        elapsed: state.elapsed(),
                        to_go: state.eta(),
                    };
                    // A frame that cannot be drawn is not worth an error.
                    let _ = out.write_str(&moment.line(columns()));
                },
            ));
        }
        if is_seen {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, counts }
    }

    /// Shows the progress: a payout is done when its outcome is final.
    pub(crate) fn show(&self, counts: Counts) {
        // The guarded value is whole, since nothing panics while it holds the lock.
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = counts;
        self.bar.set_position(counts.settled());
        // A count may change although the position does not.
        self.bar.tick();
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

/// Standard error, as the terminal of a bar of one line.
#[derive(Debug, Default)]
struct Terminal {
    frame: Mutex<String>,
}

impl Terminal {
    fn draw(&self, text: &str) -> io::Result<()> {
        // The guarded value is whole, since nothing panics while it holds the lock.
        self.frame.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
        Ok(())
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        u16::try_from(columns()).unwrap_or(u16::MAX)
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

impl Terminal {
    fn move_cursor(&self, n: usize, direction: char) -> io::Result<()> {
        match n {
            0 => Ok(()),
            _ => self.draw(&format!("\u{1b}[{n}{direction}")),
        }
    }
}

fn columns() -> usize {
    Screen::of_stderr().columns.unwrap_or(COLUMNS_USUAL)
}

impl Counts {
    fn settled(self) -> u64 {
        self.succeeded + self.failed
    }

    /// Text such as `41 succeeded, 2 failed, 1 in doubt`. Zeros are left out, except for successes.
    fn summary(self) -> Text {
        let mut texts = vec![pay::count_succeeded(self.succeeded)];
        let others = [
            (self.failed, pay::count_failed(self.failed)),
            (self.pending, pay::count_pending(self.pending)),
            (self.unknown, pay::count_in_doubt(self.unknown)),
        ];
        texts.extend(others.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text));
        Text::list(&texts)
    }
}

/// The content of the bar at one moment.
#[derive(Debug, Clone, Copy)]
struct Moment {
    counts: Counts,
    total: u64,
    elapsed: Duration,
    to_go: Duration,
}

impl Moment {
    /// One line that is narrower than the terminal, so that it is not wrapped. With less room the
    /// bar becomes shorter; then bar and times are left out.
    fn line(self, columns: usize) -> String {
        let room = columns.saturating_sub(1);
        let (settled, total) = (self.counts.settled(), self.total);
        let (elapsed, to_go) = (HumanDuration(self.elapsed), HumanDuration(self.to_go));
        let summary = self.counts.summary();
        let (elapsed, to_go) = (format!("{elapsed:#}"), format!("{to_go:#}"));
        let longest = String::from(pay::settled_to_go(settled, total, &elapsed, to_go, &summary));
        let cells = room.saturating_sub(longest.width() + 1).min(*BAR_CELLS.end());
        if BAR_CELLS.contains(&cells) {
            return format!("{} {longest}", bar(settled, total, cells));
        }
        let shorter = [
            longest,
            pay::settled_in(settled, total, elapsed, &summary).into(),
            format!("{settled}/{total}: {summary}"),
            pay::settled_in_doubt(settled, total, self.counts.unknown).into(),
            pay::settled(settled, total).into(),
        ];
        let fitting = shorter.into_iter().find(|line| line.width() <= room);
        fitting.unwrap_or_else(|| format!("{settled}/{total}").chars().take(room).collect())
    }
}

/// The bar, `=====>    `, filled to the settled part.
fn bar(settled: u64, total: u64, cells: usize) -> String {
    let (settled, whole) = (u128::from(settled.min(total)), u128::from(total.max(1)));
    let filled = settled * u128::try_from(cells).unwrap_or(u128::MAX) / whole;
    let filled = usize::try_from(filled).unwrap_or(cells).min(cells);
    let head = if filled < cells { ">" } else { "" };
    format!("{:cells$}", format!("{}{head}", "=".repeat(filled)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_17_the_progress_line_is_never_wrapped() {
        let counts = Counts { succeeded: 41, failed: 2, pending: 300, unknown: 1 };
        let moment = Moment {
            counts,
            total: 344,
            elapsed: Duration::from_secs(75),
            to_go: Duration::from_secs(525),
        };
        for columns in 1..200 {
            let line = moment.line(columns);
            assert!(line.chars().count() < columns, "{columns}: {line}");
        }
        let widths = [40, 60, 80, 100, 160];
        let lines: Vec<String> =
            widths.map(|columns| format!("{columns:>3} |{}|", moment.line(columns))).into();
        insta::assert_snapshot!("the_progress_line", lines.join("\n"));
    }

    #[test]
    fn the_bar_is_full_at_the_end_and_empty_without_payouts() {
        let cases =
            [(0, 4, ">   "), (1, 4, "=>  "), (3, 4, "===>"), (4, 4, "===="), (0, 0, ">   ")];
        for (settled, total, expected) in cases {
            assert_eq!(bar(settled, total, 4), expected);
        }
        assert_eq!(bar(u64::MAX, u64::MAX, 4), "====");
    }

    #[test]
    fn the_summary_says_what_there_is() {
        assert_eq!(Counts::default().summary().english(), "0 succeeded");
        let counts = Counts { succeeded: 41, failed: 2, pending: 0, unknown: 1 };
        assert_eq!(counts.summary().english(), "41 succeeded, 2 failed, 1 in doubt");
        let progress = Progress::new(44, Visibility::Hidden);
        progress.show(counts);
    }
}
