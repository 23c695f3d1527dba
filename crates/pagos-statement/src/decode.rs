//! A file as UTF-8, decoded while it is read, by the encoding that its XML declaration names. Counts
//! lines, and stops where one piece of the file is longer than a reader can keep.

use std::io::{self, BufRead, Chain, Cursor, ErrorKind, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::Problem;

/// The file in UTF-8.
pub(crate) struct Decoded<R> {
    source: Chain<Cursor<Vec<u8>>, R>,
    decoder: Decoder,
    output: Vec<u8>,
    start: usize,
    end: usize,
    is_done: bool,
    /// Line breaks that were consumed.
    breaks: u64,
    /// Bytes that may still be consumed before `allow` is called again.
    allowance: usize,
}

impl<R: BufRead> Decoded<R> {
    pub(crate) fn open(mut source: R) -> Result<Self, Problem> {
        let mut start = Vec::new();
        let read = source.by_ref().take(DECLARATION_MAX).read_to_end(&mut start);
        read.map_err(|error| unreadable(0, &error))?;
        let encoding = detect(&start)?;
        Ok(Self {
            source: Cursor::new(start).chain(source),
            decoder: encoding.new_decoder_with_bom_removal(),
            output: vec![0; OUTPUT_BYTES],
            start: 0,
            end: 0,
            is_done: false,
            breaks: 0,
            allowance: PIECE_BYTES_MAX,
        })
    }

    /// The number of the line that is read, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.breaks + 1
    }

    /// One more piece may be read.
    pub(crate) fn allow(&mut self) {
        self.allowance = PIECE_BYTES_MAX;
    }

    fn refill(&mut self) -> io::Result<()> {
        (self.start, self.end) = (0, 0);
        while self.end == 0 && !self.is_done {
            let input = self.source.fill_buf()?;
            let is_last = input.is_empty();
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(input, &mut self.output, is_last);
            self.source.consume(read);
            self.end = written;
            self.is_done = is_last && result == DecoderResult::InputEmpty;
            if let DecoderResult::Malformed(..) = result {
                return Err(io::Error::new(ErrorKind::InvalidData, MALFORMED));
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.refill()?;
        }
        if self.allowance == 0 {
            return Err(io::Error::new(ErrorKind::InvalidData, TOO_LONG));
        }
        Ok(self.output.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        let consumed = self.output.get(self.start..self.start + count).unwrap_or_default();
        self.breaks += consumed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.start = (self.start + count).min(self.end);
        self.allowance = self.allowance.saturating_sub(count);
    }
}

/// A file that broke off, or whose bytes are not of its encoding.
pub(crate) fn unreadable(line: u64, error: &io::Error) -> Problem {
    if error.kind() != ErrorKind::InvalidData {
        let because = format!("the file cannot be read: {}", error.kind());
        return Problem::new(line, because, "check the disk or the connection, and try again");
    }
    Problem::new(line, error.to_string(), "get the file from the bank again")
}

/// By the marks at the start of the file, then by its declaration, else UTF-8.
fn detect(start: &[u8]) -> Result<&'static Encoding, Problem> {
    match start {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => return Err(refused("UTF-32")),
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => return Ok(UTF_16LE),
        [0xFE, 0xFF, ..] | [0, b'<', ..] => return Ok(UTF_16BE),
        _ => {}
    }
    let Some(name) = declared(start) else { return Ok(UTF_8) };
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "utf-8" | "utf8" => Ok(UTF_8),
        "us-ascii" | "ascii" | "iso-8859-1" | "iso-8859-15" | "latin1" | "windows-1252" => {
            Encoding::for_label(name.as_bytes()).ok_or_else(|| refused(&name))
        }
        "utf-16" | "utf-16le" | "utf-16be" => Err(Problem::new(
            1,
            "the file says that it is UTF-16, and its bytes are not",
            "write the true encoding into its first line, mostly UTF-8",
        )),
        _ => Err(refused(&name)),
    }
}

fn declared(start: &[u8]) -> Option<String> {
    let end = start.windows(2).position(|pair| pair == b"?>")?;
    let text = String::from_utf8_lossy(start.get(..end)?).into_owned();
    let (_, rest) =
        text.trim_start_matches('\u{feff}').strip_prefix("<?xml")?.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    rest.split(quote).nth(1).map(str::to_owned)
}

/// A name that nobody knows is not quoted.
fn refused(label: &str) -> Problem {
    let name = Encoding::for_label(label.as_bytes()).map(Encoding::name);
    let name = name.or_else(|| (label == "UTF-32").then_some("UTF-32"));
    let because = match name {
        Some(name) => format!("the encoding of the file, {name}, is not read"),
        None => "the encoding of the file is not known".to_owned(),
    };
    Problem::new(1, because, "save the file as UTF-8, and say so in its first line")
}

const DECLARATION_MAX: u64 = 1_024;
const OUTPUT_BYTES: usize = 32 * 1_024;
/// A tag, a text or a comment.
const PIECE_BYTES_MAX: usize = 256 * 1_024;
const MALFORMED: &str = "the file has bytes that are not of its encoding";
const TOO_LONG: &str = "a piece of the file is longer than 256 KiB";
