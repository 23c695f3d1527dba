//! The pages that payers see: self-contained, with nothing from elsewhere and everything escaped.
//! Not what a click does; each twin has its own checkout.

use std::fmt::Write;

use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};

use crate::twin::Reply;

/// A page with one button for everything that a payer can do.
#[derive(Debug)]
pub(crate) struct Checkout<'a> {
    /// Whose page it is.
    pub(crate) provider: &'static str,
    pub(crate) amount_minor: i64,
    /// What stands below the amount: names and values.
    pub(crate) rows: Vec<(&'a str, &'a str)>,
    pub(crate) buttons: &'a [Button],
    /// Words for how its notification can go wrong.
    pub(crate) notices: &'a [&'static str],
}

/// One button.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Button {
    /// What it says in the address.
    pub(crate) word: &'static str,
    /// What it says to the payer.
    pub(crate) label: &'static str,
    pub(crate) class: &'static str,
}

/// The page with the buttons.
pub(crate) fn checkout(checkout: &Checkout<'_>) -> Reply {
    let mut body = format!(
        "<h1>Pay with {}</h1><p class=note>Simulated. No money moves.</p>\
         <p class=amount>{}</p><dl>",
        checkout.provider,
        pesos(checkout.amount_minor)
    );
    for (name, value) in &checkout.rows {
        row(&mut body, name, value);
    }
    body.push_str("</dl>");
    for Button { word, label, class } in checkout.buttons {
        let _ = write!(body, "<a class=\"button {class}\" href=\"?action={word}\">{label}</a>");
    }
    body.push_str("<details><summary>Pay, and let the notification go wrong</summary><ul>");
    for word in checkout.notices {
        let _ = write!(body, "<li><a href=\"?action=paid&amp;notice={word}\">{word}</a></li>");
    }
    body.push_str("</ul></details>");
    page(StatusCode::OK, checkout.provider, &body)
}

/// A page with one sentence.
pub(crate) fn message(status: StatusCode, provider: &str, text: &str) -> Reply {
    page(status, provider, &format!("<h1>{provider}</h1><p>{}</p>", escaped(text)))
}

fn row(body: &mut String, name: &str, value: &str) {
    let _ = write!(body, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
}

fn page(status: StatusCode, provider: &str, body: &str) -> Reply {
    let page = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width\"><title>{provider} (simulated)</title>\
         <style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    );
    let mut response = http::Response::new(page.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Reply::Answer(response)
}

/// `$1.234.567 CLP`, as it is written in Chile.
fn pesos(amount_minor: i64) -> String {
    let digits = amount_minor.to_string();
    let mut text = String::from("$");
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text + " CLP"
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            plain => escaped.push(plain),
        }
    }
    escaped
}

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const STYLE: &str = "body{margin:0;background:#eef1f6;font:16px/1.5 system-ui,sans-serif;\
color:#1c2733}main{max-width:26rem;margin:8vh auto;padding:2rem;background:#fff;\
border-radius:12px;box-shadow:0 8px 30px #1c273322}h1{margin:0 0 .25rem;font-size:1.3rem}\
.note{margin:0;color:#6a7785;font-size:.9rem}.amount{font-size:2rem;font-weight:600;\
margin:1.2rem 0 .6rem}dl{display:grid;grid-template-columns:auto 1fr;gap:.3rem 1rem;\
margin:0 0 1.4rem}dt{color:#6a7785}dd{margin:0;text-align:right;overflow-wrap:anywhere}\
.button{display:block;margin:.5rem 0;padding:.7rem;border-radius:8px;text-align:center;\
text-decoration:none;background:#e3e8ef;color:#1c2733}.go{background:#1f7a4d;color:#fff}\
.stop{background:#f7dede;color:#8a1f1f}details{margin-top:1.2rem;font-size:.9rem}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_texts_escaped() {
        for (amount_minor, expected) in
            [(1, "$1 CLP"), (999, "$999 CLP"), (1_500, "$1.500 CLP"), (7_000_000, "$7.000.000 CLP")]
        {
            assert_eq!(pesos(amount_minor), expected);
        }
        assert_eq!(escaped("<b a='1' c=\"2\">&"), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;");
    }
}
