//! The configured witness: `witness = "PLACE"`, or a table `[witness]` with its rules.

use std::{ffi::OsString, fmt, path::PathBuf, time::Duration};

use pagos_core::Secret;
use pagos_engine::{WithoutWitness, WitnessRules};

/// The witness of the database, and its rules.
#[derive(Debug, Clone)]
pub(crate) struct WitnessSettings {
    pub(crate) place: WitnessPlace,
    /// What to do without it; by default `stop` for real money.
    pub(crate) without: Option<WithoutWitness>,
    pub(crate) deadline: Duration,
    pub(crate) disk: Disk,
}

/// Whether a witness may lie on the disk of its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    /// What destroys one must not destroy the other.
    OfItsOwn,
    /// Somebody said that it may.
    MayBeShared,
}

/// Where a witness is. Shows no password.
#[derive(Debug, Clone)]
pub(crate) enum WitnessPlace {
    File(PathBuf),
    /// The URL of a PostgreSQL server.
    Server(Secret),
}

impl WitnessPlace {
    /// The URL of a server, to connect with.
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
            Self::Server(url) => Some(url.expose()),
        }
    }
}

impl From<OsString> for WitnessPlace {
    fn from(text: OsString) -> Self {
        let url = text.to_str().filter(|text| {
            let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
            scheme.is_some_and(|scheme| ["postgres", "postgresql"].contains(&scheme.as_str()))
        });
        match url {
            Some(url) => Self::Server(Secret::new(url)),
            None => Self::File(PathBuf::from(text)),
        }
    }
}

impl fmt::Display for WitnessPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Server(_) => f.write_str("the server of the witness"),
        }
    }
}

impl WitnessSettings {
    /// A witness with the usual rules.
    pub(crate) fn at(place: WitnessPlace) -> Self {
        let deadline = WitnessRules::STRICT.deadline;
        Self { place, without: None, deadline, disk: Disk::OfItsOwn }
    }
}

/// The fields of `[witness]` while they are read.
#[derive(Debug)]
pub(super) struct Fields {
    place: Option<String>,
    without: Option<WithoutWitness>,
    deadline: Duration,
    disk: Disk,
}

impl Default for Fields {
    fn default() -> Self {
        let deadline = WitnessRules::STRICT.deadline;
        Self { place: None, without: None, deadline, disk: Disk::OfItsOwn }
    }
}

impl Fields {
    /// Sets one field.
    ///
    /// # Errors
    /// Why not, for a sentence that begins with its name, and what to do.
    pub(super) fn set(
        &mut self,
        name: &str,
        text: &str,
    ) -> Result<(), (&'static str, &'static str)> {
        match (name, text) {
            ("place", "") => return Err(("names nothing", PLACE)),
            ("place", place) => self.place = Some(place.to_owned()),
            ("without", "stop") => self.without = Some(WithoutWitness::Stop),
            ("without", "go-on") => self.without = Some(WithoutWitness::GoOn),
            ("without", _) => {
                let remedy = "write without = \"stop\" or without = \"go-on\"";
                return Err(("is neither stop nor go-on", remedy));
            }
            ("deadline_s", text) => {
                let seconds = text.parse().ok().filter(|seconds| (1..=600).contains(seconds));
                let because = "is not a whole number of seconds between 1 and 600";
                let seconds = seconds.ok_or((because, "write deadline_s = 10"))?;
                self.deadline = Duration::from_secs(seconds);
            }
            ("same_disk", "true") => self.disk = Disk::MayBeShared,
            ("same_disk", "false") => self.disk = Disk::OfItsOwn,
            ("same_disk", _) => {
                return Err(("is neither true nor false", "write same_disk = true"));
            }
            _ => {
                let remedy = "it has place, without, deadline_s and same_disk";
                return Err(("is no field of [witness]", remedy));
            }
        }
        Ok(())
    }

    /// The complete settings; `place` makes a path of the text.
    ///
    /// # Errors
    /// If no place is named.
    pub(super) fn finish(
        self,
        place: impl FnOnce(&str) -> WitnessPlace,
    ) -> Result<WitnessSettings, &'static str> {
        let text = self.place.ok_or("place")?;
        let Self { without, deadline, disk, .. } = self;
        Ok(WitnessSettings { place: place(&text), without, deadline, disk })
    }
}

pub(super) const PLACE: &str = "write witness = \"/mnt/other/pagos.witness\" above all tables, or \
                                place = \"/mnt/other/pagos.witness\" in [witness]";
