//! Opening the embedded store. Which file it is, the commands say.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use pagos_engine::Store;
use pagos_engine::StoreError;
use pagos_store_sqlite::SqliteStore;

/// The file of real accounts, if none is named.
pub(crate) const LIVE_FILE: &str = "pagos.db";

/// The file of `pay --sandbox`, if none is named: never that of real money.
pub(crate) const SANDBOX_FILE: &str = "pagos-sandbox.db";

/// The file of `pay --sandbox-url`, if none is named: another bank, so another file.
pub(crate) const TWIN_FILE: &str = "pagos-twin.db";

/// Opens the store, which is made if need be.
pub(crate) fn open(db: &Path) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(SqliteStore::open(db)?))
}

/// Opens a store that is there to look at it, also while another process pays.
pub(crate) fn open_to_read(db: &Path) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(SqliteStore::open_read_only(db)?))
}

/// The file that a command looks into: the named one, or the only one of the usual names that is
/// there, or that of real money.
pub(crate) fn existing(named: Option<&Path>) -> PathBuf {
    if let Some(named) = named {
        return named.to_owned();
    }
    let files = [LIVE_FILE, SANDBOX_FILE, TWIN_FILE].map(PathBuf::from);
    let mut there = files.into_iter().filter(|file| file.exists());
    match (there.next(), there.next()) {
        (Some(only), None) => only,
        _ => PathBuf::from(LIVE_FILE),
    }
}
