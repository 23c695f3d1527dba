//! The open file of a payroll: its bytes, which do not change, and their format.
//!
//! Input that can be read only once (a pipe, standard input) is first copied into a private file
//! without a name, and is then a file like any other.

use std::{
    fs::File,
    io::{self, IsTerminal, Read, Seek, Write},
    path::{Path, PathBuf},
};

use encoding_rs::Decoder;
use sha2::{Digest as _, Sha256};

use crate::{
    console,
    input::{
        Digest, InputError, Problem,
        encoding::{Encoding, Survey},
        path_text,
        sheet::Sheet,
    },
    words::{Text as Words, file},
};

/// Standard input, as an argument. The long names are not opened, because opening a named pipe a
/// second time waits for a writer that may be gone.
const STANDARD_INPUT: [&str; 4] = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];
/// The maximum size of a pipe's content, and of a spreadsheet; both are kept in full.
const SPOOL_SIZE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
const SHEET_SIZE_BYTES_MAX: u64 = 64 * 1024 * 1024;
const BLOCK_SIZE_BYTES: usize = 256 * 1024;
const START_SIZE_BYTES: usize = 1_024;

/// The file of a payroll.
#[derive(Debug)]
pub(crate) struct Payroll {
    /// Its name in messages.
    pub(crate) name: PathBuf,
    pub(crate) digest: Digest,
    pub(super) purpose: Purpose,
    pub(super) body: Result<Body, Problem>,
    /// Whether it is a pipe that ended within a line.
    pub(super) is_cut: bool,
    /// The first bytes, which tell formats apart.
    pub(super) start: Vec<u8>,
    file: File,
}

/// What a table is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Its rows are paid: the header is the first row, and nothing may read differently from how it
    /// looks.
    Payroll,
    /// Its rows are compared with what was paid: a mapping finds the header, and cells may be days.
    Statement,
}

/// The format of a payroll.
#[derive(Debug)]
pub(super) enum Body {
    /// Text, with separators.
    Text(Encoding),
    /// The first sheet of a workbook.
    Sheet(Sheet),
}

impl Payroll {
    /// Opens a file, or copies a pipe. `-` is standard input. Reads all of it once.
    ///
    /// # Errors
    /// If it cannot be read. A problem *in* it belongs to its plan.
    pub(crate) fn open(path: &Path) -> Result<Self, InputError> {
        Self::open_for(path, Purpose::Payroll)
    }

    /// Opens a file that may be something else than a payroll.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn open_for(path: &Path, purpose: Purpose) -> Result<Self, InputError> {
        Self::read(path, purpose).map_err(|error| InputError::new(path, error))
    }

    fn read(path: &Path, purpose: Purpose) -> io::Result<Self> {
        let Opened { mut file, name, is_pipe } = open_file(path)?;
        let (mut digest, mut survey) = (Sha256::new(), Survey::default());
        let (mut start, mut last) = (Vec::new(), b'\n');
        each_block(&file, |block| {
            digest.update(block);
            survey.add(block);
            let room = START_SIZE_BYTES.saturating_sub(start.len());
            start.extend(block.iter().take(room));
            last = block.last().copied().unwrap_or(last);
        })?;
        let is_cut = is_pipe && !matches!(last, b'\n' | b'\r' | 0);
        let body = match start.as_slice() {
            [b'P', b'K', 3, 4, ..] => read_sheet(&mut file, purpose)?,
            [0xD0, 0xCF, 0x11, 0xE0, ..] => Err(read_old_sheet(&mut file)?),
            [0x1F, 0x8B, ..] => Err(no_payroll(&file::gzip_archive())),
            [b'%', b'P', b'D', b'F', ..] => Err(no_payroll(&file::pdf_document())),
            [b'{', b'\\', b'r', b't', b'f', ..] => Err(no_payroll(&file::text_document())),
            _ => survey.finish().map(Body::Text),
        };
        Ok(Self { name, digest: Digest::new(digest), purpose, body, is_cut, start, file })
    }

    /// The digest of the file's current content. A sheet was read once and is kept.
    pub(super) fn digest_now(&self) -> io::Result<Digest> {
        match self.body {
            Ok(Body::Sheet(_)) => Ok(self.digest),
            _ => self.text(Encoding::Utf8)?.into_digest(),
        }
    }

    /// The bytes again, as they are, from the start, with their digest. Only one reader at a time.
    pub(super) fn raw(&self) -> io::Result<Text<'_>> {
        self.text(Encoding::Utf8)
    }

    /// The bytes again, as UTF-8, from the start. Only one reader at a time.
    pub(super) fn text(&self, encoding: Encoding) -> io::Result<Text<'_>> {
        let mut file = &self.file;
        file.rewind()?;
        Ok(Text { file, digest: Sha256::new(), decoder: encoding.decoder(), decoded: Vec::new() })
    }
}

struct Opened {
    file: File,
    name: PathBuf,
    is_pipe: bool,
}

