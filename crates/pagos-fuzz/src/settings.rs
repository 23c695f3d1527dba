//! Target: the settings of a provider, as a person writes them. Read or refused, and never shown.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use pagos_core::{Departure, ErrorKind, Reached, Timestamp, Transport, TransportError};

use pagos_kit::KITS;

use crate::{provider, reply::is_secret, text};

/// The first line names the provider; each other is `NAME=value`.
pub(crate) fn run(input: &[u8]) {
    let (head, rest) = text::split_head(input);
    let kit = pagos_kit::find(&head).unwrap_or(KITS[0]);
    let rest = String::from_utf8_lossy(rest);
    let lines = rest.lines().filter_map(|line| line.split_once('='));
    let settings: BTreeMap<&str, String> =
        lines.map(|(name, value)| (name, value.replace("\\n", "\n"))).collect();
    let setting = |name: &str| settings.get(name).cloned();
    let built = provider::build(kit, setting, Arc::new(Deaf), Timestamp::from_millis(0));
    let shown = match &built {
        Ok(provider) => {
            assert_eq!(provider.descriptor().provider, kit.name());
            format!("{provider:?}")
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
            format!("{error} {error:?}")
        }
    };
    let secrets = settings.iter().filter(|(name, value)| is_credential(name) && is_secret(value));
    for (name, secret) in secrets {
        // One text in two fields is no secret any more.
        let holders = settings.values().filter(|it| it.contains(secret.as_str())).count();
        assert!(holders > 1 || !shown.contains(secret), "{name} is shown: {shown}");
    }
}

fn is_credential(name: &str) -> bool {
    ["API_KEY", "SECRET_KEY", "TOKEN", "PASSWORD"].iter().any(|end| name.ends_with(end))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for kit in KITS {
        for case in provider::cases(*kit) {
            let mut text = format!("{}\n", kit.name());
            for (name, value) in &case.settings {
                text.push_str(&format!("{name}={}\n", value.replace('\n', "\\n")));
            }
            seeds.push(text.into_bytes());
        }
    }
    seeds.sort();
    seeds.dedup();
    seeds
}

/// Nothing is asked while settings are read.
#[derive(Debug)]
struct Deaf;

#[async_trait]
impl Transport for Deaf {
    async fn send(
        &self,
        request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        let _ = request;
        Err(TransportError::new(Reached::No, "nobody is asked here"))
    }
}
