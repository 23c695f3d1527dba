//! `pagos payment list`: the payments of a store, with their sums. It reads the store and sends no
//! queries.

use std::io::Write;

use pagos_core::{Clock, OrderKey};
use pagos_engine::{Payment, Store, StoreError};
use pagos_system::System;

use crate::{
    arguments::PaymentListArguments,
    console,
    exit::{Exit, Failure},
    output::{PaymentRow, PaymentsJson, Screen, Table, Totals, with_table_row, write_totals},
    run::{self, database::Database},
};

/// The number of payments read from the store at a time.
const PAGE: usize = 500;

pub(super) fn run(arguments: &PaymentListArguments) -> Result<Exit, Failure> {
    run::block_on(list(arguments))
}

async fn list(arguments: &PaymentListArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let store = db.open_to_read().await?;
    let status = arguments.status.map(|status| status.word());
    let mut pages = Pages { store: store.as_ref(), status, after: None };
    match arguments.json {
        true => write_json(&mut pages).await?,
        false => write_table(&mut pages).await?,
    }
    Ok(Exit::Succeeded)
}

async fn write_json(pages: &mut Pages<'_>) -> Result<(), Failure> {
    let mut json = PaymentsJson::new(console::stdout())?;
    let mut totals = Totals::default();
    let now = System.now();
    while let Some(page) = pages.next().await? {
        for payment in &page {
            with_table_row(payment, |row| totals.add(row));
            json.payment(&PaymentRow::new(payment, now))?;
        }
    }
    Ok(json.finish(totals.sums())?)
}

async fn write_table(pages: &mut Pages<'_>) -> Result<(), Failure> {
    let (mut table, mut totals) = (Table::new(), Totals::default());
    while let Some(page) = pages.next().await? {
        for payment in &page {
            with_table_row(payment, |row| {
                totals.add(row);
                table.push(row);
            });
        }
    }
    let screen = Screen::of_stdout();
    let mut out = console::stdout();
    table.write(&mut out, screen)?;
    writeln!(out)?;
    write_totals(&mut out, screen, totals.sums())?;
    Ok(out.flush()?)
}

/// All payments with a status, page by page.
struct Pages<'a> {
    store: &'a dyn Store,
    status: Option<&'static str>,
    after: Option<OrderKey>,
}

impl Pages<'_> {
    /// The next page, or `None` after the last.
    async fn next(&mut self) -> Result<Option<Vec<Payment>>, StoreError> {
        let page = self.store.payments(self.status, self.after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.after = Some(last.order.key.clone());
        Ok(Some(page))
    }
}
