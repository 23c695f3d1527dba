//! A session of a payer, its attempts to pay, the claims that tell of them, and the book of all.
//! Not how it is opened, shown or notified.

use std::{collections::HashMap, fmt, sync::Arc};

use pagos_core::{Secret, Timestamp};

use super::{Etpay, identifier, wire};
use crate::{
    book::{Book, Entry},
    fault::Faults,
    machine::Protocol,
};

/// One session. The browser knows `token`, the merchant alone `signature_token`.
pub(super) struct Session {
    pub(super) token: Arc<str>,
    pub(super) signature_token: Secret,
    pub(super) draft: SessionDraft,
    pub(super) expires_at: Timestamp,
    /// Oldest first. None follows a success.
    pub(super) attempts: Vec<Attempt>,
    pub(super) is_expired: bool,
    /// How many notices it has had.
    pub(super) notices: u32,
}

/// One try to pay.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub(super) payment_token: Arc<str>,
    pub(super) is_paid: bool,
    pub(super) at: Timestamp,
}

/// What a merchant asks a session for. Source: manual "Crear sesión"; `docs: D12, D13`; `sdk`.
#[derive(Clone)]
pub struct SessionDraft {
    pub(super) order_id: Arc<str>,
    pub(super) amount_minor: i64,
    pub(super) completed_url: Option<String>,
    pub(super) cancellation_url: Option<String>,
    pub(super) webhook_url: Option<String>,
    /// What stands between a return address and what is appended to it.
    pub(super) concat: char,
    pub(super) user_rut: Option<String>,
    pub(super) is_rut_locked: bool,
    pub(super) metadata: Vec<Metadatum>,
}

/// One thing that the merchant may want the payer to see.
#[derive(Clone)]
pub(super) struct Metadatum {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) is_shown: bool,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionState {
    Open,
    Paid,
    Expired,
}

impl Session {
    pub(super) fn state(&self) -> SessionState {
        if self.attempts.iter().any(|it| it.is_paid) {
            return SessionState::Paid;
        }
        if self.is_expired { SessionState::Expired } else { SessionState::Open }
    }

    /// A word for people: the states, and `failed` once an attempt has failed.
    pub(super) fn word(&self) -> &'static str {
        match self.state() {
            SessionState::Paid => "paid",
            SessionState::Open if self.attempts.is_empty() => "open",
            SessionState::Expired if self.attempts.is_empty() => "expired",
            SessionState::Open | SessionState::Expired => "failed",
        }
    }

    /// The word that it ends with if nobody pays any more.
    pub(super) fn last_word(&self) -> &'static str {
        match self.word() {
            "open" => "expired",
            word => word,
        }
    }

    /// The claims about an attempt, or about the lack of one.
    ///
    /// The account and its owner are those of the official README's example.
    pub(super) fn claims<'a>(&'a self, attempt: Option<&'a Attempt>, iat: i64) -> wire::Claims<'a> {
        wire::Claims {
            session_token: &self.token,
            merchant_account_bank: "cl_estado",
            merchant_account_type: "cuenta_vista",
            merchant_account: "19687526",
            merchant_name: "Sandbox Developer Merchant",
            merchant_currency: Etpay::CURRENCY,
            merchant_order_id: &self.draft.order_id,
            merchant_amount: self.draft.amount_minor,
            user_bank: attempt.map(|_| "Banco de prueba"),
            user_rut: attempt.map(|_| self.draft.user_rut.as_deref().unwrap_or("111111111")),
            user_account: attempt.map(|_| "Cuenta Corriente 12345678"),
            payment_token: attempt.map(|it| &*it.payment_token),
            payment_status: attempt.is_some_and(|it| it.is_paid),
            payment_process: "auto",
            iat,
        }
    }
}

