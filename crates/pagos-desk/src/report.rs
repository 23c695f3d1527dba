//! The report of a run: a page that prints, and a CSV file.

use askama::Template;
use axum::{extract::Path, response::Response};
use http::{HeaderValue, StatusCode, header};

use crate::{
    call::Refused,
    frame::{Frame, render},
    link::{encoded, with_query},
    session::Session,
    show,
    view::{Payout, PayoutPage, Run},
};

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    frame: Frame,
    run: Run,
    /// Everything that is not paid.
    open: Vec<Payout>,
}

pub(crate) async fn page(session: Session, Path(run): Path<String>) -> Response {
    match read(&session, &run).await {
        Err(refused) => session.failed(&refused),
        Ok((run, payouts)) => {
            let open = payouts.into_iter().filter(|payout| payout.status != "succeeded").collect();
            let frame = session.frame(session.language.words().report);
            session.answer(render(&Page { frame, run, open }))
        }
    }
}

pub(crate) async fn csv(session: Session, Path(run): Path<String>) -> Response {
    let payouts = match read(&session, &run).await {
        Err(refused) => return session.failed(&refused),
        Ok((_, payouts)) => payouts,
    };
    let mut text = format!("{}\r\n", HEADER.join(","));
    for payout in &payouts {
        let cells = [
            &payout.key,
            &payout.account,
            &payout.beneficiary.name,
            &payout.amount,
            &payout.currency,
            &payout.status,
            payout.failure.as_deref().unwrap_or_default(),
            payout.reason.as_deref().unwrap_or_default(),
            payout.reference.as_deref().unwrap_or_default(),
            &payout.created_at,
            payout.settled_at.as_deref().unwrap_or_default(),
        ];
        text.push_str(&cells.map(cell).join(","));
        text.push_str("\r\n");
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"run.csv\"")),
    ];
    session.answer((StatusCode::OK, headers, text))
}

const HEADER: [&str; 11] = [
    "key",
    "account",
    "name",
    "amount",
    "currency",
    "status",
    "failure",
    "reason",
    "reference",
    "created_at",
    "settled_at",
];

/// A cell in quotes. Programs take what begins with one of these signs for a formula, so an
/// apostrophe keeps it a text.
fn cell(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

async fn read(session: &Session, run: &str) -> Result<(Run, Vec<Payout>), Refused> {
    let path = format!("/v1/runs/{}", encoded(run));
    let known: Run = session.get(&path).await?;
    if known.orders > ORDERS_MAX {
        let words = session.language.words();
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Err(Refused::by_desk(status, words.run_is_large, words.use_the_command));
    }
    let (mut payouts, mut after) = (Vec::new(), None::<String>);
    loop {
        let parameters = [("after", after.as_deref()), ("limit", Some("500"))];
        let page: PayoutPage =
            session.get(&with_query(&format!("{path}/payouts"), &parameters)).await?;
        payouts.extend(page.payouts);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok((known, payouts)),
        }
    }
}

/// A report is made in memory.
const ORDERS_MAX: u64 = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let cases = [
            ("Ana", "\"Ana\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("say \"hi\", Ana", "\"say \"\"hi\"\", Ana\""),
        ];
        for (text, expected) in cases {
            assert_eq!(cell(text), expected);
        }
    }
}
