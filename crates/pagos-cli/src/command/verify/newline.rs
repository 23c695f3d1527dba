//! A captured body that differs from what was signed by a newline at its end: editors and shells add
//! one, and some tools take one away. Says so; the delivery is refused all the same.

use bytes::Bytes;
use pagos_core::Decoded;
use pagos_core::Delivery;
use pagos_core::Secret;
use pagos_core::WebhookDecoder;

/// What may have been added or taken away.
const NEWLINES: [(&str, &str); 2] = [("\r\n", "\\r\\n"), ("\n", "\\n")];

/// Why a delivery that is not genuine would be, if only a newline at its end is wrong.
pub(super) fn to_blame(
    decoder: &dyn WebhookDecoder,
    delivery: &Delivery,
    secret: Option<&Secret>,
) -> Option<String> {
    let is_genuine = |body: Bytes| {
        let other = Delivery { body, ..delivery.clone() };
        matches!(decoder.verify(&other, secret), Ok(Decoded::Verified(_)))
    };
    let why = |(newline, shown): &(&str, &str)| {
        let shorter = delivery.body.strip_suffix(newline.as_bytes());
        if shorter.is_some_and(|body| is_genuine(Bytes::copy_from_slice(body))) {
            return Some(format!(
                "the signature is that of the body without the newline ({shown}) at its end, which was \
                 added after it was sent: capture the body again byte for byte (`head -c -{} FILE` \
                 takes it away)",
                newline.len()
            ));
        }
        let longer = [&delivery.body, newline.as_bytes()].concat();
        is_genuine(Bytes::from(longer)).then(|| {
            format!(
                "the signature is that of the body with a newline ({shown}) at its end, which was taken \
                 away after it was sent: capture the body again byte for byte (`printf '{shown}' >> FILE` \
                 adds it)"
            )
        })
    };
    NEWLINES.iter().find_map(why)
}
