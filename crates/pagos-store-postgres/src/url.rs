//! The address of a server: which database, as which user, and whether the connection is encrypted.

use std::{fmt, net::IpAddr, time::Duration};

use pagos_engine::StoreError;
use tokio_postgres::{
    Config,
    config::{Host, SslMode, TargetSessionAttrs},
};

/// A parsed URL. Its `Debug` shows the password as `_`, which is `Config`'s rule.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) config: Config,
    pub(crate) encryption: Encryption,
    /// For messages: the address and the database, without user and password.
    pub(crate) place: String,
    /// A file of authorities to trust, as `sslrootcert` names it.
    pub(crate) roots_file: Option<String>,
}

/// The address of a database and its user, from a URL. It never contains the password, and shows no
/// part of the URL that could be one.
///
/// ```
/// use pagos_store_postgres::ServerAddress;
///
/// let address = ServerAddress::read("postgres://ana:s3cret@db.example/pay")?;
/// assert_eq!(address.to_string(), "postgres://ana@db.example:5432/pay");
/// assert!(address.has_password);
/// # Ok::<(), pagos_engine::StoreError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerAddress {
    /// The first host, or the folder of its socket.
    pub host: String,
    /// The port of the first host.
    pub port: u16,
    /// The database: the user's name if the URL names none.
    pub database: String,
    /// The user; empty if the URL names none.
    pub user: String,
    /// Whether the URL itself has a password.
    pub has_password: bool,
    /// All hosts, with their ports, and the database.
    place: String,
}

impl ServerAddress {
    /// Parses the URL of a PostgreSQL database, as [`crate::PostgresStore::connect`] takes it.
    ///
    /// # Errors
    /// If it is no such URL, or no store could be opened at it. The message repeats no part of it.
    pub fn read(url: &str) -> Result<Self, StoreError> {
        let Server { config, place, .. } = parse(url)?;
        let user = config.get_user().unwrap_or_default().to_owned();
        let host = match config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            #[cfg(unix)]
            Some(Host::Unix(path)) => path.display().to_string(),
            None => String::new(),
        };
        Ok(Self {
            host,
            port: config.get_ports().first().copied().unwrap_or(PORT),
            database: config.get_dbname().map_or_else(|| user.clone(), str::to_owned),
            user,
            has_password: config.get_password().is_some(),
            place,
        })
    }
}

/// Without the password, and without parameters.
impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, place, .. } = self;
        match user.as_str() {
            "" => write!(f, "postgres://{place}"),
            user => write!(f, "postgres://{user}@{place}"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Plain text: the server is on this machine, or the URL asks for it.
    None,
    /// TLS, with a certificate that an authority vouches for and that names the host.
    Verified,
}

/// The port if the URL names none.
const PORT: u16 = 5432;

impl Server {
    /// Whether nobody else can read the traffic.
    pub(crate) fn is_private(&self) -> bool {
        self.encryption == Encryption::Verified
            || self.config.get_hosts().iter().all(is_this_machine)
    }
}

/// Parses `postgres://user:password@host:port/database?parameters`.
///
/// Errors repeat no part of the URL: a typing error can make any part of it the password.
pub(crate) fn parse(url: &str) -> Result<Server, StoreError> {
    if !is_postgres(url) {
        return Err(refused("it does not begin with postgres://"));
    }
    let (base, parameters) = url.split_once('?').unwrap_or((url, ""));
    let mut kept = Vec::new();
    let mut mode = None;
    let mut roots_file = None;
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=').unwrap_or((parameter, "")) {
            ("sslmode", value) => mode = Some(value),
            ("sslrootcert", value) => roots_file = Some(value.to_owned()),
            ("hostaddr", _) => return Err(refused("hostaddr is not supported; write a host")),
            _ => kept.push(parameter),
        }
    }
    let rest = match kept.is_empty() {
        true => base.to_owned(),
        false => format!("{base}?{}", kept.join("&")),
    };
    let mut config: Config = rest.parse().map_err(|_| refused(UNREADABLE))?;
    if config.get_hosts().is_empty() {
        return Err(refused("it names no host"));
    }
    // A password with an unescaped @: its rest would be taken for a host, and shown as one.
    if config.get_hosts().iter().any(is_part_of_a_password) {
        return Err(refused(UNREADABLE));
    }
    let encryption = encryption(mode, config.get_hosts())?;
    complete(&mut config, encryption);
    let place = place(&config);
    Ok(Server { config, encryption, place, roots_file })
}

const UNREADABLE: &str = "a part of it cannot be read; it is postgres://user:password@host:port/database, and \
     characters such as @ : / ? # % in a password are written as %40 and so on";

fn is_part_of_a_password(host: &Host) -> bool {
    matches!(host, Host::Tcp(name) if name.contains('@'))
}

/// Whether the text looks like the URL of a PostgreSQL database.
pub(crate) fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn refused(because: &str) -> StoreError {
    StoreError::new(format!("the database's URL is refused: {because}"))
}

/// Without `sslmode`: plain text on this machine, verified TLS to any other. Encryption without
/// verification is not offered, because it would protect from nobody who can answer in the server's
/// place.
fn encryption(mode: Option<&str>, hosts: &[Host]) -> Result<Encryption, StoreError> {
    match mode {
        None if hosts.iter().all(is_this_machine) => Ok(Encryption::None),
        None | Some("require" | "verify-full") => Ok(Encryption::Verified),
        Some("disable") => Ok(Encryption::None),
        Some("allow" | "prefer" | "verify-ca") => Err(refused(
            "this sslmode does not say who answers; write sslmode=verify-full, or sslmode=disable \
             for a connection that nobody else can read",
        )),
        Some(_) => Err(refused("sslmode is disable, require or verify-full")),
    }
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            let bare = name.trim_start_matches('[').trim_end_matches(']');
            name == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn complete(config: &mut Config, encryption: Encryption) {
    config.ssl_mode(match encryption {
        Encryption::None => SslMode::Disable,
        Encryption::Verified => SslMode::Require,
    });
    if config.get_application_name().is_none() {
        config.application_name("pagos");
    }
    // Detects a peer that vanished silently within a minute.
    config
        .keepalives(true)
        .keepalives_idle(Duration::from_secs(15))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3)
        .tcp_user_timeout(Duration::from_secs(30));
}

