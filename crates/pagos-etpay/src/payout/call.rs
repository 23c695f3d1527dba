//! The calls of the payouts API, and the handling of refused tokens. A payout is never sent a
//! second time here.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header::AUTHORIZATION};
use serde::de::DeserializeOwned;

use pagos_core::{
    Balance, Currency, Departure, Error, ErrorKind, Lookup, Observation, PayoutOrder, ProviderRef,
    Violation,
};
use pagos_wire::{invalid, money_call_failure, post_json, query_failure, to_ascii_json};

use crate::{
    Etpay,
    config::PayoutSettings,
    contract::{self, BalanceAnswer},
    payout,
    session::{Login, LoginContext, Standing, Token},
    status::{refusal, refused_query, unknown_outcome},
};

/// The payout side of an account.
#[derive(Clone, Copy)]
pub(crate) struct PayoutSide<'a> {
    pub(crate) etpay: &'a Etpay,
    pub(crate) payouts: &'a PayoutSettings,
    login: &'a Login,
}

impl Etpay {
    /// The payout side, or a violation that says how to configure it.
    pub(crate) fn paying(&self) -> Result<PayoutSide<'_>, Violation> {
        match (&self.settings.payouts, &self.login) {
            (Some(payouts), Some(login)) => Ok(PayoutSide { etpay: self, payouts, login }),
            _ => Err(Violation::new(
                "provider",
                "this account makes no payouts",
                "configure USERNAME and PASSWORD",
            )
            .in_spanish("esta cuenta no hace pagos", "configure USERNAME y PASSWORD")),
        }
    }
}

impl PayoutSide<'_> {
    pub(crate) fn is_logged_in(self) -> bool {
        self.login.is_open(self.etpay.clock.now())
    }

    /// Logs in if needed.
    pub(crate) async fn token(self) -> Result<Arc<Token>, Error> {
        let context = LoginContext {
            settings: &self.etpay.settings,
            payouts: self.payouts,
            transport: self.etpay.transport.as_ref(),
            clock: self.etpay.clock.as_ref(),
        };
        self.login.token(&context).await
    }

    /// Sends a payout, once. The login before it moves no money, so a failure of the login is not
    /// one of the payout, and the login may be sent at any time: other calls wait for its token
    /// too. A slow login can make the payout too late; the payout is then not sent.
    pub(crate) async fn create(
        self,
        order: &PayoutOrder,
        departure: Departure,
    ) -> Result<Observation, Error> {
        let body = payout::request(&self.etpay.settings, self.payouts, order).map_err(invalid)?;
        let body = to_ascii_json(&body)?;
        let token = self.token().await?;
        let header = (AUTHORIZATION, token.header());
        let request = post_json(&self.payouts.base, contract::PAYOUTS_PATH, [header], body)?;
        let asked_at = self.etpay.clock.now();
        let response =
            self.etpay.transport.send(request, departure).await.map_err(money_call_failure)?;
        if response.status() == StatusCode::UNAUTHORIZED {
            return Err(self.refused(&token, &response));
        }
        if response.status().is_success() {
            token.accept();
        }
        payout::read_reply(&response, asked_at, self.etpay.clock.now())
    }

    /// Handles a payout that was answered with 401. It is not sent again here, although a new login
    /// could help: every request that may move money needs a durable attempt, and only the caller
    /// can make the next one.
    ///
    /// If the body is a refusal, nothing was executed: ETpay does not pay for a caller that it does
    /// not recognise. \[inferred\] A worn token is dropped, and `Throttled` without a wait lets the
    /// caller come back at once. A fresh one that was never accepted is `Unauthorized`: another
    /// would have the same result. Without a refusal, something between ETpay and us has answered,
    /// and the outcome is `Unknown`.
    fn refused(self, token: &Arc<Token>, response: &Response<Bytes>) -> Error {
        if refusal(response).is_none() {
            self.login.forget(token);
            return unknown_outcome("HTTP 401 without a refusal in it");
        }
        match self.login.refuse(token, self.etpay.clock.now()) {
            Standing::Worn => Error::new(
                ErrorKind::Throttled,
                "the token of the payouts API has ended; the next call logs in again",
            )
            .with_retry_after(Duration::ZERO),
            Standing::Fresh => Error::new(
                ErrorKind::Unauthorized,
                "the payouts API refuses a token that its login has just issued",
            ),
        }
    }

    /// Sends a query, which moves no money. If the token is refused, sends it once more with a new
    /// one.
    ///
    /// # Errors
    /// `Unauthorized`, `Throttled` and `Undelivered`. The caller reads every other answer.
    pub(crate) async fn ask(self, path: &str) -> Result<Response<Bytes>, Error> {
        let token = self.token().await?;
        let response = self.ask_with(path, &token).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return refused_query(&response).map(|()| response);
        }
        self.login.forget(&token);
        let token = self.token().await?;
        let response = self.ask_with(path, &token).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            self.login.refuse(&token, self.etpay.clock.now());
        }
        refused_query(&response).map(|()| response)
    }

    async fn ask_with(self, path: &str, token: &Token) -> Result<Response<Bytes>, Error> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = self.payouts.base.join(path)?;
        request.headers_mut().insert(AUTHORIZATION, token.header());
        let response =
            self.etpay.transport.send(request, Departure::Anytime).await.map_err(query_failure)?;
        if response.status().is_success() {
            token.accept();
        }
        Ok(response)
    }

    /// Queries by the provider's id.
    pub(crate) async fn look_up(self, reference: &ProviderRef) -> Result<Lookup, Error> {
        let Some(path) = contract::payout_path(reference.as_str()) else {
            return Ok(Lookup::CannotTell("the reference fits into no URL".to_owned()));
        };
        let asked_at = self.etpay.clock.now();
        let response = self.ask(&path).await?;
        Ok(payout::read_lookup(&response, reference, asked_at, self.etpay.clock.now()))
    }

    /// The balance. Amounts that are held or under way are not reported. \[sim\]
    pub(crate) async fn balances(self) -> Result<Vec<Balance>, Error> {
        let answer: BalanceAnswer = read(&self.ask(contract::BALANCE_PATH).await?)?;
        let clp = Currency::Clp;
        if answer.currency.is_some_and(|told| !told.as_str().eq_ignore_ascii_case(clp.code())) {
            return Err(Error::new(ErrorKind::Unknown, "the balance is in another currency"));
        }
        let available = answer.balance.in_currency(clp).map_err(|cause| {
            Error::new(ErrorKind::Unknown, "the balance is not exact").with_source(cause)
        })?;
        Ok(vec![Balance { available, unavailable: None }])
    }
}

/// Parses the answer to a query.
fn read<T: DeserializeOwned>(response: &Response<Bytes>) -> Result<T, Error> {
    let code = response.status().as_u16();
    let unreadable =
        || Error::new(ErrorKind::Unknown, format!("the answer cannot be read: HTTP {code}"));
    if !response.status().is_success() {
        return Err(unreadable());
    }
    serde_json::from_slice(response.body()).map_err(|_| unreadable())
}
