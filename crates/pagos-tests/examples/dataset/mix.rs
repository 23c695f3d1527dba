//! What the payouts of a dataset are: how many stand where, when they came, and what is written about
//! one of them. Every row is computed from its number, here and in SQL alike.

use pagos_core::{
    AccountName, FailReason, Observation, OrderKey, PayoutOrder, ProviderRef, Source, Status,
    Timestamp,
};
use pagos_engine::{Attention, Entry, Notice, NoticeAbout, NoticeKind, OrderNews, Progress, RunId};

const DAY_MS: i64 = 86_400_000;

/// The first payout is this old.
const AGE_DAYS: i64 = 90;

/// Settled payouts are watched for so long.
const WATCH_DAYS: i64 = 30;

/// Payouts of a run.
pub(crate) const RUN_ROWS: u64 = 5_000;

pub(crate) const ACCOUNTS: u64 = 4;

/// So many are created, so many unknown, pending and quarantined, however many there are.
const RARE_ROWS: u64 = 400;

/// The moment at which the dataset is looked at: 2026-01-10T12:00:00Z.
pub(crate) const NOW_MS: i64 = 1_768_046_400_000;

/// One of the words that stand for what differs from row to row.
const KEY: &str = "KEY-TO-REPLACE";
const REFERENCE: &str = "REFERENCE-TO-REPLACE";
const ACCOUNT: &str = "account-to-replace";

/// A dataset of so many payouts, numbered from 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mix {
    pub(crate) rows: u64,
}

impl Mix {
    /// Every so many rows the rare ones come.
    fn stride(self) -> u64 {
        (self.rows / RARE_ROWS).max(5)
    }

    pub(crate) fn key(number: u64) -> OrderKey {
        let scattered = number * 2_654_435_761 % 4_294_967_296;
        OrderKey::new(format!("k{scattered:08x}-{number}")).unwrap()
    }

    pub(crate) fn reference(number: u64) -> ProviderRef {
        let scattered = number * 48_271 % 2_147_483_647;
        ProviderRef::new(format!("PAYOUT{scattered:010}{number:09}")).unwrap()
    }

    pub(crate) fn account(number: u64) -> AccountName {
        AccountName::new(format!("account-{}", number % ACCOUNTS)).unwrap()
    }

    pub(crate) fn run(number: u64) -> RunId {
        RunId(format!("run-{number}"))
    }

    pub(crate) fn runs(self) -> u64 {
        self.rows.div_ceil(RUN_ROWS)
    }

    /// When row `number` came.
    pub(crate) fn created_ms(self, number: u64) -> i64 {
        let age_ms = AGE_DAYS * DAY_MS;
        let passed = i128::from(number) * i128::from(age_ms) / i128::from(self.rows);
        NOW_MS - age_ms + i64::try_from(passed).unwrap()
    }

    /// A number of a row that is unknown.
    pub(crate) fn unknown(self, round: u64) -> u64 {
        1 + self.stride() * (round % (RARE_ROWS / 2))
    }

    /// A number of a row that succeeded or failed, and so has a reference.
    pub(crate) fn settled(self, round: u64) -> u64 {
        4 + self.stride() * (round * 37 % (RARE_ROWS / 2))
    }

    /// How many of the rows are settled.
    pub(crate) fn settled_rows(self) -> u64 {
        self.rows - 4 * (self.rows / self.stride())
    }

    /// The columns of the rows of `numbers (i)` that both databases compute alike, for SQL: `key` and
    /// `reference` are what their own functions make of the two numbers.
    pub(crate) fn columns(self, key: &str, reference: &str) -> String {
        let (stride, rows, age_ms) = (self.stride(), self.rows, AGE_DAYS * DAY_MS);
        let begin_ms = NOW_MS - age_ms;
        format!(
            "i, {key} AS key, {reference} AS reference, 1 + i / {RUN_ROWS} AS run,
             'account-' || (i % 4999 % {ACCOUNTS}) AS account,
             {begin_ms} + i * {age_ms} / {rows} AS created_at,
             CASE WHEN i % {stride} = 0 THEN 'created' WHEN i % {stride} = 1 THEN 'unknown'
                  WHEN i % {stride} = 2 THEN 'pending' WHEN i % {stride} = 3 THEN 'quarantined'
                  WHEN i % 50 = 7 THEN 'failed' ELSE 'succeeded' END AS status"
        )
    }

