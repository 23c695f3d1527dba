//! Calls of the API in the same process, under the token of a session.

use axum::{
    Router,
    body::{Body, to_bytes},
};
use bytes::Bytes;
use http::{Extensions, HeaderValue, Method, Request, StatusCode, header};
use pagos_api::PeerAddress;
use serde::{Deserialize, de::DeserializeOwned};
use tower::ServiceExt;

use crate::view::Fault;

/// The API that the pages call. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) api: Router,
}

/// A call that the API refused, or whose answer cannot be read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Refused {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) next_step: String,
    #[serde(default)]
    pub(crate) errors: Vec<Fault>,
    #[serde(default)]
    pub(crate) errors_more: u64,
}

/// What a call answered, with what the server notes about the connection.
#[derive(Debug)]
pub(crate) struct Answered<T> {
    pub(crate) body: T,
    pub(crate) extensions: Extensions,
}

/// What is sent.
#[derive(Debug)]
pub(crate) enum Content {
    Nothing,
    Json(serde_json::Value),
    File { media_type: &'static str, bytes: Bytes },
}

impl Client {
    /// Calls one operation. `extensions` are those of the request that the browser sent.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        token: &str,
        extensions: &Extensions,
        method: Method,
        path: &str,
        content: Content,
    ) -> Result<Answered<T>, Refused> {
        let mut request = Request::builder().method(method).uri(path);
        let (media_type, body) = match content {
            Content::Nothing => (None, Body::empty()),
            Content::Json(value) => (Some("application/json"), Body::from(value.to_string())),
            Content::File { media_type, bytes } => (Some(media_type), Body::from(bytes)),
        };
        if let Some(media_type) = media_type {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        if let Ok(mut bearer) = HeaderValue::try_from(format!("Bearer {token}")) {
            bearer.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let mut request = request.body(body).map_err(|_| Refused::unreadable(path))?;
        if let Some(peer) = extensions.get::<PeerAddress>() {
            request.extensions_mut().insert(*peer);
        }
        let Ok(answer) = self.api.clone().oneshot(request).await;
        let (parts, body) = answer.into_parts();
        // The API keeps its answers in memory; this only turns them into bytes.
        let bytes = to_bytes(body, usize::MAX).await.map_err(|_| Refused::unreadable(path))?;
        if !parts.status.is_success() {
            let refused: Option<Refused> = serde_json::from_slice(&bytes).ok();
            let refused = refused.unwrap_or_else(|| Refused::unreadable(path));
            return Err(Refused { status: parts.status, ..refused });
        }
        let body = serde_json::from_slice(&bytes).map_err(|_| Refused::unreadable(path))?;
        Ok(Answered { body, extensions: parts.extensions })
    }
}

impl Refused {
    /// What the desk itself refuses.
    pub(crate) fn by_desk(status: StatusCode, title: &str, next_step: &str) -> Self {
        Self {
            status,
            title: title.to_owned(),
            detail: String::new(),
            next_step: next_step.to_owned(),
            errors: Vec::new(),
            errors_more: 0,
        }
    }

    fn unreadable(path: &str) -> Self {
        // Without the query, which may contain what somebody typed.
        let operation = path.split('?').next().unwrap_or_default();
        let title = "The answer of the API cannot be read";
        let next_step = "load the page again; if that does not help, look at the service's log";
        let refused = Self::by_desk(StatusCode::BAD_GATEWAY, title, next_step);
        Self { detail: operation.to_owned(), ..refused }
    }
}
