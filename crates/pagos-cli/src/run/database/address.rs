//! The URL of a PostgreSQL server, as far as the command itself needs it: without its password for
//! people, and with a password for the store. The store reads and judges the rest.

use std::fmt;

use pagos_engine::StoreError;
use sha2::Digest;
use sha2::Sha256;

use crate::run::database::password;
use crate::run::database::password::Login;

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
const PORT: &str = "5432";

/// `postgres://USER@HOST:PORT/DATABASE?OPTION=VALUE`. Never shows its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// `USER:PASSWORD`, or empty.
    login: String,
    /// `HOST:PORT`, several with commas between them, or empty.
    hosts: String,
    database: String,
    /// What follows the question mark, or empty.
    options: String,
}

impl Address {
    /// `None` if the text is no URL of a PostgreSQL server.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_scheme = |scheme: &&str| {
            text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
        };
        let scheme = SCHEMES.iter().find(|scheme| is_scheme(scheme))?;
        let rest = text.get(scheme.len()..)?;
        let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
        // A password may hold an @ that nobody escaped; a host cannot.
        let (login, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (hosts, database) = rest.split_once('/').unwrap_or((rest, ""));
        let own = str::to_owned;
        Some(Self {
            login: own(login),
            hosts: own(hosts),
            database: own(database),
            options: own(options),
        })
    }

    /// Is there a password in the text itself?
    pub(super) fn has_password(&self) -> bool {
        self.login.contains(':') || self.option("password").is_some()
    }

    /// The URL for the store: with the password of the environment if it has none of its own.
    ///
    /// # Errors
    /// If there is a file of passwords that must not be used.
    pub(super) fn url_to_connect(&self) -> Result<String, StoreError> {
        let Self { login, hosts, database, options } = self;
        let separator = if login.is_empty() { "" } else { "@" };
        let url = format!("postgres://{login}{separator}{hosts}/{database}");
        let mut options = options.clone();
        if !self.has_password()
            && let Some(password) = password::find(&self.login())?
        {
            let separator = if options.is_empty() { "" } else { "&" };
            options.push_str(&format!("{separator}password={}", encode(&password)));
        }
        let mark = if options.is_empty() { "" } else { "?" };
        Ok(format!("{url}{mark}{options}"))
    }

    /// The same for every way to write this server and database.
    pub(super) fn digest(&self) -> String {
        let Login { host, port, database, .. } = self.login();
        let digest = Sha256::digest(format!("{}:{port}/{database}", host.to_ascii_lowercase()));
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    fn login(&self) -> Login {
        let first = self.hosts.split(',').next().unwrap_or_default();
        let (host, port) = split_port(first);
        let user = self.login.split(':').next().unwrap_or_default();
        let given = |text: &str, option: &str, otherwise: &str| match (text, self.option(option)) {
            ("", Some(value)) => decode(value),
            ("", None) => otherwise.to_owned(),
            (text, _) => decode(text),
        };
        let user = given(user, "user", "");
        Login {
            host: given(host, "host", "localhost"),
            port: given(port, "port", PORT),
            database: given(&self.database, "dbname", &user),
            user,
        }
    }

    fn option(&self, name: &str) -> Option<&str> {
        let mut options = self.options.split('&').filter_map(|option| option.split_once('='));
        options.find(|(found, _)| *found == name).map(|(_, value)| value)
    }
}

/// Without the password, and without options, which can hold one.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hosts, database, .. } = self;
        match self.login.split(':').next().unwrap_or_default() {
            "" => write!(f, "postgres://{hosts}/{database}"),
            user => write!(f, "postgres://{user}@{hosts}/{database}"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// An IPv6 address stands in brackets, with colons of its own.
fn split_port(host: &str) -> (&str, &str) {
    let behind_brackets = host.rfind(']').map_or(0, |end| end + 1);
    match host.rfind(':') {
        Some(colon) if colon >= behind_brackets => {
            (host.get(..colon).unwrap_or(host), host.get(colon + 1..).unwrap_or_default())
        }
        _ => (host, ""),
    }
}

fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    let write =
        |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(write).collect()
}

/// What is no escape stands for itself.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| behind.get(..2)).flatten();
        let escaped = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_no_password() {
        for (text, shown) in [
            ("postgres://u:s3cret@h:5433/pay", "postgres://u@h:5433/pay"),
            ("postgresql://u:s3c@ret@h/pay?sslmode=require", "postgres://u@h/pay"),
            ("postgres://h/pay?user=u&password=s3cret", "postgres://h/pay"),
            ("postgres://u@[::1]:5433/pay", "postgres://u@[::1]:5433/pay"),
            ("postgres:///pay?host=/run/postgresql", "postgres:///pay"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), format!("Address({shown})"));
            let has_password = text.contains("s3c");
            assert_eq!(address.has_password(), has_password, "{text}");
        }
        assert_eq!(Address::parse("pagos.db"), None);
        assert_eq!(Address::parse("postgré://"), None);
    }

    #[test]
    fn the_parts_of_a_login_are_found() {
        for (text, host, port, database, user) in [
            ("postgres://u:p@h:5433/pay", "h", "5433", "pay", "u"),
            ("postgres://u@h", "h", "5432", "u", "u"),
            ("postgres://a%40b@[::1]:7/p%20q", "[::1]", "7", "p q", "a@b"),
            ("postgres://u@h1:1,h2:2/pay", "h1", "1", "pay", "u"),
            ("postgres:///?host=/run/pg&user=u&dbname=d&port=9", "/run/pg", "9", "d", "u"),
        ] {
            let login = Address::parse(text).unwrap().login();
            let found = [&login.host, &login.port, &login.database, &login.user];
            assert_eq!(found, [host, port, database, user], "{text}");
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for text in ["", "plain", "p@ss:w/rd?&=%20 ñ"] {
            assert_eq!(decode(&encode(text)), text);
        }
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
    }
}
