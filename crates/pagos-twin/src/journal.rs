//! An append-only file of everything that happened to a world, so that a killed world can be
//! brought back. Not a database: the whole file is replayed on opening.

use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::Path,
};

use bytes::Bytes;
use http::HeaderMap;
use pagos_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    random::Fnv1a,
    twin::{Ack, DeliveryId},
    world::World,
};

/// One thing that changed a world. A world is a function of its settings and these.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    /// A request was handled.
    Request {
        /// When, by the world's clock.
        at: Timestamp,
        /// HTTP method.
        method: String,
        /// Path and query.
        path: String,
        /// Headers whose values are text; no twin reads others.
        headers: Vec<(String, String)>,
        /// The body.
        body: Body,
    },
    /// Due webhooks were taken.
    Due {
        /// When.
        at: Timestamp,
        /// At most how many.
        count_max: usize,
    },
    /// A webhook came to its end.
    Delivered {
        /// When.
        at: Timestamp,
        /// Which.
        id: DeliveryId,
        /// How.
        ack: Ack,
    },
    /// The clock was turned.
    Tick {
        /// What it shows now.
        at: Timestamp,
    },
}

/// Bytes that are text if they can be.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Body {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl Input {
    /// A request as an input.
    #[must_use]
    pub fn request(request: &http::Request<Bytes>, at: Timestamp) -> Self {
        let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let body = std::str::from_utf8(request.body())
            .map_or_else(|_| Body::Bytes(request.body().to_vec()), |it| Body::Text(it.to_owned()));
        Self::Request {
            at,
            method: request.method().to_string(),
            path: request.uri().path_and_query().map_or("/", |it| it.as_str()).to_owned(),
            headers: request.headers().iter().filter_map(text).collect(),
            body,
        }
    }

    /// When it happened.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Request { at, .. }
            | Self::Due { at, .. }
            | Self::Delivered { at, .. }
            | Self::Tick { at } => *at,
        }
    }

    /// Does it to the world once more. What comes out went out before, and is dropped.
    fn replay(self, world: &mut World) {
        match self {
            Self::Request { at, method, path, headers, body } => {
                if let Some(request) = rebuild(&method, path, &headers, body) {
                    drop(world.handle(&request, at));
                }
            }
            Self::Due { at, count_max } => drop(world.due_at_most(at, count_max)),
            Self::Delivered { at, id, ack } => world.delivered(id, ack, at),
            Self::Tick { .. } => {}
        }
    }
}

/// Without headers and body: signatures and account numbers do not belong in logs.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Request { .. } => "Request",
            Self::Due { .. } => "Due",
            Self::Delivered { .. } => "Delivered",
            Self::Tick { .. } => "Tick",
        };
        f.debug_struct(name).field("at", &self.at()).finish_non_exhaustive()
    }
}

/// Only its length.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size_bytes = match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        };
        f.debug_struct("Body").field("size_bytes", &size_bytes).finish_non_exhaustive()
    }
}

/// A journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file cannot be opened, read or written.
    #[error("the journal cannot be read or written")]
    File(#[source] io::Error),
    /// A line before the last makes no sense.
    #[error("line {line} of the journal is damaged")]
    Damaged {
        /// Which, counted from 1.
        line: usize,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// Another world is writing to it.
    #[error("the journal is in use by another world")]
    InUse,
    /// The journal is of a world with other twins, settings or initial faults.
    #[error("the journal was written by a world with other settings")]
    OtherWorld,
}

/// A journal that is open for appending.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

/// What opening a journal gives.
#[derive(Debug)]
pub struct Opened {
    /// The journal, at its end.
    pub journal: Journal,
    /// The world as it was when the journal ended.
    pub world: World,
    /// When the last input was; `None` if the journal is new.
    pub last_at: Option<Timestamp>,
}

impl Journal {
    /// Opens or creates the journal at `path` and replays it into `world`, which must be as fresh,
    /// and set up in the same way, as the one that wrote it.
    ///
    /// A last line without its end was being written when the world died, and nobody has seen its
    /// effect: it is cut off.
    ///
    /// # Errors
    /// [`JournalError`]; the file is left as it was, but for a torn last line.
    pub fn open(path: &Path, mut world: World) -> Result<Opened, JournalError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // It holds every request, with the names and account numbers of whoever is paid.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(JournalError::File)?;
        // Held until the file is closed, so also when its owner is killed.
        file.try_lock().map_err(|cause| match cause {
            TryLockError::WouldBlock => JournalError::InUse,
            TryLockError::Error(cause) => JournalError::File(cause),
        })?;
        let head = Head { journal: NAME.to_owned(), version: 1, world: fingerprint(&world) };
        let (last_at, whole_bytes) = replay(&file, &head, &mut world)?;
        if whole_bytes == 0 {
            // Somebody may have made the empty file, with a mode of theirs.
            keep_private(&file).map_err(JournalError::File)?;
        }
        file.set_len(whole_bytes).map_err(JournalError::File)?;
        file.seek(SeekFrom::End(0)).map_err(JournalError::File)?;
        let mut journal = Self { file };
        if whole_bytes == 0 {
            journal.write_line(&head).map_err(JournalError::File)?;
        }
        Ok(Opened { journal, world, last_at })
    }

    /// Appends one input. It is with the operating system when this returns, so it survives the
    /// end of this process (though not of the machine).
    ///
    /// # Errors
    /// Those of the file; the input must then have no effect.
    pub fn append(&mut self, input: &Input) -> io::Result<()> {
        self.write_line(input)
    }

    fn write_line<T: Serialize>(&mut self, value: &T) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}

#[cfg(unix)]
fn keep_private(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn keep_private(_file: &File) -> io::Result<()> {
    Ok(())
}

/// First line of a journal.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    journal: String,
    version: u32,
    world: String,
}

/// Replays every whole line; gives the time of the last and the length of them all.
fn replay(
    file: &File,
    head: &Head,
    world: &mut World,
) -> Result<(Option<Timestamp>, u64), JournalError> {
    let mut reader = BufReader::new(file);
    let (mut last_at, mut whole_bytes, mut line) = (None, 0_u64, Vec::new());
    for nth in 1.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(JournalError::File)?;
        if line.last() != Some(&b'\n') {
            break;
        }
        let damaged = |cause| JournalError::Damaged { line: nth, cause };
        if nth == 1 {
            let found: Head = serde_json::from_slice(&line).map_err(damaged)?;
            if found != *head {
                return Err(JournalError::OtherWorld);
            }
        } else {
            let input: Input = serde_json::from_slice(&line).map_err(damaged)?;
            last_at = Some(input.at());
            input.replay(world);
        }
        whole_bytes += u64::try_from(read).unwrap_or(u64::MAX);
    }
    Ok((last_at, whole_bytes))
}

/// Tells worlds with different settings apart by what they show of themselves.
fn fingerprint(world: &World) -> String {
    let mut hash = Fnv1a::default();
    hash.write(format!("{world:?}").as_bytes());
    format!("{:016x}", hash.finish())
}

fn rebuild(
    method: &str,
    path: String,
    headers: &[(String, String)],
    body: Body,
) -> Option<http::Request<Bytes>> {
    let body = match body {
        Body::Text(text) => Bytes::from(text),
        Body::Bytes(bytes) => Bytes::from(bytes),
    };
    let mut all = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().ok()?;
        all.append(name, value.parse().ok()?);
    }
    let mut request = http::Request::builder().method(method).uri(path).body(body).ok()?;
    *request.headers_mut() = all;
    Some(request)
}

const NAME: &str = "pagos-twin";
