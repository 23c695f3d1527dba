//! Certificates against a real TLS server on loopback: who is trusted, and as whom we come. What
//! each way of failing says about the money is in `loopback.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod authority;

use std::sync::Arc;

use bytes::Bytes;
use pagos_core::{Departure, Reached, Transport};
use pagos_http::{ClientIdentity, HttpOptions, HttpTransport, RootCertificates};

use authority::{Answer, Authority, Noon, Provider};

fn request(port: u16) -> http::Request<Bytes> {
    http::Request::get(format!("https://localhost:{port}/")).body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn a_known_client_is_let_in() {
    let authority = Authority::new();
    let port = Provider::serve(&authority, Answer::Hello).await.port;
    let options = HttpOptions {
        client_identity: Some(authority.client().identity()),
        extra_roots: authority.roots(),
        ..HttpOptions::default()
    };
    let transport = HttpTransport::new(&options, Arc::new(Noon)).unwrap();
    assert_eq!(transport.send(request(port), Departure::Anytime).await.unwrap().body(), "hello");
}

#[tokio::test]
async fn no_certificate_and_a_foreign_one_are_not_let_in() {
    let authority = Authority::new();
    let port = Provider::serve(&authority, Answer::Hello).await.port;
    for client_identity in [None, Some(Authority::new().client().identity())] {
        let options = HttpOptions {
            client_identity,
            extra_roots: authority.roots(),
            ..HttpOptions::default()
        };
        // TLS 1.3 refuses a client after the handshake, when the request may have left already: no
        // word on whether it arrived.
        let sent = HttpTransport::new(&options, Arc::new(Noon))
            .unwrap()
            .send(request(port), Departure::Anytime)
            .await;
        assert!(sent.is_err(), "{sent:?}");
    }
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_certainly_no() {
    let authority = Authority::new();
    let port = Provider::serve(&authority, Answer::Hello).await.port;
    for extra_roots in [RootCertificates::default(), Authority::new().roots()] {
        let options = HttpOptions {
            client_identity: Some(authority.client().identity()),
            extra_roots,
            ..HttpOptions::default()
        };
        let error = HttpTransport::new(&options, Arc::new(Noon))
            .unwrap()
            .send(request(port), Departure::Anytime)
            .await
            .unwrap_err();
        assert_eq!(error.reached, Reached::No, "{error}");
    }
}

#[test]
fn a_key_belongs_to_its_certificate() {
    let authority = Authority::new();
    let (one, other) = (authority.client(), authority.client());
    let mixed = ClientIdentity::from_pem(one.certificate.as_bytes(), other.key.as_bytes()).unwrap();
    let options = HttpOptions { client_identity: Some(mixed), ..HttpOptions::default() };
    let refused = HttpTransport::new(&options, Arc::new(Noon)).unwrap_err();
    assert_eq!(refused.field(), Some("client_certificate"));
    assert_ne!(one.identity(), other.identity());
    assert_eq!(one.identity(), one.identity());
}

#[test]
fn what_is_no_pem_is_refused_without_showing_it() {
    let issued = Authority::new().client();
    let torn = issued.key.replace("-----END PRIVATE KEY-----", "canary");
    let (certificate, key) = (issued.certificate.as_bytes(), issued.key.as_bytes());
    let cases = [
        (&b"canary"[..], key, "client_certificate"),
        (key, key, "client_certificate"),
        (certificate, &b"canary"[..], "client_key"),
        (certificate, torn.as_bytes(), "client_key"),
        (certificate, certificate, "client_key"),
    ];
    for (certificate, key, field) in cases {
        let refused = ClientIdentity::from_pem(certificate, key).unwrap_err();
        assert_eq!(refused.field(), Some(field));
        assert!(!format!("{refused:?}").contains("canary"), "{refused:?}");
    }
    assert!(RootCertificates::from_pem(b"").is_err());
    assert!(RootCertificates::from_pem(key).is_err());
    let both = [certificate, key].concat();
    let identity = ClientIdentity::from_pem(&both, &both).unwrap();
    let options = HttpOptions { client_identity: Some(identity), ..HttpOptions::default() };
    let start: String = issued.key.lines().nth(1).unwrap().to_owned();
    assert!(!format!("{options:?}").contains(&start), "{options:?}");
}
