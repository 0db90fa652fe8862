//! The source that reads a file.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, params};
use telemetry_core::TraceId;
use telemetry_sqlite::{OpenError, read_only};

use super::narrow::Narrow;
use super::rows::Services;
use super::{metrics, narrow, rows};
use crate::json;
use crate::search::Search;
use crate::source::{About, Family, MAX_TRACE_SPANS, Position, Source, SourceError};
use crate::span::Trace;

/// Spans that are looked at together for the traces they are of.
const CHUNK: i64 = 2_000;
/// The most spans of a trace that a search looks at.
const SEARCHED_SPANS: usize = 10_000;

/// Traces that were found, and where to go on; nowhere when all spans have been looked at.
struct Chunk {
    traces: Vec<(Position, TraceId)>,
    reached: Option<Position>,
}

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
    /// The traces of the latest spans before a position of which a search asks for some, each where the latest of those is;
    /// and where to go on.
    fn chunk(&mut self, before: Position, narrow: Narrow<'_>) -> rusqlite::Result<Chunk> {
        let mut query = self.connection.prepare_cached(&format!(
            "SELECT {} FROM spans WHERE (start_unix_nanos, id) < (?1, ?2){} \
             ORDER BY start_unix_nanos DESC, id DESC LIMIT ?3",
            narrow::COLUMNS,
            narrow.condition(),
        ))?;
        let mut rows = query.query(params![signed(before.start_unix_nanos), signed(before.tie), CHUNK])?;
        let (mut traces, mut reached, mut count) = (Vec::<(Position, TraceId)>::new(), None, 0);
        while let Some(row) = rows.next()? {
            let position = rows::position(row)?;
            reached = Some(position);
            count += 1;
            if !narrow.may_hold(row)? {
                continue;
            }
            let id = json::trace_id(row.get_ref(2)?.as_str()?);
            if let Some(id) = id.filter(|id| traces.last().is_none_or(|(_, last)| last != id)) {
                traces.push((position, id));
            }
        }
        Ok(Chunk { traces, reached: reached.filter(|_| count == CHUNK) })
    }

    /// Whether a trace has a span that is asked for at a position or after it: whoever began there has seen it.
    fn has_later(&self, id: TraceId, from: Position, narrow: Narrow<'_>) -> rusqlite::Result<bool> {
        let mut query = self.connection.prepare_cached(&format!(
            "SELECT {} FROM spans WHERE trace_id = ?1 AND (start_unix_nanos, id) >= (?2, ?3){}",
            narrow::COLUMNS,
            narrow.condition(),
        ))?;
        let mut rows =
            query.query(params![id.to_string(), signed(from.start_unix_nanos), signed(from.tie)])?;
        while let Some(row) = rows.next()? {
            if narrow.may_hold(row)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Source for FileSource {
    fn visit_traces(
        &self,
        before: Option<Position>,
        search: &Search,
        visit: &mut dyn FnMut(Position, Option<&Trace>) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let narrow = Narrow::of(search);
        let mut from = before.unwrap_or(Position { start_unix_nanos: u64::MAX, tie: u64::MAX });
        let mut visited = std::collections::HashSet::new();
        loop {
            let Chunk { traces, reached } = self.with(|state| state.chunk(from, narrow))?;
            for (position, id) in traces {
                if !visited.insert(id) {
                    continue;
                }
                // The lock is given back in between, so that a long search does not hold up other readers.
                let read = self.with(|state| {
                    if before.map_or(Ok(false), |before| state.has_later(id, before, narrow))? {
                        return Ok(None);
                    }
                    rows::trace(&state.connection, &mut state.services, id, SEARCHED_SPANS)
                })?;
                if read.is_some_and(|trace| visit(position, Some(&trace)).is_break()) {
                    return Ok(());
                }
            }
            let Some(reached) = reached else { return Ok(()) };
            if visit(reached, None).is_break() {
                return Ok(());
            }
            from = reached;
        }
    }

    fn counts(&self, search: &Search) -> bool {
        matches!(Narrow::of(search), Narrow::Nothing)
    }

    fn trace(&self, id: TraceId) -> Result<Option<Trace>, SourceError> {
        let read =
            self.with(|state| rows::trace(&state.connection, &mut state.services, id, MAX_TRACE_SPANS))?;
        Ok(read)
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

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
