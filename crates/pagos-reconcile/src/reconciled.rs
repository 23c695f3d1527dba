//! By what one payout was reconciled.

use pagos_core::{BookName, Day, Money, OrderKey};
use pagos_engine::Store;
use serde::Serialize;

use crate::{
    error::Error,
    report::bank_reference,
    stored::{LineBody, MatchBody, parse},
};

/// By what a payout was reconciled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// The book.
    pub book: BookName,
    /// The id of the line.
    pub line: String,
    /// When it was booked.
    pub day: Day,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// What it changed the balance by for this payout.
    pub change: Money,
    /// The word of the rule.
    pub rule: &'static str,
    /// The evidence, in words.
    pub evidence: String,
    /// Who matched it, if a person did.
    pub by: Option<String>,
    /// `matched`, or `proposed` if a person must still say so.
    pub state: &'static str,
}

/// By what a payout was reconciled, in any book, by day.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use pagos_core::OrderKey;
/// use pagos_engine::MemoryStore;
///
/// let store = MemoryStore::new();
/// let found = pagos_reconcile::reconciled(&store, &OrderKey::new("salary-7")?).await?;
/// assert!(found.is_empty());
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Errors
/// `Store`; `Unreadable`.
pub async fn reconciled(store: &dyn Store, key: &OrderKey) -> Result<Vec<Reconciled>, Error> {
    let matches = store.matches(std::slice::from_ref(key)).await.map_err(Error::store)?;
    let mut found = Vec::new();
    for it in matches {
        let line = store.line(&it.book, &it.line).await.map_err(Error::store)?;
        let Some(line) = line else { continue };
        let body: MatchBody = parse(&it.body, "a match of a line")?;
        let bank_reference = bank_reference(&LineBody::read(&line)?);
        found.push(Reconciled {
            book: it.book,
            line: it.line,
            day: line.day,
            bank_reference,
            change: it.change,
            rule: body.rule.word(),
            evidence: format!("{} Evidence: {}.", body.rule.sentence(), body.place.words()),
            by: body.by.map(|it| it.as_str().to_owned()),
            state: line.state.word(),
        });
    }
    found.sort_by(|a, b| (a.day, &a.book, &a.line).cmp(&(b.day, &b.book, &b.line)));
    Ok(found)
}
