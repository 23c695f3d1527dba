//! A secret in the body of a request, by which ETpay identifies us. Source: manual.

use serde::{Serialize, Serializer};

use pagos_core::Secret;

/// The secret as it is sent.
#[derive(Clone, Copy)]
pub(crate) struct Credential<'a>(pub(crate) &'a Secret);

impl Serialize for Credential<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}
