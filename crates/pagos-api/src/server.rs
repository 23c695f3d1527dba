//! The API as a server: limited connections, as the webhook receiver has them, and a stop that cuts
//! no change in half.

use std::{future::Future, io, net::TcpListener};

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use pagos_engine::Actor;
use pagos_webhook::{Connection, Lost, Respond, Served, Settings, serve_connections};
use tower::ServiceExt;

use crate::{api::Api, guesses::PeerAddress};

impl Api {
    /// Serves until `shutdown` is ready. Then it accepts no more connections, gives current requests
    /// `settings.drain_timeout` to finish, and returns when every change that has begun is at its
    /// end. Dropping the future cuts connections; changes go on in tasks of their own.
    ///
    /// Only a request with a valid token keeps its connection open. It speaks plain HTTP: put a proxy
    /// with TLS in front of it, or let only this machine reach it. The limits of bodies are those of
    /// [`crate::Limits`], not of `settings`.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_webhook::Settings;
    ///
    /// # scene::play(async {
    /// # let api = scene::api().await;
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    /// let shutdown = std::future::ready(()); // until a signal, say
    /// let served = api.serve(listener, Settings::default(), shutdown).await.unwrap();
    /// assert_eq!(served.cut, 0);
    /// # });
    /// ```
    ///
    /// # Errors
    /// If the runtime cannot use the listener.
    pub async fn serve(
        &self,
        listener: TcpListener,
        settings: Settings,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<Served> {
        self.serve_beside(Router::new(), listener, settings, shutdown).await
    }

    /// Like [`Api::serve`], with other addresses beside those of the API, such as pages for people.
    /// Their answers keep a connection open if they bring along the extensions of an answer of the
    /// API to a valid token.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use axum::{Router, routing::get};
    /// use pagos_webhook::Settings;
    ///
    /// # scene::play(async {
    /// # let api = scene::api().await;
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    /// let pages = Router::new().route("/hello", get(async || "hello"));
    /// let shutdown = std::future::ready(());
    /// api.serve_beside(pages, listener, Settings::default(), shutdown).await.unwrap();
    /// # });
    /// ```
    ///
    /// # Errors
    /// As for [`Api::serve`].
    pub async fn serve_beside(
        &self,
        beside: Router,
        listener: TcpListener,
        settings: Settings,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<Served> {
        let door = Door { router: self.router().merge(beside), settings };
        let served = serve_connections(&door, listener, shutdown).await;
        self.finish().await;
        served
    }
}

#[derive(Clone)]
struct Door {
    router: Router,
    settings: Settings,
}

impl Respond for Door {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn count(&self, _: Lost) {}

    async fn respond(
        &self,
        connection: Connection<'_>,
        request: Request<hyper::body::Incoming>,
    ) -> Response<Bytes> {
        let Some(busy) = connection.begin() else {
            return closing(bare(StatusCode::SERVICE_UNAVAILABLE));
        };
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(PeerAddress(connection.peer()));
        let Ok(answer) = self.router.clone().oneshot(request).await;
        let is_authenticated = answer.extensions().get::<Actor>().is_some();
        let (parts, body) = answer.into_parts();
        // Every answer is in memory already.
        let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
            return closing(bare(StatusCode::INTERNAL_SERVER_ERROR));
        };
        let answer = Response::from_parts(parts, bytes);
        if !is_authenticated {
            return closing(answer);
        }
        connection.prove(busy);
        answer
    }
}

fn bare(status: StatusCode) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    answer
}

fn closing(mut answer: Response<Bytes>) -> Response<Bytes> {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}
