//! Recognises a captured body that differs from the signed one only by what editors and shells add
//! or remove: a newline or a space at its end, a byte order mark at its start. The delivery is
//! refused all the same, with that explanation.

use bytes::Bytes;
use pagos_core::{Decoded, Delivery, Secret, WebhookDecoder};

/// The ends that may have been added or removed, and their names.
const ENDS: [(&str, &str); 6] = [
    ("\r\n", "newline (\\r\\n)"),
    ("\n\n", "two newlines (\\n\\n)"),
    ("\r\n\r\n", "two newlines (\\r\\n\\r\\n)"),
    ("\n", "newline (\\n)"),
    ("\r", "carriage return (\\r)"),
    (" ", "space"),
];

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a delivery is not genuine, if this is the only fault.
pub(super) fn to_blame(
    decoder: &dyn WebhookDecoder,
    delivery: &Delivery,
    secret: Option<&Secret>,
) -> Option<String> {
    let is_genuine = |body: &[u8]| {
        let other = Delivery { body: Bytes::copy_from_slice(body), ..delivery.clone() };
        matches!(decoder.verify(&other, secret), Ok(Decoded::Verified(_)))
    };
    if delivery.body.strip_prefix(MARK).is_some_and(is_genuine) {
        return Some(
            "the signature is that of the body without the byte order mark in front of it, which was \
             added after it was sent: capture the body again byte for byte (`tail -c +4 FILE` takes it \
             away)"
                .to_owned(),
        );
    }
    ENDS.iter().find_map(|(end, name)| {
        let shorter = delivery.body.strip_suffix(end.as_bytes());
        if shorter.is_some_and(is_genuine) {
            return Some(format!(
                "the signature is that of the body without the {name} at its end, which was added after \
                 it was sent: capture the body again byte for byte (`head -c -{} FILE` takes it away)",
                end.len()
            ));
        }
        is_genuine(&[&delivery.body, end.as_bytes()].concat()).then(|| {
            format!(
                "the signature is that of the body with the {name} at its end, which was taken away after \
                 it was sent: capture the body again byte for byte (`printf '{}' >> FILE` adds it)",
                end.escape_default()
            )
        })
    })
}
