//! Spans as an indented tree of text, for snapshot assertions and for the messages of failed ones.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::time::Duration;

use crate::id::{SpanId, TraceId};
use crate::record::{Attribute, Outcome, SpanKind, SpanRecord, Status, Value};

/// Spans as text: one a line under its parent, by start time; those that start together stay in the order given.
///
/// A line holds the name, the kind unless internal, `error` or `ok` unless unset, `cancelled` or `never_polled` where
/// the work was not done, and the attributes, texts quoted. Events follow below it as `- name`, links as
/// `~ name or identifier`. Spans whose parent is not among them stand under a line that tells the parent's identifier.
/// Times are left out unless asked for, so that the text is the same from run to run.
///
/// # Examples
/// ```
/// use telemetry_core::testing::tree::SpanTree;
///
/// let spans = Vec::new();
/// assert_eq!(SpanTree::new(&spans).without_attribute("net.peer.ip").to_string(), "");
/// ```
#[derive(Clone, Debug)]
pub struct SpanTree<'a> {
    spans: &'a [SpanRecord],
    left_out: Vec<&'a str>,
    shown: Shown,
}

#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // Four independent switches.
struct Shown {
    attributes: bool,
    events: bool,
    ids: bool,
    durations: bool,
}

impl<'a> SpanTree<'a> {
    /// A tree of these spans, of any number of traces, in any order.
    pub const fn new(spans: &'a [SpanRecord]) -> Self {
        let shown = Shown { attributes: true, events: true, ids: true, durations: false };
        Self { spans, left_out: Vec::new(), shown }
    }

    /// Leaves out all attributes, also those of events.
    #[must_use]
    pub const fn without_attributes(mut self) -> Self {
        self.shown.attributes = false;
        self
    }

    /// Leaves out one attribute, by key, wherever it stands.
    #[must_use]
    pub fn without_attribute(mut self, key: &'a str) -> Self {
        self.left_out.push(key);
        self
    }

    /// Leaves out events.
    #[must_use]
    pub const fn without_events(mut self) -> Self {
        self.shown.events = false;
        self
    }

    /// Leaves out the identifiers of parents and linked spans that are not among the spans.
    #[must_use]
    pub const fn without_ids(mut self) -> Self {
        self.shown.ids = false;
        self
    }

    /// Shows how long each span lasted, for tests with a manual clock.
    #[must_use]
    pub const fn with_durations(mut self) -> Self {
        self.shown.durations = true;
        self
    }

    fn write_span(&self, f: &mut fmt::Formatter<'_>, span: &SpanRecord, depth: usize) -> fmt::Result {
        indent(f, depth)?;
        write_word(f, &span.name)?;
        if span.kind != SpanKind::Internal {
            write!(f, " [{}]", span.kind.as_str())?;
        }
        if span.status != Status::Unset {
            write!(f, " [{}]", span.status.as_str())?;
        }
        if matches!(span.outcome, Outcome::Cancelled | Outcome::NeverPolled) {
            write!(f, " [{}]", span.outcome.as_str())?;
        }
        if self.shown.durations {
            write!(f, " {:?}", Duration::from_nanos(span.duration_nanos))?;
        }
        self.write_attributes(f, &span.attributes)?;
        for (count, what) in [
            (span.dropped_attributes_count, "attributes"),
            (span.dropped_events_count, "events"),
            (span.dropped_links_count, "links"),
        ] {
            if count > 0 {
                write!(f, " ({count} {what} dropped)")?;
            }
        }
        f.write_char('\n')?;
        if self.shown.events {
            for event in &span.events {
                indent(f, depth + 1)?;
                f.write_str("- ")?;
                write_word(f, &event.name)?;
                self.write_attributes(f, &event.attributes)?;
                f.write_char('\n')?;
            }
        }
        for link in &span.links {
            indent(f, depth + 1)?;
            f.write_str("~ ")?;
            let linked = self.spans.iter().find(|other| key(other) == (link.trace_id, link.span_id));
            match linked {
                Some(linked) => write_word(f, &linked.name)?,
                None if self.shown.ids => write!(f, "{} {}", link.trace_id, link.span_id)?,
                None => f.write_str("(elsewhere)")?,
            }
            f.write_char('\n')?;
        }
        Ok(())
    }

    fn write_attributes(&self, f: &mut fmt::Formatter<'_>, attributes: &[Attribute]) -> fmt::Result {
        if self.shown.attributes {
            for Attribute { key, value } in attributes {
                if !self.left_out.contains(&&**key) {
                    write!(f, " {key}={}", Shape(value))?;
                }
            }
        }
        Ok(())
    }

