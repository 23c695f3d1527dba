//! Fits text to a width: without anything that moves the cursor, shortened in its middle, or broken
//! at words. Widths are counted in terminal cells, so that `ñ` and CJK are aligned.

use std::io::{self, Write};

use comfy_table::{Cell, ContentArrangement, Table, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::Screen;

/// The minimum width of a shortened text: `abcd…wxyz`.
pub(crate) const SHORTENED_MIN: usize = 9;

const LEFT_OUT: char = '…';

/// One line, without anything that moves the cursor, changes the direction or cannot be seen.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|letter| if is_moving(letter) { ' ' } else { letter }).collect()
}

fn is_moving(letter: char) -> bool {
    let is_unseen = matches!(
        letter,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    letter.is_control() || is_unseen
}

/// The beginning and the end of a text that is wider than `width`.
pub(crate) fn shortened(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(1);
    let front = fitting(text.chars(), kept.div_ceil(2));
    let back = fitting(text.chars().rev(), kept / 2);
    front.into_iter().chain([LEFT_OUT]).chain(back.into_iter().rev()).collect()
}

/// As many of the letters as fit into `width`.
fn fitting(letters: impl Iterator<Item = char>, width: usize) -> Vec<char> {
    let mut taken = 0;
    let fits = |letter: &char| {
        taken += letter.width().unwrap_or_default();
        taken <= width
    };
    letters.take_while(fits).collect()
}

/// The lines of a text, broken at words. Only a word wider than `width` is broken itself.
pub(crate) fn broken(text: &str, width: usize) -> Vec<String> {
    if text.width() <= width {
        return vec![text.to_owned()];
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.add_row([Cell::new(text)]);
    if let Some(column) = table.column_mut(0) {
        column.set_padding((0, 0));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Writes a sentence, broken at words to fit the terminal.
pub(crate) fn write_sentence(out: &mut dyn Write, screen: Screen, text: &str) -> io::Result<()> {
    let lines = broken(&printable(text), screen.columns.unwrap_or(usize::MAX));
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_17_a_reference_is_shortened_in_its_middle() {
        let cases = [
            ("PAYOUT8551739282639106048", 25, "PAYOUT8551739282639106048"),
            ("PAYOUT8551739282639106048", 9, "PAYO…6048"),
            ("PAYOUT8551739282639106048", 10, "PAYOU…6048"),
            // Four cells are two of these.
            ("界界界界界界界界", 9, "界界…界界"),
            ("界界界界界界界界", 10, "界界…界界"),
            ("", 9, ""),
        ];
        for (text, width, expected) in cases {
            assert_eq!(shortened(text, width), expected);
        }
    }

    #[test]
    fn world_17_a_note_is_broken_at_words() {
        assert_eq!(broken("la cuenta no existe", 10), ["la cuenta", "no existe"]);
        assert_eq!(broken("la cuenta no existe", 19), ["la cuenta no existe"]);
        for line in broken("señal 界界界界界界 averylongwordwithoutanyspace x", 9) {
            assert!(line.width() <= 9, "{line}");
        }
        assert_eq!(broken("", 9), [""]);
    }

    #[test]
    fn world_17_what_moves_the_cursor_is_a_space() {
        let text = "a\u{1b}[2Jb\u{202e}c\u{2063}d\ne";
        assert_eq!(printable(text), "a [2Jb c d e");
    }
}
