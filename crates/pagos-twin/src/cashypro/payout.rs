//! `payOut` and `payOutQuery`: what their fields must hold and what they answer.
//! Not what goes wrong; see `create` and `CashyproTwin::ask`.

use std::time::Duration;

use super::{
    CURRENCY, CashyproTwin, amount, banks,
    create::{Draft, Product},
    local_time,
    order::{Kind, OrderId, OrderStatus},
    reason,
    request::{self, Fields, Refusal},
    settings::WalletRule,
    wire,
};
use crate::{
    scenario::{self, Ending},
    twin::Reply,
};

impl CashyproTwin {
    /// `POST /api/payOut`. Source: manual "Create Payout Order".
    pub(super) fn pay_out(&mut self, fields: &Fields<'_>) -> Reply {
        match self.read_payout(fields) {
            Ok(draft) => self.create(draft),
            Err(refusal) => wire::refusal(&refusal),
        }
    }

    /// `POST /api/payOutQuery`. Source: manual "Query Payout Order".
    pub(super) fn pay_out_query(&mut self, fields: &Fields<'_>) -> Reply {
        let (id, name) = match self.find(fields, Kind::Payout) {
            Ok(found) => found,
            Err(refusal) => return wire::refusal(&refusal),
        };
        self.ask_of_key(Kind::Payout, &name, |twin| twin.answer_payout(id))
    }

    pub(super) fn answer_payout_created(&self, id: OrderId) -> Reply {
        self.order(id).map_or_else(wire::system_error, |order| {
            wire::success(&wire::Created {
                merchant_id: &self.settings.merchant_id,
                mch_order_no: &order.key,
                order_no: &order.reference,
                amount: amount::shortest(order.amount_minor, 0),
                fee: "0",
                order_status: OrderStatus::Processing.word(),
            })
        })
    }

    fn answer_payout(&self, id: Option<OrderId>) -> Reply {
        let Some(order) = id.and_then(|id| self.order(id)) else {
            return self.answer_unknown_order();
        };
        let offset = self.settings.utc_offset_minutes;
        wire::success(&wire::Queried {
            merchant_id: &self.settings.merchant_id,
            mch_order_no: &order.key,
            order_no: &order.reference,
            amount: amount::shortest(order.echoed_minor(), 0),
            fee: match order.status {
                OrderStatus::Processing | OrderStatus::Waiting => "0".to_owned(),
                OrderStatus::Paying
                | OrderStatus::Success
                | OrderStatus::Fail
                | OrderStatus::Cancel => amount::shortest(order.fee_minor, 0),
            },
            order_status: order.status.word(),
            completion_time: order.completed_at.map(|at| local_time(at, offset)),
            result_desc: order.result_of(order.status),
        })
    }

    /// The order that a query is about, and the name it goes by. If both numbers are given they
    /// must be of one order.
    pub(super) fn find(
        &self,
        fields: &Fields<'_>,
        kind: Kind,
    ) -> Result<(Option<OrderId>, String), Refusal> {
        fields.require(&["nonceStr"])?;
        fields.text("nonceStr", 32)?;
        let key = fields.text("mchOrderNo", 32)?;
        let reference = fields.text("orderNo", 32)?;
        if key.is_empty() && reference.is_empty() {
            return Err(Refusal::required("mchOrderNo"));
        }
        let book = self.book(kind);
        let (by_key, by_reference) = (book.by_key(&key), book.by_reference(&reference));
        Ok(match (key.is_empty(), reference.is_empty()) {
            (true, _) => (by_reference, reference),
            (false, true) => (by_key, key),
            (false, false) => (by_key.filter(|_| by_key == by_reference), key),
        })
    }

    fn read_payout(&self, fields: &Fields<'_>) -> Result<Draft, Refusal> {
        fields.require(&REQUIRED)?;
        fields.text("accountName", 32)?;
        let account = fields.text("accountNo", 32)?;
        let account_type = fields.whole("accountType")?;
        if account_type > 1 {
            return Err(Refusal::wrong("accountType"));
        }
        self.read_currency(fields)?;
        let amount_minor = self.read_amount(fields)?;
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
        let forced = self.forced_ending(&account, account_type, bank)?;
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

    pub(super) fn read_currency(&self, fields: &Fields<'_>) -> Result<(), Refusal> {
        if fields.text("currency", 32)? == CURRENCY {
            return Ok(());
        }
        Err(Refusal::wrong("currency"))
    }

    pub(super) fn read_amount(&self, fields: &Fields<'_>) -> Result<i64, Refusal> {
        let allowed = self.settings.amount_minor_min..=self.settings.amount_minor_max;
        amount::parse(&fields.text("amount", 21)?)
            .filter(|amount_minor| allowed.contains(amount_minor))
            .ok_or_else(|| Refusal::wrong("amount"))
    }

    fn forced_ending(
        &self,
        account: &str,
        account_type: u16,
        bank: u16,
    ) -> Result<Option<(Ending, &'static str)>, Refusal> {
        let is_wrong_wallet = banks::is_wallet(bank) && account_type != SAVINGS;
        match self.settings.wallet_rule {
            WalletRule::Refuse if is_wrong_wallet => Err(Refusal::wrong("accountType")),
            WalletRule::FailLater if is_wrong_wallet => {
                Ok(Some((Ending::Fail, "ACCOUNT_TYPE_NOT_VALID_FOR_TARGET_BANK")))
            }
            WalletRule::Refuse | WalletRule::FailLater | WalletRule::Ignore => {
                Ok(reason::ending_of_account(account))
            }
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
