//! The program under a harness: it is sent requests over TCP, byte by byte as they are written here, and what it posts
//! is looked at as it arrives. The cases are those of the W3C's conformance suite for Trace Context.
#![allow(missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

const TRACE: &str = "12345678901234567890123456789012";
const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";

/// The relay as a process of its own; it is stopped with the test.
struct Relay {
    process: Child,
    address: String,
}

impl Relay {
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_relay"))
            .args(["--port", "0"])
            .args(arguments)
            .env("TELEMETRY_SINKS", "memory")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| Some(line.unwrap().split_once("http://")?.1.to_owned())).unwrap();
        // Whatever it says later must not block it.
        thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    /// Sends a request with these header lines and this body; the status and the body of the answer.
    fn send(&self, headers: &[String], body: &str) -> (u16, String) {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let mut request = format!(
            "POST /test HTTP/1.1\r\nhost: relay\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        for header in headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        connection.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What listens for the posts of a relay: the header lines of each, and its body.
struct Harness {
    address: String,
    posts: Receiver<Post>,
}

struct Post {
    headers: Vec<(String, String)>,
    body: String,
}

impl Post {
    /// The only header of this name; empty when there is none.
    fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let value = values.next().unwrap_or_default();
        assert_eq!(values.next(), None, "two {name} headers went out");
        value
    }

    fn trace(&self) -> &str {
        &self.header("traceparent")[3..35]
    }

    fn parent(&self) -> &str {
        &self.header("traceparent")[36..52]
    }
}

impl Harness {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, posts) = channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (connection, tell) = (connection.unwrap(), tell.clone());
                thread::spawn(move || {
                    let mut answers = connection.try_clone().unwrap();
                    let mut requests = BufReader::new(connection);
                    while let Some(post) = read(&mut requests) {
                        tell.send(post).unwrap();
                        answers.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").unwrap();
                    }
                });
            }
        });
        Self { address, posts }
    }

    /// What arrives for a request with these header lines.
    fn after(&self, relay: &Relay, headers: &[String]) -> Post {
        let errand = format!("[{{\"url\": \"http://{}/back\", \"arguments\": [1, \"two\"]}}]", self.address);
        let (status, body) = relay.send(headers, &errand);
        assert_eq!(status, 200, "{headers:?}: {body}");
        self.posts.recv().unwrap()
    }
}

