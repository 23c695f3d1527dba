//! From a URL and options to a pool, which opens its first connection when it is first used.

use pagos_engine::StoreError;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    options::PostgresOptions,
    pool::Pool,
    session::secret_bytes,
    target::{Mode, Target},
    tls,
    url::{self, Encryption, Server},
};

/// Which of several hosts is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hosts {
    /// The one that can be written. A standby may not know yet what is asked about.
    Primary,
    Any,
}

pub(crate) fn pool(
    url: &str,
    options: PostgresOptions,
    mode: Mode,
    hosts: Hosts,
) -> Result<Pool, StoreError> {
    let (reconnect_for, connections_max) = (options.reconnect_for, options.connections_max);
    Ok(Pool::new(target(url, options, mode, hosts)?, reconnect_for, connections_max))
}

pub(crate) fn target(
    url: &str,
    options: PostgresOptions,
    mode: Mode,
    hosts: Hosts,
) -> Result<Target, StoreError> {
    check_schema_name(&options.schema)?;
    let mut server = url::parse(url)?;
    if let Some(password) = &options.password
        && server.config.get_password().is_none()
    {
        server.config.password(secret_bytes(password));
    }
    if hosts == Hosts::Primary {
        url::prefer_primary(&mut server.config);
    }
    let tls = build_tls(&server, &options)?;
    let mut target = Target::new(server, options.schema, mode, options.connect_timeout);
    target.tls = tls;
    Ok(target)
}

/// The name is written into statements, so it must not need quotes.
fn check_schema_name(name: &str) -> Result<(), StoreError> {
    let is_plain = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '_');
    let is_first = |letter: char| matches!(letter, 'a'..='z' | '_');
    let is_good = name.len() <= 63
        && !name.starts_with("pg_")
        && name.starts_with(is_first)
        && name.chars().all(is_plain);
    match is_good {
        true => Ok(()),
        false => Err(StoreError::new(
            "a schema's name is lower-case letters, digits and underscores, at most 63, and does \
             not begin with a digit or pg_",
        )),
    }
}

fn build_tls(
    server: &Server,
    options: &PostgresOptions,
) -> Result<Option<MakeRustlsConnect>, StoreError> {
    if server.encryption == Encryption::None {
        return Ok(None);
    }
    let mut roots = options.extra_roots_pem.clone();
    if let Some(path) = &server.roots_file {
        let pem = std::fs::read(path).map_err(|cause| {
            StoreError::new(format!("the authorities in {path} (sslrootcert) cannot be read"))
                .with_source(cause)
        })?;
        roots.push(b'\n');
        roots.extend(pem);
    }
    Ok(Some(MakeRustlsConnect::new(tls::build_config(&roots)?)))
}
