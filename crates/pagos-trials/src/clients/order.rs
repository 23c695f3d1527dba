//! Invented payouts as bodies of `POST /v1/payouts`.

use pagos_kit::people::{self, Row};
use serde_json::{Map, Value, json};

use crate::failure::Failure;

/// A payout as it is submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) key: String,
    pub(crate) body: Vec<u8>,
}

/// Bodies from the columns of a file of payouts.
pub(crate) fn read(rows: impl IntoIterator<Item = Row>) -> Result<Vec<Order>, Failure> {
    let mut file = Vec::new();
    people::write_csv(&mut file, rows).map_err(Failure::while_doing("writing payouts"))?;
    let file = String::from_utf8(file).map_err(Failure::while_doing("reading payouts"))?;
    let mut lines = file.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    Ok(lines
        .map(|line| order(&head.iter().copied().zip(line.split(',')).collect::<Vec<_>>()))
        .collect())
}

fn order(fields: &[(&str, &str)]) -> Order {
    let text = |name: &str| {
        fields.iter().find(|(field, _)| *field == name).map(|(_, text)| *text).unwrap_or_default()
    };
    let mut payee = json!({
        "name": text("name"), "account_type": text("account_type"),
        "account_number": text("account"),
    });
    if let Some(payee) = payee.as_object_mut() {
        for name in ["bank", "email", "phone"] {
            put(payee, name, text(name));
        }
        if !text("document").is_empty() {
            let document = json!({"type": text("document_type"), "number": text("document")});
            payee.insert("document".to_owned(), document);
        }
    }
    let key = text("key").to_owned();
    let mut body = json!({
        "account": text("provider"), "amount": text("amount"), "currency": text("currency"),
        "beneficiary": payee,
    });
    if let Some(body) = body.as_object_mut() {
        put(body, "description", text("description"));
    }
    Order { key, body: body.to_string().into_bytes() }
}

fn put(fields: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        fields.insert(name.to_owned(), json!(text));
    }
}

#[cfg(test)]
mod tests {
    use pagos_kit::KITS;

    use super::*;

    #[test]
    fn every_payout_has_a_key_and_a_body_of_its_own() {
        let orders = read(people::rows(50, 1, KITS.to_vec())).unwrap();
        assert_eq!(orders.len(), 50);
        for order in &orders {
            let body: Value = serde_json::from_slice(&order.body).unwrap();
            assert!(
                body["amount"].as_str().unwrap().parse::<u64>().is_ok()
                    || body["amount"].is_string()
            );
            assert!(!body["beneficiary"]["account_number"].as_str().unwrap().is_empty());
            assert_eq!(
                orders.iter().filter(|it| it.key == order.key || it.body == order.body).count(),
                1
            );
        }
    }
}
