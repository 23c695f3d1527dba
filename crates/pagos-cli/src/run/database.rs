//! Opens the database of a command: a local file or a server.

mod password;

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Once},
};

use pagos_core::Secret;
use pagos_engine::{EngineError, InstrumentedStore, Restored, Store, StoreError};
use pagos_store_postgres::{PostgresOptions, PostgresStore, ServerAddress, ServerSettings};
use pagos_store_sqlite::SqliteStore;
use sha2::{Digest, Sha256};

use crate::{
    console,
    exit::{Failure, with_causes},
    words::{Text, pay},
};

/// The default file for real accounts.
pub(crate) const LIVE_FILE: &str = "pagos.db";

/// The default file of `pay --sandbox`, which is never that of real money.
pub(crate) const SANDBOX_FILE: &str = "pagos-sandbox.db";

/// The default file of `pay --sandbox-url`, which is another bank and needs another file.
pub(crate) const TWIN_FILE: &str = "pagos-twin.db";

/// Every default file.
pub(crate) const DEFAULT_FILES: [&str; 3] = [LIVE_FILE, SANDBOX_FILE, TWIN_FILE];

/// The database that `--db` names. `Display` shows it to people, without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Database {
    /// A local file, with one dispatcher at a time.
    File(PathBuf),
    /// A PostgreSQL server, with any number of dispatchers.
    Server(Server),
    /// Text that names no database, with the reason; the text itself may contain a password.
    Misread(String),
}

/// A server and its URL. `Debug` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    url: String,
    address: ServerAddress,
}

impl Server {
    /// The URL for the store, and its options: with the password from the environment if the URL
    /// has none.
    ///
    /// # Errors
    /// If there is a password file that must not be used.
    pub(crate) fn to_connect(&self) -> Result<(&str, PostgresOptions), StoreError> {
        let password = match self.address.has_password {
            true => None,
            false => password::find(&self.address)?,
        };
        let password = password.map(Secret::new);
        Ok((&self.url, PostgresOptions { password, ..PostgresOptions::default() }))
    }

    /// The same for every notation of this server and database.
    fn digest(&self) -> String {
        let ServerAddress { host, port, database, .. } = &self.address;
        let digest = Sha256::digest(format!("{}:{port}/{database}", host.to_ascii_lowercase()));
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.address)
    }
}

/// What `pay`, `serve` and `payment create` do if there is no database yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfNew {
    /// `--new-db`: create one.
    Make,
    /// Create one, unless real money would be sent from it: then its name is probably wrong.
    MakeForTests,
}

impl From<bool> for IfNew {
    fn from(new_db: bool) -> Self {
        if new_db { Self::Make } else { Self::MakeForTests }
    }
}

impl Database {
    /// The default file of this name, in the working folder.
    pub(crate) fn usual(file: &str) -> Self {
        Self::File(PathBuf::from(file))
    }

    /// The database that a command reads: the named one, or the only default file that exists, or
    /// that of real money.
    pub(crate) fn existing(named: Option<&Self>) -> Self {
        if let Some(named) = named {
            return named.clone();
        }
        let files = DEFAULT_FILES.map(PathBuf::from);
        let mut there = files.into_iter().filter(|file| file.exists());
        match (there.next(), there.next()) {
            (Some(only), None) => Self::File(only),
            _ => Self::usual(LIVE_FILE),
        }
    }

