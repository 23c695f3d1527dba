//! Looks up the order that a delivery names.

use pagos_core::{AccountName, Hint, OrderKey, Secret};

use crate::{
    retention::Seal,
    store::{Store, StoreError},
};

/// What the store knows about the order that a delivery names.
#[derive(Debug, Clone)]
pub struct Recognised {
    /// The order.
    pub about: About,
    /// The secret of its session, if the provider issues one for each session.
    pub secret: Option<Secret>,
}

/// The order that a delivery names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// This payout.
    Payout(OrderKey),
    /// This payment.
    Payment(OrderKey),
    /// An archived payout, with its seal. Nothing can be done about it here.
    Archived(OrderKey, Seal),
    /// No order that the store knows.
    Nothing,
}

/// Looks up what `hint` names among the orders of `account`: first a session by its id, because the
/// secret belongs to it, then an order by our key, then a payout by the provider's id. An archived
/// payout is found only by our key.
///
/// ```
/// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
/// use pagos_core::Hint;
/// use pagos_engine::{About, MemoryStore, recognise};
///
/// # scene::play(async {
/// let (store, order) = (MemoryStore::new(), scene::order("salary-7"));
/// let hint = Hint { key: Some(order.key.clone()), reference: None };
/// let known = recognise(&store, &order.account, &hint).await?;
/// assert_eq!(known.about, About::Nothing); // nobody submitted it here
/// # Ok(())
/// # })?;
/// # Ok::<(), pagos_engine::EngineError>(())
/// ```
///
/// # Errors
/// The error of the store.
pub async fn recognise(
    store: &dyn Store,
    account: &AccountName,
    hint: &Hint,
) -> Result<Recognised, StoreError> {
    if let Some(reference) = &hint.reference
        && let Some(known) = store.session(account, reference).await?
    {
        return Ok(Recognised { about: About::Payment(known.key), secret: known.secret });
    }
    let mut about = match &hint.key {
        Some(key) => about_key(store, account, key).await?,
        None => About::Nothing,
    };
    if let (About::Nothing | About::Archived(..), Some(reference)) = (&about, &hint.reference)
        && let Some(key) = store.payout_of(account, reference).await?
    {
        about = About::Payout(key);
    }
    Ok(Recognised { about, secret: None })
}

async fn about_key(
    store: &dyn Store,
    account: &AccountName,
    key: &OrderKey,
) -> Result<About, StoreError> {
    let payout = store.payout(key).await?;
    if payout.is_some_and(|payout| payout.order.account == *account) {
        return Ok(About::Payout(key.clone()));
    }
    let payment = store.payment(key).await?;
    if payment.is_some_and(|payment| payment.order.account == *account) {
        return Ok(About::Payment(key.clone()));
    }
    // A seal names no account. For a person, its payout is a better answer than "nothing".
    match store.sealed(key).await? {
        Some(seal) => Ok(About::Archived(key.clone(), seal)),
        None => Ok(About::Nothing),
    }
}
