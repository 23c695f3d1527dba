//! The report as one page that needs nothing else: it has no script, and its style is in it, so it
//! can be printed and filed.

use askama::Template;

use crate::{
    error::Error,
    period::{Late, Sides, Totals},
    report::Report,
    words::{Language, Words},
};

#[derive(Template)]
#[template(path = "report.html")]
struct PageOf<'a> {
    w: &'static Words,
    report: &'a Report,
}

impl PageOf<'_> {
    fn sides(&self) -> [(&'static str, Sides); 4] {
        let (w, t) = (self.w, &self.report.totals);
        [
            (w.matched_money, t.matched),
            (w.explained_money, t.explained),
            (w.open_money, t.open),
            (w.all_money, t.all),
        ]
    }

    fn figures<'b>(&self, late: &'b Late) -> [(&'static str, &'b Totals); 2] {
        [(self.w.then, &late.then), (self.w.now, &late.now)]
    }
}

impl Report {
    /// The report as one HTML page.
    ///
    /// # Errors
    /// `Unreadable` if an amount cannot be printed, which no amount of a report is.
    pub fn html(&self, language: Language) -> Result<String, Error> {
        let page = PageOf { w: Words::of(language), report: self };
        page.render().map_err(|cause| Error::Unreadable(cause.to_string()))
    }
}