    fn write_heading(&self, f: &mut fmt::Formatter<'_>, heading: &Heading) -> fmt::Result {
        let (what, id) = match heading {
            Heading::Lost(id) => ("missing parent", id),
            Heading::Remote(id) => ("remote parent", id),
        };
        if self.shown.ids { writeln!(f, "({what} {id})") } else { writeln!(f, "({what})") }
    }
}

impl fmt::Display for SpanTree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Forest { mut branches, children } = Forest::grow(self.spans);
        let mut written = vec![false; self.spans.len()];
        branches.sort_by_key(|branch| {
            branch.spans.first().map(|first| (self.spans[*first].start_unix_nanos, *first))
        });
        for branch in &branches {
            let depth = usize::from(branch.heading.is_some());
            if let Some(heading) = &branch.heading {
                self.write_heading(f, heading)?;
            }
            // A stack rather than recursion: a chain of spans may be deeper than a thread's own.
            let mut pending: Vec<(usize, usize)> =
                branch.spans.iter().rev().map(|index| (*index, depth)).collect();
            while let Some((index, depth)) = pending.pop() {
                if std::mem::replace(&mut written[index], true) {
                    continue;
                }
                let span = &self.spans[index];
                self.write_span(f, span, depth)?;
                if let Some(children) = children.get(&key(span)) {
                    pending.extend(children.iter().rev().map(|index| (*index, depth + 1)));
                }
            }
        }
        if written.contains(&false) {
            f.write_str("(parents in a circle)\n")?;
            for (span, _) in self.spans.iter().zip(written).filter(|(_, written)| !written) {
                self.write_span(f, span, 1)?;
            }
        }
        Ok(())
    }
}

type Key = (TraceId, SpanId);

/// Spans by their parents; every list in the order of the tree.
struct Forest {
    branches: Vec<Branch>,
    children: HashMap<Key, Vec<usize>>,
}

/// A root, or the spans that share a parent which is not there.
struct Branch {
    heading: Option<Heading>,
    spans: Vec<usize>,
}

enum Heading {
    /// A parent in this process that was dropped, or is still open.
    Lost(SpanId),
    /// A parent in another process.
    Remote(SpanId),
}

impl Forest {
    fn grow(spans: &[SpanRecord]) -> Self {
        let known: HashMap<Key, usize> = spans.iter().enumerate().map(|(i, span)| (key(span), i)).collect();
        let mut sorted: Vec<usize> = (0..spans.len()).collect();
        sorted.sort_by_key(|index| spans[*index].start_unix_nanos);

        let mut branches = Vec::new();
        let mut children: HashMap<Key, Vec<usize>> = HashMap::new();
        let mut orphaned: HashMap<Key, usize> = HashMap::new();
        for index in sorted {
            let span = &spans[index];
            let Some(parent) = span.parent_span_id else {
                branches.push(Branch { heading: None, spans: vec![index] });
                continue;
            };
            let parent_key = (span.trace_id, parent);
            if known.contains_key(&parent_key) {
                children.entry(parent_key).or_default().push(index);
                continue;
            }
            let branch = *orphaned.entry(parent_key).or_insert_with(|| {
                let heading = if span.local_root { Heading::Remote(parent) } else { Heading::Lost(parent) };
                branches.push(Branch { heading: Some(heading), spans: Vec::new() });
                branches.len() - 1
            });
            branches[branch].spans.push(index);
        }
        Self { branches, children }
    }
}

fn key(span: &SpanRecord) -> Key {
    (span.trace_id, span.span_id)
}

fn indent(f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
    write!(f, "{:1$}", "", depth * 2)
}

/// Writes a name, quoted where it would break its line.
fn write_word(f: &mut fmt::Formatter<'_>, word: &str) -> fmt::Result {
    if word.chars().any(char::is_control) { write!(f, "{word:?}") } else { f.write_str(word) }
}

/// How a value looks in the tree: texts quoted, bytes in hexadecimal, floats with a point.
pub(super) struct Shape<'a>(pub(super) &'a Value);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Bool(value) => write!(f, "{value}"),
            Value::I64(value) => write!(f, "{value}"),
            Value::U64(value) => write!(f, "{value}"),
            Value::F64(value) => write!(f, "{value:?}"),
            Value::Str(value) => write!(f, "{value:?}"),
            Value::Bytes(bytes) => {
                f.write_str("0x")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
