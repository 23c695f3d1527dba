//! Opens and begins a witness, wherever it is: the one place that knows the kinds.

use std::{ffi::OsString, path::Path, sync::Arc};

use pagos_engine::{Store, Witness, WitnessError, WitnessErrorKind};
use pagos_store_postgres::{Opening, PostgresOptions, PostgresWitness, WitnessOptions};
use pagos_witness::FileWitness;

use crate::{
    config::{Disk, WitnessPlace, WitnessSettings},
    exit::Failure,
    run::database::Database,
};

/// The witness of one database, which may be there or not.
#[derive(Debug, Clone)]
pub(crate) struct Meant {
    place: WitnessPlace,
    /// The identity of the database.
    store: String,
    /// The server of the database, on which its witness must not be.
    apart_from: Option<String>,
}

impl Meant {
    /// The one that the settings name for this database.
    ///
    /// # Errors
    /// The error of the store.
    pub(crate) async fn by(settings: &WitnessSettings, store: &dyn Store) -> Result<Self, Failure> {
        let identity = store.identity().await?;
        let apart_from = match settings.disk {
            Disk::OfItsOwn => store.lineage(),
            Disk::MayBeShared => None,
        };
        Ok(Self { place: settings.place.clone(), store: identity, apart_from })
    }

    pub(crate) fn place(&self) -> &WitnessPlace {
        &self.place
    }

    /// Opens it, if it is there.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Witness>, WitnessError> {
        Ok(match &self.place {
            WitnessPlace::File(path) => Arc::new(FileWitness::open(path, &self.store)?),
            WitnessPlace::Server(_) => self.connect(Opening::Existing).await?,
        })
    }

    /// Begins it.
    pub(crate) async fn begin(&self) -> Result<Arc<dyn Witness>, WitnessError> {
        let identity = random_identity()?;
        Ok(match &self.place {
            WitnessPlace::File(path) => {
                Arc::new(FileWitness::create(path, &identity, &self.store)?)
            }
            WitnessPlace::Server(_) => {
                self.connect(Opening::MayCreate { identity: &identity }).await?
            }
        })
    }

    /// Whether it is there. A server that does not answer may have it.
    pub(crate) async fn is_there(&self) -> bool {
        match &self.place {
            WitnessPlace::File(path) => FileWitness::is_there(path),
            WitnessPlace::Server(_) => self.look().await.unwrap_or(true),
        }
    }

    /// Whether its server has it.
    async fn look(&self) -> Result<bool, WitnessError> {
        let (url, options) = self.to_connect()?;
        PostgresWitness::is_there(&url, &self.store, options).await
    }

    /// Whether it is refused because it is on the server of its database: anywhere else would do.
    pub(crate) async fn is_on_server_of_database(&self) -> bool {
        if self.apart_from.is_none() {
            return false;
        }
        let anywhere = Self { apart_from: None, ..self.clone() };
        self.look().await.is_err() && anywhere.look().await.is_ok()
    }

    async fn connect(&self, opening: Opening<'_>) -> Result<Arc<dyn Witness>, WitnessError> {
        let (url, options) = self.to_connect()?;
        Ok(Arc::new(PostgresWitness::open(&url, &self.store, opening, options).await?))
    }

    /// The password is looked for as that of a database is.
    fn to_connect(&self) -> Result<(String, WitnessOptions), WitnessError> {
        let unavailable = |message: String| WitnessError {
            kind: WitnessErrorKind::Unavailable,
            message: format!("{}: {message}", self.place),
        };
        let named = match Database::from(OsString::from(self.place.url().unwrap_or_default())) {
            Database::Server(server) => server,
            Database::Misread(because) => return Err(unavailable(because)),
            Database::File(_) => return Err(unavailable("it is no URL of a server".to_owned())),
        };
        let (url, found) = named.to_connect().map_err(|error| unavailable(error.to_string()))?;
        let usual = WitnessOptions::default();
        let server = PostgresOptions { password: found.password, ..usual.server };
        Ok((url.to_owned(), WitnessOptions { server, apart_from: self.apart_from.clone() }))
    }
}

/// The file system of a file, or of the folder that it will be in.
pub(crate) fn disk_of(path: &Path) -> Option<u64> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let metadata = std::fs::metadata(path).or_else(|_| std::fs::metadata(folder)).ok()?;
    #[cfg(unix)]
    return Some(std::os::unix::fs::MetadataExt::dev(&metadata));
    #[cfg(not(unix))]
    {
        drop(metadata);
        None
    }
}

fn random_identity() -> Result<String, WitnessError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| WitnessError {
        kind: WitnessErrorKind::Unavailable,
        message: format!("the operating system gives no random bytes: {error}"),
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
