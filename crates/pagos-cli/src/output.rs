//! What people and scripts see: the table, the totals, the JSON documents, the progress bar.
//! Decides nothing about payouts.

mod json;
mod progress;
mod row;
mod style;
mod table;
mod totals;

pub(crate) use json::PayoutsJson;
pub(crate) use progress::Counts;
pub(crate) use progress::Progress;
pub(crate) use progress::Visibility;
pub(crate) use row::Outcome;
pub(crate) use row::Row;
pub(crate) use style::Colour;
pub(crate) use style::Style;
pub(crate) use table::Table;
pub(crate) use table::write_plan_totals;
pub(crate) use table::write_totals;
pub(crate) use totals::OutcomeTotal;
pub(crate) use totals::Totals;
pub(crate) use totals::major_text;
