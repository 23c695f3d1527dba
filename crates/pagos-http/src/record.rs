//! Writes what goes over another transport to files, for fixtures and for a look at a sandbox.
//! Not a log: bodies are written whole, with the people in them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{Departure, Reached, Transport, TransportError};

use crate::{exchange, message};

/// Writes `1-request.http`, `1-response.http`, `2-request.http` ... to a folder.
///
/// Headers that are marked sensitive or known to carry secrets are redacted; **bodies are not**, so
/// this belongs to a sandbox, and only the files' owner can read them. A request is written before it is sent, and is not sent if it cannot
/// be written. An answer that cannot be written is returned all the same, and counted: losing it
/// would be worse. An existing file is never overwritten.
#[derive(Debug)]
pub struct RecordTransport {
    inner: Arc<dyn Transport>,
    folder: PathBuf,
    number_last: AtomicU32,
    answers_unwritten: AtomicU32,
}

impl RecordTransport {
    /// Records what goes over `inner` in `folder`, which is made if need be.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use pagos_http::{HttpOptions, HttpTransport, RecordTransport};
    /// use pagos_system::System;
    ///
    /// # let folder = std::env::temp_dir().join(format!("pagos-doc-record-{}", std::process::id()));
    /// let http = HttpTransport::new(&HttpOptions::default(), Arc::new(System))?;
    /// let recorded = RecordTransport::new(Arc::new(http), folder.clone())?; // give it to a provider
    /// assert_eq!(recorded.answers_unwritten(), 0);
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn new(inner: Arc<dyn Transport>, folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        make_private_folder(&folder)?;
        let (number_last, answers_unwritten) = (AtomicU32::new(0), AtomicU32::new(0));
        Ok(Self { inner, folder, number_last, answers_unwritten })
    }

    /// How many answers could not be written.
    pub fn answers_unwritten(&self) -> u32 {
        self.answers_unwritten.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Transport for RecordTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let number = self.number_last.fetch_add(1, Ordering::Relaxed) + 1;
        let path = exchange::request_path(&self.folder, number);
        write_new(&path, &message::write_request(&request)).map_err(|error| {
            TransportError::new(Reached::No, "the request cannot be recorded, so it was not sent")
                .with_source(error)
        })?;
        let response = self.inner.send(request, departure).await?;
        let path = exchange::response_path(&self.folder, number);
        if write_new(&path, &message::write_response(&response)).is_err() {
            self.answers_unwritten.fetch_add(1, Ordering::Relaxed);
        }
        Ok(response)
    }
}

/// A folder that is there keeps its mode.
fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

// A few KiB to a local file: not worth a blocking thread.
fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    // It holds bodies, with the names and account numbers of whoever is paid.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    io::Write::write_all(&mut file, text)
}
