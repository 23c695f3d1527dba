//! What is under test: a provider built for one case, and its signer. Built by the provider's side.

use std::fmt;

use pagos_core::{Error, PayoutProvider};

use crate::{case::Case, replay::Seams};

/// A provider built from the settings of a case.
pub struct Subject {
    /// The provider.
    pub provider: Box<dyn PayoutProvider>,
    /// Its way of signing, for cases that show how a signature comes about.
    pub signer: Option<Box<dyn Signer>>,
}

/// The two steps of a signature, each of which has a file.
pub trait Signer {
    /// What is hashed for `body`.
    fn string_to_sign(&self, body: &[u8]) -> Vec<u8>;

    /// The signature of `body`, as it stands in a header or in the body's envelope.
    fn signature(&self, body: &[u8]) -> String;
}

/// Builds the subject of a case. Any closure of this form is one.
pub trait Factory {
    /// The provider as `case.settings` say, over `seams` and nothing else.
    ///
    /// # Errors
    /// Whatever the provider has against the settings; the case fails with it.
    fn build(&self, case: &Case, seams: Seams) -> Result<Subject, Error>;
}

impl<F> Factory for F
where
    F: Fn(&Case, Seams) -> Result<Subject, Error>,
{
    fn build(&self, case: &Case, seams: Seams) -> Result<Subject, Error> {
        self(case, seams)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("provider", &self.provider).finish_non_exhaustive()
    }
}