/// Every session, found by its own token, by its order, and by the token of each attempt.
#[derive(Default)]
pub(super) struct Sessions {
    pub(super) book: Book<Session>,
    /// The session of each payment token.
    attempts: HashMap<Arc<str>, u32>,
    payment_tokens: u32,
}

impl Sessions {
    pub(super) fn get(&self, index: u32) -> Option<&Session> {
        self.book.get(index)
    }

    pub(super) fn by_payment_token(&self, token: &str) -> Option<u32> {
        self.attempts.get(token).copied()
    }

    /// Adds an attempt to a session.
    pub(super) fn attempt(
        &mut self,
        index: u32,
        is_paid: bool,
        at: Timestamp,
        faults: &Faults,
    ) -> Option<Attempt> {
        let payment_token = self.new_payment_token(index, faults)?;
        let attempt = Attempt { payment_token: Arc::clone(&payment_token), is_paid, at };
        self.book.get_mut(index)?.attempts.push(attempt.clone());
        self.attempts.insert(payment_token, index);
        Some(attempt)
    }

    /// A payment token that nobody has.
    pub(super) fn new_payment_token(&mut self, index: u32, faults: &Faults) -> Option<Arc<str>> {
        let session = self.book.get(index)?;
        let nth = self.payment_tokens;
        self.payment_tokens = nth.saturating_add(1);
        Some(identifier::token(faults.chance("payment_token", &session.token, nth)).into())
    }
}

/// Without the tokens.
impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.book.fmt(f)
    }
}

impl Entry for Session {
    fn reference(&self) -> &Arc<str> {
        &self.token
    }

    fn key(&self) -> &Arc<str> {
        &self.draft.order_id
    }
}

