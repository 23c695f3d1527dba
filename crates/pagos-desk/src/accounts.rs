//! The accounts: whether their providers work, and what they can still pay out.

use askama::Template;
use axum::response::Response;

use crate::{
    frame::{Frame, render},
    session::Session,
    show,
    view::{AccountBalances, Balances, Totals},
};

#[derive(Template)]
#[template(path = "accounts.html")]
struct Page {
    frame: Frame,
    accounts: Vec<AccountBalances>,
    totals: Totals,
}

pub(crate) async fn show(session: Session) -> Response {
    let totals = session.get::<Totals>("/v1/totals").await;
    let balances = session.get::<Balances>("/v1/balances").await;
    let (totals, balances) = match (totals, balances) {
        (Ok(totals), Ok(balances)) => (totals, balances),
        (Err(refused), _) | (_, Err(refused)) => return session.failed(&refused),
    };
    let frame = session.frame(session.language.words().accounts);
    session.answer(render(&Page { frame, accounts: balances.accounts, totals }))
}

impl Page {
    fn is_out_of_service(&self, account: &str) -> bool {
        self.totals.accounts_out_of_service.iter().any(|out| out == account)
    }

    /// How many payouts of an account have a status.
    fn count(&self, account: &str, status: &str) -> u64 {
        let of =
            self.totals.totals.iter().filter(|row| row.account == account && row.status == status);
        of.map(|row| row.count).sum()
    }
}
