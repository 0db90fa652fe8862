//! A client of the inventory: each call a span, named in the request's headers.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use telemetry_core::trace;
use telemetry_http::{ClientLayer, ClientService};
use tower_layer::Layer;
use tower_service::Service;

use super::Stock;

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Why the inventory gave no answer to use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// Nobody said where it is.
    #[error("there is no inventory; start one by `bookstore inventory`, and name it by --inventory ADDR")]
    Nowhere,
    /// It could not be reached, or the connection broke.
    #[error("the inventory could not be reached")]
    Unreachable(#[from] legacy::Error),
    /// The answer broke off or was longer than allowed.
    #[error("the inventory's answer could not be read")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It took too long.
    #[error("the inventory did not answer in {} s", TIMEOUT.as_secs())]
    Timeout,
    /// It answered with a status that is neither 200 nor 404.
    #[error("the inventory answered {0}")]
    Status(StatusCode),
    /// The answer is not the JSON expected.
    #[error("the inventory's answer is no stock")]
    Json(#[from] serde_json::Error),
    /// The address made no request.
    #[error("the request could not be made")]
    Request(#[from] http::Error),
}

/// A client of the inventory, with its pool of connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Inventory {
    client: ClientService<Client<HttpConnector, Empty<Bytes>>>,
    peer: Option<SocketAddr>,
}

impl Inventory {
    /// A client of the inventory at this address; without one every call fails.
    pub fn at(peer: Option<SocketAddr>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client: ClientLayer::new().layer(client), peer }
    }

    /// The stock of a book; none when the inventory does not know it.
    ///
    /// # Errors
    /// No answer in five seconds, or none that is a stock.
    #[trace(name = "inventory.stock", attrs(book.id = book))]
    pub async fn stock(&self, book: i64) -> Result<Option<Stock>, InventoryError> {
        let peer = self.peer.ok_or(InventoryError::Nowhere)?;
        let uri = Uri::builder()
            .scheme("http")
            .authority(peer.to_string())
            .path_and_query(format!("/stock/{book}"))
            .build()?;
        let request = Request::get(uri).body(Empty::new())?;
        let answer = tokio::time::timeout(TIMEOUT, self.exchange(request));
        let Some(body) = answer.await.map_err(|_| InventoryError::Timeout)?? else { return Ok(None) };
        Ok(Some(serde_json::from_slice(&body)?))
    }

    async fn exchange(&self, request: Request<Empty<Bytes>>) -> Result<Option<Bytes>, InventoryError> {
        let response = self.client.clone().call(request).await?;
        match response.status() {
            StatusCode::OK => {
                let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
                Ok(Some(body.map_err(InventoryError::Body)?.to_bytes()))
            }
            StatusCode::NOT_FOUND => Ok(None),
            other => Err(InventoryError::Status(other)),
        }
    }
}
