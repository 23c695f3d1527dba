//! Who is logged in, and whether a form came from a page of ours.
//!
//! The cookie holds the token of a session, which the API refuses after eight hours, and as soon as
//! the token is revoked that its owner logged in with. It is verified for every page, so a session
//! never outlives its token.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::{Extensions, HeaderMap, Method, StatusCode, request::Parts};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::{
    call::{Client, Content, Refused},
    cookie::{COOKIE, cookie, is_same_site},
    failed,
    frame::Frame,
    language::Language,
    link::encoded,
    view::Who,
};

/// Somebody who is logged in, looking at one page.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    token: String,
    extensions: Extensions,
    answered: Extensions,
    pub(crate) who: Who,
    pub(crate) language: Language,
    /// The path and the query of the page.
    pub(crate) here: String,
}

impl FromRequestParts<Client> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, client: &Client) -> Result<Self, Response> {
        let language = Language::of(&parts.headers);
        let here = parts.uri.path_and_query().map_or("/desk", |it| it.as_str()).to_owned();
        let to_login = || {
            // A form that was sent without a session is not repeated after the login.
            let next = if parts.method == Method::GET { here.as_str() } else { "/desk" };
            Redirect::to(&format!("/desk/login?next={}", encoded(next))).into_response()
        };
        let Some(token) = cookie(&parts.headers, COOKIE) else { return Err(to_login()) };
        let extensions = parts.extensions.clone();
        let path = "/v1/session";
        let known = client.call(&token, &extensions, Method::GET, path, Content::Nothing).await;
        match known {
            Ok(known) => Ok(Self {
                client: client.clone(),
                token,
                extensions,
                answered: known.extensions,
                who: known.body,
                language,
                here,
            }),
            Err(refused) if refused.status == StatusCode::UNAUTHORIZED => Err(to_login()),
            Err(refused) => {
                let frame = Frame::for_strangers(language, &refused.title);
                Err(failed::page(frame, &refused))
            }
        }
    }
}

impl Session {
    /// Reads from the API.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refused> {
        self.send(Method::GET, path, Content::Nothing).await
    }

    /// Changes something through the API.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        content: Content,
    ) -> Result<T, Refused> {
        self.send(Method::POST, path, content).await
    }

    /// Logs out.
    pub(crate) async fn end(&self) -> Result<Who, Refused> {
        self.send(Method::DELETE, "/v1/session", Content::Nothing).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        content: Content,
    ) -> Result<T, Refused> {
        let called = self.client.call(&self.token, &self.extensions, method, path, content).await;
        called.map(|answered| answered.body)
    }

    /// The frame of a page with this title.
    pub(crate) fn frame(&self, title: &str) -> Frame {
        let frame = Frame::for_strangers(self.language, title);
        frame.within(&self.who, self.form_key(), &self.here)
    }

    /// The page for what the API refused.
    pub(crate) fn failed(self, refused: &Refused) -> Response {
        let frame = self.frame(&refused.title);
        self.answer(failed::page(frame, refused))
    }

    /// The answer to a form that no page of this session made.
    pub(crate) fn foreign(self) -> Response {
        let words = self.language.words();
        let (title, next_step) = (words.form_is_foreign, words.load_again);
        self.failed(&Refused::by_desk(StatusCode::FORBIDDEN, title, next_step))
    }

    /// The answer to an address that leads nowhere.
    pub(crate) fn no_such_page(self) -> Response {
        let words = self.language.words();
        let (title, next_step) = (words.no_such_page, words.look_in_the_list);
        self.failed(&Refused::by_desk(StatusCode::NOT_FOUND, title, next_step))
    }

    /// What a form of this session carries, so that no other site can send it.
    pub(crate) fn form_key(&self) -> String {
        let digest = Sha256::digest(format!("pagos-desk-form\n{}", self.token).as_bytes());
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a form came from a page of this session.
    pub(crate) fn is_ours(&self, headers: &HeaderMap, form_key: &str) -> bool {
        // Both are digests of a secret, so the time of the comparison tells nothing useful.
        form_key == self.form_key() && is_same_site(headers)
    }

    /// The answer, with what the server has to know about the session's connection.
    pub(crate) fn answer(self, page: impl IntoResponse) -> Response {
        let mut answer = page.into_response();
        answer.extensions_mut().extend(self.answered);
        answer
    }
}
