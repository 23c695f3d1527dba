//! What Fintoc does not publish, and this crate assumes: lengths, waits, the bounds of walks. Also the
//! paths and the address, so that they stand in one place; their sources are named.

use std::time::Duration;

/// Transfers. Source: docs: reference/transfers-create; recorded: transfers/create, get and list.
pub(crate) const PATH_TRANSFERS: &str = "/v2/transfers";

/// Accounts. Source: recorded: accounts/get.
pub(crate) const PATH_ACCOUNTS: &str = "/v2/accounts";

/// The name of our key among the key/value pairs that a transfer takes. Ours.
pub(crate) const METADATA_KEY: &str = "pagos_key";

/// The longest comment. An error `invalid_comment_size` exists, and no page states the size. SPEI's own
/// limit. \[inferred\]
pub(crate) const COMMENT_LENGTH_MAX: usize = 40;

/// The longest name of a holder. \[inferred\]
pub(crate) const NAME_LENGTH_MAX: usize = 120;

/// The largest Chilean transfer. Source: docs: guides/transfers/transfers-overview/v2-transfers-data-model.
pub(crate) const CHILEAN_AMOUNT_MAX: i64 = 7_000_000;

/// The digits of a Chilean account. \[inferred\]
pub(crate) const CHILEAN_DIGITS: std::ops::RangeInclusive<usize> = 1..=20;

/// The rows of one page: the default is 30, and no page of version 2 states the most.
/// Source: docs: api/fintoc-api/pagination. \[inferred\]
pub(crate) const PAGE_ROWS: usize = 100;

/// The most pages that one query reads. Ours.
pub(crate) const PAGES_MAX: usize = 20;

/// How far before the first attempt a transfer can seem to have been made, when clocks differ. Ours.
pub(crate) const CLOCK_MARGIN: Duration = Duration::from_secs(10 * 60);

/// Within how long before and after its attempt was begun a transfer is most often made, clocks and queues
/// included. At Fintoc's five requests a second, what is made in that time fits into the pages of one query. Ours.
pub(crate) const CALL_BEFORE: Duration = Duration::from_secs(60);
pub(crate) const CALL_AFTER: Duration = Duration::from_secs(5 * 60);

/// How old a webhook may be. Source: sdk: py webhook.py, which refuses older ones.
pub(crate) const WEBHOOK_AGE_MAX: Duration = Duration::from_secs(300);
