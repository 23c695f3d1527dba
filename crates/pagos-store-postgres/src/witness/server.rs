//! Whether two URLs reach one server, whose disk and whose backups both databases would share.

use pagos_engine::StoreError;

use crate::{
    connection::Connection,
    failure::{Failure, Kind},
    options::PostgresOptions,
    setup,
    target::Mode,
};

/// Whether two URLs reach the same server, or servers of which one was copied from the other (a
/// standby, a base backup), whatever the databases are. The passwords are in the URLs or in
/// `options`.
///
/// ```no_run
/// use pagos_store_postgres::{PostgresOptions, is_same_server};
///
/// # async fn example() -> Result<(), pagos_engine::StoreError> {
/// let (store, witness) = ("postgres://pagos@db.example/pagos", "postgres://pagos@other.example/w");
/// let options = PostgresOptions::default();
/// if is_same_server(store, witness, &options).await? {
///     println!("the witness would be lost together with the store");
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// If one of them does not answer, or refuses the user.
pub async fn is_same_server(
    one: &str,
    other: &str,
    options: &PostgresOptions,
) -> Result<bool, StoreError> {
    let (one, other) = (Server::ask(one, options).await?, Server::ask(other, options).await?);
    Ok(match (&one.system, &other.system) {
        (Some(one), Some(other)) => one == other,
        _ => one.started_at == other.started_at,
    })
}

/// Whether two lineages are of one system, as far as both name it.
pub(super) fn is_same_system(one: &str, other: &str) -> bool {
    let system = |lineage: &str| lineage.split_once('/').map(|(system, _)| system.to_owned());
    let named = system(one).filter(|system| system != "-");
    named.is_some() && named == system(other)
}

/// What tells a server from others.
struct Server {
    /// `None` if the user may not know it.
    system: Option<String>,
    started_at: String,
}

impl Server {
    async fn ask(url: &str, options: &PostgresOptions) -> Result<Self, Failure> {
        let target = setup::target(url, options.clone(), Mode::Read, setup::Hosts::Primary)
            .map_err(refused)?;
        let connection = Connection::open(&target).await?;
        let system = match connection.one(SYSTEM, &[]).await {
            Err(failure) if failure.kind == Kind::Refused => None,
            row => Some(row?.try_get(0)?),
        };
        let started_at = connection.one(STARTED, &[]).await?.try_get(0)?;
        Ok(Self { system, started_at })
    }
}

fn refused(error: StoreError) -> Failure {
    Failure { kind: Kind::Refused, error }
}

const SYSTEM: &str = "SELECT system_identifier::text FROM pg_control_system()";

/// To the microsecond.
const STARTED: &str = "SELECT pg_postmaster_start_time()::text";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_is_not_the_same() {
        let cases = [
            ("7/00000001", "7/00000002", true),
            ("7/00000001", "8/00000001", false),
            ("-/00000001", "-/00000001", false),
            ("", "", false),
        ];
        for (one, other, expected) in cases {
            assert_eq!(is_same_system(one, other), expected, "{one} {other}");
        }
    }
}
