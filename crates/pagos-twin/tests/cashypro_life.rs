//! What becomes of accepted payouts: scenarios, money, and what the merchant is told.
//! Not the checks of requests.

use pagos_twin::{
    Ack, Fault, Reply,
    cashypro::{CashyproSettings, Notices, NumberStyle, SignCase},
};
use serde_json::json;

use crate::support::{Merchant, body, is_rightly_signed, msg, payout, statuses, whole};

#[test]
fn an_order_walks_through_its_statuses() {
    let mut merchant =
        Merchant::with(CashyproSettings { notices: Notices::Every, ..CashyproSettings::default() });
    merchant.pay("k", "sim:success");
    assert_eq!(merchant.status("k"), "PROCESSING");
    let told = merchant.settle();
    assert_eq!(statuses(&told), ["WAITING", "PAYING", "SUCCESS"]);
    assert_eq!(merchant.status("k"), "SUCCESS");
}

/// Remark, first final status told, last status, movements.
#[test]
fn each_ending_is_as_ordered() {
    for (remark, told_statuses, last, movements) in [
        ("sim:success", &["SUCCESS"][..], "SUCCESS", &["out"][..]),
        ("sim:fail", &["FAIL"], "FAIL", &[]),
        ("sim:fail:ID_CARD_ERROR", &["FAIL"], "FAIL", &[]),
        ("sim:cancel", &["CANCEL"], "CANCEL", &[]),
        ("sim:stuck", &["SUCCESS"], "SUCCESS", &["out"]),
        ("sim:success-then-fail", &["SUCCESS", "FAIL"], "FAIL", &["out", "back"]),
        ("sim:fail-then-success", &["FAIL", "SUCCESS"], "SUCCESS", &["out"]),
        ("sim:no-webhook", &[], "SUCCESS", &["out"]),
        ("sim:dup-webhook", &["SUCCESS", "SUCCESS"], "SUCCESS", &["out"]),
        ("sim:out-of-order", &["SUCCESS", "PAYING"], "SUCCESS", &["out"]),
        ("sim:bad-sign", &["SUCCESS"], "SUCCESS", &["out"]),
        ("sim:amount-echo", &["SUCCESS"], "SUCCESS", &["out"]),
        ("sim:no-funds", &["FAIL"], "FAIL", &[]),
    ] {
        let mut merchant = Merchant::new();
        assert_eq!(msg(merchant.pay("k", remark)), "SUCCESS", "{remark}");
        let told = merchant.settle();
        assert_eq!(statuses(&told), told_statuses, "{remark}");
        assert_eq!(told.iter().all(is_rightly_signed), remark != "sim:bad-sign", "{remark}");
        assert_eq!(merchant.status("k"), last, "{remark}");
        assert_eq!(merchant.movements("k"), movements, "{remark}");
        let net = if last == "SUCCESS" { 5_000_000 } else { 0 };
        assert_eq!(merchant.net("k"), net, "{remark}");
        let mut truth = Vec::new();
        merchant.world.visit_orders(&mut |order| truth.push(order.true_final));
        assert_eq!(truth, [last], "{remark}");
    }
}

/// What the first create meets, and whether an order came of it.
#[test]
fn each_bad_call_is_as_ordered() {
    type Shape = fn(Reply) -> bool;
    let is_drop: Shape = |reply| matches!(reply, Reply::Drop);
    let is_error: Shape = |reply| msg(reply) == "System_error";
    let cases: [(&str, Shape, bool); 12] = [
        ("sim:timeout-created", is_drop, true),
        ("sim:timeout-not-created", is_drop, false),
        ("sim:late-apply", is_drop, false),
        ("sim:500-created", is_error, true),
        ("sim:500-not-created", is_error, false),
        ("sim:busy", |reply| msg(reply) == "System_busy", false),
        ("sim:throttle", |reply| whole(reply).status() == 429, false),
        ("sim:refused", |reply| msg(reply) == "Params_accountNo_error", false),
        ("sim:html-502", |reply| whole(reply).status() == 502, true),
        ("sim:html-502-not-created", |reply| whole(reply).status() == 502, false),
        (
            "sim:torn",
            |reply| matches!(reply, Reply::Torn { response, sent_bytes } if sent_bytes * 2 <= response.body().len()),
            true,
        ),
        ("sim:slow", |reply| matches!(reply, Reply::Later { .. }), true),
    ];
    for (remark, has_shape, is_created) in cases {
        let mut merchant = Merchant::new();
        assert!(has_shape(merchant.pay("k", remark)), "{remark}");
        let status = merchant.status("k");
        assert_eq!(status == "PROCESSING", is_created, "{remark}: {status}");
        let second = msg(merchant.pay("k", remark));
        let expected = if is_created { "Params_mchOrderNo_error" } else { "SUCCESS" };
        assert_eq!(second, expected, "{remark}");
        merchant.settle();
        assert_eq!(merchant.status("k"), "SUCCESS", "{remark}");
        assert_eq!(merchant.movements("k"), ["out"], "{remark}: paid once");
    }
}

