//! A document on its way to a stream: written in memory, and passed on in chunks.

use std::io::{self, Write};

use crate::console::{Lost, Stream};

/// A chunk is passed on when it is longer than this.
const CHUNK_BYTES: usize = 64 * 1024;

/// The part of a document that was written but not passed on yet.
#[derive(Debug)]
pub(crate) struct Sheet {
    out: Stream,
    bytes: Vec<u8>,
}

impl Sheet {
    /// Begins a document on `out`.
    pub(crate) fn new(out: Stream) -> Self {
        Self { out, bytes: Vec::new() }
    }

    /// Passes on what there is.
    pub(crate) async fn pass_on(&mut self) -> Result<(), Lost> {
        if !self.bytes.is_empty() {
            self.out.push(std::mem::take(&mut self.bytes)).await?;
        }
        Ok(())
    }

    /// Passes on the end, and waits until everything is written.
    pub(crate) async fn end(&mut self) -> Result<(), Lost> {
        let last = self.out.push(std::mem::take(&mut self.bytes)).await?;
        self.out.written(last).await
    }

    /// Passes on a long chunk. Blocks its thread, like [`Stream::push_patiently`].
    pub(crate) fn pass_on_patiently(&mut self) -> Result<(), Lost> {
        if self.bytes.len() > CHUNK_BYTES {
            self.out.push_patiently(std::mem::take(&mut self.bytes))?;
        }
        Ok(())
    }

    /// Like [`Sheet::end`], for a thread.
    pub(crate) fn end_patiently(&mut self) -> Result<(), Lost> {
        let last = self.out.push_patiently(std::mem::take(&mut self.bytes))?;
        self.out.written_patiently(last)
    }
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
