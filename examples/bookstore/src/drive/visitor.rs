//! The visitor: a plain HTTP client.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, USER_AGENT};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::mix::{Ask, Token};
use crate::guard::{API_KEY_HEADER, CSRF_COOKIE, CSRF_HEADER};

/// Why a request got no answer at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriveError {
    /// The request could not be made.
    #[error("the request `{path}` could not be made")]
    Request {
        /// Its path.
        path: String,
        /// Why.
        source: http::Error,
    },
    /// No answer came.
    #[error("the request `{path}` got no answer")]
    NoAnswer {
        /// Its path.
        path: String,
        /// Why.
        source: hyper_util::client::legacy::Error,
    },
    /// The answer broke off.
    #[error("the answer to `{path}` broke off")]
    Body {
        /// Its path.
        path: String,
        /// Why.
        source: hyper::Error,
    },
    /// The server gave no token.
    #[error("the server gave no token against forgery")]
    NoToken,
}

/// One who visits the server at an address.
pub struct Visitor {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    token: String,
}

impl Visitor {
    /// A visitor without a token.
    pub fn stranger(address: SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, address, token: String::new() }
    }

    /// A visitor who has asked the server for a token.
    ///
    /// # Errors
    /// The server does not answer, or gives no token.
    pub async fn arrive(address: SocketAddr) -> Result<Self, DriveError> {
        let mut visitor = Self::stranger(address);
        let answer = visitor.send(Ask::get("/csrf")).await?;
        let answer: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        answer["token"].as_str().ok_or(DriveError::NoToken)?.clone_into(&mut visitor.token);
        Ok(visitor)
    }

    /// Sends a request and reads the answer to its end.
    ///
    /// # Errors
    /// No answer, or one that broke off. A status is an answer, whatever it is.
    pub async fn send(&self, ask: Ask) -> Result<Response<Bytes>, DriveError> {
        let path = ask.path.clone();
        let request = match self.request(ask) {
            Ok(request) => request,
            Err(source) => return Err(DriveError::Request { path, source }),
        };
        let response = match self.client.request(request).await {
            Ok(response) => response,
            Err(source) => return Err(DriveError::NoAnswer { path, source }),
        };
        let (head, body) = response.into_parts();
        match body.collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(source) => Err(DriveError::Body { path, source }),
        }
    }

    fn request(&self, ask: Ask) -> Result<Request<Full<Bytes>>, http::Error> {
        let uri = Uri::builder()
            .scheme("http")
            .authority(self.address.to_string())
            .path_and_query(ask.path)
            .build()?;
        let mut request =
            Request::builder().method(ask.method).uri(uri).header(USER_AGENT, "bookstore-drive");
        if let Some(traceparent) = ask.traceparent {
            request = request.header("traceparent", traceparent);
        }
        if let Some(key) = ask.key {
            request = request.header(API_KEY_HEADER, key);
        }
        if ask.token != Token::None {
            let echoed = if ask.token == Token::Right { self.token.as_str() } else { "forged" };
            request =
                request.header(COOKIE, format!("{CSRF_COOKIE}={}", self.token)).header(CSRF_HEADER, echoed);
        }
        if ask.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(Full::from(ask.body.unwrap_or_default()))
    }
}
