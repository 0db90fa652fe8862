//! The source that reads a file.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, params};
use telemetry_core::TraceId;
use telemetry_sqlite::{OpenError, read_only};

use super::rows::Services;
use super::{metrics, rows};
use crate::json;
use crate::source::{About, Family, MAX_TRACE_SPANS, Position, Source, SourceError};
use crate::span::Trace;

/// Spans that are looked at together for the traces they are of.
const CHUNK: i64 = 2_000;
/// The most spans of a trace that a search looks at.
const SEARCHED_SPANS: usize = 10_000;

/// A file of `telemetry-sqlite`, which others may be writing.
pub(crate) struct FileSource {
    name: String,
    state: Mutex<State>,
}

struct State {
    connection: Connection,
    services: Services,
}

impl FileSource {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let connection = read_only(path)?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Self { name, state: Mutex::new(State { connection, services: Services::default() }) })
    }

    fn with<T>(&self, read: impl FnOnce(&mut State) -> rusqlite::Result<T>) -> Result<T, SourceError> {
        Ok(read(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))?)
    }
}

impl State {
    /// The traces of the latest spans before a position, each where its own latest span is; and where to go on.
    fn chunk(&mut self, before: Position) -> rusqlite::Result<(Vec<TraceId>, Option<Position>)> {
        let mut query = self.connection.prepare_cached(
            "SELECT start_unix_nanos, id, trace_id FROM spans WHERE (start_unix_nanos, id) < (?1, ?2) \
             ORDER BY start_unix_nanos DESC, id DESC LIMIT ?3",
        )?;
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut rows = query.query(params![signed(before.start_unix_nanos), signed(before.tie), CHUNK])?;
        let (mut ids, mut reached, mut count) = (Vec::new(), None, 0);
        while let Some(row) = rows.next()? {
            reached = Some(rows::position(row)?);
            count += 1;
            let id = json::trace_id(row.get_ref(2)?.as_str()?);
            if let Some(id) = id.filter(|id| ids.last() != Some(id)) {
                ids.push(id);
            }
        }
        Ok((ids, reached.filter(|_| count == CHUNK)))
    }
}

impl Source for FileSource {
    fn visit_traces(
        &self,
        before: Option<Position>,
        visit: &mut dyn FnMut(Position, &Trace) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let mut from = before.unwrap_or(Position { start_unix_nanos: u64::MAX, tie: u64::MAX });
        let mut visited = std::collections::HashSet::new();
        loop {
            let (ids, reached) = self.with(|state| state.chunk(from))?;
            for id in ids {
                if !visited.insert(id) {
                    continue;
                }
                // The lock is given back in between, so that a long search does not hold up other readers.
                let read = self
                    .with(|state| rows::trace(&state.connection, &mut state.services, id, SEARCHED_SPANS))?;
                let Some((position, trace)) = read else { continue };
                // One that has later spans was seen by those who began later.
                let seen = before.is_some_and(|before| position >= before);
                if !seen && visit(position, &trace).is_break() {
                    return Ok(());
                }
            }
            match reached {
                Some(reached) => from = reached,
                None => return Ok(()),
            }
        }
    }

    fn trace(&self, id: TraceId) -> Result<Option<Trace>, SourceError> {
        let read =
            self.with(|state| rows::trace(&state.connection, &mut state.services, id, MAX_TRACE_SPANS))?;
        Ok(read.map(|(_, trace)| trace))
    }

    fn metrics(&self, seconds: u64) -> Result<Vec<Family>, SourceError> {
        self.with(|state| metrics::families(&state.connection, seconds))
    }

    fn about(&self) -> Result<About, SourceError> {
        self.with(|State { connection, .. }| {
            let mut query =
                connection.prepare_cached("SELECT DISTINCT service FROM runs ORDER BY service LIMIT 100")?;
            let services = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            // Numbers are given without a gap and taken away from the start: near enough, and found at once.
            let spans = "SELECT coalesce(max(id) - min(id) + 1, 0) FROM spans";
            let spans = connection.query_row(spans, [], |row| row.get::<_, i64>(0))?.cast_unsigned();
            Ok(About { source: "file", file: Some(self.name.clone()), services, spans, ..About::default() })
        })
    }

    fn revision(&self) -> Result<u64, SourceError> {
        let version = |state: &mut State| {
            state.connection.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0))
        };
        Ok(self.with(version)?.cast_unsigned())
    }

    fn is_closed(&self) -> bool {
        false
    }
}