#[test]
fn a_late_request_takes_effect_minutes_later_and_once() {
    let mut merchant = Merchant::new();
    merchant.pay("k", "sim:late-apply");
    merchant.wait(59);
    assert_eq!(merchant.status("k"), "Order_not_exist");
    merchant.wait(422);
    assert_ne!(merchant.status("k"), "Order_not_exist");
    merchant.settle();
    assert_eq!(merchant.movements("k"), ["out"]);
}

#[test]
fn a_wrong_echo_is_in_query_and_webhook_and_not_in_the_money() {
    let mut merchant = Merchant::new();
    merchant.pay("k", "sim:amount-echo");
    let told = merchant.settle();
    assert_eq!(merchant.query("k")["data"]["amount"], "50100");
    assert!(told[0].body.starts_with(b"{\"amount\":50100.00,"));
    assert_eq!(merchant.net("k"), 5_000_000);
}

#[test]
fn beneficiaries_can_be_unpayable() {
    for (account, bank, account_type, status, reason) in [
        ("9990000001", 20, 1, "FAIL", "ACCOUNT NOT EXITS"),
        ("9990000002", 20, 1, "FAIL", "ACCOUNT_FREEZING"),
        ("9990000003", 20, 1, "FAIL", "ACCOUNT_AND_DOCUMENTS_NOT_MATCH"),
        ("9990000004", 20, 1, "FAIL", "BANK_REFUSE"),
        ("9990000005", 20, 1, "FAIL", "DAILY_PAYMENT_LIMIT_EXCEEDED"),
        ("9990000006", 20, 1, "CANCEL", "COMPLIANCE_REJECT"),
        ("9990000007", 20, 1, "FAIL", "PAYMENT_QUERY_FAIL"),
        ("3023612345", 33, 0, "FAIL", "ACCOUNT_TYPE_NOT_VALID_FOR_TARGET_BANK"),
    ] {
        let mut merchant = Merchant::new();
        let mut order = payout("k", "x");
        order["accountNo"] = json!(account);
        order["bankId"] = json!(bank);
        order["accountType"] = json!(account_type);
        merchant.call("payOut", &order);
        merchant.settle();
        let found = merchant.query("k");
        assert_eq!(found["data"]["orderStatus"], status, "{account}");
        assert_eq!(found["data"]["resultDesc"], reason, "{account}");
    }
}

#[test]
fn balance_follows_the_money() {
    let full = ("10000000000000.0".to_owned(), "0.0".to_owned());
    let held = ("9999999948500.0".to_owned(), "51500.0".to_owned());
    let spent = ("9999999948500.0".to_owned(), "0.0".to_owned());
    for (remark, after) in [
        ("sim:success", &spent),
        ("sim:fail", &full),
        ("sim:cancel", &full),
        ("sim:success-then-fail", &full),
        ("sim:fail-then-success", &spent),
    ] {
        let mut merchant = Merchant::new();
        assert_eq!(merchant.balance(), full);
        merchant.pay("k", remark);
        assert_eq!(merchant.balance(), held, "{remark}");
        merchant.settle();
        assert_eq!(&merchant.balance(), after, "{remark}");
    }
}

#[test]
fn an_empty_balance_fails_later_and_holds_nothing() {
    let mut merchant = Merchant::with(CashyproSettings {
        balance_minor: 5_200_000,
        ..CashyproSettings::default()
    });
    merchant.pay("a", "x");
    merchant.pay("b", "x");
    merchant.settle();
    assert_eq!(merchant.status("a"), "SUCCESS");
    assert_eq!(merchant.query("b")["data"]["resultDesc"], "MERCHANT_BALANCE_NOT_ENOUGH");
    assert_eq!(merchant.balance(), ("500.0".to_owned(), "0.0".to_owned()));
}

