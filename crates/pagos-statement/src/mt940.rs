//! Statements in SWIFT's MT940, alone or in an envelope: field by field, message by message, with the
//! pages of a statement joined.

mod fields;
mod information;
mod statement;

use std::io::BufRead;

use crate::{
    Counts, Part, Problem,
    decode::unreadable,
    problem::{AGAIN, Problems},
};
use statement::Book;

/// Reads MT940, line by line.
///
/// A file with a problem gives `Err` at its end, after parts of it went into the sink: use none of
/// them. Either read the file twice, first into a sink that does nothing, or keep what the sink gets
/// until the end. Lines that are not UTF-8 are read as Windows-1252, since MT940 has no place to say
/// an encoding.
///
/// ```
/// let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/statement.sta"));
/// let mut lines = Vec::new();
/// let counts = pagos_statement::read_mt940(text.as_bytes(), &mut |part| {
///     if let pagos_statement::Part::Line(line) = part {
///         lines.push(line);
///     }
/// });
/// assert_eq!(counts.unwrap().lines, 1);
/// assert_eq!(lines[0].transactions[0].references[0].as_str(), "payroll-7");
/// ```
///
/// # Errors
/// Every problem of the file, up to 1,000.
pub fn read_mt940(
    mut source: impl BufRead,
    sink: &mut dyn FnMut(Part),
) -> Result<Counts, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut book = Book::default();
    let mut field: Option<Field> = None;
    let mut bytes = Vec::new();
    let mut place = 0;
    let mut has_field = false;
    while !problems.is_full() {
        place += 1;
        let read = read_line(&mut source, &mut bytes, place);
        let Some(is_more) = problems.take(read) else { break };
        let text = decode(&bytes);
        let text = text.trim_end_matches(['\r', '\n']);
        match (is_more, tag_of(within_envelope(text))) {
            (false, _) => break,
            (true, Some((tag, rest))) => {
                has_field = true;
                let ended = field.replace(Field::new(place, tag, rest));
                ended.into_iter().for_each(|it| book.accept(&it, &mut problems, sink));
            }
            (true, None) if is_end(text) => {
                field.take().into_iter().for_each(|it| book.accept(&it, &mut problems, sink));
            }
            (true, None) => {
                if let Some(field) = &mut field
                    && !field.add(text)
                {
                    let because = "a field of more than 100 lines";
                    problems.add(Problem::new(place, because, AGAIN).of(field.label()));
                    break;
                }
            }
        }
    }
    if !has_field {
        problems.add(Problem::new(1, "it has no field such as :20:", "ask the bank for MT940"));
    }
    field.into_iter().for_each(|it| book.accept(&it, &mut problems, sink));
    let counts = book.finish(&mut problems, sink);
    problems.finish(counts)
}

/// A field with its lines.
#[derive(Debug)]
struct Field {
    place: u64,
    tag: String,
    lines: Vec<String>,
}

impl Field {
    fn new(place: u64, tag: &str, text: &str) -> Self {
        Self { place, tag: tag.to_owned(), lines: vec![text.to_owned()] }
    }

    fn add(&mut self, text: &str) -> bool {
        self.lines.push(text.to_owned());
        self.lines.len() <= LINES_MAX
    }

    fn first(&self) -> &str {
        self.lines.first().map_or("", |line| line.trim())
    }

    /// For a problem.
    fn label(&self) -> String {
        format!("field {}", self.tag)
    }
}

/// Reads one line. Is there one?
fn read_line(source: &mut impl BufRead, into: &mut Vec<u8>, place: u64) -> Result<bool, Problem> {
    into.clear();
    let mut limited = std::io::Read::take(source, LINE_BYTES_MAX);
    let count = limited.read_until(b'\n', into).map_err(|error| unreadable(place, &error))?;
    if count as u64 == LINE_BYTES_MAX {
        return Err(Problem::new(place, "a line of more than 16 KiB", "ask the bank for MT940"));
    }
    if into.contains(&0) {
        let because = "it has zero bytes: it is UTF-16 or no text";
        return Err(Problem::new(place, because, "save the file as UTF-8"));
    }
    Ok(count > 0)
}

fn decode(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').into(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// What stands behind the blocks of an envelope: `{1:...}{2:...}{4:` is SWIFT's own.
fn within_envelope(text: &str) -> &str {
    match text.strip_prefix('{').and_then(|_| text.rsplit_once("{4:")) {
        Some((_, rest)) => rest,
        None => text,
    }
}

/// The end of a message.
fn is_end(text: &str) -> bool {
    matches!(text.trim(), "-" | "-}") || text.starts_with("-}") || text.starts_with('{')
}

/// `60F` and what follows, of a line `:60F:...`.
fn tag_of(text: &str) -> Option<(&str, &str)> {
    let (tag, rest) = text.strip_prefix(':')?.split_once(':')?;
    let (number, letter) = tag.split_at_checked(2)?;
    let is_tag = number.bytes().all(|it| it.is_ascii_digit())
        && letter.len() <= 1
        && letter.bytes().all(|it| it.is_ascii_uppercase());
    (is_tag || tag == "NS").then_some((tag, rest))
}

const LINES_MAX: usize = 100;
const LINE_BYTES_MAX: u64 = 16 * 1_024;
