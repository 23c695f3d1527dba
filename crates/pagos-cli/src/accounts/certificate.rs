//! Certificates of an account, for providers that authenticate their callers. Reads PEM files, and
//! makes the transport with them. No message contains a value.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use pagos_core::{Error, Transport};
use pagos_http::{ClientIdentity, HttpOptions, RootCertificates};

use crate::{
    accounts::{Fields, MissingFields, problem},
    config::{self, AccountSettings, ConfigProblem, Origin},
    console,
    seams::Seams,
    words::file,
};

pub(super) const CLIENT_CERTIFICATE: &str = "client_certificate";
pub(super) const CLIENT_KEY: &str = "client_key";
pub(super) const ROOT_CERTIFICATE: &str = "root_certificate";

/// The start of every PEM text, perhaps after a comment; no path contains it.
pub(super) const BEGIN: &str = "-----BEGIN";

/// Larger than any chain of certificates.
const SIZE_BYTES_MAX: u64 = 1024 * 1024;

/// The transport of an account: one of its own if it has certificates. A command that sends nothing
/// needs none.
///
/// # Errors
/// The same as [`transport`].
pub(super) fn seams(fields: &Fields<'_>, seams: &Seams) -> Result<Seams, Vec<ConfigProblem>> {
    let mut own = seams.clone();
    if fields.missing_fields == MissingFields::Refused && fields.has_certificates() {
        own.transport = transport(fields.settings, seams)?;
    }
    Ok(own)
}

/// The shared transport, or one of the account's own if it has certificates.
///
/// Each field is a PEM text or the path of a PEM file. A path in `pagos.toml` is relative to the
/// folder of that file.
///
/// # Errors
/// All problems of the fields, at once.
fn transport(
    settings: &AccountSettings,
    seams: &Seams,
) -> Result<Arc<dyn Transport>, Vec<ConfigProblem>> {
    let fields = [CLIENT_CERTIFICATE, CLIENT_KEY, ROOT_CERTIFICATE];
    let read = fields.map(|field| settings.lookup(field).map(|it| Pem::read(settings, field, it)));
    let [certificate, key, root] = read.map(Option::transpose);
    let (certificate, key, root) = match (certificate, key, root) {
        (Ok(certificate), Ok(key), Ok(root)) => (certificate, key, root),
        (certificate, key, root) => {
            return Err([certificate, key, root].into_iter().filter_map(Result::err).collect());
        }
    };
    if certificate.is_none() && key.is_none() && root.is_none() {
        return Ok(Arc::clone(&seams.transport));
    }
    let refused = |error| vec![unfit(settings, &error)];
    let client_identity = match (certificate, &key) {
        (Some(certificate), Some(key)) => {
            let identity = ClientIdentity::from_pem(&certificate.text, &key.text);
            Some(identity.map_err(refused)?)
        }
        (Some(_), None) => return Err(vec![alone(settings, CLIENT_CERTIFICATE, CLIENT_KEY)]),
        (None, Some(_)) => return Err(vec![alone(settings, CLIENT_KEY, CLIENT_CERTIFICATE)]),
        (None, None) => None,
    };
    let extra_roots = match root {
        Some(root) => RootCertificates::from_pem(&root.text).map_err(refused)?,
        None => RootCertificates::default(),
    };
    let options = HttpOptions { client_identity, extra_roots, ..seams.options.clone() };
    let transport = (seams.connect)(&options).map_err(refused)?;
    if let Some(warning) = key.and_then(|key| key.warning(settings)) {
        console::tell(&file::warning(warning.text()));
    }
    Ok(transport)
}

/// The content of a field, and the file that it was read from.
pub(super) struct Pem {
    field: &'static str,
    pub(super) text: Vec<u8>,
    path: Option<PathBuf>,
}

impl Pem {
    /// No failure shows the value: an apparent path may be a key without its first line.
    pub(super) fn read(
        settings: &AccountSettings,
        field: &'static str,
        value: String,
    ) -> Result<Self, ConfigProblem> {
        if value.contains(BEGIN) {
            return Ok(Self { field, text: value.into_bytes(), path: None });
        }
        let origin = settings.origin_of(field);
        let path = path_of(origin, &value);
        match read_file(&path) {
            Ok(text) => Ok(Self { field, text, path: Some(path) }),
            Err(because) => {
                let because = format!("is the path of a file that {because}");
                let remedy = "write the path of a PEM file, or the whole PEM text";
                Err(ConfigProblem::new(origin.clone(), field, because, remedy))
            }
        }
    }

    /// Warns about a key file that others can read.
    pub(super) fn warning(&self, settings: &AccountSettings) -> Option<ConfigProblem> {
        let origin = settings.origin_of(self.field).clone();
        config::warning_of_key_file(origin, self.field, self.path.as_deref()?)
    }
}

/// A path in `pagos.toml` is relative to the folder of that file.
pub(super) fn path_of(origin: &Origin, value: &str) -> PathBuf {
    match origin {
        Origin::File { path, .. } => path.parent().unwrap_or(Path::new("")).join(value),
        Origin::Variable(_) | Origin::Default => PathBuf::from(value),
    }
}

/// The bytes of a small file, or why they cannot be read, as the rest of a sentence.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let unread = |error| format!("cannot be read ({error})");
    let mut text = Vec::new();
    let file = File::open(path).map_err(unread)?;
    file.take(SIZE_BYTES_MAX + 1).read_to_end(&mut text).map_err(unread)?;
    match u64::try_from(text.len()).is_ok_and(|size_bytes| size_bytes <= SIZE_BYTES_MAX) {
        true => Ok(text),
        false => Err(format!("has more than {SIZE_BYTES_MAX} bytes")),
    }
}

/// The problem of a field whose content is not what the field is for.
fn unfit(settings: &AccountSettings, error: &Error) -> ConfigProblem {
    let Some(field) = error.field() else { return problem(settings, error) };
    let remedy = format!("name another file, or see the page of provider {}", settings.provider);
    let origin = settings.origin_of(field).clone();
    ConfigProblem::new(origin, format!("{field}:"), error.message(), remedy)
}

fn alone(settings: &AccountSettings, field: &str, other: &str) -> ConfigProblem {
    let remedy = format!("set {other} too (one file may hold both), or remove {field}");
    let because = format!("is set without {other}");
    ConfigProblem::new(settings.origin_of(field).clone(), field, because, remedy)
}

#[cfg(test)]
mod tests;
