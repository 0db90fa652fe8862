//! A bookstore of one's own for each test, reached over TCP.

use bookstore::drive::{Ask, Visitor};
use bookstore::server::{Options, Server};
use bytes::Bytes;
use http::Response;
use telemetry_http::TelemetryLayer;

/// A running store and one who visits it.
pub(crate) struct Store {
    pub(crate) server: Server,
    pub(crate) visitor: Visitor,
}

impl Store {
    /// Opens a store on a free port, over a database of its own.
    pub(crate) async fn open() -> Self {
        let options = Options {
            listen: "127.0.0.1:0".parse().unwrap(),
            database: None,
            inventory: None,
            metrics: None,
            viewer: None,
            layer: TelemetryLayer::new(),
        };
        let server = Server::start(options).await.unwrap();
        let visitor = Visitor::arrive(server.address()).await.unwrap();
        Self { server, visitor }
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, ask: Ask) -> Response<Bytes> {
        self.visitor.send(ask).await.unwrap()
    }

    /// The status of an answer.
    pub(crate) async fn status(&self, ask: Ask) -> u16 {
        self.send(ask).await.status().as_u16()
    }

    /// Closes the store, and asserts that nothing was left hanging.
    pub(crate) async fn close(self) {
        drop(self.visitor);
        assert!(self.server.stop().await, "the store closes in time");
    }
}
