//! Opens the witness at a place, or begins one.

use std::{path::Path, sync::Arc};

use pagos_core::Secret;
use pagos_engine::{Witness, WitnessError, WitnessErrorKind};
use pagos_witness::FileWitness;

use crate::config::WitnessPlace;

/// Opens the witness of the database with this identity.
pub(crate) fn open_witness(
    place: &WitnessPlace,
    store: &str,
) -> Result<Arc<dyn Witness>, WitnessError> {
    match place {
        WitnessPlace::File(path) => Ok(Arc::new(FileWitness::open(path, store)?)),
        WitnessPlace::Server(url) => Err(not_built_in(url)),
    }
}

/// Begins a witness for the database with this identity.
pub(crate) fn begin_witness(
    place: &WitnessPlace,
    store: &str,
) -> Result<Arc<dyn Witness>, WitnessError> {
    match place {
        WitnessPlace::File(path) => {
            Ok(Arc::new(FileWitness::create(path, &random_identity()?, store)?))
        }
        WitnessPlace::Server(url) => Err(not_built_in(url)),
    }
}

/// Whether something is at the place. A server decides by itself.
pub(crate) fn is_there(place: &WitnessPlace) -> bool {
    match place {
        WitnessPlace::File(path) => path.symlink_metadata().is_ok(),
        WitnessPlace::Server(_) => true,
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

/// The store of PostgreSQL opens what the URL names, once it has a witness.
fn not_built_in(_: &Secret) -> WitnessError {
    WitnessError {
        kind: WitnessErrorKind::Unavailable,
        message: "a witness on a PostgreSQL server is not built into this pagos; name a file"
            .to_owned(),
    }
}