fn open_file(path: &Path) -> io::Result<Opened> {
    if STANDARD_INPUT.iter().any(|name| path == Path::new(name)) {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(io::Error::other(String::from(file::stdin_is_terminal())));
        }
        let file = spool(stdin.lock())?;
        return Ok(Opened {
            file,
            name: PathBuf::from(String::from(file::standard_input())),
            is_pipe: true,
        });
    }
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(io::Error::other(String::from(file::is_a_folder())));
    }
    if kind.is_file() {
        return Ok(Opened { file: File::open(path)?, name: path.to_owned(), is_pipe: false });
    }
    console::tell(&file::is_read_first(path_text(path)));
    let pipe = File::open(path)?;
    if pipe.is_terminal() {
        return Err(io::Error::other(String::from(file::is_a_terminal())));
    }
    Ok(Opened { file: spool(pipe)?, name: path.to_owned(), is_pipe: true })
}

/// Copies input that can be read only once into a file that has no name and that nobody else can
/// open.
fn spool(mut source: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile().and_then(private).map_err(|error| {
        io::Error::new(error.kind(), String::from(file::no_temporary_file(error.to_string())))
    })?;
    let copied = io::copy(&mut source.by_ref().take(SPOOL_SIZE_BYTES_MAX + 1), &mut file)?;
    if copied > SPOOL_SIZE_BYTES_MAX {
        return Err(io::Error::other(String::from(file::pipe_is_large())));
    }
    file.flush()?;
    Ok(file)
}

/// Makes it readable only by its owner, whatever the umask.
fn private(file: File) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// The message about an `.xls`, or about an `.xlsx` with a password, which looks like one.
fn read_old_sheet(file: &mut File) -> io::Result<Problem> {
    let bytes = read_whole(file)?;
    let entry: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let is_locked = bytes.windows(entry.len()).any(|window| window == entry.as_slice());
    Ok(match is_locked {
        true => Problem::of_line(1, file::has_a_password(), file::save_without_password()),
        false => Problem::of_line(1, file::is_an_old_sheet(), file::save_as_xlsx()),
    })
}

fn no_payroll(kind: &Words) -> Problem {
    Problem::of_line(1, file::file_is(kind), file::name_a_table())
}

/// Reads up to one byte more than the limit of a sheet.
fn read_whole(file: &mut File) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(SHEET_SIZE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_sheet(file: &mut File, purpose: Purpose) -> io::Result<Result<Body, Problem>> {
    let bytes = read_whole(file)?;
    if bytes.len() as u64 > SHEET_SIZE_BYTES_MAX {
        return Ok(Err(Problem::of_line(1, file::sheet_is_large(), file::export_as_csv())));
    }
    Ok(Sheet::read(bytes, purpose).map(Body::Sheet))
}

fn each_block(mut source: impl Read + Seek, mut act: impl FnMut(&[u8])) -> io::Result<()> {
    source.rewind()?;
    let mut block = vec![0; BLOCK_SIZE_BYTES];
    loop {
        match source.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(count) => act(block.get(..count).unwrap_or(&[])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The text of a payroll as UTF-8, with the digest of the bytes from which it was decoded.
pub(crate) struct Text<'a> {
    file: &'a File,
    digest: Sha256,
    decoder: Option<Decoder>,
    /// Decoded, and not taken yet.
    decoded: Vec<u8>,
}

impl Text<'_> {
    /// The digest of the whole file; reads the rest of it.
    pub(super) fn into_digest(mut self) -> io::Result<Digest> {
        let mut block = vec![0; BLOCK_SIZE_BYTES];
        while self.read_raw(&mut block)? > 0 {}
        Ok(Digest::new(self.digest))
    }

    fn read_raw(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(block)?;
        self.digest.update(block.get(..count).unwrap_or(&[]));
        Ok(count)
    }

    /// Decodes another block. At the end of the file nothing is left over.
    fn decode(&mut self) -> io::Result<()> {
        let mut raw = vec![0; BLOCK_SIZE_BYTES];
        let count = self.read_raw(&mut raw)?;
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let raw = raw.get(..count).unwrap_or(&[]);
        let room = decoder.max_utf8_buffer_length(raw.len()).unwrap_or(0);
        self.decoded.resize(room, 0);
        let (_, _, written, _) = decoder.decode_to_utf8(raw, &mut self.decoded, count == 0);
        self.decoded.truncate(written);
        if count == 0 {
            self.decoder = None;
        }
        Ok(())
    }
}

impl Read for Text<'_> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        while self.decoded.is_empty() && self.decoder.is_some() {
            self.decode()?;
        }
        if self.decoded.is_empty() {
            return self.read_raw(block);
        }
        let count = self.decoded.len().min(block.len());
        for (to, from) in block.iter_mut().zip(self.decoded.drain(..count)) {
            *to = from;
        }
        Ok(count)
    }
}
