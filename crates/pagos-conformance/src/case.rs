//! One case: a file, read. How it is cut into sections is in `section.rs`, what the defaults of its
//! operation add in `defaults.rs`, what to do with it in `operation.rs`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;

use pagos_core::{Delivery, Timestamp, Window};

use crate::{
    defaults::{self, Head},
    message,
    section::{Part, Sections, numbered},
};

/// How the files of cases end.
const ENDING: &str = "fixture";

/// The folder of what the cases of an operation have in common.
const DEFAULTS: &str = "defaults";

/// One case of a provider's fixtures.
#[derive(Debug, Clone)]
pub struct Case {
    /// The provider's name: the first folder.
    pub provider: String,
    /// Where it comes from: the second folder.
    pub kind: Kind,
    /// The operation: the third folder.
    pub operation: String,
    /// The case: the name of the file.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Where its bytes come from.
    pub source: String,
    /// When the source was read.
    pub read: String,
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
    head: Part,
    pub(crate) parts: BTreeMap<String, Part>,
}

/// Where a case comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The provider's documents show these bytes.
    Documented,
    /// We computed or derived them.
    Computed,
}

impl Kind {
    /// The name of its folder.
    pub fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Computed => "computed",
        }
    }
}

/// What a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The window of creation times.
    pub window: Window,
    /// Where the page before it said that the list goes on.
    pub cursor: Option<String>,
}

impl Case {
    /// Every case of `provider` below `root`, in the order of operations and names.
    ///
    /// # Errors
    /// The file and the line that cannot be read, why, and what to do.
    pub fn read_all(root: &Path, provider: &str) -> Result<Vec<Self>, String> {
        let folder = root.join(provider);
        let mut cases = Vec::new();
        for path in entries(&folder)? {
            let kind = match name(&path).as_str() {
                "documented" => Kind::Documented,
                "computed" => Kind::Computed,
                DEFAULTS => continue,
                _ => return Err(misplaced(&path)),
            };
            for operation in entries(&path)? {
                let defaults = folder.join(DEFAULTS).join(name(&operation)).with_extension(ENDING);
                let defaults = defaults.exists().then(|| Sections::read(&defaults)).transpose()?;
                for file in entries(&operation)? {
                    if file.extension().is_none_or(|ending| ending != ENDING) {
                        return Err(misplaced(&file));
                    }
                    let place = (provider, kind, &*name(&operation), &*stem(&file));
                    cases.push(Self::of(place, Sections::read(&file)?, defaults.clone())?);
                }
            }
        }
        cases.sort_by(|one, other| {
            (&one.operation, &one.name).cmp(&(&other.operation, &other.name))
        });
        for pair in cases.windows(2) {
            if let [one, other] = pair
                && (&one.operation, &one.name) == (&other.operation, &other.name)
            {
                return Err(other
                    .head
                    .fault(1, "documented and computed have a case of this name"));
            }
        }
        Ok(cases)
    }

    /// The case of that operation and name.
    ///
    /// # Errors
    /// As [`Case::read_all`], and that there is none.
    pub fn find(root: &Path, provider: &str, operation: &str, name: &str) -> Result<Self, String> {
        let is_it = |case: &Self| case.operation == operation && case.name == name;
        let found = Self::read_all(root, provider)?.into_iter().find(is_it);
        found.ok_or_else(|| format!("{}: no {provider}/*/{operation}/{name}", root.display()))
    }

    /// The case that `text` is, as if it were the file `name` of that provider, without defaults.
    ///
    /// # Errors
    /// The line that cannot be read, why, and what to do.
    pub fn parse(
        provider: &str,
        kind: Kind,
        operation: &str,
        name: &str,
        text: &[u8],
    ) -> Result<Self, String> {
        let file = format!("{provider}/{}/{operation}/{name}.{ENDING}", kind.word());
        Self::of((provider, kind, operation, name), Sections::parse(&file, text)?, None)
    }

    /// A setting by its name.
    pub fn setting(&self, name: &str) -> Option<String> {
        self.settings.get(name).cloned()
    }

