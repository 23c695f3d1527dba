//! Proof that bytes came from whom they claim: a value, not a boolean that can be forgotten.

use subtle::ConstantTimeEq;

/// What only a passed verification can make. Has no public constructor but [`Verified::new`],
/// which wants a [`TagMatch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    value: T,
}

/// Proof that a presented authentication tag equals the one we computed.
///
/// It cannot be built by hand:
///
/// ```compile_fail
/// let proof = pagos_core::TagMatch { _private: () };
/// ```
#[derive(Debug)]
pub struct TagMatch {
    _private: (),
}

impl TagMatch {
    /// Compares two tags in constant time (for equal lengths) and returns the proof, or `None`.
    /// An empty tag never matches.
    ///
    /// ```
    /// use pagos_core::TagMatch;
    ///
    /// assert!(TagMatch::of(b"\x01\x02", b"\x01\x02").is_some());
    /// assert!(TagMatch::of(b"\x01\x02", b"\x01\x03").is_none());
    /// assert!(TagMatch::of(b"", b"").is_none());
    /// ```
    pub fn of(computed: &[u8], presented: &[u8]) -> Option<Self> {
        let is_equal = bool::from(computed.ct_eq(presented));
        (is_equal && !computed.is_empty()).then_some(Self { _private: () })
    }
}

impl<T> Verified<T> {
    /// Marks `value` as verified. The proof is used up.
    pub fn new(_proof: TagMatch, value: T) -> Self {
        Self { value }
    }

    /// What was verified.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// What follows from the verified value, which is as verified as that.
    ///
    /// # Errors
    /// Whatever `read` says.
    pub fn try_map<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Verified<U>, E> {
        Ok(Verified { value: read(self.value)? })
    }

    /// Takes the verified value out.
    pub fn into_value(self) -> T {
        self.value
    }
}
