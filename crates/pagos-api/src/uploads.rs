//! What the API needs to take a payroll file: somebody who reads it.

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::PayoutOrder;
use pagos_engine::RunId;

use crate::problem::Fault;

/// Reads an uploaded payroll.
#[async_trait]
pub trait Uploads: Debug + Send + Sync {
    /// Plans the file. It stores nothing: the API does that, as for a JSON batch.
    ///
    /// # Errors
    /// Everything that is wrong in the file.
    async fn read(&self, bytes: Bytes) -> Result<Upload, UploadError>;
}

/// A file whose every row is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The name of the run if the client gives none. It follows from the bytes.
    pub run: RunId,
    /// The orders, each with its line. No key is there twice.
    pub orders: Vec<(u64, PayoutOrder)>,
    /// What looks odd and may be right.
    pub warnings: Vec<Fault>,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// These rows are wrong.
    #[error("the file cannot be paid as it is")]
    Refused {
        /// What is wrong, with the lines.
        faults: Vec<Fault>,
        /// How many more there are.
        more: u64,
    },
    /// The machine failed: no temporary file could be made, say.
    #[error("{0}")]
    Failed(String),
}
