//! What statements of banks show of a payout.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod site;

use std::sync::Arc;

use pagos_core::{BookName, Clock, Currency, Day};
use pagos_engine::{Actor, InstrumentedStore};
use pagos_reconcile::{Begun, Book, Reconciler, Rules, StatementFile};
use pagos_statement::{Kind, Line, Side, Text, Transaction};
use serde_json::json;
use site::{Site, account, order};

#[tokio::test]
async fn a_payout_is_shown_with_the_lines_that_show_it() {
    let site = Site::new().await;
    let token = site.all().await;
    let order = order("salary-7");
    site.engine.pay(order.clone()).await.unwrap();
    let empty = site.get(&token, "/v1/payouts/salary-7/statement-lines").await;
    assert_eq!(empty.body, json!({ "lines": [] }));
    assert_eq!(site.get(&token, "/v1/payouts/nobodys/statement-lines").await.status, 404);

    let writer = InstrumentedStore::from(Arc::clone(&site.store));
    let (currency, utc_offset_minutes) = (order.amount.currency, 0);
    assert_ne!(currency, Currency::Clp, "its amounts have decimals");
    let (name, accounts) = (BookName::new("main").unwrap(), vec![account()]);
    let book = Book { name, accounts, currency, utc_offset_minutes, rules: Rules::default() };
    let reconciler = Reconciler::new(site.store.clone(), writer, book);
    let (at, by) = (site.clock.now(), Actor::new("ana").unwrap());
    let (name, sha256, format) = ("s.xml".to_owned(), "0".to_owned(), "camt".to_owned());
    let file = StatementFile { name, sha256, format, at, by };
    let Begun::New(mut import) = reconciler.import(file).await.unwrap() else { panic!() };
    let transaction = Transaction {
        amount: order.amount,
        bank_reference: Some(Text::new("B-1")),
        references: vec![Text::new("salary-7")],
        tracking: None,
        counterparty: Default::default(),
        text: Text::default(),
        returned_because: None,
        charges: Vec::new(),
    };
    let line = Line {
        place: 1,
        day: Day::at(at, 0),
        value_day: None,
        side: Side::Debit,
        amount: order.amount,
        kind: Kind::Transfer,
        balance: None,
        transactions: vec![transaction],
    };
    import.add(line).await.unwrap();
    import.finish().await.unwrap();
    reconciler.reconcile(at).await.unwrap();
    let shown = site.get(&token, "/v1/payouts/salary-7/statement-lines").await;
    let line = &shown.body["lines"][0];
    assert_eq!((&line["book"], &line["bank_reference"]), (&json!("main"), &json!("B-1")));
    assert_eq!(line["change_minor"], json!(-order.amount.minor), "{}", shown.body);
    assert!(line["change"].as_str().unwrap().starts_with('-'), "{}", shown.body);
}
