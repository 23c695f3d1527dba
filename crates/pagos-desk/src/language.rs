//! The language of the pages: what somebody chose, or what their browser asks for.

use axum::{
    extract::Query,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;

use crate::{
    cookie::cookie,
    link::own_page,
    words::{EN, ES, Words},
};

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Spanish,
    English,
}

impl Language {
    /// The language of a request.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        if let Some(chosen) = cookie(headers, COOKIE) {
            return Self::from_code(&chosen).unwrap_or(Self::Spanish);
        }
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        asked.and_then(preferred).unwrap_or(Self::Spanish)
    }

    fn from_code(code: &str) -> Option<Self> {
        match code.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "es" => Some(Self::Spanish),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The code of ISO 639.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Spanish => "es",
            Self::English => "en",
        }
    }

    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::Spanish => &ES,
            Self::English => &EN,
        }
    }
}

/// The language with the highest weight; the first of several that have it.
fn preferred(header: &str) -> Option<Language> {
    let mut best: Option<(u32, Language)> = None;
    for part in header.split(',') {
        let (code, weight) = part.split_once(";q=").unwrap_or((part, "1"));
        let Some(language) = Language::from_code(code) else { continue };
        let weight = thousandths(weight.trim());
        if weight > best.map_or(0, |(weight, _)| weight) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// A weight between 0 and 1 with at most three decimals, times a thousand (RFC 9110, 12.4.2).
fn thousandths(weight: &str) -> u32 {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    match format!("{whole}{:0<3}", decimals.get(..decimals.len().min(3)).unwrap_or_default()) {
        digits if digits.len() <= 4 => digits.parse().unwrap_or(0),
        _ => 0,
    }
}

/// What a link to the other language says.
#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    to: String,
    back: Option<String>,
}

pub(crate) async fn choose(Query(choice): Query<Choice>) -> Response {
    let code = Language::from_code(&choice.to).unwrap_or(Language::Spanish).code();
    let mut answer = Redirect::to(own_page(choice.back.as_deref())).into_response();
    let kept = format!("{COOKIE}={code}; Path=/desk; Max-Age=31536000; HttpOnly; SameSite=Lax");
    if let Ok(kept) = HeaderValue::try_from(kept) {
        answer.headers_mut().insert(header::SET_COOKIE, kept);
    }
    answer
}

const COOKIE: &str = "pagos_desk_language";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_first_choice_among_the_two_is_taken() {
        let cases = [
            ("es-CL,es;q=0.9,en;q=0.8", Some(Language::Spanish)),
            ("en-GB,en;q=0.9", Some(Language::English)),
            ("de;q=1,en;q=0.4,es;q=0.5", Some(Language::Spanish)),
            ("pt-BR,pt", None),
            ("en;q=0,es;q=0.001", Some(Language::Spanish)),
            ("en;q=0", None),
            ("", None),
        ];
        for (header, expected) in cases {
            assert_eq!(preferred(header), expected, "{header}");
        }
    }
}
