-- A process that wrote here, from its start on.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    first_seen_unix_nanos INTEGER NOT NULL,
    service TEXT NOT NULL,
    -- Its resource, a JSON object.
    attributes TEXT NOT NULL
) STRICT;

CREATE TABLE spans (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    -- 32 and 16 lowercase hexadecimal digits.
    trace_id TEXT NOT NULL,
    span_id TEXT NOT NULL,
    parent_span_id TEXT,
    -- 1 for the first span of its trace in this process.
    is_local_root INTEGER NOT NULL,
    trace_flags INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- internal, server, client, producer or consumer.
    kind TEXT NOT NULL,
    start_unix_nanos INTEGER NOT NULL,
    duration_nanos INTEGER NOT NULL,
    -- unset, ok or error.
    status TEXT NOT NULL,
    -- completed, failed, panicked, cancelled or never_polled.
    outcome TEXT NOT NULL,
    -- JSON: an object; a list of {name, time_unix_nano, attributes}; a list of {trace_id, span_id, trace_flags}.
    attributes TEXT NOT NULL,
    events TEXT NOT NULL,
    links TEXT NOT NULL,
    dropped_attributes INTEGER NOT NULL,
    dropped_events INTEGER NOT NULL,
    dropped_links INTEGER NOT NULL,
    -- The crate that opened it, and where.
    scope_name TEXT NOT NULL,
    scope_version TEXT NOT NULL,
    file TEXT NOT NULL,
    line INTEGER NOT NULL
) STRICT;

CREATE INDEX spans_by_trace ON spans (trace_id);
CREATE INDEX spans_by_start ON spans (start_unix_nanos);
CREATE INDEX spans_in_error ON spans (start_unix_nanos) WHERE status = 'error';

CREATE TABLE metric_series (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    name TEXT NOT NULL,
    -- counter, gauge or histogram.
    kind TEXT NOT NULL,
    unit TEXT,
    help TEXT NOT NULL,
    -- A JSON object.
    labels TEXT NOT NULL,
    scope_name TEXT NOT NULL,
    scope_version TEXT NOT NULL
) STRICT;

CREATE INDEX metric_series_by_name ON metric_series (name);

-- A value holds until the next one of its series: it is written when it has changed, and every ten minutes.
CREATE TABLE metric_points (
    id INTEGER PRIMARY KEY,
    series_id INTEGER NOT NULL REFERENCES metric_series (id),
    time_unix_nanos INTEGER NOT NULL,
    -- The total of a counter, an integer; the value of a gauge, a real; the count of a histogram, an integer.
    value ANY NOT NULL,
    -- Of a histogram: the sum, and a JSON list of [upper bound, observations], the bound of the last being null.
    sum REAL,
    buckets TEXT
) STRICT;

CREATE INDEX metric_points_by_series ON metric_points (series_id, time_unix_nanos);

-- One row an attribute of a span, with its type in JSON.
CREATE VIEW span_attributes AS
SELECT spans.id AS span_row, trace_id, span_id, name, each.key AS key, each.value AS value, each.type AS type
FROM spans, json_each(spans.attributes) AS each;

-- One row an event of a span.
CREATE VIEW span_events AS
SELECT
    spans.id AS span_row,
    trace_id,
    span_id,
    spans.name AS span_name,
    each.value ->> 'name' AS name,
    each.value ->> 'time_unix_nano' AS time_unix_nanos,
    each.value -> 'attributes' AS attributes
FROM spans, json_each(spans.events) AS each;

-- One row a value of a series.
CREATE VIEW metrics AS
SELECT
    points.time_unix_nanos, series.name, series.labels, series.kind, series.unit, points.value, points.sum,
    points.buckets, series.run_id, points.series_id
FROM metric_points AS points JOIN metric_series AS series ON series.id = points.series_id;
