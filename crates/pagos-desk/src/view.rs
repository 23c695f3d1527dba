//! What the pages read of the API's answers.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Who is logged in.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Who {
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
}

/// A session that has just begun.
#[derive(Deserialize)]
pub(crate) struct NewSession {
    pub(crate) token: String,
    pub(crate) scopes: Vec<String>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Fault {
    pub(crate) field: Option<String>,
    pub(crate) line: Option<u64>,
    pub(crate) because: String,
    pub(crate) remedy: Option<String>,
}

/// A count and a sum.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Total {
    pub(crate) account: String,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) count: u64,
    pub(crate) needs_attention: u64,
    pub(crate) amount: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Totals {
    pub(crate) totals: Vec<Total>,
    pub(crate) accounts_out_of_service: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Payout {
    pub(crate) key: String,
    pub(crate) account: String,
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) state: String,
    pub(crate) failure: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) needs_attention: bool,
    pub(crate) reference: Option<String>,
    pub(crate) beneficiary: Beneficiary,
    pub(crate) description: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) created_at: String,
    pub(crate) settled_at: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Beneficiary {
    pub(crate) name: String,
    pub(crate) bank: Option<String>,
    pub(crate) account_type: String,
    pub(crate) account_number_masked: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PayoutPage {
    pub(crate) payouts: Vec<Payout>,
    pub(crate) next: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Run {
    pub(crate) run: String,
    pub(crate) state: String,
    pub(crate) orders: u64,
    pub(crate) created_at: Option<String>,
    pub(crate) released_at: Option<String>,
    pub(crate) submitted_by: Vec<String>,
    pub(crate) approval: Option<Approval>,
    #[serde(default)]
    pub(crate) totals: Vec<Total>,
    #[serde(default)]
    pub(crate) warnings: Vec<Fault>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Approval {
    pub(crate) digest: String,
    pub(crate) approved_by: Vec<String>,
    pub(crate) missing: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RunPage {
    pub(crate) runs: Vec<Run>,
    pub(crate) next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct History {
    pub(crate) entries: Vec<Entry>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    pub(crate) entry: String,
    pub(crate) at: String,
    pub(crate) attempt: Option<u32>,
    pub(crate) proof: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) change: Option<String>,
    pub(crate) provider_code: Option<String>,
    pub(crate) provider_at: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) returned: Option<String>,
    pub(crate) by: Option<String>,
    pub(crate) decision: Option<String>,
    pub(crate) approved_by: Vec<String>,
    pub(crate) because: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) payouts: Vec<Payout>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) runs: Vec<Run>,
    pub(crate) resends: Vec<Resend>,
    pub(crate) accounts_out_of_service: Vec<String>,
    pub(crate) database: Gaps,
    pub(crate) next: Option<String>,
}

/// What the database is known not to know.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Gaps {
    pub(crate) restored: Option<Restored>,
    pub(crate) forgotten: Vec<Forgotten>,
    pub(crate) without_witness: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Restored {
    pub(crate) restored_at: String,
    pub(crate) backup_at: String,
    pub(crate) accepted: Option<String>,
}

/// A payout that was sent and whose order is forgotten.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Forgotten {
    pub(crate) key: String,
    pub(crate) account: String,
    pub(crate) sent_at: String,
}

/// Money in that waits for a person.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Payment {
    pub(crate) key: String,
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
}

/// A decision to send a payout once more, which others must approve.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Resend {
    pub(crate) key: String,
    pub(crate) attempt: u32,
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) decided_by: String,
    pub(crate) decided_at: String,
    pub(crate) note: String,
    pub(crate) missing: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct InboxPage {
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) next: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) number: u64,
    pub(crate) account: String,
    pub(crate) state: String,
    pub(crate) is_verified: Option<bool>,
    pub(crate) key: Option<String>,
    pub(crate) received_at: String,
    pub(crate) repeats: u64,
    pub(crate) because: String,
}

/// What the receiver refused.
#[derive(Debug, Deserialize)]
pub(crate) struct RefusedList {
    pub(crate) refused: Vec<RefusedSum>,
}

/// How many requests were refused for one reason.
#[derive(Debug, Deserialize)]
pub(crate) struct RefusedSum {
    pub(crate) account: Option<String>,
    pub(crate) reason: String,
    pub(crate) count: u64,
    pub(crate) last_at: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Balances {
    pub(crate) accounts: Vec<AccountBalances>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AccountBalances {
    pub(crate) account: String,
    pub(crate) balances: Vec<Balance>,
    pub(crate) because: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Balance {
    pub(crate) currency: String,
    pub(crate) available: String,
}

/// What happens next to a payout, and what a person can decide.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Outlook {
    pub(crate) next: String,
    pub(crate) next_at: Option<String>,
    pub(crate) waits_for: Option<String>,
    pub(crate) waits_since: Option<String>,
    pub(crate) queries: u32,
    pub(crate) absences: u32,
    pub(crate) absences_needed: u32,
    #[serde(default)]
    pub(crate) decisions: Vec<String>,
}

/// What statements of banks show of a payout.
#[derive(Debug, Deserialize)]
pub(crate) struct StatementLines {
    pub(crate) lines: Vec<StatementLine>,
}

/// A line of a statement.
#[derive(Debug, Deserialize)]
pub(crate) struct StatementLine {
    pub(crate) book: String,
    pub(crate) day: String,
    pub(crate) state: String,
    pub(crate) change: String,
    pub(crate) currency: String,
    pub(crate) bank_reference: Option<String>,
    pub(crate) evidence: String,
    pub(crate) by: Option<String>,
}

/// A full account number.
#[derive(Deserialize)]
pub(crate) struct Disclosed {
    pub(crate) account_number: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Series {
    pub(crate) samples: Vec<Sample>,
}

/// How the payouts stood at one moment.
#[derive(Debug, Deserialize)]
pub(crate) struct Sample {
    pub(crate) counts: Vec<Count>,
    pub(crate) reversed: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Count {
    pub(crate) account: String,
    pub(crate) status: String,
    pub(crate) count: u64,
}

/// The links that somebody saved.
#[derive(Debug, Deserialize)]
pub(crate) struct Links {
    pub(crate) links: Vec<Link>,
}

/// A name for the query of the list of payouts.
#[derive(Debug, Deserialize)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) query: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Endpoints {
    pub(crate) endpoints: Vec<Endpoint>,
}

/// A system of ours that gets events.
#[derive(Debug, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) endpoint: String,
    pub(crate) standing: String,
    pub(crate) next_try: Option<String>,
    pub(crate) last_error: Option<String>,
    pub(crate) waiting: u64,
    pub(crate) waiting_since: Option<String>,
    pub(crate) set_aside: u64,
    pub(crate) position: u64,
    /// Commands of people that the process which delivers has not read yet.
    pub(crate) commands: u64,
}
