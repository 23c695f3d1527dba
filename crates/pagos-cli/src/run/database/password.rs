//! Finds the password of a PostgreSQL server where PostgreSQL's own programs find it: `PGPASSWORD`,
//! the file that `PGPASSFILE` names, `~/.pgpass`. It does not prompt for one.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use pagos_engine::StoreError;
use pagos_store_postgres::ServerAddress;

use crate::config::is_readable_by_others;

/// Looks it up. `None` if there is none; the server may not need one.
///
/// # Errors
/// If others can read the file, or we cannot.
pub(super) fn find(login: &ServerAddress) -> Result<Option<String>, StoreError> {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(password) = set("PGPASSWORD") {
        return Ok(Some(password));
    }
    let usual = || env::home_dir().map(|home| home.join(".pgpass")).filter(|path| path.exists());
    match set("PGPASSFILE").map(PathBuf::from).or_else(usual) {
        Some(path) => read(&path, login),
        None => Ok(None),
    }
}

fn read(path: &Path, login: &ServerAddress) -> Result<Option<String>, StoreError> {
    let shown = path.display();
    if is_readable_by_others(path) {
        return Err(StoreError::new(format!(
            "{shown} holds passwords and can be read by other users of this machine; run `chmod \
             600 {shown}`"
        )));
    }
    let text = fs::read_to_string(path)
        .map_err(|error| StoreError::new(format!("{shown}: passwords cannot be read: {error}")))?;
    Ok(text.lines().find_map(|line| match_line(line, login)))
}

/// The password in a line `host:port:database:user:password`, if the line matches this login.
fn match_line(line: &str, login: &ServerAddress) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let fields = split(line);
    let [host, port, database, user, password] = <[String; 5]>::try_from(fields).ok()?;
    let is_about = |field: &str, value: &str| field == "*" || field == value;
    // In this file a socket's folder is called localhost.
    let name = if login.host.starts_with('/') { "localhost" } else { &login.host };
    let is_host = is_about(&host, name) || is_about(&host, &login.host);
    let is_all = is_host
        && is_about(&port, &login.port.to_string())
        && is_about(&database, &login.database)
        && is_about(&user, &login.user);
    is_all.then_some(password)
}

/// Splits at colons that are not escaped with a backslash.
fn split(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_escaped = false;
    for c in line.chars() {
        match (c, fields.last_mut()) {
            ('\\', _) if !is_escaped => is_escaped = true,
            (':', _) if !is_escaped => fields.push(String::new()),
            (c, Some(field)) => {
                field.push(c);
                is_escaped = false;
            }
            (_, None) => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(host: &str) -> ServerAddress {
        ServerAddress::read(&format!("postgres://u@{host}/pay")).unwrap()
    }

    #[test]
    fn the_line_about_the_login_counts() {
        for (line, password) in [
            ("h:5432:pay:u:secret", Some("secret")),
            ("*:*:*:u:secret", Some("secret")),
            ("h:5432:pay:u:se\\:cr\\\\et", Some("se:cr\\et")),
            ("other:5432:pay:u:secret", None),
            ("h:5432:pay:v:secret", None),
            ("#h:5432:pay:u:secret", None),
            ("h:5432:pay:u", None),
            ("", None),
        ] {
            assert_eq!(match_line(line, &login("h")).as_deref(), password, "{line}");
        }
        let socket = login("%2Frun%2Fpostgresql");
        assert_eq!(match_line("localhost:5432:pay:u:s", &socket).as_deref(), Some("s"));
    }
}