/// Of several hosts, chooses the one that can be written.
pub(crate) fn prefer_primary(config: &mut Config) {
    if config.get_hosts().len() > 1 {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
}

fn place(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate().map(|(number, host)| {
        let port = ports.get(number).or(ports.first()).copied().unwrap_or(PORT);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(path) => format!("{}:{port}", path.display()),
        }
    });
    let hosts: Vec<String> = hosts.collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or("");
    format!("{}/{database}", hosts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_is_verified_unless_the_url_asks_for_none() {
        let cases = [
            ("postgres://u:p@localhost/d", Some(Encryption::None)),
            ("postgres://u:p@127.0.0.1:5433/d", Some(Encryption::None)),
            ("postgres://u@[::1]/d", Some(Encryption::None)),
            ("postgresql:///d?host=/run/postgresql&user=u", Some(Encryption::None)),
            ("postgres://u@localhost/d?sslmode=verify-full", Some(Encryption::Verified)),
            ("postgres://u@db.example/d", Some(Encryption::Verified)),
            ("postgres://u@localhost,db.example/d", Some(Encryption::Verified)),
            ("postgres://u@10.0.0.7/d", Some(Encryption::Verified)),
            ("postgres://u@localhost.example/d", Some(Encryption::Verified)),
            ("postgres://u@db.example/d?sslmode=require", Some(Encryption::Verified)),
            ("postgres://u@db.example/d?sslmode=disable", Some(Encryption::None)),
            ("postgres://u@db.example/d?sslmode=prefer", None),
            ("postgres://u@db.example/d?sslmode=allow", None),
            ("postgres://u@db.example/d?sslmode=verify-ca", None),
            ("postgres://u@db.example/d?sslmode=", None),
            ("postgres://u@localhost/d?hostaddr=10.0.0.7", None),
        ];
        for (url, expected) in cases {
            let found = parse(url).map(|server| (server.encryption, server.config.get_ssl_mode()));
            let ssl_mode = |encryption| match encryption {
                Encryption::None => SslMode::Disable,
                Encryption::Verified => SslMode::Require,
            };
            let expected = expected.map(|encryption| (encryption, ssl_mode(encryption)));
            assert_eq!(found.ok(), expected, "{url}");
        }
    }

    #[test]
    fn the_place_names_no_user() {
        let cases = [
            ("postgres://u:p@db.example/d", "db.example:5432/d"),
            ("postgres://u:p@a.example:1,b.example:2/d", "a.example:1,b.example:2/d"),
            ("postgres://u:p@%2Frun%2Fpg:7/d", "/run/pg:7/d"),
            ("postgres://u:p@db.example/d?sslrootcert=/etc/ca.pem", "db.example:5432/d"),
        ];
        for (url, expected) in cases {
            assert_eq!(parse(url).unwrap().place, expected);
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let server = parse("postgres://user:opensesame@db.example/d").unwrap();
        assert!(!format!("{server:?}").contains("opensesame"));
        let broken = [
            "mysql://user:opensesame@db.example/d",
            "postgres://user:opensesame",
            "postgres://user:opensesame@db.example:port/d",
            "postgres://user:opensesame@db.example/d?opensesame=1",
            "postgres://user:opensesame@db.example/d?sslmode=opensesame",
            "postgres://user:opensesame%@/%zz?keepalives=opensesame",
            "postgres://user:opensesame/d",
            "postgres://user:open@sesame@db.example/d",
            "postgres://user:5432/opensesame@db.example@other/d",
        ];
        for url in broken {
            let error = parse(url).unwrap_err();
            let told = format!("{error} {error:?}");
            assert!(!told.contains("sesame"), "{told}");
        }
    }

    #[test]
    fn an_address_has_the_parts_of_its_url_without_the_password() {
        for (url, shown, host, port, database, user) in [
            ("postgres://u:p@h:5433/pay", "postgres://u@h:5433/pay", "h", 5433, "pay", "u"),
            ("postgres://u@h", "postgres://u@h:5432/u", "h", 5432, "u", "u"),
            ("postgres://u:p?q/r@h/d", "postgres://u@h:5432/d", "h", 5432, "d", "u"),
            (
                "postgres://a%40b:p@[::1]:7/p%20q",
                "postgres://a@b@::1:7/p q",
                "::1",
                7,
                "p q",
                "a@b",
            ),
            ("postgres://u@h1:1,h2:2/pay", "postgres://u@h1:1,h2:2/pay", "h1", 1, "pay", "u"),
            (
                "postgres:///?host=/run/pg&user=u&password=p&dbname=d&port=9",
                "postgres://u@/run/pg:9/d",
                "/run/pg",
                9,
                "d",
                "u",
            ),
        ] {
            let found = ServerAddress::read(url).unwrap();
            assert_eq!(found.to_string(), shown);
            assert_eq!(found.has_password, url.contains(":p") || url.contains("password"));
            assert_eq!((found.host.as_str(), found.port), (host, port), "{url}");
            assert_eq!((found.database.as_str(), found.user.as_str()), (database, user), "{url}");
        }
    }
}
