//! What every page has around its own part: the title, the links, who is logged in, the languages.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use crate::{language::Language, link::encoded, view::Who, words::Words};

/// Around a page.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) language: &'static str,
    pub(crate) words: &'static Words,
    /// The name of the token, if somebody is logged in.
    pub(crate) who: Option<String>,
    pub(crate) may_submit: bool,
    pub(crate) may_approve: bool,
    pub(crate) may_resolve: bool,
    /// What forms carry.
    pub(crate) form_key: String,
    /// This page, as a part of a query.
    pub(crate) here: String,
    /// The first part of the path below `/desk`, for the mark in the navigation.
    pub(crate) section: String,
}

impl Frame {
    pub(crate) fn for_strangers(language: Language, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            language: language.code(),
            words: language.words(),
            who: None,
            may_submit: false,
            may_approve: false,
            may_resolve: false,
            form_key: String::new(),
            here: encoded("/desk"),
            section: String::new(),
        }
    }

    /// The same page for somebody who is logged in.
    pub(crate) fn within(self, who: &Who, form_key: String, here: &str) -> Self {
        let may = |scope: &str| who.scopes.iter().any(|held| held == scope);
        let path = here.split('?').next().unwrap_or_default();
        Self {
            who: Some(who.name.clone()),
            may_submit: may("submit"),
            may_approve: may("approve"),
            may_resolve: may("resolve"),
            form_key,
            here: encoded(here),
            section: path.split('/').nth(2).unwrap_or_default().to_owned(),
            ..self
        }
    }

    /// `aria-current` of a link of the navigation.
    pub(crate) fn current(&self, section: &str) -> &'static str {
        if self.section == section { "page" } else { "false" }
    }
}

/// A page as an answer.
pub(crate) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
