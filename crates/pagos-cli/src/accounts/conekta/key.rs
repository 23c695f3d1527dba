//! Reads the public keys of webhooks from a PEM text or from a file. The provider's crate uses
//! them.

use crate::{
    accounts::{Fields, MissingFields, certificate},
    config::ConfigProblem,
};

const FIELD: &str = "webhook_keys";

/// The first character of a file's path.
const FILE: char = '@';

/// The keys as one PEM text with one or more keys, or `None` if none is configured.
///
/// # Errors
/// The problem of the field, without its value, which may be a wrong key.
pub(super) fn read(fields: &Fields<'_>) -> Result<Option<String>, ConfigProblem> {
    let settings = fields.settings;
    let Some(value) = settings.lookup(FIELD) else { return Ok(None) };
    if fields.missing_fields == MissingFields::Credentials {
        // Nothing is verified if only the rules are needed.
        return Ok(None);
    }
    let origin = settings.origin_of(FIELD);
    let refused = |because: String| {
        let remedy = "write @ and the path of a PEM file, or the whole PEM text";
        ConfigProblem::new(origin.clone(), FIELD, because, remedy)
    };
    let Some(path) = value.strip_prefix(FILE) else {
        return match value.contains(certificate::BEGIN) {
            true => Ok(Some(value)),
            false => Err(refused("is neither a PEM text nor @ and a path".to_owned())),
        };
    };
    let path = certificate::path_of(origin, path);
    let unread = |because: String| refused(format!("names {}, which {because}", path.display()));
    let text = certificate::read_file(&path).map_err(unread)?;
    match String::from_utf8(text) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(unread("is not text".to_owned())),
    }
}
