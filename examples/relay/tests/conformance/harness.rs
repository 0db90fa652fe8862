//! What listens for the posts of a relay, and looks at them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::relay::Relay;
use super::{SPAN, TRACE};

/// A relay, and a listener for what it posts.
pub(crate) struct Harness {
    pub(crate) relay: Relay,
    address: String,
    posts: Receiver<Post>,
}

/// A request of the relay's.
pub(crate) struct Post {
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Harness {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With these arguments for the relay.
    pub(crate) fn with(arguments: &[&str]) -> Self {
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
                        answers.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnull").unwrap();
                    }
                });
            }
        });
        Self { relay: Relay::start(arguments), address, posts }
    }

    /// What arrives for a request with these header lines.
    pub(crate) fn after<H: AsRef<str>>(&self, headers: &[H]) -> Post {
        self.times(headers, 1).remove(0)
    }

    /// What arrives for a request with these header lines that asks for so many posts.
    pub(crate) fn times<H: AsRef<str>>(&self, headers: &[H], count: usize) -> Vec<Post> {
        let errand = format!("{{\"url\": \"http://{}/back\", \"arguments\": [1, \"two\"]}}", self.address);
        let (status, body) = self.relay.send(headers, &format!("[{}]", vec![errand; count].join(",")));
        assert_eq!(status, 200, "{body}");
        (0..count).map(|_| self.posts.recv().unwrap()).collect()
    }

    /// Every one of these header lines alone is a parent whose trace goes on.
    pub(crate) fn continues(&self, headers: &[&str]) {
        for header in headers {
            let post = self.after(&[header]);
            assert_eq!(post.trace(), TRACE, "{header}");
            assert_ne!(post.span(), SPAN, "{header}");
        }
    }

    /// For every one of these header lines alone a trace begins, and a state beside it is of no account.
    pub(crate) fn begins_anew(&self, headers: &[&str]) {
        for header in headers {
            let post = self.after(&[header, "tracestate: foo=1"]);
            assert_ne!(post.trace(), TRACE, "{header}");
            assert!(!post.state().contains("foo"), "{header}");
        }
    }
}

impl Post {
    /// The only header of this name; empty when there is none.
    fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let value = values.next().unwrap_or_default();
        assert_eq!(values.next(), None, "two {name} headers went out");
        value
    }

    /// The parts of its `traceparent`, which is of version 00 and well formed.
    fn parts(&self) -> (&str, &str, &str) {
        let header = self.header("traceparent");
        let parts: Vec<&str> = header.split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        assert_eq!((&lengths[..], parts[0]), (&[2, 32, 16, 2][..], "00"), "{header}");
        let digits = header.bytes().filter(|byte| *byte != b'-');
        assert!(digits.into_iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{header}");
        assert!(parts[1..3].iter().all(|part| part.bytes().any(|byte| byte != b'0')), "{header}");
        (parts[1], parts[2], parts[3])
    }

    pub(crate) fn trace(&self) -> &str {
        self.parts().0
    }

    pub(crate) fn span(&self) -> &str {
        self.parts().1
    }

    pub(crate) fn flags(&self) -> &str {
        self.parts().2
    }

    pub(crate) fn state(&self) -> &str {
        self.header("tracestate")
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
        let Some((key, value)) = line.trim_end_matches(['\r', '\n']).split_once(':') else { break };
        headers.push((key.to_ascii_lowercase(), value.strip_prefix(' ').unwrap_or(value).to_owned()));
    }
    let length = headers
        .iter()
        .find(|(key, _)| key == "content-length")
        .map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    requests.read_exact(&mut body).unwrap();
    Some(Post { headers, body: String::from_utf8(body).unwrap() })
}
