//! The output for people and scripts: tables, lists, totals, JSON documents, the progress bar.

mod approval;
mod grid;
mod json;
mod list;
mod payment;
mod private_file;
mod progress;
mod qr;
mod row;
mod screen;
mod style;
mod table;
mod text;
mod totals;

pub(crate) use approval::{approval_json, approval_lines, blocked_line, resend_json, resend_lines};
pub(crate) use grid::{Column, Grid, Kind, Piece};
pub(crate) use json::PayoutsJson;
pub(crate) use list::List;
pub(crate) use payment::{
    PaymentRow, PaymentsJson, list as payment_list, next_step, outcome as payment_outcome,
    reason as payment_reason, with_table_row,
};
pub(crate) use private_file::PrivateFile;
pub(crate) use progress::{Counts, Progress, Visibility};
pub(crate) use qr::write_if_shown as write_qr_if_shown;
pub(crate) use row::{Outcome, Row};
pub(crate) use screen::Screen;
pub(crate) use style::{Colour, Style};
pub(crate) use table::{Table, write_banks, write_plan_totals, write_totals};
pub(crate) use text::{broken, write_sentence};
pub(crate) use totals::{OutcomeTotal, Totals, major_text};
