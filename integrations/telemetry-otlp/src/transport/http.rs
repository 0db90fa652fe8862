//! Requests over HTTP/1.1, each a `POST`.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use ureq::http::{HeaderMap, Response, StatusCode, Uri, header};
use ureq::{Agent, Body, Error};

use super::{Transport, USER_AGENT};
use crate::answer::{Answer, Partial, shown};
use crate::encode::{Encode, Json, Protobuf};
use crate::error::ConfigError;
use crate::options::{Protocol, Target};
use crate::wire;

/// The most of an answer that is read; one that is larger says nothing but its status.
const MAX_ANSWER_BYTES: u64 = 1 << 20;

pub(super) struct Http {
    target: Target,
    agent: Agent,
}

impl Http {
    pub(super) fn to(target: &Target) -> Result<Self, ConfigError> {
        Ok(Self { target: target.clone(), agent: agent(target)? })
    }

    fn is_json(&self) -> bool {
        self.target.protocol == Protocol::HttpJson
    }

    fn attempt(&self, body: &[u8], timeout: Duration) -> Result<Response<Body>, Error> {
        let content_type = if self.is_json() { Json::CONTENT_TYPE } else { Protobuf::CONTENT_TYPE };
        let mut request =
            self.agent.post(&self.target.address).config().timeout_global(Some(timeout)).build();
        let headers = request.headers_mut().expect("an address that was parsed makes a request");
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
        if self.target.gzip {
            headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
        }
        // Without a word on it a collector may choose any.
        headers.insert(header::ACCEPT_ENCODING, header::HeaderValue::from_static("identity"));
        headers.extend(self.target.headers.clone());
        request.send(body)
    }

    /// What an answer means: 2xx is success, of all else 429, 502, 503 and 504 are to be tried again.
    fn read(&self, mut response: Response<Body>) -> Answer {
        let status = response.status();
        // An answer that is cut off after its head has still said how it went.
        let body =
            response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec().unwrap_or_default();
        if status.is_success() {
            let partial =
                if self.is_json() { Partial::from_json(&body) } else { Partial::from_protobuf(&body) };
            return Answer::Accepted(partial);
        }
        let cause = self.cause(status, response.headers(), &body);
        match status.as_u16() {
            429 | 502 | 503 | 504 => Answer::Again { after: retry_after(response.headers()), cause },
            _ => Answer::Refused(cause),
        }
    }

    /// The status, and the message of the `google.rpc.Status` in the body, or the beginning of what else is there.
    fn cause(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> String {
        let message = if self.is_json() {
            let status: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
            status["message"].as_str().map(|text| shown(text.as_bytes()))
        } else {
            let is_protobuf =
                headers.get(header::CONTENT_TYPE).is_some_and(|it| it == Protobuf::CONTENT_TYPE);
            wire::Message(body).bytes(2).filter(|_| is_protobuf).map(shown)
        };
        let message = message.unwrap_or_else(|| shown(body.trim_ascii()));
        let elsewhere =
            headers.get(header::LOCATION).map(|at| format!(" (redirect to {})", shown(at.as_bytes())));
        let colon = if message.is_empty() { "" } else { ": " };
        format!("{} answered {status}{}{colon}{message}", self.target.address, elsewhere.unwrap_or_default())
    }
}

impl Transport for Http {
    fn prepare(&self, request: Vec<u8>) -> Vec<u8> {
        if self.target.gzip { compressed(&request) } else { request }
    }

    fn send(&mut self, body: &[u8], timeout: Duration) -> Answer {
        match self.attempt(body, timeout) {
            Ok(response) => self.read(response),
            Err(Error::Timeout(_)) => {
                Answer::Unanswered(format!("{} did not answer within {timeout:?}", self.target.address))
            }
            Err(error) => {
                let cause = format!("{} cannot be asked: {error}", self.target.address);
                if is_ours(&error) { Answer::Refused(cause) } else { Answer::Unanswered(cause) }
            }
        }
    }

    fn after_fork(&mut self) {
        if let Ok(agent) = agent(&self.target) {
            // Dropped, it could say goodbye on a connection that the parent still uses.
            std::mem::forget(std::mem::replace(&mut self.agent, agent));
        }
    }
}

/// Whether a failure is of the request itself, so that it would fail again.
fn is_ours(error: &Error) -> bool {
    matches!(error, Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl)
}

fn agent(target: &Target) -> Result<Agent, ConfigError> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(USER_AGENT);
    // A proxy of the environment leads out of this machine, and knows nothing of a collector on it.
    let config = if is_this_machine(&target.address) { config.proxy(None) } else { config };
    #[cfg(feature = "tls")]
    let config = config.tls_config(super::tls::ureq(&target.tls)?);
    Ok(Agent::new_with_config(config.build()))
}

/// Whether an address leads to this machine itself, by its name (RFC 6761) or number.
fn is_this_machine(address: &Uri) -> bool {
    let host = address.host().unwrap_or_default().trim_matches(['[', ']']);
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|number| number.is_loopback())
}

#[cfg(feature = "gzip")]
fn compressed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}

#[cfg(not(feature = "gzip"))]
fn compressed(_: &[u8]) -> Vec<u8> {
    unreachable!("a target without the feature is never compressed")
}

/// The time a `Retry-After` header names, in seconds or as a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_name_and_number() {
        for here in [
            "http://localhost:4318",
            "http://LOCALHOST.",
            "http://a.localhost",
            "http://127.0.0.2",
            "http://[::1]:1",
        ] {
            assert!(is_this_machine(&here.parse().unwrap()), "{here}");
        }
        for elsewhere in ["http://collector", "http://localhost.example", "http://10.0.0.1", "http://[::2]"] {
            assert!(!is_this_machine(&elsewhere.parse().unwrap()), "{elsewhere}");
        }
    }

    fn after(value: &str) -> Option<Duration> {
        let value = header::HeaderValue::from_str(value).unwrap();
        retry_after(&HeaderMap::from_iter([(header::RETRY_AFTER, value)]))
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("Fri, 31 Dec 1999 23:59:59 GMT"), Some(Duration::ZERO));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        assert!(after(&soon).is_some_and(|wait| (90..=100).contains(&wait.as_secs())));
        for bad in ["", "soon", "-1", "1.5", "99999999999999999999999"] {
            assert_eq!(after(bad), None, "{bad:?}");
        }
    }
}