    /// Opens the store; creates a file or the tables of a server if needed.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match self {
            Self::Misread(because) => return Err(StoreError::new(because)),
            Self::File(path) => {
                let told = String::from(pay::is_locked(self.to_string()));
                Arc::new(SqliteStore::open_telling(path, move || console::tell(&told))?)
            }
            Self::Server(server) => {
                let (url, options) = server.to_connect()?;
                Arc::new(PostgresStore::connect(url, options).await.map_err(with_hint)?)
            }
        })
    }

    /// Opens an existing store for reading, even while other processes pay. Says once if it was
    /// restored and waits to be compared: what it shows may be out of date.
    pub(crate) async fn open_to_read(&self) -> Result<Arc<dyn Store>, StoreError> {
        static TOLD: Once = Once::new();

        let store: Arc<dyn Store> = match self {
            Self::Misread(because) => return Err(StoreError::new(because)),
            Self::File(path) => Arc::new(SqliteStore::open_read_only(path)?),
            Self::Server(server) => {
                let (url, options) = server.to_connect()?;
                Arc::new(PostgresStore::connect_read_only(url, options).await.map_err(with_hint)?)
            }
        };
        let restored = InstrumentedStore::from(Arc::clone(&store)).restored().await?;
        if let Some(restored) = restored.filter(Restored::is_open) {
            let told = EngineError::Restored(restored);
            TOLD.call_once(|| {
                console::tell(&pay::warning_about(self.to_string(), Text::heard(told.to_string())))
            });
        }
        Ok(store)
    }

    /// Checks that the parent folder of a new file exists, since our message is clearer than
    /// SQLite's.
    ///
    /// A password among the arguments works, but causes a warning.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self {
            Self::Misread(because) => Err(StoreError::new(because).into()),
            Self::File(path) => {
                check_folder(path)?;
                check_bank(path, &self.bank())
            }
            Self::Server(server) => {
                if server.address.has_password {
                    console::tell(&pay::password_is_seen());
                }
                Ok(())
            }
        }
    }

    /// Reports that a database is new, before it is created: a typing error in its name must not go
    /// unnoticed, or everything that the right one has sent is sent again.
    ///
    /// # Errors
    /// If real money would be sent from it and nobody asked for a new one; if a database was there
    /// before.
    pub(crate) async fn announce_if_new(
        &self,
        is_live: bool,
        if_new: IfNew,
    ) -> Result<(), Failure> {
        if !self.is_new().await? {
            return Ok(());
        }
        if is_live && if_new == IfNew::MakeForTests {
            return Err(Failure::new(pay::no_database_yet(self.to_string())));
        }
        console::tell(&pay::new_database(self.to_string()));
        Ok(())
    }

    /// Deletes the bank that a sandbox made for a database that was never created.
    pub(crate) async fn forget_bank(&self) {
        if !matches!(self.is_new().await, Ok(false)) {
            // It is only an additional file in the folder, and it has paid nothing.
            let _ = std::fs::remove_file(self.bank());
        }
    }

    /// Whether there is no database yet.
    pub(crate) async fn is_new(&self) -> Result<bool, StoreError> {
        match self {
            Self::Misread(because) => Err(StoreError::new(because)),
            Self::File(path) => SqliteStore::is_new(path),
            Self::Server(server) => {
                let (url, options) = server.to_connect()?;
                PostgresStore::is_new(url, options).await.map_err(with_hint)
            }
        }
    }

    /// The file with the memory of a sandbox's twins: beside the database file, or, for a server,
    /// in the working folder under a name that belongs only to this server's database.
    pub(crate) fn bank(&self) -> PathBuf {
        match self {
            // It is refused before there is a sandbox.
            Self::Misread(_) => PathBuf::new(),
            Self::File(path) => {
                let mut name = path.as_os_str().to_owned();
                name.push(".bank");
                PathBuf::from(name)
            }
            Self::Server(server) => {
                PathBuf::from(format!("pagos-sandbox-{}.bank", server.digest()))
            }
        }
    }
}

/// The settings of a server, whether or not it has our tables.
pub(crate) async fn settings_of_server(server: &Server) -> Result<ServerSettings, StoreError> {
    let (url, options) = server.to_connect()?;
    PostgresStore::settings_at(url, options).await.map_err(with_hint)
}

/// Adds where we take a password from; the store only knows that it is wrong or missing.
pub(crate) fn with_hint(error: StoreError) -> StoreError {
    let told = with_causes(&error);
    match told.english().contains("password") {
        true => StoreError::new(format!(
            "{}; pagos takes the password from PGPASSWORD, or from the file that PGPASSFILE \
             names or ~/.pgpass",
            told.english()
        )),
        false => error,
    }
}

/// Any text is accepted as a database; opening it shows whether it exists. So the command line
/// never repeats an argument that it refuses, which could contain a password.
impl From<OsString> for Database {
    fn from(text: OsString) -> Self {
        if let Some(url) = text.to_str().and_then(with_lower_scheme) {
            return match ServerAddress::read(&url) {
                Ok(address) => Self::Server(Server { url, address }),
                Err(refused) => Self::Misread(refused.to_string()),
            };
        }
        if text.to_str().is_some_and(is_like_an_address) {
            return Self::Misread(NO_ADDRESS.to_owned());
        }
        match no_name(&text.to_string_lossy()) {
            Some(because) => Self::Misread(because.to_owned()),
            None => Self::File(PathBuf::from(text)),
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misread(_) => f.write_str("--db"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Server(server) => write!(f, "{}", server.address),
        }
    }
}

/// The URL of a PostgreSQL server, if the text is one. Schemes ignore case, but the store accepts
/// only lower case.
fn with_lower_scheme(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let url = format!("{}://{rest}", scheme.to_ascii_lowercase());
    PostgresStore::is_url(&url).then_some(url)
}

const NO_ADDRESS: &str = "what --db names looks like the address of a database, and is none that pagos knows: write \
     postgres://USER@HOST/DATABASE for a PostgreSQL server, or begin the name of a file with ./";

/// Why a text cannot be the name of a database file; `None` if it can.
fn no_name(text: &str) -> Option<&'static str> {
    const BESIDE: [&str; 5] = ["-wal", "-shm", "-journal", ".lock", ".bank"];
    match text {
        "" => Some("--db names nothing: name a file, or leave --db out for the usual one"),
        "-" => Some("--db - would be a stream, and a database is a file: name one"),
        _ if text.eq_ignore_ascii_case(":memory:") => Some(
            "--db :memory: would be forgotten at the end, and what it sent would be sent again: name a file",
        ),
        _ if BESIDE.iter().any(|suffix| text.ends_with(suffix)) => Some(
            "what --db names lies beside a database, as its log, its index, its lock or the bank of its \
             sandbox: name the database itself",
        ),
        _ => None,
    }
}

