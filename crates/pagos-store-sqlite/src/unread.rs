//! Puts rows that this version cannot read into quarantine, so that they hold up no others, with a
//! notice that calls a person. It changes nothing in them that a newer version reads.

use pagos_core::{AccountName, Money, OrderKey, Status, Timestamp};
use pagos_engine::{Notice, NoticeAbout, NoticeKind, OrderNews, stride};
use rusqlite::params;

use crate::{
    failure::{Failure, cannot_be_read},
    outbox, row,
    tallies::{self, Counted},
    thread::Transaction,
};

/// The status word of a row that is set aside.
const WORD: &str = "quarantined";

/// The maximum number of rows that one share of a claim sets aside, so that no claim takes for
/// ever.
pub(crate) const UNREAD_MAX: usize = 100;

/// An unreadable row, as far as its columns can be read.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) id: i64,
    pub(crate) version: i64,
    pub(crate) key: String,
    pub(crate) counted: Counted,
    /// Why, without any of the row's content.
    pub(crate) because: String,
}

/// Sets a payout aside, if it is unchanged. No previous claim of it can write any more.
pub(crate) fn set_payout_aside(
    transaction: &mut Transaction<'_>,
    row: &Unread,
    account: &AccountName,
    now: Timestamp,
) -> Result<(), Failure> {
    let set_aside = transaction
        .connection
        .prepare_cached(
            "UPDATE payouts SET status = ?1, at_rest = 1, attention = 1, unreadable = ?2,
                    due_at = NULL, lease_until = NULL, epoch = epoch + ?5, version = version + ?5
             WHERE id = ?3 AND version = ?4",
        )?
        .execute(params![WORD, row.because, row.id, row.version, row::signed(stride())])?;
    if set_aside == 0 {
        return Ok(());
    }
    let after =
        Counted { status: WORD.to_owned(), at_rest: true, attention: true, ..row.counted.clone() };
    tallies::recount(transaction, &row.key, &row.counted, &after)?;
    let notice = notice(row, "payout", NoticeAbout::Payout, account, now);
    outbox::tell(transaction.connection, &[notice])
}

/// Sets a payment aside.
pub(crate) fn set_payment_aside(
    transaction: &mut Transaction<'_>,
    row: &Unread,
    account: &AccountName,
    now: Timestamp,
) -> Result<(), Failure> {
    transaction
        .connection
        .prepare_cached(
            "UPDATE payments SET status = ?1, attention = 1, unreadable = ?2, due_at = NULL,
                    lease_until = NULL, version = version + 1
             WHERE id = ?3",
        )?
        .execute(params![WORD, row.because, row.id])?;
    let notice = notice(row, "payment", NoticeAbout::Payment, account, now);
    outbox::tell(transaction.connection, &[notice])
}

fn notice(
    row: &Unread,
    word: &str,
    about: fn(OrderNews) -> NoticeAbout,
    account: &AccountName,
    now: Timestamp,
) -> Notice {
    let sentence = cannot_be_read(format!("{word} {}", row.key), &row.because);
    let because = format!(
        "{sentence} It is set aside; upgrade this program, then have the provider asked about it"
    );
    // If only a newer version accepts the key or the currency, the notice is about the account.
    let about = news(row, &because).map_or(NoticeAbout::Account, about);
    Notice { account: account.clone(), event: NoticeKind::Attention { because }, about, at: now }
}

fn news(row: &Unread, because: &str) -> Option<OrderNews> {
    Some(OrderNews {
        key: OrderKey::new(&row.key).ok()?,
        runs: Vec::new(),
        status: Status::Unknown,
        was: None,
        reason: Some(because.to_owned()),
        amount: Money::new(row.counted.amount_minor, row.counted.currency.parse().ok()?),
        returned: None,
        reference: None,
    })
}