/// Reads one request; none when the connection is over.
fn read(requests: &mut impl BufRead) -> Option<Post> {
    let mut line = String::new();
    requests.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        requests.read_line(&mut line).unwrap();
        let Some((key, value)) = line.trim_end().split_once(':') else { break };
        headers.push((key.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers
        .iter()
        .find(|(key, _)| key == "content-length")
        .map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    requests.read_exact(&mut body).unwrap();
    Some(Post { headers, body: String::from_utf8(body).unwrap() })
}

fn lines(headers: &[&str]) -> Vec<String> {
    headers.iter().map(|header| (*header).to_owned()).collect()
}

#[test]
fn a_traceparent_is_continued_when_it_is_valid_and_alone() {
    let (relay, harness) = (Relay::start(&[]), Harness::listen());
    let with =
        |version: &str, trace: &str, span: &str, flags: &str| format!("{version}-{trace}-{span}-{flags}");
    let span = "1234567890123456";
    let valid = [
        PARENT.to_owned(),
        with("cc", TRACE, span, "01"),
        with("cc", TRACE, span, "01-what-the-future-will-be-like"),
        with("00", TRACE, span, "ff"),
        format!("\t {PARENT} \t"),
    ];
    for value in valid {
        let post = harness.after(&relay, &[format!("TraceParent: {value}")]);
        assert_eq!((post.trace(), post.body.as_str()), (TRACE, "[1,\"two\"]"), "{value}");
        assert_ne!(post.parent(), span);
        assert!(
            ["-01", "-03"].contains(&&post.header("traceparent")[52..]),
            "{}",
            post.header("traceparent")
        );
    }
    let zeros = "0".repeat(32);
    let invalid = [
        with("00", TRACE, span, "01."),
        with("00", TRACE, span, "01-what-the-future-will-be-like"),
        with("cc", TRACE, span, "01.what-the-future-will-be-like"),
        with("ff", TRACE, span, "01"),
        with(".0", TRACE, span, "01"),
        with("0.", TRACE, span, "01"),
        with("000", TRACE, span, "01"),
        with("0000", TRACE, span, "01"),
        with("0", TRACE, span, "01"),
        with("00", &zeros, span, "01"),
        with("00", &format!(".{}", &TRACE[1..]), span, "01"),
        with("00", &format!("{}.", &TRACE[1..]), span, "01"),
        with("00", &format!("{TRACE}3"), span, "01"),
        with("00", &TRACE[1..], span, "01"),
        with("00", TRACE, "0000000000000000", "01"),
        with("00", TRACE, ".234567890123456", "01"),
        with("00", TRACE, "123456789012345.", "01"),
        with("00", TRACE, "12345678901234567", "01"),
        with("00", TRACE, "123456789012345", "01"),
        with("00", TRACE, span, ".0"),
        with("00", TRACE, span, "0."),
        with("00", TRACE, span, "001"),
        with("00", TRACE, span, "1"),
    ];
    for value in invalid {
        let post = harness.after(&relay, &[format!("traceparent: {value}"), "tracestate: foo=1".to_owned()]);
        assert!(post.trace() != TRACE && post.trace() != zeros, "{value}");
        assert!(!post.header("tracestate").contains("foo"), "{value}");
    }
    for headers in [
        vec![],
        lines(&["trace-parent: 00-12345678901234567890123456789012-1234567890123456-01"]),
        lines(&["trace.parent: 00-12345678901234567890123456789012-1234567890123456-01"]),
        vec![format!("traceparent: {PARENT}"); 2],
    ] {
        assert_ne!(harness.after(&relay, &headers).trace(), TRACE, "{headers:?}");
    }
}

#[test]
fn a_tracestate_goes_on_joined_and_a_bad_one_is_dropped() {
    let (relay, harness) = (Relay::start(&[]), Harness::listen());
    let after = |states: &[&str]| {
        let mut headers = vec![format!("traceparent: {PARENT}")];
        headers.extend(states.iter().map(|state| format!("TraceState: {state}")));
        let post = harness.after(&relay, &headers);
        assert_eq!(post.trace(), TRACE, "a tracestate never harms the traceparent");
        post.header("tracestate").to_owned()
    };
    assert_eq!(
        after(&["foo=1,bar=2", "", "rojo=1 , congo=2", "\tbaz=3"]),
        "foo=1,bar=2,rojo=1,congo=2,baz=3"
    );
    assert_eq!(after(&["foo=1,foo=2"]), "foo=1");
    assert_eq!(after(&["foo=1 \t , \t bar=2, \t baz=3"]), "foo=1,bar=2,baz=3");
    let (key, many) = ("z".repeat(256), |count: u32| {
        (1..=count).map(|number| format!("bar{number:02}={number:02}")).collect::<Vec<_>>().join(",")
    });
    assert_eq!(after(&["foo=1", &format!("{key}=1")]), format!("foo=1,{key}=1"));
    assert_eq!(after(&[&many(32)]), many(32));
    for state in [
        many(33),
        many(1_000),
        "foo =1".to_owned(),
        "FOO=1".to_owned(),
        "foo.bar=1".to_owned(),
        "foo@=1,bar=2".to_owned(),
        "@foo=1,bar=2".to_owned(),
        "foo@@bar=1,bar=2".to_owned(),
        "foo@bar@baz=1,bar=2".to_owned(),
        format!("foo=1,{key}z=1"),
        format!("foo=1,{}@v=1", "t".repeat(242)),
        format!("foo=1,t@{}=1", "v".repeat(15)),
        "foo=bar=baz".to_owned(),
        "foo=,bar=3".to_owned(),
    ] {
        assert_eq!(after(&[&state]), "", "{state:.60}");
    }
}

#[test]
fn keys_of_level_2_go_on_where_they_are_asked_for() {
    let (relay, harness) = (Relay::start(&["--keys", "2"]), Harness::listen());
    let headers = [format!("traceparent: {PARENT}"), "tracestate: foo@@bar=1,0a=2".to_owned()];
    assert_eq!(harness.after(&relay, &headers).header("tracestate"), "foo@@bar=1,0a=2");
}

#[test]
fn every_post_of_one_request_has_a_span_of_its_own_in_one_trace() {
    let (relay, harness) = (Relay::start(&[]), Harness::listen());
    let errand = format!("{{\"url\": \"http://{}/\", \"arguments\": []}}", harness.address);
    for headers in [vec![format!("traceparent: {PARENT}")], vec![]] {
        let (status, _) = relay.send(&headers, &format!("[{errand},{errand},{errand}]"));
        assert_eq!(status, 200);
        let posts: Vec<Post> = (0..3).map(|_| harness.posts.recv().unwrap()).collect();
        assert!(posts.iter().all(|post| post.trace() == posts[0].trace()));
        assert_eq!(posts[0].trace() == TRACE, !headers.is_empty());
        let mut parents: Vec<&str> = posts.iter().map(Post::parent).collect();
        parents.sort_unstable();
        parents.dedup();
        assert_eq!(parents.len(), 3);
    }
}

#[test]
fn a_request_that_is_no_list_and_a_url_that_does_not_answer_are_told() {
    let relay = Relay::start(&[]);
    assert_eq!(relay.send(&[], "{}").0, 400);
    assert_eq!(relay.send(&[], "[{\"url\": 7}]").0, 400);
    assert_eq!(relay.send(&[], "[]"), (200, "[]".to_owned()));
    for url in ["not a url", "http://127.0.0.1:1/"] {
        let (status, body) = relay.send(&[], &format!("[{{\"url\": \"{url}\", \"arguments\": []}}]"));
        assert_eq!(status, 502);
        assert!(body.contains("error"), "{body}");
    }
}