/// Without the payer.
impl fmt::Debug for SessionDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionDraft").field("order_id", &self.order_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sign, *};

    const SIGNATURE_TOKEN: &str =
        "simSignatureTokenAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA0001";
    const SESSION_TOKEN: &str = "simSessionTokenBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB0001";
    const PAYMENT_TOKEN: &str = "simPaymentTokenCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC0001";
    const IAT: i64 = 1_643_663_332;

    fn session() -> Session {
        Session {
            token: SESSION_TOKEN.into(),
            signature_token: Secret::new(SIGNATURE_TOKEN),
            draft: SessionDraft {
                order_id: "oc1234566".into(),
                amount_minor: 1_500,
                completed_url: None,
                cancellation_url: None,
                webhook_url: None,
                concat: '?',
                user_rut: None,
                is_rut_locked: false,
                metadata: Vec::new(),
            },
            expires_at: Timestamp::default(),
            attempts: Vec::new(),
            is_expired: false,
            notices: 0,
        }
    }

    /// The worked vectors V1, V2 and V3, byte for byte; PyJWT made and checked them.
    #[test]
    fn the_worked_vectors_come_out() {
        let session = session();
        for (is_paid, expected) in [(true, V1), (false, V2)] {
            let at = Timestamp::from_millis(IAT * 1_000);
            let attempt = Attempt { payment_token: PAYMENT_TOKEN.into(), is_paid, at };
            let claims = session.claims(Some(&attempt), IAT);
            assert_eq!(sign::hs256(&claims, &session.signature_token), expected);
        }
        let session_token = SESSION_TOKEN;
        let claims = wire::SystemErrorClaims { session_token, system_error: true, iat: IAT };
        assert_eq!(sign::hs256(&claims, &Secret::new(SESSION_TOKEN)), V3);
    }

    #[test]
    fn a_session_without_an_attempt_has_no_payer() {
        let session = session();
        let claims = serde_json::to_value(session.claims(None, IAT)).unwrap();
        for name in ["user_bank", "user_rut", "user_account", "payment_token"] {
            assert!(claims[name].is_null(), "{name}");
        }
        assert_eq!(claims["payment_status"], false);
        assert_eq!(claims.as_object().unwrap().len(), 15);
    }

    const V1: &str = "\
        eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzZXNzaW9uX3Rva2VuIjoic2ltU2Vzc2lvblRva2VuQkJ\
        CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCMDAwMSIsIm1lcmNoYW50X2FjY29\
        1bnRfYmFuayI6ImNsX2VzdGFkbyIsIm1lcmNoYW50X2FjY291bnRfdHlwZSI6ImN1ZW50YV92aXN0YSIsIm1\
        lcmNoYW50X2FjY291bnQiOiIxOTY4NzUyNiIsIm1lcmNoYW50X25hbWUiOiJTYW5kYm94IERldmVsb3BlciB\
        NZXJjaGFudCIsIm1lcmNoYW50X2N1cnJlbmN5IjoiQ0xQIiwibWVyY2hhbnRfb3JkZXJfaWQiOiJvYzEyMzQ\
        1NjYiLCJtZXJjaGFudF9hbW91bnQiOjE1MDAsInVzZXJfYmFuayI6IkJhbmNvIGRlIHBydWViYSIsInVzZXJ\
        fcnV0IjoiMTExMTExMTExIiwidXNlcl9hY2NvdW50IjoiQ3VlbnRhIENvcnJpZW50ZSAxMjM0NTY3OCIsInB\
        heW1lbnRfdG9rZW4iOiJzaW1QYXltZW50VG9rZW5DQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0N\
        DQ0NDQ0NDQ0NDQ0MwMDAxIiwicGF5bWVudF9zdGF0dXMiOnRydWUsInBheW1lbnRfcHJvY2VzcyI6ImF1dG8\
        iLCJpYXQiOjE2NDM2NjMzMzJ9.C6_OPW3aJz2_i36TNB62tB_4wnRVh7sTAMdKDfsx0mw";
    const V2: &str = "\
        eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzZXNzaW9uX3Rva2VuIjoic2ltU2Vzc2lvblRva2VuQkJ\
        CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCMDAwMSIsIm1lcmNoYW50X2FjY29\
        1bnRfYmFuayI6ImNsX2VzdGFkbyIsIm1lcmNoYW50X2FjY291bnRfdHlwZSI6ImN1ZW50YV92aXN0YSIsIm1\
        lcmNoYW50X2FjY291bnQiOiIxOTY4NzUyNiIsIm1lcmNoYW50X25hbWUiOiJTYW5kYm94IERldmVsb3BlciB\
        NZXJjaGFudCIsIm1lcmNoYW50X2N1cnJlbmN5IjoiQ0xQIiwibWVyY2hhbnRfb3JkZXJfaWQiOiJvYzEyMzQ\
        1NjYiLCJtZXJjaGFudF9hbW91bnQiOjE1MDAsInVzZXJfYmFuayI6IkJhbmNvIGRlIHBydWViYSIsInVzZXJ\
        fcnV0IjoiMTExMTExMTExIiwidXNlcl9hY2NvdW50IjoiQ3VlbnRhIENvcnJpZW50ZSAxMjM0NTY3OCIsInB\
        heW1lbnRfdG9rZW4iOiJzaW1QYXltZW50VG9rZW5DQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0N\
        DQ0NDQ0NDQ0NDQ0MwMDAxIiwicGF5bWVudF9zdGF0dXMiOmZhbHNlLCJwYXltZW50X3Byb2Nlc3MiOiJhdXR\
        vIiwiaWF0IjoxNjQzNjYzMzMyfQ.FpnDcIXecMuZrbuAj9z_1zKq89kZmhBTC-nlr-0nQh0";
    const V3: &str = "\
        eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzZXNzaW9uX3Rva2VuIjoic2ltU2Vzc2lvblRva2VuQkJ\
        CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCMDAwMSIsInN5c3RlbV9lcnJvciI\
        6dHJ1ZSwiaWF0IjoxNjQzNjYzMzMyfQ.8QerE3mq8QMDausdeL2CQ3-IUFYRwb6axecVa7GinMs";
}
