//! Connecting: what each refusal says, that none shows the password, and whom TLS trusts.
//!
//! The TLS here ends at a small front before the server, so that the tests need no server with
//! certificates. What the client checks is the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod proxy;
mod sample;

use std::{sync::Arc, time::Duration};

use pagos_engine::Store;
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch, ScratchDatabase, Severity};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use proxy::server_of;

fn options() -> PostgresOptions {
    PostgresOptions { connect_timeout: Duration::from_secs(2), ..PostgresOptions::default() }
}

/// The refusal, with all its causes, and not the password.
async fn refusal(url: &str, options: PostgresOptions) -> String {
    let error = PostgresStore::connect(url, options).await.unwrap_err();
    assert!(!format!("{error:?}").contains("opensesame"), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let server = server_of(&database.url);
    let error =
        refusal(&format!("postgres://nobody:opensesame@{server}/postgres"), options()).await;
    assert!(error.contains("check the user and the password"), "{error}");
    let name = database.url.rsplit('/').next().unwrap();
    let unknown = database.url.replace(name, "pagos_no_such_database");
    let error = refusal(&unknown, options()).await;
    assert!(error.contains("no such database; make it first (createdb)"), "{error}");
    // Nobody listens on the port of a listener that was dropped.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let quick = PostgresOptions {
        connect_timeout: Duration::from_millis(300),
        ..PostgresOptions::default()
    };
    let error = refusal(&format!("postgres://u:opensesame@{free}/d"), quick).await;
    assert!(error.contains("is it running, and are host and port right?"), "{error}");
    assert!(error.contains(&format!("{free}/d")), "{error}");
}

#[tokio::test]
async fn a_server_that_takes_back_what_it_acknowledged_is_refused() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let client = sample::connect(&database).await;
    let weaken = "ALTER DATABASE current SET synchronous_commit TO off";
    let name = database.url.rsplit('/').next().unwrap().split('?').next().unwrap();
    client.batch_execute(&weaken.replace("current", name)).await.unwrap();
    let store = sample::open(&database.url).await;
    let settings = store.settings().await.unwrap();
    assert_eq!(settings.synchronous_commit, "off", "what others get");
    assert_eq!((settings.fsync.as_str(), settings.is_in_recovery), ("on", false));
    assert_eq!(settings.store_connections_max, 8);
    let findings = settings.findings(settings.clock);
    assert!(findings.iter().all(|finding| finding.severity != Severity::Danger), "{findings:?}");
    assert_eq!(session_settings(&database, &store).await, "on");
}

/// PostgreSQL's details quote the row that an error is about, and rows hold account numbers.
#[tokio::test]
async fn an_error_shows_nothing_of_a_row() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let store = sample::open(&database.url).await;
    let client = sample::connect(&database).await;
    client
        .batch_execute(
            "CREATE FUNCTION pagos.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE EXCEPTION 'not this one' USING DETAIL = 'Failing row: ' || NEW.order_json;
             END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON pagos.orders
             FOR EACH ROW EXECUTE FUNCTION pagos.refuse()",
        )
        .await
        .unwrap();
    let intent = sample::intent("k1");
    let number = intent.order.beneficiary.account_number.as_str().to_owned();
    let error = store.submit(&sample::run(), vec![intent]).await.unwrap_err();
    let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
    assert!(shown.contains("not this one"), "{shown}");
    assert!(!shown.contains("Failing row") && !shown.contains(&number), "{shown}");
}

/// What the store's own session commits with, as the server saw it in a trigger of this test.
async fn session_settings(database: &ScratchDatabase, store: &PostgresStore) -> String {
    let client = sample::connect(database).await;
    client
        .batch_execute(
            "CREATE TABLE pagos.seen (setting text);
             CREATE FUNCTION pagos.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO pagos.seen VALUES (current_setting('synchronous_commit'));
                 RETURN NULL;
             END $$;
             CREATE TRIGGER see AFTER INSERT ON pagos.payouts
             FOR EACH ROW EXECUTE FUNCTION pagos.see()",
        )
        .await
        .unwrap();
    store.submit(&sample::run(), vec![sample::intent("k1")]).await.unwrap();
    client.query_one("SELECT setting FROM pagos.seen", &[]).await.unwrap().get(0)
}

/// A TLS front of the server, with a certificate for `name` of an authority of its own.
struct Front {
    port: u16,
    authority_pem: Vec<u8>,
}

/// How a front answers the request for encryption.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encryption {
    Offered,
    Declined,
}

impl Front {
    async fn start(server: String, name: &str, encryption: Encryption) -> Self {
        let certified = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let authority_pem = certified.cert.pem().into_bytes();
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server.clone(), acceptor.clone(), encryption));
            }
        });
        Self { port, authority_pem }
    }

    fn url(&self, database: &ScratchDatabase, host: &str) -> String {
        let server = server_of(&database.url);
        database.url.replacen(&server, &format!("{host}:{}", self.port), 1)
    }

    fn options(&self) -> PostgresOptions {
        PostgresOptions { extra_roots_pem: self.authority_pem.clone(), ..options() }
    }
}

async fn carry(
    mut client: TcpStream,
    server: String,
    acceptor: TlsAcceptor,
    encryption: Encryption,
) -> Option<()> {
    let mut request = [0; 8];
    client.read_exact(&mut request).await.ok()?;
    assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47], "the client asks for TLS before it speaks");
    if encryption == Encryption::Declined {
        client.write_all(b"N").await.ok()?;
        // A client that now went on in plain text would be heard here.
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.ok()?;
        assert!(rest.is_empty(), "the client sends nothing in plain text");
        return None;
    }
    client.write_all(b"S").await.ok()?;
    let mut client = acceptor.accept(client).await.ok()?;
    let mut server = TcpStream::connect(server).await.ok()?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.ok()?;
    None
}

#[tokio::test]
async fn tls_trusts_the_named_host_of_a_named_authority_and_nobody_else() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let server = server_of(&database.url);
    let front = Front::start(server.clone(), "localhost", Encryption::Offered).await;
    let url = format!("{}?sslmode=verify-full", front.url(&database, "localhost"));
    let store = PostgresStore::connect(&url, front.options()).await.unwrap();
    assert_eq!(store.tally(None).await.unwrap().total(), 0);
    let unknown_authority = refusal(&url, options()).await;
    assert!(unknown_authority.contains("no verified encryption"), "{unknown_authority}");
    let by_address = format!("{}?sslmode=require", front.url(&database, "127.0.0.1"));
    let other_name = refusal(&by_address, front.options()).await;
    assert!(other_name.contains("no verified encryption"), "{other_name}");
    let front = Front::start(server, "localhost", Encryption::Declined).await;
    let url = format!("{}?sslmode=require", front.url(&database, "localhost"));
    let plain = refusal(&url, front.options()).await;
    assert!(plain.contains("the server needs ssl=on"), "{plain}");
}
