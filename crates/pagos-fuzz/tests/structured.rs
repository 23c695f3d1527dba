//! Answers that look like a provider's: known fields with values of every kind, in any nesting, under
//! any HTTP status. Random bytes seldom get behind the first brace; these always do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;

use pagos_conformance::Case;
use pagos_fuzz::{hunt, target};
use pagos_kit::{KITS, Kit};
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed, TestRunner},
};

const NAMES: [&str; 36] = [
    "msg",
    "code",
    "data",
    "merchantId",
    "mchOrderNo",
    "orderNo",
    "amount",
    "orderStatus",
    "resultDesc",
    "payUrl",
    "payout",
    "payouts",
    "id",
    "merchant_order_id",
    "status",
    "error",
    "message",
    "auth",
    "Authorization",
    "total",
    "object",
    "type",
    "details",
    "debug_message",
    "destination",
    "payee_id",
    "has_more",
    "next_page_url",
    "created_at",
    "tef",
    "merchant_id",
    "state",
    "recipient",
    "rut",
    "balance",
    "currency",
];

const VALUES: [&str; 40] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "200",
    "\"200\"",
    "60000",
    "\"60000.00\"",
    "50000",
    "1e5",
    "\"SUCCESS\"",
    "\"FAIL\"",
    "\"CANCEL\"",
    "\"PAYING\"",
    "\"completed\"",
    "\"rejected\"",
    "\"failed\"",
    "\"paid_out\"",
    "\"pending\"",
    "\"pagado\"",
    "\"rechazado\"",
    "\"OK\"",
    "\"NOK\"",
    "\"error\"",
    "\"transfer\"",
    "\"E-041\"",
    "\"E-001\"",
    "\"Params_amount_error\"",
    "\"Order_not_exist\"",
    "\"parameter_validation_error\"",
    "\"processing_error\"",
    "\"amount is invalid\"",
    "\"insufficient balance\"",
    "\"payee_DePrueba\"",
    "\"1002001\"",
    "\"1863484722378907648\"",
    "\"PAYOUT8551739282639106048\"",
    "\"CLP\"",
    "\"\"",
];

const STATUSES: [u16; 14] = [200, 201, 204, 302, 400, 401, 402, 403, 404, 409, 422, 429, 500, 502];

const SEED: u64 = 1;

/// A JSON value of known names and words.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(&VALUES[..]).prop_map(str::to_owned);
    leaf.prop_recursive(4, 40, 6, |inner| {
        let field = (prop::sample::select(&NAMES[..]), inner.clone());
        let object = prop::collection::vec(field, 0..8).prop_map(|fields| {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", fields.join(","))
        });
        let list = prop::collection::vec(inner, 0..4).prop_map(|it| format!("[{}]", it.join(",")));
        prop_oneof![5 => object, 1 => list]
    })
}

/// The calls about payouts that every provider's fixtures show, accepted and asked about.
fn cases() -> Vec<(Kit, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let of = |kit: &Kit| {
        let cases = Case::read_all(&root, kit.name()).unwrap();
        let is_one = |case: &Case| {
            matches!(case.operation.as_str(), "payout-create" | "payout-query")
                && WORDS.iter().any(|word| case.name.starts_with(word))
        };
        let names =
            cases.into_iter().filter(is_one).map(|it| format!("{}/{}", it.operation, it.name));
        let named: Vec<_> = names.map(|name| (*kit, name)).collect();
        assert!(named.len() > 1, "{kit:?} has hardly any");
        named
    };
    KITS.iter().flat_map(of).collect()
}

/// What the names of such cases begin with.
const WORDS: [&str; 5] = ["success", "completed", "manual-sample", "payee-found", "by-"];

#[test]
fn answers_that_look_genuine_break_no_rule() {
    let answer = (prop::sample::select(&STATUSES[..]), json());
    let strategy = (prop::sample::select(cases()), prop::collection::vec(answer, 1..4));
    // From a fixed seed, which the message of a failure tells, so that every machine runs the same.
    let rng_seed = RngSeed::Fixed(SEED);
    let config = Config { cases: 1_500, failure_persistence: None, rng_seed, ..Config::default() };
    let checked = TestRunner::new(config).run(&strategy, |((kit, case), answers)| {
        let login = kit.login_answer().map(|body| format!("HTTP/1.1 200\n\n{body}"));
        let mut parts: Vec<String> = login.into_iter().collect();
        let answers = answers.iter();
        parts.extend(answers.map(|(http, body)| format!("HTTP/1.1 {http}\n\n{body}")));
        let input = format!("{case}\n{}", parts.join("\n\u{1e}\n"));
        let name = format!("reply_{}", kit.name());
        let target = target::find(&name).expect("a target of that name");
        match hunt::broken(target, input.as_bytes()) {
            None => Ok(()),
            Some(because) => Err(TestCaseError::fail(format!("{because}\n{input}"))),
        }
    });
    assert!(checked.is_ok(), "seed {SEED}: {}", checked.unwrap_err());
}
