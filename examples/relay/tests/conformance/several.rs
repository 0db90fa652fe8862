//! Several posts for one request, and requests that cannot be done.

use std::collections::BTreeSet;

use super::harness::{Harness, Post};
use super::relay::Relay;
use super::{SAMPLED, TRACE};

/// The traces and the spans of three posts for one request.
fn three(headers: &[&str]) -> (BTreeSet<String>, BTreeSet<String>) {
    let posts = Harness::start().times(headers, 3);
    let all = |part: fn(&Post) -> &str| posts.iter().map(|post| part(post).to_owned()).collect();
    (all(Post::trace), all(Post::span))
}

#[test]
fn multiple_requests_with_valid_traceparent() {
    let (traces, spans) = three(&[SAMPLED]);
    assert_eq!((traces, spans.len()), (BTreeSet::from([TRACE.to_owned()]), 3));
}

#[test]
fn multiple_requests_without_traceparent() {
    let (traces, spans) = three(&[]);
    assert_eq!((traces.len(), spans.len()), (1, 3));
}

#[test]
fn multiple_requests_with_illegal_traceparent() {
    let (traces, spans) = three(&["traceparent: 00-00000000000000000000000000000000-1234567890123456-01"]);
    assert_eq!((traces.len(), spans.len()), (1, 3));
    assert!(!traces.contains(&"0".repeat(32)));
}

#[test]
fn a_request_that_is_no_list_and_a_url_that_does_not_answer_are_told() {
    let relay = Relay::start(&[]);
    let send = |body: &str| relay.send::<&str>(&[], body);
    assert_eq!(send("{}").0, 400);
    assert_eq!(send("[{\"url\": 7}]").0, 400);
    assert_eq!(send("[]"), (200, "[]".to_owned()));
    for url in ["not a url", "http://127.0.0.1:1/"] {
        let (status, body) = send(&format!("[{{\"url\": \"{url}\", \"arguments\": []}}]"));
        assert_eq!(status, 502);
        assert!(body.contains("error"), "{body}");
    }
}