    /// The webhook of this case, if it has one.
    ///
    /// # Errors
    /// What is wrong with `delivery 1`.
    pub fn delivery(&self) -> Result<Option<Delivery>, String> {
        let Some(part) = self.parts.get("delivery 1") else { return Ok(None) };
        let request = message::parse_request(part)?;
        Ok(Some(Delivery { headers: request.headers, body: request.body, received_at: self.clock }))
    }

    /// The answer to a request, or to the webhook, if there is one.
    ///
    /// # Errors
    /// What is wrong with that section.
    pub fn response(&self, number: usize) -> Result<Option<Response<Bytes>>, String> {
        let part = self.parts.get(&numbered("response", number));
        part.map(message::parse_response).transpose()
    }

    /// The bytes of a section by its name: `order`, `response 1`.
    pub fn section(&self, name: &str) -> Option<&[u8]> {
        self.parts.get(name).map(|part| part.bytes.as_slice())
    }

    /// The same bytes, for a test that spoils them.
    pub fn section_mut(&mut self, name: &str) -> Option<&mut Vec<u8>> {
        self.parts.get_mut(name).map(|part| &mut part.bytes)
    }

    /// What the JSON of a section says (`order`, `expected`).
    ///
    /// # Errors
    /// That it is missing, or why it cannot be read.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        let part = self.parts.get(name).ok_or_else(|| self.missing(name))?;
        serde_json::from_slice(&part.bytes).map_err(|cause| part.fault(cause.line(), cause))
    }

    pub(crate) fn missing(&self, section: &str) -> String {
        self.head.fault(1, format!("there is no section `=== {section}`"))
    }

    fn of(
        (provider, kind, operation, name): (&str, Kind, &str, &str),
        own: Sections,
        defaults: Option<Sections>,
    ) -> Result<Self, String> {
        let Sections { head: place, mut parts } = own;
        let mut head: Head = place.toml()?;
        if let Some(defaults) = defaults {
            head = head.or(defaults.head.toml()?);
            defaults::inherit(&mut parts, kind, &defaults.parts);
        }
        defaults::check_numbers(&parts)?;
        let wanting = |field: &str| {
            let also = match field {
                "clock" => format!(", or in {DEFAULTS}/{operation}.{ENDING}"),
                _ => String::new(),
            };
            place.fault(1, format!("`{field}` is missing; write it at the top{also}"))
        };
        let told = |field: &str, text: Option<String>| {
            text.filter(|text| !text.trim().is_empty()).ok_or_else(|| wanting(field))
        };
        let moment = |field: &str, text: &str| -> Result<Timestamp, String> {
            text.parse().map_err(|cause| place.fault(1, format!("`{field}`: {cause}")))
        };
        let list = match (&head.from, &head.until) {
            (Some(from), Some(until)) => {
                let window = Window { from: moment("from", from)?, until: moment("until", until)? };
                Some(List { window, cursor: head.cursor })
            }
            (None, None) if head.cursor.is_none() => None,
            _ => return Err(place.fault(1, "`cursor` needs `from` and `until`, and these both")),
        };
        let begun_at = head.begun_at.map(|text| moment("begun_at", &text)).transpose()?;
        Ok(Self {
            provider: provider.to_owned(),
            kind,
            operation: operation.to_owned(),
            name: name.to_owned(),
            description: told("description", head.description)?,
            source: told("source", head.source)?,
            read: told("read", head.read)?,
            clock: moment("clock", &told("clock", head.clock)?)?,
            begun_at,
            list,
            secret: head.secret,
            nonces: head.nonces.unwrap_or_default(),
            reference: head.reference,
            handle: head.handle,
            settings: head.settings,
            head: place,
            parts,
        })
    }
}

/// What is in `folder`, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |cause| format!("{}: {cause}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        found.push(entry.map_err(unreadable)?.path());
    }
    found.sort();
    Ok(found)
}

fn misplaced(path: &Path) -> String {
    let path = path.display();
    format!(
        "{path}: no case is read from here; a case is a file \
         <provider>/documented/<operation>/<case>.{ENDING}, or below computed/"
    )
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
