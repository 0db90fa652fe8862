//! One trace over two processes, as text.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;
use telemetry_core::SpanKind;
use telemetry_core::record::SpanRecord;

/// A trace that both the bookstore and the inventory have spans of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointTrace {
    trace_id: String,
    spans: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    service: &'static str,
    name: String,
    kind: String,
    id: String,
    parent: Option<String>,
    start: u64,
}

impl JointTrace {
    /// The first trace of the bookstore's spans that the inventory, by its JSON lines, has been part of.
    pub fn find(bookstore: &[SpanRecord], inventory: &str) -> Option<Self> {
        let theirs: Vec<(String, Node)> = inventory.lines().filter_map(their_span).collect();
        let calls = bookstore.iter().filter(|span| span.kind == SpanKind::Client);
        let trace_id = calls
            .map(|span| span.trace_id.to_string())
            .find(|trace| theirs.iter().any(|(other, _)| other == trace))?;
        let ours = bookstore.iter().filter(|span| span.trace_id.to_string() == trace_id).map(our_span);
        let theirs = theirs.into_iter().filter(|(trace, _)| *trace == trace_id).map(|(_, span)| span);
        let mut spans: Vec<Node> = ours.chain(theirs).collect();
        spans.sort_by_key(|span| span.start);
        Some(Self { trace_id, spans })
    }

    /// How many services have spans in it.
    pub fn services(&self) -> usize {
        let mut services: Vec<&str> = self.spans.iter().map(|span| span.service).collect();
        services.sort_unstable();
        services.dedup();
        services.len()
    }

    fn write(&self, f: &mut Formatter<'_>, parent: Option<&str>, depth: usize) -> fmt::Result {
        let known = |id: &str| self.spans.iter().any(|span| span.id == id);
        for span in &self.spans {
            let above = span.parent.as_deref().filter(|id| known(id));
            if above == parent {
                writeln!(
                    f,
                    "{:<11}{:indent$}{} {}",
                    span.service,
                    "",
                    span.name,
                    span.kind,
                    indent = 2 * depth
                )?;
                self.write(f, Some(&span.id), depth + 1)?;
            }
        }
        Ok(())
    }
}

impl Display for JointTrace {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "trace {}", self.trace_id)?;
        self.write(f, None, 0)
    }
}

fn our_span(span: &SpanRecord) -> Node {
    Node {
        service: "bookstore",
        name: span.name.to_string(),
        kind: format!("{:?}", span.kind).to_lowercase(),
        id: span.span_id.to_string(),
        parent: span.parent_span_id.map(|id| id.to_string()),
        start: span.start_unix_nanos,
    }
}

/// A span of a JSON line, with its trace.
fn their_span(line: &str) -> Option<(String, Node)> {
    let span: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| span[key].as_str().map(str::to_owned);
    let node = Node {
        service: "inventory",
        name: text("name")?,
        kind: text("kind")?,
        id: text("span_id")?,
        parent: text("parent_span_id"),
        start: span["start_time_unix_nano"].as_u64()?,
    };
    Some((text("trace_id")?, node))
}