#[test]
fn a_webhook_is_the_manuals() {
    for (number_style, amount, fee) in [
        (NumberStyle::Fixed, "50000.00", "1500.0000"),
        (NumberStyle::OneDecimal, "50000.0", "1500.0"),
        (NumberStyle::Plain, "50000", "1500"),
    ] {
        let sign_case = SignCase::Upper;
        let mut merchant = Merchant::with(CashyproSettings {
            number_style,
            sign_case,
            ..CashyproSettings::default()
        });
        merchant.pay("k", "sim:fail:ACCOUNT NOT EXITS");
        let told = merchant.settle();
        let text = std::str::from_utf8(&told[0].body).unwrap();
        let told_body = body(&told[0]);
        let time = told_body["completionTime"].as_str().unwrap();
        let nonce = told_body["nonceStr"].as_str().unwrap();
        assert_eq!(
            text,
            format!(
                "{{\"amount\":{amount},\"completionTime\":\"{time}\",\"fee\":{fee},\
                 \"mchOrderNo\":\"k\",\"merchantId\":\"1002001\",\"nonceStr\":\"{nonce}\",\
                 \"orderNo\":\"PAYOUT8551000000000000000\",\"orderStatus\":\"FAIL\",\
                 \"resultDesc\":\"ACCOUNT NOT EXITS\",\"payType\":\"11\"}}"
            )
        );
        assert_eq!(told[0].headers["MerchantId"], "1002001");
        assert_eq!(told[0].headers["Content-Type"], "application/json");
        let upper = crate::support::sign(&told[0].body).to_uppercase();
        assert_eq!(told[0].headers["Sign"].to_str().unwrap(), upper);
    }
}

#[test]
fn a_webhook_that_is_not_heard_comes_ten_times_again() {
    for ack in
        [Ack::NoAnswer, Ack::Status(500), Ack::Status(204), Ack::Status(401), Ack::Status(307)]
    {
        let mut merchant = Merchant::new();
        merchant.pay("k", "sim:success");
        let mut times = Vec::new();
        while let Some(due) = merchant.world.next_due() {
            merchant.now = due;
            for delivery in merchant.due() {
                times.push(due.as_millis());
                merchant.delivered(delivery.id, ack);
            }
        }
        let minutes: Vec<i64> = times.windows(2).map(|it| (it[1] - it[0]) / 60_000).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512], "{ack:?}");
    }
}

#[test]
fn three_statuses_acknowledge() {
    for status in [200, 301, 302] {
        let mut merchant = Merchant::new();
        merchant.pay("k", "sim:success");
        merchant.wait(60);
        let told = merchant.due();
        assert_eq!(merchant.world.in_flight(), [told[0].id]);
        merchant.delivered(told[0].id, Ack::Status(status));
        merchant.delivered(told[0].id, Ack::NoAnswer);
        assert_eq!(merchant.world.next_due(), None, "{status}");
    }
}

#[test]
fn a_bad_first_signature_is_right_on_the_retry() {
    let mut merchant = Merchant::new();
    merchant.trigger("k", Fault::WebhookBadSign);
    merchant.pay("k", "sim:success");
    merchant.wait(60);
    let first = merchant.due();
    assert!(!is_rightly_signed(&first[0]));
    merchant.delivered(first[0].id, Ack::Status(401));
    merchant.wait(60);
    let second = merchant.due();
    assert!(is_rightly_signed(&second[0]));
}

#[test]
fn a_delayed_notice_can_come_behind_the_reversal() {
    let overtaken = (0..200).find(|nth| {
        let key = format!("k{nth}");
        let mut merchant = Merchant::new();
        merchant.trigger(&key, Fault::WebhookDelayed);
        merchant.pay(&key, "sim:success-then-fail");
        let told = statuses(&merchant.settle());
        assert_eq!(merchant.status(&key), "FAIL");
        told == ["FAIL", "SUCCESS"]
    });
    assert!(overtaken.is_some());
}

#[test]
fn triggers_by_key_reach_each_occasion() {
    let mut merchant = Merchant::new();
    merchant.trigger("k", Fault::LoseReply);
    merchant.trigger("k", Fault::SuccessThenFail);
    merchant.trigger("k", Fault::WebhookLost);
    merchant.trigger("k", Fault::QueryThrottle);
    assert!(matches!(merchant.pay("k", "x"), Reply::Drop));
    let query = json!({"mchOrderNo": "k", "nonceStr": "n"});
    assert_eq!(whole(merchant.call("payOutQuery", &query)).status(), 429);
    assert_eq!(statuses(&merchant.settle()), ["FAIL"]);
    assert_eq!(merchant.movements("k"), ["out", "back"]);
}

#[test]
fn an_odd_word_is_told_for_a_while_and_then_the_true_one() {
    let mut merchant = Merchant::new();
    merchant.pay("k", "sim:odd-word");
    let told: Vec<String> = (0..4).map(|_| merchant.status("k")).collect();
    assert_eq!(told, ["EN_REVISION", "EN_REVISION", "EN_REVISION", "PROCESSING"]);
    merchant.settle();
    merchant.trigger("k", Fault::OddWord);
    assert_eq!([merchant.status("k"), merchant.status("k")], ["EN_REVISION", "SUCCESS"]);
    assert_eq!(merchant.movements("k"), ["out"]);
}
