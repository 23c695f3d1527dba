//! Target: amounts. What is read is exact, to the last digit, and what is written reads back.

use pagos_core::{Currency, Decimal, Money};
use pagos_wire::{JsonDecimal, UtcOffset, WireDecimal, WireInteger, WireText};

use pagos_kit::exact;

/// Reads the input as every kind of number that a provider or a person writes.
pub(crate) fn run(input: &[u8]) {
    if let Ok(decimal) = serde_json::from_slice::<WireDecimal>(input) {
        for currency in [Currency::Cop, Currency::Clp, Currency::Mxn] {
            wire(input, decimal, currency);
        }
    }
    if let Ok(integer) = serde_json::from_slice::<WireInteger>(input) {
        let text = String::from_utf8_lossy(input);
        let told = text.trim().trim_matches('"').parse::<i64>();
        assert_eq!(told.ok(), Some(integer.value()), "{text:?}");
    }
    let _ = serde_json::from_slice::<WireText>(input);
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(decimal) = text.parse::<Decimal>() {
        // Beyond 30 digits it is written and not read: that is a limit, not a loss.
        if let Ok(again) = decimal.to_string().parse::<Decimal>() {
            assert_eq!(again, decimal, "{text:?} became {decimal}");
        }
        let told = exact(text).and_then(|told| i64::try_from(told).ok());
        let read = decimal.to_minor(5);
        assert!(read.is_none() || told.is_none() || read == told, "{text:?} became {decimal}");
    }
    for currency in [Currency::Cop, Currency::Clp, Currency::Mxn] {
        if let Ok(money) = Money::parse(text, currency) {
            people(text, money);
        }
    }
    if let Ok(moment) = UtcOffset::hours(-5).parse(text) {
        let written = UtcOffset::hours(-5).format(moment).expect("a moment cannot be written");
        assert_eq!(UtcOffset::hours(-5).parse(&written).ok(), Some(moment), "{text:?}");
    }
}

/// What people write: no sign, no exponent, no separator of thousands.
fn people(text: &str, money: Money) {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    assert!(is_plain && money.minor >= 0, "{text:?} became {money}");
    let exponent = money.currency.exponent();
    let told = exact(text).expect("an amount that is no decimal");
    let unit = 10_i128.pow(5 - u32::from(exponent));
    assert_eq!(i128::from(money.minor) * unit, told, "{text:?} became {money}");
    reads_back(money);
}

fn wire(input: &[u8], decimal: WireDecimal, currency: Currency) {
    let Ok(money) = decimal.in_currency(currency) else { return };
    let text = String::from_utf8_lossy(input);
    let unit = 10_i128.pow(5 - u32::from(currency.exponent()));
    if let Some(told) = exact(text.trim().trim_matches('"')) {
        assert_eq!(i128::from(money.minor) * unit, told, "{text:?} became {money}");
    }
    reads_back(money);
}

fn reads_back(money: Money) {
    let json = JsonDecimal::of(money, money.currency.exponent()).expect("an amount has no JSON");
    let json = serde_json::to_string(&json).expect("an amount has no JSON");
    let read: WireDecimal = serde_json::from_str(&json).expect("our own JSON is refused");
    assert_eq!(read.in_currency(money.currency).ok(), Some(money), "{json}");
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "150000.00",
        "1250.5",
        "4700",
        "0.01",
        "92233720368547758.07",
        "9223372036854775807",
        "-9223372036854775808",
        "5.15E3",
        "6e4",
        "\"60000.0000\"",
        "1.234",
        "14,82",
        "1e-2",
        "-0",
        "0.000000000000000000000000000001",
        "1e999999999",
        "\"\\u0031\"",
        " 60000 ",
        "+5",
        ".5",
        "2024-12-02 08:42:54",
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59",
        "2024-02-30 00:00:00",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
