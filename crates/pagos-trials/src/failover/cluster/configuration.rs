//! What Patroni, etcd and HAProxy are told. Pure.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    failover::{
        Mode,
        cluster::{Node, SCOPE},
        tools::Tools,
    },
    postgres::USER,
};

/// Where a node listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) postgres: u16,
    pub(super) patroni: u16,
}

/// Seconds: Patroni wants `loop_wait + 2 * retry_timeout <= ttl`.
const TTL_S: u32 = 8;
const LOOP_WAIT_S: u32 = 1;
const RETRY_TIMEOUT_S: u32 = 3;

/// A standby may be promoted however far it lags: what that costs is to be seen.
const LAG_MAX_BYTES: u32 = 1 << 30;

pub(super) fn etcd_arguments(folder: &Path, port: u16, peer_port: u16) -> Vec<String> {
    let (client, peer) =
        (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer_port}"));
    let pairs = [
        ("--name", "e1".to_owned()),
        ("--data-dir", folder.display().to_string()),
        ("--listen-client-urls", client.clone()),
        ("--advertise-client-urls", client),
        ("--listen-peer-urls", peer.clone()),
        ("--initial-advertise-peer-urls", peer.clone()),
        ("--initial-cluster", format!("e1={peer}")),
        ("--logger", "zap".to_owned()),
    ];
    let pairs = pairs.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]);
    pairs.chain(["--enable-v2".to_owned()]).collect()
}

/// JSON, which is YAML too. Replicas reach a node through a relay, and it reaches etcd through one.
pub(super) fn patroni_configuration(
    node: &Node,
    tools: &Tools,
    password: &str,
    mode: Mode,
) -> String {
    let Ports { postgres, patroni } = node.ports;
    let loopback = |port: u16| format!("127.0.0.1:{port}");
    let user = json!({"username": USER, "password": password});
    let replicator = json!({"username": "replicator", "password": password});
    let postgresql = json!({
        "listen": loopback(postgres),
        "connect_address": loopback(node.to_replicas.port()),
        "data_dir": node.data(),
        "bin_dir": tools.postgres.path("postgres").parent(),
        "pgpass": node.folder.join("pgpass"),
        "authentication": {"superuser": user, "replication": replicator},
        "parameters": {"unix_socket_directories": ""},
    });
    let configuration = json!({
        "scope": SCOPE,
        "name": node.name,
        "restapi": {"listen": loopback(patroni), "connect_address": loopback(patroni)},
        // Without the list of members that etcd gives: it would lead past the relay. Not `etcd3`: there,
        // Patroni 3.0.2 (Debian 12) writes the lock without looking who has it (`_update_leader`), and a
        // primary that was frozen and is woken takes it back from its successor.
        "etcd": {"hosts": [loopback(node.to_etcd.port())], "use_proxies": true},
        "bootstrap": bootstrap(mode),
        "postgresql": postgresql,
    });
    configuration.to_string()
}

fn bootstrap(mode: Mode) -> Value {
    let is_synchronous = mode == Mode::Sync;
    json!({
        "dcs": {
            "ttl": TTL_S,
            "loop_wait": LOOP_WAIT_S,
            "retry_timeout": RETRY_TIMEOUT_S,
            "maximum_lag_on_failover": LAG_MAX_BYTES,
            // A server that crashed is not waited for: another one takes over.
            "primary_start_timeout": 0,
            "synchronous_mode": is_synchronous,
            "synchronous_mode_strict": is_synchronous,
            "postgresql": {
                "use_pg_rewind": true,
                "use_slots": true,
                "parameters": {
                    "max_connections": 200,
                    "shared_buffers": "64MB",
                    "wal_keep_size": "256MB",
                    "wal_receiver_timeout": "10s",
                    "wal_sender_timeout": "10s",
                },
            },
        },
        "initdb": [{"encoding": "UTF8"}, {"locale": "C"}],
        "pg_hba": [
            "host all all 127.0.0.1/32 scram-sha-256",
            "host replication replicator 127.0.0.1/32 scram-sha-256",
        ],
    })
}

/// As Patroni's documentation has it: the health check asks for the primary, and sessions of a
/// server that is none any more end.
pub(super) fn haproxy_configuration(port: u16, nodes: &[Node]) -> String {
    let mut text = format!(
        "global\n    maxconn 500\n\
         defaults\n    mode tcp\n    retries 2\n    timeout connect 2s\n    timeout check 2s\n    \
         timeout client 30m\n    timeout server 30m\n\
         listen primary\n    bind 127.0.0.1:{port}\n    option httpchk GET /primary\n    \
         http-check expect status 200\n    \
         default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions\n"
    );
    for node in nodes {
        let (name, relay, patroni) = (node.name, node.to_haproxy.port(), node.ports.patroni);
        text.push_str(&format!("    server {name} 127.0.0.1:{relay} check port {patroni}\n"));
    }
    text
}
