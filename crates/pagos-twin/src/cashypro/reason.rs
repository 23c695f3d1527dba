//! Beneficiaries that fail by their account number, and the reasons of failures.
//! Not what a caller asks for in `remark`; that vocabulary is shared by all twins.

use crate::scenario::Ending;

/// Beneficiaries that never get their money: `99900000` and two digits.
///
/// The reasons are of the documents' open list; the account numbers are invented. `[sim]`
pub(super) fn ending_of_account(account: &str) -> Option<(Ending, &'static str)> {
    Some(match account.strip_prefix("99900000")? {
        "01" => (Ending::Fail, "ACCOUNT NOT EXITS"),
        "02" => (Ending::Fail, "ACCOUNT_FREEZING"),
        "03" => (Ending::Fail, "ACCOUNT_AND_DOCUMENTS_NOT_MATCH"),
        "04" => (Ending::Fail, "BANK_REFUSE"),
        "05" => (Ending::Fail, "DAILY_PAYMENT_LIMIT_EXCEEDED"),
        "06" => (Ending::Cancel, "COMPLIANCE_REJECT"),
        // Who reads this and pays again may pay twice: the reason does not say that nothing was paid.
        "07" => (Ending::Fail, "PAYMENT_QUERY_FAIL"),
        _ => return None,
    })
}

/// A reason for a failure that chance brings.
pub(super) const fn decline(drawn: u64) -> &'static str {
    match drawn % 6 {
        0 => "ACCOUNT NOT EXITS",
        1 => "ACCOUNT_FREEZING",
        2 => "ACCOUNT_CLOSED",
        3 => "ACCOUNT_AND_DOCUMENTS_NOT_MATCH",
        4 => "BANK_REFUSE",
        _ => "CHANNEL_EXCEPTION",
    }
}
