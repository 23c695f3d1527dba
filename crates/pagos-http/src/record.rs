//! Records the exchanges of another transport in a file, for fixtures and for inspecting a sandbox.
//! Bodies are written in full, with personal data.

use std::{
    fs, io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{Departure, Reached, Transport, TransportError};

use crate::message;

/// The text above the first section; a comment of TOML.
const HEAD: &str = "\
# A recording. As a case of pagos-conformance it needs description, source, read, clock and settings
# here, the section order where there is one, and below everything the section expected.
";

/// Records each request and its result in a file, as sections of a fixture of `pagos-conformance`:
/// `request 1`, `response 1`, or `failure 1` if no response came.
///
/// Headers that are marked sensitive or known to carry secrets are redacted; **bodies are not**, so
/// use this only with a sandbox. Only the file's owner can read it. A request is written before it
/// is sent, and is not sent if it cannot be written. A result that cannot be written is counted and
/// returned all the same: losing it would be worse.
///
/// ```
/// use std::sync::Arc;
///
/// use pagos_core::Transport;
/// use pagos_http::RecordTransport;
///
/// # fn main() -> std::io::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("pagos-recording-{}", std::process::id()));
/// # #[derive(Debug)]
/// # struct Silent;
/// # #[async_trait::async_trait]
/// # impl Transport for Silent {
/// #     async fn send(
/// #         &self,
/// #         _: http::Request<bytes::Bytes>,
/// #         _: pagos_core::Departure,
/// #     ) -> Result<http::Response<bytes::Bytes>, pagos_core::TransportError> {
/// #         Err(pagos_core::TransportError::new(pagos_core::Reached::No, "silent"))
/// #     }
/// # }
/// # let sandbox = Arc::new(Silent);
/// // The provider is built over `recorded` instead of `sandbox`.
/// let recorded = RecordTransport::new(sandbox, folder.join("payout.fixture"))?;
/// let transport: Arc<dyn Transport> = Arc::new(recorded);
/// # std::fs::remove_dir_all(folder)
/// # }
/// ```
#[derive(Debug)]
pub struct RecordTransport {
    inner: Arc<dyn Transport>,
    file: Mutex<Recording>,
    answers_unwritten: AtomicU32,
}

#[derive(Debug)]
struct Recording {
    file: fs::File,
    number_last: u32,
}

impl RecordTransport {
    /// Records the exchanges of `inner` in a new file, whose folder is created if needed.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use pagos_http::{HttpOptions, HttpTransport, RecordTransport};
    /// use pagos_system::System;
    ///
    /// # let folder = std::env::temp_dir().join(format!("pagos-doc-record-{}", std::process::id()));
    /// let http = HttpTransport::new(&HttpOptions::default(), Arc::new(System))?;
    /// let recorded = RecordTransport::new(Arc::new(http), folder.join("payout.fixture"))?;
    /// assert_eq!(recorded.answers_unwritten(), 0);
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file exists, or it or its folder cannot be created.
    pub fn new(inner: Arc<dyn Transport>, file: impl AsRef<Path>) -> io::Result<Self> {
        let file = file.as_ref();
        if let Some(folder) = file.parent() {
            make_private_folder(folder)?;
        }
        let mut file = make_private_file(file)?;
        io::Write::write_all(&mut file, HEAD.as_bytes())?;
        let file = Mutex::new(Recording { file, number_last: 0 });
        Ok(Self { inner, file, answers_unwritten: AtomicU32::new(0) })
    }

    /// How many responses and failures could not be written.
    pub fn answers_unwritten(&self) -> u32 {
        self.answers_unwritten.load(Ordering::Relaxed)
    }

    /// Returns the number of the exchange. Concurrent requests keep their numbers.
    fn write_request(&self, request: &http::Request<Bytes>) -> io::Result<u32> {
        let mut recording = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let number = recording.number_last + 1;
        recording.write(&message::write_request(number, request))?;
        recording.number_last = number;
        Ok(number)
    }
}

impl Recording {
    // A few KiB to a local file are not worth a blocking thread.
    fn write(&mut self, section: &str) -> io::Result<()> {
        io::Write::write_all(&mut self.file, section.as_bytes())
    }
}

#[async_trait]
impl Transport for RecordTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let number = self.write_request(&request).map_err(|error| {
            TransportError::new(Reached::No, "the request cannot be recorded, so it was not sent")
                .with_source(error)
        })?;
        let answer = self.inner.send(request, departure).await;
        let section = match &answer {
            Ok(response) => message::write_response(number, response),
            Err(error) => message::write_failure(number, error),
        };
        let mut recording = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if recording.write(&section).is_err() {
            self.answers_unwritten.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }
}

/// An existing folder keeps its mode.
fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn make_private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    // It contains bodies, with the names and account numbers of beneficiaries.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, task};

    use super::*;

    /// Answers, and counts.
    #[derive(Debug, Default)]
    struct Answering(AtomicU32);

    #[async_trait]
    impl Transport for Answering {
        async fn send(
            &self,
            _: http::Request<Bytes>,
            _: Departure,
        ) -> Result<http::Response<Bytes>, TransportError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(http::Response::new(Bytes::new()))
        }
    }

    #[test]
    fn a_request_that_cannot_be_recorded_is_not_sent() {
        // Open for reading only.
        let file = fs::File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
        let inner = Arc::new(Answering::default());
        let file = Mutex::new(Recording { file, number_last: 0 });
        let record =
            RecordTransport { inner: inner.clone(), file, answers_unwritten: AtomicU32::new(0) };
        let mut sent = pin!(record.send(http::Request::default(), Departure::Anytime));
        let mut context = task::Context::from_waker(task::Waker::noop());
        let task::Poll::Ready(answer) = sent.as_mut().poll(&mut context) else {
            panic!("it waits")
        };
        assert_eq!(answer.unwrap_err().reached, Reached::No);
        assert_eq!(inner.0.load(Ordering::Relaxed), 0);
    }
}
