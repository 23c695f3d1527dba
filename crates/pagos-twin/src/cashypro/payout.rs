//! `payOut`: what its fields must hold. Source: manual "Create Payout Order".
//! Not what becomes of it; see `create`.

use std::time::Duration;

use super::{
    banks,
    order::{Draft, Product},
    reason,
    request::{self, Fields, Refusal},
    settings::{CashyproSettings, WalletRule},
};
use crate::scenario::{self, Ending};

/// Reads a create.
pub(super) fn read(settings: &CashyproSettings, fields: &Fields<'_>) -> Result<Draft, Refusal> {
    fields.require(&REQUIRED)?;
    fields.text("accountName", 32)?;
    let account = fields.text("accountNo", 32)?;
    let account_type = fields.whole("accountType")?;
    if account_type > 1 {
        return Err(Refusal::wrong("accountType"));
    }
    request::check_currency(fields)?;
    let amount_minor = request::amount(fields, settings)?;
    let bank = fields.whole("bankId")?;
    if !banks::is_payout_bank(bank) {
        return Err(Refusal::wrong("bankId"));
    }
    let key = fields.text("mchOrderNo", 32)?;
    let notify_url = request::notify_url(fields)?;
    fields.text("nonceStr", 32)?;
    if !(1..=5).contains(&fields.whole("idType")?) {
        return Err(Refusal::wrong("idType"));
    }
    for name in ["idCard", "phone", "email"] {
        fields.text(name, 32)?;
    }
    let remark = fields.text("remark", 32)?;
    let scenario = scenario::parse(&remark).map_err(|_| Refusal::wrong("remark"))?;
    let forced = forced_ending(settings.wallet_rule, &account, account_type, bank)?;
    Ok(Draft {
        product: Product::Payout,
        key,
        account,
        notify_url,
        amount_minor,
        pay_type: PAY_TYPE,
        scenario,
        forced,
        expires_after: Duration::MAX,
    })
}

fn forced_ending(
    rule: WalletRule,
    account: &str,
    account_type: u16,
    bank: u16,
) -> Result<Option<(Ending, &'static str)>, Refusal> {
    let is_wrong_wallet = banks::is_wallet(bank) && account_type != SAVINGS;
    match rule {
        WalletRule::Refuse if is_wrong_wallet => Err(Refusal::wrong("accountType")),
        WalletRule::FailLater if is_wrong_wallet => {
            Ok(Some((Ending::Fail, "ACCOUNT_TYPE_NOT_VALID_FOR_TARGET_BANK")))
        }
        WalletRule::Refuse | WalletRule::FailLater | WalletRule::Ignore => {
            Ok(reason::ending_of_account(account))
        }
    }
}

/// Source: manual "Request Parameters", the rows with Y, in their order.
const REQUIRED: [&str; 12] = [
    "accountName",
    "accountNo",
    "accountType",
    "currency",
    "amount",
    "bankId",
    "mchOrderNo",
    "notifyUrl",
    "nonceStr",
    "idType",
    "idCard",
    "remark",
];

/// `payType` of every payout. Source: manual "Webhook Request Example".
const PAY_TYPE: u16 = 11;

/// Source: appendix of Colombia, payout account type.
const SAVINGS: u16 = 1;
