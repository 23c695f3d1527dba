//! One case: a folder of files, read. What to do with them is in `operation.rs`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};

use pagos_core::{Delivery, Timestamp, Window};

use crate::message;

/// One case of a provider's fixtures.
#[derive(Debug, Clone)]
pub struct Case {
    /// The provider's name: the first folder.
    pub provider: String,
    /// The operation: the second folder.
    pub operation: String,
    /// The case: the third folder.
    pub name: String,
    /// Where it comes from.
    pub kind: Kind,
    /// The moment at which the case plays; the clock stands still.
    pub clock: Timestamp,
    /// The nonces that the provider draws, in turn.
    pub nonces: Vec<String>,
    /// The provider's reference, for queries that have one.
    pub reference: Option<String>,
    /// What `prepare` made before.
    pub handle: Option<String>,
    /// When the first attempt was begun, for queries by date.
    pub begun_at: Option<Timestamp>,
    /// The window and the cursor, for lists.
    pub list: Option<List>,
    /// The secret of the session that a delivery is about; invented.
    pub secret: Option<String>,
    /// The provider's configuration by name; all credentials are invented.
    pub settings: BTreeMap<String, String>,
    folder: PathBuf,
}

/// Where a case comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The provider's documents show these bytes.
    Documented,
    /// We computed or derived them.
    Computed,
}

/// What a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The window of creation times.
    pub window: Window,
    /// Where the page before it said that the list goes on.
    pub cursor: Option<String>,
}

/// `case.toml`. Description, source and date are for people; that they are there is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    description: String,
    source: String,
    kind: Kind,
    read: String,
    clock: String,
    #[serde(default)]
    nonces: Vec<String>,
    reference: Option<String>,
    handle: Option<String>,
    begun_at: Option<String>,
    from: Option<String>,
    until: Option<String>,
    cursor: Option<String>,
    secret: Option<String>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

impl Case {
    /// Every case of `provider` below `root`, in the order of their names.
    ///
    /// # Errors
    /// The path that cannot be read, and why.
    pub fn read_all(root: &Path, provider: &str) -> Result<Vec<Self>, String> {
        let mut cases = Vec::new();
        for operation in folders(&root.join(provider))? {
            for folder in folders(&operation)? {
                let case = Self::read(provider, &operation, folder.clone());
                cases.push(case.map_err(|because| format!("{}: {because}", folder.display()))?);
            }
        }
        Ok(cases)
    }

    /// A setting by its name.
    pub fn setting(&self, name: &str) -> Option<String> {
        self.settings.get(name).cloned()
    }

    /// The webhook of this case, if it has one.
    ///
    /// # Errors
    /// What is wrong with `1-delivery.http`.
    pub fn delivery(&self) -> Result<Option<Delivery>, String> {
        let Some(bytes) = self.file("1-delivery.http")? else { return Ok(None) };
        let (headers, body) = message::parse_request(&bytes)?.into_delivery();
        Ok(Some(Delivery { headers, body, received_at: self.clock }))
    }

    /// The bytes of a file of this case, or `None` if there is no such file.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn file(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let path = self.folder.join(name);
        match path.exists() {
            true => fs::read(&path).map(Some).map_err(|cause| format!("{name}: {cause}")),
            false => Ok(None),
        }
    }

    /// A JSON file of this case (`order.json`, `expected.json`).
    ///
    /// # Errors
    /// That it is missing, or why it cannot be read.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        let bytes = self.file(name)?.ok_or_else(|| format!("{name} is missing"))?;
        serde_json::from_slice(&bytes).map_err(|cause| format!("{name}: {cause}"))
    }

    fn read(provider: &str, operation: &Path, folder: PathBuf) -> Result<Self, String> {
        let text = fs::read_to_string(folder.join("case.toml"))
            .map_err(|cause| format!("case.toml: {cause}"))?;
        let head: Head = toml::from_str(&text).map_err(|cause| format!("case.toml: {cause}"))?;
        if head.description.is_empty() || head.source.is_empty() || head.read.is_empty() {
            return Err("case.toml: description, source and read say where it is from".to_owned());
        }
        let list = match (&head.from, &head.until) {
            (Some(from), Some(until)) => {
                let window = Window { from: moment(from)?, until: moment(until)? };
                Some(List { window, cursor: head.cursor })
            }
            (None, None) if head.cursor.is_none() => None,
            _ => return Err("case.toml: from, until and cursor belong together".to_owned()),
        };
        Ok(Self {
            provider: provider.to_owned(),
            operation: name(operation),
            name: name(&folder),
            kind: head.kind,
            clock: moment(&head.clock)?,
            begun_at: head.begun_at.as_deref().map(moment).transpose()?,
            list,
            secret: head.secret,
            nonces: head.nonces,
            reference: head.reference,
            handle: head.handle,
            settings: head.settings,
            folder,
        })
    }
}

/// The folders in `folder`, by name.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |cause| format!("{}: {cause}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|cause| format!("case.toml: {cause}"))
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
