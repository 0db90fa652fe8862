-- Errors by type, with the latest trace that has one.
SELECT
    coalesce(attributes ->> '$."error.type"', 'unknown') AS type,
    count(*) AS errors,
    count(DISTINCT trace_id) AS traces,
    datetime(max(start_unix_nanos) / 1000000000, 'unixepoch') AS last_seen,
    -- SQLite takes it from the row that has the greatest start.
    trace_id AS last_trace
FROM spans WHERE status = 'error' GROUP BY type ORDER BY errors DESC, type;
