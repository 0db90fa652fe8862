//! Reading one HTTP/1.1 request head, as much as a metrics listener needs (RFC 9112).

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::metric::exposition::Format;

/// The largest request head that is read.
pub(super) const MAX_HEAD_BYTES: usize = 8 * 1024;
/// The time a client has to send its request head.
const HEAD_TIME: Duration = Duration::from_secs(5);

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The metrics in the format the client wants; without the body for HEAD.
    Metrics { head_only: bool, format: Format },
    /// Another path.
    NotFound,
    /// Another method.
    MethodNotAllowed,
    /// Not a request.
    Malformed,
    /// A head over the limit.
    TooLarge,
    /// A head that did not come in time.
    TooSlow,
    /// The client went away without a word.
    Gone,
}

/// Reads and understands a request head, within limits of size and time.
pub(super) fn read(stream: &mut TcpStream) -> Request {
    let deadline = Instant::now() + HEAD_TIME;
    let mut head = Vec::with_capacity(1024);
    let mut chunk = [0; 1024];
    loop {
        if let Some(end) = end_of_head(&head) {
            return understand(&head[..end]);
        }
        if head.len() >= MAX_HEAD_BYTES {
            return Request::TooLarge;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return Request::TooSlow;
        }
        match stream.read(&mut chunk) {
            Ok(0) if head.is_empty() => return Request::Gone,
            Ok(0) => return Request::Malformed,
            Ok(count) => head.extend_from_slice(&chunk[..count]),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                return Request::TooSlow;
            }
            Err(_) => return Request::Gone,
        }
    }
}

/// Where the head ends: after an empty line.
fn end_of_head(head: &[u8]) -> Option<usize> {
    head.windows(4).position(|w| w == b"\r\n\r\n").or_else(|| head.windows(2).position(|w| w == b"\n\n"))
}

fn understand(head: &[u8]) -> Request {
    let Ok(head) = std::str::from_utf8(head) else { return Request::Malformed };
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or("").split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Request::Malformed;
    };
    if !version.starts_with("HTTP/1.") || method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase())
    {
        return Request::Malformed;
    }
    let mut accept: Option<String> = None;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { return Request::Malformed };
        if name.is_empty() || name.contains(' ') {
            return Request::Malformed;
        }
        if name.eq_ignore_ascii_case("accept") {
            let accept = accept.get_or_insert_default();
            accept.push_str(value);
            accept.push(',');
        }
    }
    let format = Format::negotiate(accept.as_deref());
    let path = target.split(['?', '#']).next().unwrap_or(target);
    // A proxy may send the absolute form.
    let path =
        path.strip_prefix("http://").map_or(path, |rest| rest.find('/').map_or("/", |slash| &rest[slash..]));
    match (path, method) {
        ("/metrics", "GET") => Request::Metrics { head_only: false, format },
        ("/metrics", "HEAD") => Request::Metrics { head_only: true, format },
        ("/metrics", _) => Request::MethodNotAllowed,
        (path, _) if path.starts_with('/') => Request::NotFound,
        _ => Request::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_understood() {
        let get = |format| Request::Metrics { head_only: false, format };
        for (head, expected) in [
            ("GET /metrics HTTP/1.1\r\nHost: x", get(Format::Text)),
            ("GET /metrics?name=a HTTP/1.0", get(Format::Text)),
            ("GET http://host:1/metrics HTTP/1.1", get(Format::Text)),
            ("GET /metrics HTTP/1.1\r\naCCept:application/openmetrics-text", get(Format::OpenMetrics)),
            (
                "GET /metrics HTTP/1.1\r\nAccept: */*;q=0.1\r\nX: y\r\nAccept: application/openmetrics-text;q=0.5",
                get(Format::OpenMetrics),
            ),
            (
                "GET /metrics HTTP/1.1\r\nAccept: text/plain\r\nAccept: application/openmetrics-text;q=0.5",
                get(Format::Text),
            ),
            ("HEAD /metrics HTTP/1.1", Request::Metrics { head_only: true, format: Format::Text }),
            ("POST /metrics HTTP/1.1", Request::MethodNotAllowed),
            ("GET / HTTP/1.1", Request::NotFound),
            ("GET http://host HTTP/1.1", Request::NotFound),
            ("GET /metrics/ HTTP/1.1", Request::NotFound),
            ("GET metrics HTTP/1.1", Request::Malformed),
            ("GET  /metrics HTTP/1.1", Request::Malformed),
            ("GET /metrics", Request::Malformed),
            ("GET /metrics HTTP/2", Request::Malformed),
            ("get /metrics HTTP/1.1", Request::Malformed),
            ("GET /metrics HTTP/1.1\r\nno colon", Request::Malformed),
            ("GET /metrics HTTP/1.1\r\nHost : x", Request::Malformed),
            ("", Request::Malformed),
        ] {
            assert_eq!(understand(head.as_bytes()), expected, "{head:?}");
        }
        assert_eq!(understand(b"GET /\xff HTTP/1.1"), Request::Malformed);
    }
}
