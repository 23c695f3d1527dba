//! Which transport an account gets, and what is said of certificates that do not do.

use std::fs;

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{AccountName, Departure, Error, Reached, TransportError};
use pagos_http::HttpTransport;
use pagos_system::System;
use tempfile::TempDir;

use super::*;
use crate::{
    accounts::{MissingFields, build},
    seams,
};

/// A transport that only shows what it was made of.
#[derive(Debug)]
struct Made(#[allow(dead_code)] HttpOptions);

#[async_trait]
impl Transport for Made {
    async fn send(
        &self,
        _request: http::Request<Bytes>,
        _departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        Err(TransportError::new(Reached::No, "nothing is sent here"))
    }
}

/// As the network does it, so that a key is compared with its certificate.
fn make(options: &HttpOptions) -> Result<Arc<dyn Transport>, Error> {
    HttpTransport::new(options, Arc::new(System))?;
    Ok(Arc::new(Made(options.clone())))
}

/// A folder with `pagos.toml` (which is not there) and PEM files, gone at its end.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = pair();
        for (name, text) in [
            ("client.pem", certificate.as_str()),
            ("client-key.pem", &key),
            ("both.pem", &format!("{certificate}{key}")),
            ("other-key.pem", &pair().1),
            ("canary.txt", "canary of no PEM text"),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            #[cfg(unix)]
            set_mode(&path, 0o600);
        }
        Self(folder)
    }

    /// An account whose file is in the folder.
    fn account(&self, fields: &[(&str, &str)]) -> AccountSettings {
        let origin = || Origin::File { path: self.0.path().join("pagos.toml"), line: 4 };
        let mut settings = AccountSettings::new(AccountName::new("virtualpos").unwrap(), origin());
        for (name, value) in [("base_url", "https://payouts.example")].iter().chain(fields) {
            settings.set(name, (*value).to_owned(), origin());
        }
        for key in ["api_key", "secret_key"] {
            settings.set(key, "canary-key".to_owned(), origin());
        }
        settings
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A certificate and its key.
fn pair() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["merchant.example".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

/// The account as it would be used, in words; the transport is one of them.
fn used(settings: &AccountSettings) -> Result<String, Vec<String>> {
    let seams = Seams { connect: make, ..seams::offline() };
    match build(settings, MissingFields::Refused, &seams) {
        Ok(account) => Ok(format!("{account:?}")),
        Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
    }
}

const CLIENT: [(&str, &str); 2] =
    [("client_certificate", "client.pem"), ("client_key", "client-key.pem")];

#[test]
fn an_account_with_certificates_has_a_transport_of_its_own() {
    let folder = Folder::new();
    let (certificate, key) = pair();
    let texts = [("client_certificate", certificate.as_str()), ("client_key", key.as_str())];
    let in_one = [("client_certificate", "both.pem"), ("client_key", "both.pem")];
    let root = [("root_certificate", "client.pem")];
    type Fields<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Fields<'_>, bool, u8); 5] = [
        (&CLIENT, true, 0),
        (&texts, true, 0),
        (&in_one, true, 0),
        (&root, false, 1),
        (&[CLIENT[0], CLIENT[1], root[0]], true, 1),
    ];
    for (fields, is_identified, roots) in cases {
        let told = used(&folder.account(fields)).unwrap();
        assert!(told.contains("Made("), "{told}");
        assert_eq!(told.contains("client_identity: Some(ClientIdentity(..))"), is_identified);
        assert!(told.contains(&format!("RootCertificates({roots})")), "{told}");
        assert!(told.contains("total_timeout: 30s"), "the limits are those of all: {told}");
    }
    let told = used(&folder.account(&[])).unwrap();
    assert!(told.contains("NoNetwork"), "the shared one: {told}");
}

#[test]
fn nothing_is_read_where_nothing_is_sent() {
    let folder = Folder::new();
    let settings = folder.account(&[("client_certificate", "none.pem"), ("root_certificate", "x")]);
    for missing_fields in [MissingFields::Unsigned, MissingFields::Credentials] {
        let seams = Seams { connect: make, ..seams::offline() };
        let account = build(&settings, missing_fields, &seams).unwrap();
        assert!(format!("{account:?}").contains("NoNetwork"));
    }
    assert!(used(&settings).is_err());
}

#[test]
fn what_does_not_do_is_told_with_its_place_and_without_its_value() {
    let folder = Folder::new();
    let key_text = "-----BEGIN PRIVATE KEY-----\ncanary!\n-----END PRIVATE KEY-----\n";
    let cases: [(&[(&str, &str)], &str); 8] = [
        (
            &[CLIENT[0], ("client_key", "canary-key.pem")],
            "client_key is the path of a file that cannot be read",
        ),
        (&[CLIENT[0], ("client_key", "canary.txt")], "client_key: there is no plain private key"),
        (&[CLIENT[0], ("client_key", key_text)], "client_key: there is no plain private key"),
        (
            &[("client_certificate", "client-key.pem"), CLIENT[1]],
            "client_certificate: there is no certificate in the PEM text; name another file",
        ),
        (
            &[CLIENT[0], ("client_key", "other-key.pem")],
            "client_certificate: the certificate cannot be used with this key",
        ),
        (
            &CLIENT[..1],
            "client_certificate is set without client_key; set client_key too (one file may hold \
             both), or remove client_certificate",
        ),
        (&CLIENT[1..], "client_key is set without client_certificate"),
        (&[("root_certificate", "canary.txt")], "root_certificate: there is no certificate"),
    ];
    let place = folder.0.path().join("pagos.toml");
    for (fields, expected) in cases {
        let problems = used(&folder.account(fields)).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        let expected = format!("{}:4: {expected}", place.display());
        assert!(problems[0].starts_with(&expected), "{expected}: {}", problems[0]);
        assert!(!problems[0].contains("canary"), "{}", problems[0]);
    }
    let missing = [("client_certificate", "a"), ("client_key", "b"), ("root_certificate", "c")];
    assert_eq!(used(&folder.account(&missing)).unwrap_err().len(), 3, "all in one go");
    let huge = File::create(folder.0.path().join("huge.pem")).unwrap();
    huge.set_len(SIZE_BYTES_MAX + 1).unwrap();
    let problems = used(&folder.account(&[("root_certificate", "huge.pem")])).unwrap_err();
    assert!(problems[0].contains("has more than 1048576 bytes"), "{problems:?}");
}

#[test]
fn a_path_in_a_variable_is_meant_from_where_we_are() {
    let folder = Folder::new();
    let mut settings = folder.account(&CLIENT);
    let variable = || Origin::Variable("PAGOS_VIRTUALPOS_CLIENT_KEY".to_owned());
    settings.set("client_key", "client-key.pem".to_owned(), variable());
    let problems = used(&settings).unwrap_err();
    assert!(problems[0].starts_with("PAGOS_VIRTUALPOS_CLIENT_KEY: client_key is"), "{problems:?}");
    let path = folder.0.path().join("client-key.pem");
    settings.set("client_key", path.to_str().unwrap().to_owned(), variable());
    assert!(used(&settings).is_ok());
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_warned_about() {
    let folder = Folder::new();
    let settings = folder.account(&CLIENT);
    let path = folder.0.path().join("client-key.pem");
    for (mode, is_warned) in [(0o644, true), (0o640, true), (0o600, false)] {
        set_mode(&path, mode);
        let key = Pem::read(&settings, CLIENT_KEY, "client-key.pem".to_owned()).unwrap();
        let warning = key.warning(&settings).map(|warning| warning.to_string());
        let remedy = format!("run `chmod 600 {}`", path.display());
        assert_eq!(warning.is_some(), is_warned, "{mode:o}");
        assert!(warning.is_none_or(|warning| warning.ends_with(&remedy)));
    }
}
