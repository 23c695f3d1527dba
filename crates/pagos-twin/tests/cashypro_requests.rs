//! Every check of a request, in its order, and the exact bytes of the answers.
//! Not what happens to an accepted order later.

use bytes::Bytes;
use http::Method;
use pagos_twin::{
    Reply,
    cashypro::{CashyproSettings, NoFunds, UnknownOrder, WalletRule},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Merchant, answer, msg, payment, payout, sign, signed, whole};

fn exact(reply: Reply) -> String {
    let response = whole(reply);
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    String::from_utf8(response.body().to_vec()).unwrap()
}

#[test]
fn a_refusal_is_http_200_with_code_500_and_no_more() {
    let mut merchant = Merchant::new();
    let mut request = signed("payOut", "{}");
    request.headers_mut().remove("Sign");
    assert_eq!(exact(merchant.send(&request)), r#"{"msg":"Sign_verify_error","code":500}"#);
}

/// Each case breaks one more thing than the one after it, from the last check to the first, and the
/// first broken check must answer.
#[test]
fn checks_come_in_their_order() {
    let mut merchant = Merchant::new();
    let mut request = signed("payOut", "");
    *request.method_mut() = Method::GET;
    request.headers_mut().clear();
    let mut seen = vec![msg(merchant.send(&request))];
    *request.method_mut() = Method::POST;
    seen.push(msg(merchant.send(&request)));
    request.headers_mut().insert("content-type", "application/json;charset=UTF-8".parse().unwrap());
    seen.push(msg(merchant.send(&request)));
    for id in ["10x", "1002002", "1002001"] {
        request.headers_mut().insert("MerchantId", id.parse().unwrap());
        seen.push(msg(merchant.send(&request)));
    }
    *request.body_mut() = Bytes::from_static(b"{");
    seen.push(msg(merchant.send(&request)));
    request.headers_mut().insert("Sign", sign(b"{").parse().unwrap());
    seen.push(msg(merchant.send(&request)));
    seen.push(msg(merchant.send(&signed("payOut", "{}"))));
    let expected = [
        "RequestMethod_not_post",
        "RequestContentType_not_json",
        "MerchantId_is_null",
        "MerchantId_not_Number",
        "MerchantId_is_error",
        "RequestBody_is_null",
        "Sign_verify_error",
        "Params_jsonFormat_error",
        "Params_accountName_Required",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn every_required_field_is_missed() {
    let mut merchant = Merchant::new();
    for name in [
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
    ] {
        for broken in [Value::Null, json!("")] {
            let mut body = payout("k", "x");
            body[name] = broken;
            let reply = merchant.call("payOut", &body);
            assert_eq!(msg(reply), format!("Params_{name}_Required"));
        }
    }
    assert_eq!(merchant.status("k"), "Order_not_exist");
}

#[test]
fn values_that_cannot_be_are_refused() {
    let long = "x".repeat(33);
    let cases = [
        ("accountName", json!(long)),
        ("accountName", json!({"a": 1})),
        ("accountName", json!(true)),
        ("accountNo", json!(long)),
        ("accountType", json!("2")),
        ("accountType", json!("-1")),
        ("currency", json!("MXN")),
        ("amount", json!("9999.99")),
        ("amount", json!("5000000.01")),
        ("amount", json!("50000.001")),
        ("amount", json!("5e4")),
        ("amount", json!("fifty")),
        ("bankId", json!(1)),
        ("bankId", json!("x")),
        ("bankId", json!(99999)),
        ("mchOrderNo", json!(long)),
        ("notifyUrl", json!("ftp://merchant.example/x")),
        ("notifyUrl", json!("/relative")),
        ("notifyUrl", json!(format!("http://m.example/{}", "x".repeat(240)))),
        ("nonceStr", json!(long)),
        ("idType", json!("0")),
        ("idType", json!("6")),
        ("idCard", json!(long)),
        ("phone", json!(long)),
        ("email", json!(long)),
        ("remark", json!(long)),
        ("remark", json!("sim:sucess")),
    ];
    let mut merchant = Merchant::new();
    for (name, value) in cases {
        let mut body = payout("k", "x");
        body[name] = value.clone();
        let reply = merchant.call("payOut", &body);
        assert_eq!(msg(reply), format!("Params_{name}_error"), "{name} = {value}");
    }
    assert_eq!(merchant.status("k"), "Order_not_exist");
}

#[test]
fn numbers_and_texts_are_the_same_to_it() {
    let mut merchant = Merchant::new();
    for (nth, (amount, echoed)) in [
        ("50000.00", "50000"),
        ("\"50000.0\"", "50000"),
        ("10000", "10000"),
        ("5000000", "5000000"),
        ("\"12345.67\"", "12345.67"),
        ("12345.60", "12345.6"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("k{nth}");
        let text = payout(&key, "x")
            .to_string()
            .replace("\"amount\":50000", &format!("\"amount\":{amount}"));
        let text = text
            .replace("\"bankId\":20", "\"bankId\":\"20\"")
            .replace("\"accountType\":\"1\"", "\"accountType\":1");
        let reply = answer(merchant.send(&signed("payOut", &text)));
        assert_eq!(reply["data"]["amount"], echoed, "{amount}");
    }
}

#[test]
fn answers_of_payouts_are_the_manuals() {
    let mut merchant = Merchant::new();
    let reply = merchant.call("payOut", &payout("697670130731094", "x"));
    assert_eq!(
        exact(reply),
        r#"{"msg":"SUCCESS","code":200,"data":{"merchantId":"1002001","mchOrderNo":"697670130731094","orderNo":"PAYOUT8551000000000000000","amount":"50000","fee":"0","orderStatus":"PROCESSING"}}"#
    );
    merchant.wait(4);
    let query = json!({"orderNo": "PAYOUT8551000000000000000", "nonceStr": "1"});
    assert_eq!(
        exact(merchant.call("payOutQuery", &query)),
        r#"{"msg":"SUCCESS","code":200,"data":{"merchantId":"1002001","mchOrderNo":"697670130731094","orderNo":"PAYOUT8551000000000000000","amount":"50000","fee":"1500","orderStatus":"PAYING","completionTime":null,"resultDesc":null}}"#
    );
    merchant.wait(60);
    let done = merchant.query("697670130731094");
    assert_eq!(done["data"]["orderStatus"], "SUCCESS");
    assert!(done["data"]["completionTime"].as_str().unwrap().starts_with("2024-12-01 20:4"));
}

#[test]
fn queries_find_by_either_number_and_by_both_if_they_agree() {
    let mut merchant = Merchant::new();
    merchant.pay("a", "x");
    merchant.pay("b", "x");
    let (first, second) = ("PAYOUT8551000000000000000", "PAYOUT8551000000000004096");
    for (key, reference, expected) in [
        (Some("a"), None, "SUCCESS"),
        (None, Some(second), "SUCCESS"),
        (Some("a"), Some(first), "SUCCESS"),
        (Some("a"), Some(second), "Order_not_exist"),
        (Some("c"), None, "Order_not_exist"),
        (None, Some("PAYIN8551000000000000000"), "Order_not_exist"),
        (None, Some("PAYOUT8551000000000000001"), "Order_not_exist"),
        (None, None, "Params_mchOrderNo_Required"),
    ] {
        let query = json!({"mchOrderNo": key, "orderNo": reference, "nonceStr": "n"});
        assert_eq!(msg(merchant.call("payOutQuery", &query)), expected, "{key:?} {reference:?}");
    }
    let silent = merchant.call("payOutQuery", &json!({"mchOrderNo": "a"}));
    assert_eq!(msg(silent), "Params_nonceStr_Required");
}

#[test]
fn a_number_is_used_once() {
    let mut merchant = Merchant::new();
    merchant.pay("k", "x");
    let mut other = payout("k", "x");
    other["amount"] = json!(60000);
    for body in [payout("k", "x"), other] {
        assert_eq!(msg(merchant.call("payOut", &body)), "Params_mchOrderNo_error");
    }
    merchant.settle();
    assert_eq!(merchant.movements("k"), ["out"]);
    assert_eq!(merchant.net("k"), 5_000_000);
}

#[test]
fn switches_change_what_is_undocumented() {
    let mut merchant = Merchant::with(CashyproSettings {
        prefix: "/prod-api".into(),
        duplicate_msg: "Order_repeat".into(),
        unknown_order: UnknownOrder::NullData,
        no_funds: NoFunds::Refuse("Balance_not_enough".into()),
        wallet_rule: WalletRule::Refuse,
        balance_minor: 6_000_000,
        ..CashyproSettings::default()
    });
    let mut call = |route: &str, body: &Value| {
        let mut request = signed(route, &body.to_string());
        *request.uri_mut() = format!("/cashypro/prod-api/api/{route}").parse().unwrap();
        exact(merchant.send(&request))
    };
    let unknown = call("payOutQuery", &json!({"mchOrderNo": "k", "nonceStr": "n"}));
    assert_eq!(unknown, r#"{"msg":"SUCCESS","code":200,"data":null}"#);
    assert!(call("payOut", &payout("k", "x")).contains("SUCCESS"));
    assert!(call("payOut", &payout("k", "x")).contains("Order_repeat"));
    assert!(call("payOut", &payout("l", "x")).contains("Balance_not_enough"));
    let mut wallet = payout("m", "x");
    wallet["bankId"] = json!(33);
    wallet["accountType"] = json!(0);
    assert!(call("payOut", &wallet).contains("Params_accountType_error"));
}

/// Source: page of the hosted cashier of Colombia.
#[test]
fn a_desk_wants_a_payer_and_answers_with_its_page() {
    let mut merchant = Merchant::new();
    assert_eq!(
        exact(merchant.call("payDesk", &payment("d", "x"))),
        r#"{"msg":"SUCCESS","code":200,"data":{"merchantId":"1002001","mchOrderNo":"d","orderNo":"PAYDESK8551000000000000000","payUrl":"http://twin.invalid/views/pay.html?PAYDESK8551000000000000000","amount":"30000","expireTime":"2024-12-01 21:42:54"}}"#
    );
    for field in ["phone", "email", "idType", "idCard", "realName", "expireTime", "remark"] {
        let mut order = payment("e", "x");
        order[field] = json!(null);
        let told = msg(merchant.call("payDesk", &order));
        assert_eq!(told, format!("Params_{field}_Required"));
    }
    let mut order = payment("e", "x");
    order["returnUrl"] = json!(format!("https://merchant.example/{}", "x".repeat(226)));
    assert_eq!(msg(merchant.call("payDesk", &order)), "Params_returnUrl_error");
}

#[test]
fn paths_that_do_not_exist_are_not_found() {
    let mut merchant = Merchant::new();
    for path in ["/cashypro/stage-api/api/payNow", "/cashypro/api/payOut", "/cashypro", "/x", "/"] {
        let mut request = signed("payOut", "{}");
        *request.uri_mut() = path.parse().unwrap();
        assert_eq!(whole(merchant.send(&request)).status(), 404, "{path}");
    }
}

#[test]
fn lists_and_balance_have_their_shapes() {
    let mut merchant = Merchant::new();
    let nonce = json!({"nonceStr": "n"});
    let balance = exact(merchant.call("getBalance", &nonce));
    assert_eq!(
        balance,
        r#"{"msg":"SUCCESS","code":200,"data":{"mchId":"1002001","balance":10000000000000.0,"unBalance":0.0}}"#
    );
    let banks = merchant.ask("bankListQuery", &nonce);
    let rows = banks["data"].as_array().unwrap();
    assert_eq!(rows.len(), 35);
    assert_eq!(rows[0], json!({"bankId": 2, "bankCode": "1059", "bankName": "BANCAMIA S.A."}));
    assert!(merchant.ask("payInBankListQuery", &nonce)["data"].as_array().unwrap().len() > 1);
    for route in ["getBalance", "bankListQuery", "payInBankListQuery"] {
        assert_eq!(msg(merchant.call(route, &json!({}))), "Params_nonceStr_Required", "{route}");
    }
}

#[test]
fn payments_are_created_asked_for_and_paid() {
    let mut merchant = Merchant::new();
    let created = exact(merchant.call("payIn", &payment("p", "x")));
    assert_eq!(
        created,
        r#"{"msg":"SUCCESS","code":200,"data":{"merchantId":"1002001","mchOrderNo":"p","orderNo":"PAYIN8551000000000000000","payCode":"88000000000000","payUrl":null,"payDeskUrl":"http://twin.invalid/views/pay.html?PAYIN8551000000000000000","amount":"30000","orderFee":"900"}}"#
    );
    assert_eq!(msg(merchant.call("payIn", &payment("p", "x"))), "Params_mchOrderNo_error");
    let mut short = payment("expired", "x");
    short["expireTime"] = json!(1);
    merchant.call("payIn", &short);
    let told = merchant.settle();
    assert_eq!(crate::support::statuses(&told), ["FAIL", "SUCCESS"]);
    assert!(told.iter().all(crate::support::is_rightly_signed));
    let query = json!({"mchOrderNo": "p", "nonceStr": "n"});
    assert_eq!(merchant.ask("payInQuery", &query)["data"]["orderStatus"], "SUCCESS");
    assert_eq!(merchant.balance().0, "10000000029100.0");
    assert!(merchant.world.movements().is_empty(), "the ledger is about payouts");
}

#[test]
fn payments_check_their_own_fields() {
    let mut merchant = Merchant::new();
    for (name, value, expected) in [
        ("payType", json!(155), "Params_payType_error"),
        ("payType", json!(157), "Params_userType_Required"),
        ("reusableStatus", json!(true), "Params_reusableStatus_error"),
        ("expireTime", json!("soon"), "Params_expireTime_error"),
        ("idCard", Value::Null, "Params_idCard_Required"),
        ("realName", Value::Null, "Params_realName_Required"),
    ] {
        let mut body = payment("p", "x");
        body[name] = value;
        assert_eq!(msg(merchant.call("payIn", &body)), expected, "{name}");
    }
}

proptest! {
    #[test]
    fn any_flipped_bit_is_refused(position in 0_usize..320, bit in 0_u8..8) {
        let body = payout("k", "x").to_string();
        let request = signed("payOut", &body);
        let mut flipped = body.into_bytes();
        let position = position % flipped.len();
        flipped[position] ^= 1 << bit;
        let (head, _) = request.into_parts();
        let request = http::Request::from_parts(head, Bytes::from(flipped));
        let mut merchant = Merchant::new();
        prop_assert_eq!(msg(merchant.send(&request)), "Sign_verify_error");
    }

    #[test]
    fn no_signed_body_makes_it_panic(body in "\\PC{0,200}") {
        let reply = Merchant::new().send(&signed("payOut", &body));
        prop_assert_eq!(answer(reply)["code"].as_u64(), Some(500));
    }
}
