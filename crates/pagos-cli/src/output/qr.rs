//! A QR code in half blocks, to be scanned from the terminal.

use std::io::{self, IsTerminal, Write};

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use terminal_size::{Width, terminal_size_of};
use unicode_width::UnicodeWidthStr;

use crate::output::Colour;

/// Black on white whatever the terminal's own colours, because not every reader accepts the
/// inverse.
const BLACK_ON_WHITE: &str = "\u{1b}[30;107m";
const PLAIN: &str = "\u{1b}[0m";

/// Writes the code of `text` if standard output is a terminal that can show it; otherwise nothing.
pub(crate) fn write_if_shown(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let stdout = io::stdout();
    let colour = Colour::of(&stdout);
    let is_able = stdout.is_terminal() && is_utf8(|name| std::env::var(name).ok());
    let Some((Width(columns), _)) = terminal_size_of(&stdout).filter(|_| is_able) else {
        return Ok(());
    };
    match half_blocks(text, colour) {
        Some(code) if width(&code) <= usize::from(columns) => write(&code, colour, out),
        Some(_) | None => Ok(()),
    }
}

/// The locale decides whether half blocks are displayed; its variables count in this order.
fn is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable);
    let locale = set.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Two rows of the code per line. Without colours a dark terminal is assumed, so the blocks are the
/// light parts. `None` if the text is too long for any code.
fn half_blocks(text: &str, colour: Colour) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let (dark, light) = match colour {
        Colour::On => (Dense1x2::Dark, Dense1x2::Light),
        Colour::Off => (Dense1x2::Light, Dense1x2::Dark),
    };
    Some(code.render::<Dense1x2>().dark_color(dark).light_color(light).build())
}

fn width(code: &str) -> usize {
    code.lines().map(UnicodeWidthStr::width).max().unwrap_or_default()
}

fn write(code: &str, colour: Colour, out: &mut dyn Write) -> io::Result<()> {
    for line in code.lines() {
        match colour {
            Colour::On => writeln!(out, "{BLACK_ON_WHITE}{line}{PLAIN}")?,
            Colour::Off => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_and_the_first_that_is_set_counts() {
        let cases = [
            (vec![("LANG", "es_CL.UTF-8")], true),
            (vec![("LANG", "C.utf8")], true),
            (vec![("LC_ALL", "C"), ("LANG", "es_CL.UTF-8")], false),
            (vec![("LC_ALL", ""), ("LC_CTYPE", "es_CL.UTF-8")], true),
            (vec![], false),
        ];
        for (set, expected) in cases {
            let variable = |name: &str| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(is_utf8(variable), expected, "{set:?}");
        }
    }

    #[test]
    fn a_code_is_square_with_a_quiet_zone_and_the_inverse_without_colours() {
        let text = format!("https://pmt.sandbox.example/session/{}", "A".repeat(64));
        let code = half_blocks(&text, Colour::On).unwrap();
        let columns = width(&code);
        assert_eq!(code.lines().count(), columns.div_ceil(2));
        assert!(code.lines().all(|line| line.width() == columns), "{code}");
        // Four light modules around it.
        for line in code.lines().take(2) {
            assert!(line.chars().all(|block| block == ' '), "{code}");
        }
        assert!(code.lines().all(|line| line.starts_with("    ")), "{code}");
        assert!(half_blocks(&text, Colour::Off).unwrap().starts_with("████"));
        assert_eq!(half_blocks(&"x".repeat(4_000), Colour::On), None);
    }
}
