//! Tokens that must not be believed, and tokens that are genuine and say something odd.
//! Not how often they are sent.

use pagos_core::Secret;

use super::{sign, wire::Claims};

/// One way to be wrong. All of it is invented. `[sim]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidToken {
    /// Signed with a key of nobody.
    WrongKey,
    /// The amount was changed after signing.
    TamperedAmount,
    /// Rightly signed, over another amount than was ordered.
    WrongAmount,
    /// Rightly signed, about another order.
    WrongOrder,
    /// Says that it needs no signature.
    AlgNone,
    /// The right key and another algorithm.
    Hs512,
    /// Rightly signed, an hour ahead of the clock.
    FutureIat,
}

impl InvalidToken {
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "wrong-key" => Self::WrongKey,
            "tampered-amount" => Self::TamperedAmount,
            "wrong-amount" => Self::WrongAmount,
            "wrong-order" => Self::WrongOrder,
            "alg-none" => Self::AlgNone,
            "hs512" => Self::Hs512,
            "future-iat" => Self::FutureIat,
            _ => return None,
        })
    }

    /// One of those whose signature is wrong.
    pub(super) const fn drawn(drawn: u64) -> Self {
        match drawn % 4 {
            0 => Self::WrongKey,
            1 => Self::TamperedAmount,
            2 => Self::AlgNone,
            _ => Self::Hs512,
        }
    }
}

pub(super) fn write(kind: InvalidToken, claims: Claims<'_>, key: &Secret) -> String {
    let more = claims.merchant_amount.saturating_mul(100);
    let ahead = claims.iat.saturating_add(AHEAD_SECONDS);
    match kind {
        InvalidToken::WrongKey => {
            sign::hs256(&claims, &Secret::new("a-key-of-nobody-a-key-of-nobody-a-key-of-nobody-"))
        }
        InvalidToken::TamperedAmount => {
            let genuine = sign::hs256(&claims, key);
            sign::with_signature_of(&Claims { merchant_amount: more, ..claims }, &genuine)
        }
        InvalidToken::WrongAmount => sign::hs256(&Claims { merchant_amount: more, ..claims }, key),
        InvalidToken::WrongOrder => {
            sign::hs256(&Claims { merchant_order_id: "anotherOrder", ..claims }, key)
        }
        InvalidToken::AlgNone => sign::none(&claims),
        InvalidToken::Hs512 => sign::hs512(&claims, key),
        InvalidToken::FutureIat => sign::hs256(&Claims { iat: ahead, ..claims }, key),
    }
}

const AHEAD_SECONDS: i64 = 3_600;
