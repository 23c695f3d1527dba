//! What people and scripts see: the table, the totals, the JSON documents, the progress bar.
//! Decides nothing about payouts.

mod json;
mod payment;
mod progress;
mod qr;
mod row;
mod style;
mod table;
mod totals;

pub(crate) use json::PayoutsJson;
pub(crate) use payment::PaymentRow;
pub(crate) use payment::PaymentsJson;
pub(crate) use payment::outcome as payment_outcome;
pub(crate) use payment::reason as payment_reason;
pub(crate) use payment::with_table_row;
pub(crate) use payment::write_lines as write_payment_lines;
pub(crate) use progress::Counts;
pub(crate) use progress::Progress;
pub(crate) use progress::Visibility;
pub(crate) use qr::write_if_shown as write_qr_if_shown;
pub(crate) use row::Outcome;
pub(crate) use row::Row;
pub(crate) use style::Colour;
pub(crate) use style::Style;
pub(crate) use table::Table;
pub(crate) use table::write_plan_totals;
pub(crate) use table::write_rows;
pub(crate) use table::write_totals;
pub(crate) use totals::OutcomeTotal;
pub(crate) use totals::Totals;
pub(crate) use totals::major_text;