    /// The same of what follows from those columns.
    pub(crate) fn derived() -> String {
        let watched_ms = NOW_MS - WATCH_DAYS * DAY_MS;
        format!(
            "CASE status WHEN 'created' THEN 'send' WHEN 'succeeded' THEN 'watch'
                         WHEN 'failed' THEN 'watch' ELSE 'ask' END AS work,
             CASE WHEN status = 'created' THEN {NOW_MS} - 1000
                  WHEN status = 'quarantined' THEN NULL
                  WHEN status IN ('unknown', 'pending') THEN {NOW_MS} + 60000 + i % 1000
                  WHEN created_at > {watched_ms} THEN {NOW_MS} + 3600000 + i % 86400 * 1000
                  END AS due_at"
        )
    }
}

/// What is written about a payout, with words in the places of its key, account and reference.
#[derive(Debug)]
pub(crate) struct Templates {
    pub(crate) order: String,
    /// By status word.
    pub(crate) progress: Vec<(&'static str, String)>,
    pub(crate) begun: String,
    pub(crate) seen: [String; 2],
    pub(crate) notice: String,
}

impl Templates {
    pub(crate) fn new() -> Self {
        let at = Timestamp::from_millis(NOW_MS);
        let account = AccountName::new(ACCOUNT).unwrap();
        let order = PayoutOrder { account: account.clone(), ..pagos_tests::order(KEY) };
        let observation = |status| Observation {
            reference: Some(ProviderRef::new(REFERENCE).unwrap()),
            asked_at: Some(at),
            ..Observation::new(status, Source::Query, at)
        };
        let stands = |status: Option<Status>, attention| {
            let mut progress = Progress::new(at);
            let changes: Vec<_> = status
                .map(|status| progress.standing.apply(&observation(status)))
                .into_iter()
                .collect();
            progress.attention = attention;
            (json(&progress), changes)
        };
        let quarantine = Some(Attention::Quarantine("another amount".to_owned()));
        let failed = Status::Failed(FailReason::Declined);
        let progress = vec![
            ("created", stands(None, None).0),
            ("unknown", stands(Some(Status::Unknown), None).0),
            ("pending", stands(Some(Status::Pending), None).0),
            ("quarantined", stands(Some(Status::Pending), quarantine).0),
            ("failed", stands(Some(failed), None).0),
            ("succeeded", stands(Some(Status::Succeeded), None).0),
        ];
        let seen = [Status::Pending, Status::Succeeded].map(|status| {
            let change = Progress::new(at).standing.apply(&observation(status));
            json(&Entry::Observed { observation: observation(status), change })
        });
        let news = OrderNews {
            key: order.key.clone(),
            runs: Vec::new(),
            status: Status::Succeeded,
            was: Some(Status::Pending),
            reason: None,
            amount: order.amount,
            returned: None,
            reference: Some(ProviderRef::new(REFERENCE).unwrap()),
        };
        let about = NoticeAbout::Payout(news);
        let notice = json(&Notice { account, event: NoticeKind::Advanced, about, at });
        let begun = json(&Entry::AttemptBegun { number: 1, at, epoch: 0 });
        Self { order: json(&order), progress, begun, seen, notice }
    }
}

/// Puts the columns of a row where the words of a template are, in SQL: pieces of text and columns, one
/// after the other, since replacing in every row would search the whole text each time.
pub(crate) fn filled(template: &str) -> String {
    let columns = [(KEY, "key"), (ACCOUNT, "account"), (REFERENCE, "coalesce(reference, '')")];
    let mut text = format!("'{template}'");
    for (word, column) in columns {
        text = text.replace(word, &format!("' || {column} || '"));
    }
    format!("({text})")
}

impl Templates {
    /// The progress of a row, by its status, in SQL.
    pub(crate) fn progress_of_row(&self) -> String {
        let case =
            |(word, template): &(&str, String)| format!("WHEN '{word}' THEN {} ", filled(template));
        let cases: String = self.progress.iter().map(case).collect();
        format!("CASE status {cases}END")
    }
}

fn json(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_string(value).unwrap();
    assert!(!json.contains('\''), "a template goes into SQL as it is");
    json
}
