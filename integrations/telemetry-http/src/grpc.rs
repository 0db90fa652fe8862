//! How a gRPC call went, which its HTTP status does not say: that is 200 whatever comes of it.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
/// What a status that is no number means, as gRPC has it.
const UNKNOWN: u8 = 2;
/// The statuses that are the server's fault, by OpenTelemetry's conventions: unknown, deadline exceeded,
/// unimplemented, internal, unavailable, data loss.
const SERVER_ERRORS: [u8; 6] = [UNKNOWN, 4, 12, 13, 14, 15];

/// Whether this is the head of a gRPC response.
pub(crate) fn is_head(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// The status of the call: in the trailers, or in the head of a response that is nothing else.
pub(crate) fn status(headers: &HeaderMap) -> Option<u8> {
    let value = headers.get(GRPC_STATUS)?;
    Some(value.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(UNKNOWN))
}

/// Whether a call that ended so is an error of the server's; for its client every status but 0 is one.
pub(crate) fn is_server_error(status: u8) -> bool {
    SERVER_ERRORS.contains(&status)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_status_that_is_no_number_is_unknown() {
        for (text, expected) in [("0", 0), ("16", 16), ("", UNKNOWN), ("five", UNKNOWN), ("-1", UNKNOWN)] {
            let headers = HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static(text))]);
            assert_eq!(status(&headers), Some(expected), "{text}");
        }
        assert_eq!(status(&HeaderMap::new()), None);
    }
}
