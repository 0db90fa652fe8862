//! Calls over gRPC, on a runtime that only runs while the sink's own thread waits in it.

use std::error::Error;
use std::time::Duration;

use bytes::{Buf, BufMut};
use http::uri::PathAndQuery;
use tokio::runtime::{Builder, Runtime};
use tonic::client::Grpc as Client;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use super::{Transport, USER_AGENT};
use crate::answer::{Answer, Partial, shown};
use crate::error::ConfigError;
use crate::options::Target;
use crate::wire;

pub(super) struct Grpc {
    target: Target,
    endpoint: Endpoint,
    /// Made at the first call, on the thread that makes the calls, and anew after a call that was not answered.
    connection: Option<Connection>,
}

/// A channel, and the runtime that drives it.
struct Connection {
    channel: Channel,
    runtime: Option<Runtime>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Dropped plainly, a runtime panics where its owner happens to be dropped inside another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Grpc {
    pub(super) fn to(target: &Target) -> Result<Self, ConfigError> {
        let refused = |error: tonic::transport::Error| ConfigError::Transport {
            address: target.address.to_string(),
            reason: chain(&error),
        };
        let endpoint = Endpoint::from(target.address.clone()).user_agent(USER_AGENT).map_err(refused)?;
        #[cfg(feature = "tls")]
        let endpoint = if target.address.scheme_str() == Some("https") {
            endpoint.tls_config(super::tls::tonic(&target.tls)?).map_err(refused)?
        } else {
            endpoint
        };
        Ok(Self { target: target.clone(), endpoint, connection: None })
    }

    fn connect(&self) -> std::io::Result<Connection> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let entered = runtime.enter();
        let channel = self.endpoint.connect_lazy();
        drop(entered);
        Ok(Connection { channel, runtime: Some(runtime) })
    }

    fn request(&self, body: &[u8], timeout: Duration) -> Request<Vec<u8>> {
        let mut request = Request::new(body.to_vec());
        *request.metadata_mut() = MetadataMap::from_headers(self.target.headers.clone());
        request.set_timeout(timeout);
        request
    }
}

impl Transport for Grpc {
    /// Compression is part of a call's framing, and left to tonic.
    fn prepare(&self, request: Vec<u8>) -> Vec<u8> {
        request
    }

    fn send(&mut self, body: &[u8], timeout: Duration) -> Answer {
        let connection = match self.connection.take().map_or_else(|| self.connect(), Ok) {
            Ok(connection) => connection,
            Err(error) => {
                return Answer::Unanswered(format!("no runtime could be made: {error}"));
            }
        };
        let request = self.request(body, timeout);
        let mut client = Client::with_origin(connection.channel.clone(), self.target.address.clone());
        #[cfg(feature = "gzip")]
        if self.target.gzip {
            client = client.send_compressed(tonic::codec::CompressionEncoding::Gzip);
        }
        let path = PathAndQuery::from_static(self.target.signal.grpc_path());
        let call = async {
            client.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
            client.unary(request, path, Raw).await
        };
        let Some(runtime) = &connection.runtime else { unreachable!("taken when it is dropped alone") };
        let answer = runtime.block_on(async { tokio::time::timeout(timeout, call).await });
        let address = &self.target.address;
        match answer {
            Ok(Ok(response)) => {
                self.connection = Some(connection);
                Answer::Accepted(Partial::from_protobuf(response.get_ref()))
            }
            Ok(Err(status)) => match status.source() {
                // Made on this side, by a connection that could not be made or kept: the next attempt makes another.
                Some(source) => Answer::Unanswered(format!("{address} cannot be asked: {}", chain(source))),
                None => {
                    self.connection = Some(connection);
                    let message = shown(status.message().as_bytes());
                    read(&status, &format!("{address} answered {:?}: {message}", status.code()))
                }
            },
            Err(_) => Answer::Unanswered(format!("{address} did not answer within {timeout:?}")),
        }
    }

    fn after_fork(&mut self) {
        // Its poll descriptor is the parent's too: to close it down properly would deafen the parent.
        std::mem::forget(self.connection.take());
    }
}

/// What a status of the collector's means, as OTLP's table of codes says.
fn read(status: &Status, cause: &str) -> Answer {
    let after = retry_delay(status.details());
    let again = match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        // Only where the collector says that it can recover.
        Code::ResourceExhausted => after.is_some(),
        _ => false,
    };
    if again { Answer::Again { after, cause: cause.to_owned() } } else { Answer::Refused(cause.to_owned()) }
}

/// The delay of a `google.rpc.RetryInfo` among the details of a `google.rpc.Status`.
fn retry_delay(details: &[u8]) -> Option<Duration> {
    const RETRY_INFO: &[u8] = b"type.googleapis.com/google.rpc.RetryInfo";
    wire::Message(details).all_bytes(3).find_map(|any| {
        let any = wire::Message(any);
        if any.bytes(1)? != RETRY_INFO {
            return None;
        }
        let delay =
            wire::Message(wire::Message(any.bytes(2).unwrap_or_default()).bytes(1).unwrap_or_default());
        let seconds = u64::try_from(delay.varint(1).unwrap_or(0) as i64).unwrap_or(0);
        let nanos = u32::try_from(delay.varint(2).unwrap_or(0)).unwrap_or(0).min(999_999_999);
        Some(Duration::new(seconds, nanos))
    })
}

/// An error with what is behind it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        source = inner.source();
    }
    shown(text.as_bytes())
}

/// Messages that are encoded and decoded elsewhere.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; bytes.remaining()];
        bytes.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