/// Recognises a word and a colon, or a keyword of a server's address before an equals sign. To use
/// a file with such a name, prefix it with its folder.
fn is_like_an_address(text: &str) -> bool {
    const WORDS: [&str; 9] = [
        "host=",
        "hostaddr=",
        "port=",
        "dbname=",
        "database=",
        "user=",
        "password=",
        "service=",
        "sslmode=",
    ];
    if text.starts_with(['.', '/', '\\']) {
        return false;
    }
    let is_of_scheme = |letter: char| letter.is_ascii_alphanumeric() || "+.-".contains(letter);
    let has_scheme = text.split_once(':').is_some_and(|(scheme, _)| {
        // A single letter is a drive.
        scheme.len() > 1
            && scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme.chars().all(is_of_scheme)
    });
    let lower = text.to_ascii_lowercase();
    has_scheme
        || WORDS.iter().any(|word| lower.split_whitespace().any(|part| part.starts_with(word)))
}

/// A sandbox makes its bank before its database, so an empty database beside a bank was emptied.
fn check_bank(db: &Path, bank: &Path) -> Result<(), Failure> {
    let is_empty = std::fs::metadata(db).is_ok_and(|metadata| metadata.len() == 0);
    match is_empty && bank.exists() {
        true => {
            let (db, bank) = (db.display().to_string(), bank.display().to_string());
            Err(Failure::new(pay::is_empty_beside_bank(db, bank)))
        }
        false => Ok(()),
    }
}

fn check_folder(db: &Path) -> Result<(), Failure> {
    match db.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(Failure::new(pay::no_folder(folder.display().to_string())))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(text: &str) -> Database {
        Database::from(OsString::from(text))
    }

    #[test]
    fn a_url_is_a_server_and_everything_else_a_file() {
        for text in ["postgres://h/d", "postgresql://u@h:1/d", "POSTGRES://h/d"] {
            assert!(matches!(database(text), Database::Server(_)), "{text}");
        }
        for text in [
            "pagos.db",
            "./postgres",
            "postgres.db",
            "./sqlite:t.db",
            "/tmp/host=1",
            "C:\\pagos.db",
            "..\\pagos.db",
            "userhost=1.db",
            "nómina 2026.db",
        ] {
            assert_eq!(database(text), Database::File(PathBuf::from(text)), "{text}");
        }
    }

    /// Each of these was a new local file, from which money went out.
    #[test]
    fn world_3_what_looks_like_an_address_and_is_none_is_no_file() {
        for text in [
            "host=127.0.0.1 dbname=pagos",
            "dbname=pagos",
            "user=pagos password=hunter2 host=db",
            "postgres:pagos",
            "postgres:/h/d",
            "postgresql:pagos",
            "sqlite:t.db",
            "sqlite://t.db",
            "mysql://h/d",
            "file:pagos.db",
            "jdbc:postgresql://h/d",
        ] {
            assert_eq!(database(text), Database::Misread(NO_ADDRESS.to_owned()), "{text}");
            let told = database(text).check().unwrap_err().to_string();
            assert!(told.contains("postgres://USER@HOST/DATABASE"), "{told}");
            assert!(!told.contains("hunter2") && !told.contains(text), "{told}");
        }
    }

    /// The rest of a password behind an @ was shown as the name of a host.
    #[test]
    fn an_address_shows_no_part_of_a_password() {
        for text in [
            "postgres://u:s3c@ret@h/pay",
            "postgres://u:s3c?ret@h/pay",
            "postgres://u:12?s3cret@h/pay",
            "postgres://u:s3cret@h/pay",
            "POSTGRES://h/pay?user=u&password=s3cret",
        ] {
            let database = database(text);
            let told = format!("{database} {database:?} {:?}", database.check());
            assert!(!told.contains("s3c") && !told.contains("ret"), "{told}");
        }
    }

    #[test]
    fn world_3_what_can_be_no_database_is_refused_in_words() {
        let cases = [
            ("", "names nothing"),
            ("-", "would be a stream"),
            (":memory:", "would be forgotten"),
            ("pagos.db-wal", "lies beside a database"),
            ("a/pagos.db-shm", "lies beside a database"),
            ("./pagos.db.lock", "lies beside a database"),
            ("pagos.db.bank", "lies beside a database"),
        ];
        for (text, because) in cases {
            let told = database(text).check().unwrap_err().to_string();
            assert!(told.contains(because), "{text}: {told}");
        }
    }

    #[test]
    fn a_sandbox_has_a_bank_of_its_own_for_each_database() {
        assert_eq!(database("a/pagos.db").bank(), PathBuf::from("a/pagos.db.bank"));
        let bank = |text: &str| database(text).bank();
        let one = bank("postgres://u@db.example/pay");
        assert_eq!(one, bank("postgresql://other:secret@DB.example:5432/pay?sslmode=require"));
        for other in ["postgres://u@db.example/pay2", "postgres://u@db2.example/pay"] {
            assert_ne!(one, bank(other), "{other}");
        }
    }
}
