//! What people and scripts see: tables, lists, totals, JSON documents, the progress bar.
//! Decides nothing about payouts.

mod grid;
mod json;
mod list;
mod payment;
mod progress;
mod qr;
mod row;
mod screen;
mod style;
mod table;
mod text;
mod totals;

pub(crate) use grid::Column;
pub(crate) use grid::Grid;
pub(crate) use grid::Kind;
pub(crate) use grid::Piece;
pub(crate) use json::PayoutsJson;
pub(crate) use list::List;
pub(crate) use payment::PaymentRow;
pub(crate) use payment::PaymentsJson;
pub(crate) use payment::list as payment_list;
pub(crate) use payment::next_step;
pub(crate) use payment::outcome as payment_outcome;
pub(crate) use payment::reason as payment_reason;
pub(crate) use payment::with_table_row;
pub(crate) use progress::Counts;
pub(crate) use progress::Progress;
pub(crate) use progress::Visibility;
pub(crate) use qr::write_if_shown as write_qr_if_shown;
pub(crate) use row::Outcome;
pub(crate) use row::Row;
pub(crate) use screen::Screen;
pub(crate) use style::Colour;
pub(crate) use style::Style;
pub(crate) use table::Table;
pub(crate) use table::write_banks;
pub(crate) use table::write_plan_totals;
pub(crate) use table::write_totals;
pub(crate) use text::broken;
pub(crate) use text::write_sentence;
pub(crate) use totals::OutcomeTotal;
pub(crate) use totals::Totals;
pub(crate) use totals::major_text;
