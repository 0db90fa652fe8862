//! Calls to another service, over real connections. The other service is this one, so that the example needs no
//! second; nothing here knows that.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use telemetry_core::trace;

use crate::guard::API_KEY_HEADER;

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// The store's own key, known to its key ring.
const OWN_KEY: HeaderValue = HeaderValue::from_static("reader-key");

/// A book as the other service describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its number.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Who wrote it.
    pub author: String,
}

/// Why the other service gave no answer to use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutgoingError {
    /// It could not be reached, or the connection broke.
    #[error("the search service could not be reached")]
    Unreachable(#[from] hyper_util::client::legacy::Error),
    /// The answer broke off or was longer than allowed.
    #[error("the search service's answer could not be read")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It took too long.
    #[error("the search service did not answer in {} s", TIMEOUT.as_secs())]
    Timeout,
    /// It answered with another status than 200.
    #[error("the search service answered {0}")]
    Status(StatusCode),
    /// The answer is not the JSON expected.
    #[error("the search service's answer is not a list of books")]
    Json(#[from] serde_json::Error),
    /// The address made no request.
    #[error("the request could not be made")]
    Request(#[from] http::Error),
}

/// A client of the other service, with its pool of connections. Cheap to clone.
#[derive(Clone)]
pub struct Outgoing {
    client: Client<HttpConnector, Empty<Bytes>>,
    peer: SocketAddr,
}

impl Outgoing {
    /// A client of the service at this address.
    pub fn to(peer: SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { client: Client::builder(TokioExecutor::new()).build(connector), peer }
    }

    /// The books the other service finds for a text.
    ///
    /// # Errors
    /// No answer in five seconds, or none that is a list of books.
    #[trace(name = "outgoing.search", attrs(query = text))]
    pub async fn search(&self, text: &str) -> Result<Vec<Found>, OutgoingError> {
        let uri = Uri::builder()
            .scheme("http")
            .authority(self.peer.to_string())
            .path_and_query(format!("/search?q={}", Encoded(text)))
            .build()?;
        let request = Request::get(uri).header(API_KEY_HEADER, OWN_KEY).body(Empty::new())?;
        let answer = tokio::time::timeout(TIMEOUT, self.exchange(request));
        let body = answer.await.map_err(|_| OutgoingError::Timeout)??;
        Ok(serde_json::from_slice(&body)?)
    }

    async fn exchange(&self, request: Request<Empty<Bytes>>) -> Result<Bytes, OutgoingError> {
        let response = telemetry_http::call(request, |request| self.client.request(request)).await?;
        if response.status() != StatusCode::OK {
            return Err(OutgoingError::Status(response.status()));
        }
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        Ok(body.map_err(OutgoingError::Body)?.to_bytes())
    }
}

/// Shows text so that it can stand as a value in a query string.
struct Encoded<'a>(&'a str);

impl std::fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                write!(f, "{}", byte as char)?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_value_cannot_leave_its_place() {
        assert_eq!(Encoded("a&b=c d/é~").to_string(), "a%26b%3Dc%20d%2F%C3%A9~");
    }

    #[tokio::test]
    async fn nobody_listening_is_an_error_that_says_so() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let failure = Outgoing::to(address).search("sea").await.unwrap_err();
        assert!(matches!(failure, OutgoingError::Unreachable(_)), "{failure:?}");
    }
}
