//! Requests to others.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// How long a post may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why a post got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    /// The URL makes no request.
    #[error("`{url}` cannot be posted to")]
    Request {
        /// The URL.
        url: String,
        /// Why.
        source: http::Error,
    },
    /// No answer came.
    #[error("no answer from `{url}`")]
    NoAnswer {
        /// The URL.
        url: String,
        /// Why.
        source: legacy::Error,
    },
    /// The answer broke off.
    #[error("the answer of `{url}` broke off")]
    Body {
        /// The URL.
        url: String,
        /// Why.
        source: hyper::Error,
    },
    /// The answer took too long.
    #[error("no answer from `{url}` within {} s", DEADLINE.as_secs())]
    Late {
        /// The URL.
        url: String,
    },
}

/// A client. Cheap to clone; all clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Client(legacy::Client<HttpConnector, Full<Bytes>>);

impl Client {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(legacy::Client::builder(TokioExecutor::new()).build(connector))
    }

    /// Posts JSON inside a client span that the receiver can continue, and reads the answer to its end.
    pub(crate) async fn post(&self, url: &str, json: Vec<u8>) -> Result<StatusCode, PostError> {
        let url = || url.to_owned();
        let request = Request::post(url())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Full::from(json));
        let request = request.map_err(|source| PostError::Request { url: url(), source })?;
        let answered = async {
            let answer = telemetry_http::call(request, |request| self.0.request(request)).await;
            let answer = answer.map_err(|source| PostError::NoAnswer { url: url(), source })?;
            let status = answer.status();
            answer.into_body().collect().await.map_err(|source| PostError::Body { url: url(), source })?;
            Ok(status)
        };
        tokio::time::timeout(DEADLINE, answered).await.unwrap_or_else(|_| Err(PostError::Late { url: url() }))
    }
}
