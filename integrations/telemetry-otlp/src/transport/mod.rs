//! How a request gets to the collector.

#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "tls")]
mod tls;

use std::time::Duration;

use crate::answer::Answer;
use crate::error::ConfigError;
use crate::options::{Protocol, Target};

/// A way to one address.
pub(crate) trait Transport: Send {
    /// Makes of an encoded request what is sent, at each attempt.
    fn prepare(&self, request: Vec<u8>) -> Vec<u8>;

    /// Makes one attempt, and gives up after `timeout`.
    fn send(&mut self, body: &[u8], timeout: Duration) -> Answer;

    /// Leaves connections behind that are a parent process's too.
    fn after_fork(&mut self);
}

/// The transport to a target.
pub(crate) fn to(target: &Target) -> Result<Box<dyn Transport>, ConfigError> {
    let without = |wanted: String, feature| Err(ConfigError::Feature { wanted, feature });
    if target.gzip && !cfg!(feature = "gzip") {
        return without("the compression gzip".to_owned(), "gzip");
    }
    match target.protocol {
        #[cfg(feature = "grpc")]
        Protocol::Grpc => Ok(Box::new(grpc::Grpc::to(target)?)),
        #[cfg(feature = "http")]
        Protocol::HttpProtobuf | Protocol::HttpJson => Ok(Box::new(http::Http::to(target)?)),
        #[allow(unreachable_patterns, reason = "with every feature there is nothing left")]
        Protocol::Grpc => without(format!("the protocol {}", target.protocol.as_str()), "grpc"),
        #[allow(unreachable_patterns, reason = "with every feature there is nothing left")]
        Protocol::HttpProtobuf | Protocol::HttpJson => {
            without(format!("the protocol {}", target.protocol.as_str()), "http")
        }
    }
}

/// How we name ourselves, as the standard asks exporters to.
const USER_AGENT: &str = concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));
