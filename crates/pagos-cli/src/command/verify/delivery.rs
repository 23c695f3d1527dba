//! Reads a captured delivery from files, byte for byte.

use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use pagos_core::{Clock, Delivery, Timestamp};
use pagos_system::System;

use crate::{command, exit::Failure};

/// The delivery, as it was received then, or as if it had just arrived.
pub(super) fn read(
    headers: Option<&Path>,
    body: &Path,
    received_at: Option<Timestamp>,
) -> Result<Delivery, Failure> {
    Ok(Delivery {
        headers: headers.map(read_headers).transpose()?.unwrap_or_default(),
        body: Bytes::from(command::read_file(body)?),
        received_at: received_at.unwrap_or_else(|| System.now()),
    })
}

/// One `Name: value` per line. Empty lines are skipped.
fn read_headers(path: &Path) -> Result<HeaderMap, Failure> {
    let text = command::read_file(path)?;
    let mut headers = HeaderMap::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let (name, value) = parse_header(line).ok_or_else(|| {
            let place = format!("{}:{}", path.display(), number + 1);
            Failure::new(format!("{place}: this is not a header; write `Name: value`"))
        })?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn parse_header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let mut parts = line.splitn(2, |byte| *byte == b':');
    let (name, value) = (parts.next()?, parts.next()?);
    let name = HeaderName::from_bytes(name).ok()?;
    Some((name, HeaderValue::from_bytes(value.trim_ascii()).ok()?))
}
