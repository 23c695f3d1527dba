//! A primary and its standby: which of them a store takes, and what it says of the other one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod proxy;
mod sample;

use std::{sync::Arc, time::Duration};

use pagos_engine::{NoAttempt, Store, StoreErrorKind};
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch, ScratchDatabase};

use proxy::{Proxy, server_of};
use sample::{claim, connect, done, open_with, release, step};

/// An empty database of the primary, and its URL on the standby.
async fn pair() -> Option<(ScratchDatabase, String)> {
    let database = Scratch::from_env()?.database().await;
    let standby = database.on_standby().await?;
    Some((database, standby))
}

fn hasty() -> PostgresOptions {
    PostgresOptions { connect_timeout: Duration::from_millis(500), ..PostgresOptions::default() }
}

async fn refusal(url: &str) -> (String, StoreErrorKind) {
    let error = PostgresStore::connect(url, hasty()).await.unwrap_err();
    (error.to_string(), error.kind())
}

#[tokio::test]
async fn a_standby_is_refused_for_writing_and_named() {
    let Some((database, standby)) = pair().await else { return };
    let (told, kind) = refusal(&standby).await;
    assert!(told.contains("is a standby") && told.contains("connect to the primary"), "{told}");
    assert_eq!(kind, StoreErrorKind::Unreachable, "it may be over soon");
    let settings = PostgresStore::settings_at(&standby, hasty()).await.unwrap();
    assert!(settings.is_in_recovery);
    let primary = PostgresStore::settings_at(&database.url, hasty()).await.unwrap();
    assert!(!primary.is_in_recovery);
    // What is written on the primary can be read on the standby, in time.
    let store = open_with(&database.url, PostgresOptions::default()).await;
    release(&*store, &["k1"]).await;
    let read = async {
        loop {
            if let Ok(store) = PostgresStore::connect_read_only(&standby, hasty()).await
                && store.payout(&sample::key("k1")).await.is_ok_and(|payout| payout.is_some())
            {
                break store;
            }
            tokio::task::yield_now().await;
        }
    };
    let read = tokio::time::timeout(Duration::from_secs(60), read).await.unwrap();
    assert!(read.end_claims().await.unwrap_err().to_string().contains("for reading only"));
}

/// A session can say that it writes, but whoever made the setting keeps writers away.
#[tokio::test]
async fn a_server_that_was_set_aside_is_refused_for_writing() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let client = connect(&database).await;
    let name: String = client.query_one("SELECT current_database()", &[]).await.unwrap().get(0);
    let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    client.batch_execute(&set).await.unwrap();
    let (told, kind) = refusal(&database.url).await;
    assert!(told.contains("default_transaction_read_only"), "{told}");
    assert_eq!(kind, StoreErrorKind::Unreachable);
    let settings = PostgresStore::settings_at(&database.url, hasty()).await.unwrap();
    assert!(settings.is_read_only && !settings.is_in_recovery);
}

/// Of several hosts, the one that can be written is taken, whichever comes first.
#[tokio::test]
async fn of_several_hosts_the_primary_is_taken() {
    let Some((database, standby)) = pair().await else { return };
    let (primary_host, standby_host) = (server_of(&database.url), server_of(&standby));
    for hosts in [[&standby_host, &primary_host], [&primary_host, &standby_host]] {
        let hosts = format!("{},{}", hosts[0], hosts[1]);
        let url = database.url.replacen(&primary_host, &hosts, 1);
        let store = open_with(&url, PostgresOptions::default()).await;
        assert!(!store.settings().await.unwrap().is_in_recovery, "{hosts}");
        let settings = PostgresStore::settings_at(&url, hasty()).await.unwrap();
        assert!(!settings.is_in_recovery, "{hosts}");
    }
    let two = format!("{standby_host},{standby_host}");
    let (told, _) = refusal(&database.url.replacen(&primary_host, &two, 1)).await;
    assert!(told.contains("none of these hosts is a primary"), "{told}");
}

/// While a failover is under way, a way can lead to a standby for a moment: that is waited for, as a
/// server that is away is.
#[tokio::test]
async fn a_standby_that_is_met_on_the_way_is_waited_for() {
    let Some((database, standby)) = pair().await else { return };
    let proxy = Proxy::start(&server_of(&database.url)).await;
    let options = PostgresOptions { connections_max: 1, ..PostgresOptions::default() };
    let store = open_with(&proxy.url(&database.url), options).await;
    release(&*store, &["k1"]).await;
    let payout = store.claim(claim(0, 1), &NoAttempt).await.unwrap().remove(0).payout;
    proxy.lead_to(&server_of(&standby));
    let led = proxy.led();
    let client = connect(&database).await;
    sample::end_connections(&client).await;
    let (writer, work) = (Arc::clone(&store), step(&payout));
    let mut call = tokio::spawn(async move { writer.commit(work).await });
    tokio::select! {
        ended = &mut call => panic!("it did not wait: {ended:?}"),
        () = proxy.leads_after(led + 1) => {}
    }
    proxy.lead_to(&server_of(&database.url));
    let committed = call.await.unwrap().unwrap();
    done(committed, &payout);
}
