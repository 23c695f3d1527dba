//! Warns about files with secrets that other users of the machine can read: the configuration, and
//! the key files that it names. It changes no permissions.

use std::path::Path;

use crate::config::{ConfigProblem, Configuration, Origin};

/// The warning, if there is a reason for one.
pub(super) fn check(configuration: &Configuration) -> Option<ConfigProblem> {
    let path = configuration.path.as_deref()?;
    let mut tables = configuration.accounts.iter().chain(&configuration.events);
    let has_secret = tables.any(|table| table.has_secret_in_file());
    if !has_secret || !is_readable_by_others(path) {
        return None;
    }
    let origin = Origin::File { path: path.to_owned(), line: 1 };
    let because = "holds secrets and can be read by other users of this machine";
    Some(ConfigProblem::new(origin, "the file", because, remedy(path)))
}

/// The warning about the private key file that `field` names, if there is a reason for one.
pub(crate) fn warning_of_key_file(
    origin: Origin,
    field: &str,
    path: &Path,
) -> Option<ConfigProblem> {
    let because = "is a file that can be read by other users of this machine";
    is_readable_by_others(path).then(|| ConfigProblem::new(origin, field, because, remedy(path)))
}

fn remedy(path: &Path) -> String {
    format!("run `chmod 600 {}`", path.display())
}

/// Whether users besides the owner can read the file.
#[cfg(unix)]
pub(crate) fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
}

/// On other systems permissions are not bits that we can read.
#[cfg(not(unix))]
pub(crate) fn is_readable_by_others(_path: &Path) -> bool {
    false
}
