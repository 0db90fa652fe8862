-- The latest errors with what they said.
SELECT
    datetime(start_unix_nanos / 1000000000, 'unixepoch') AS time,
    name,
    attributes ->> '$."error.type"' AS type,
    attributes ->> '$."error.message"' AS message,
    trace_id
FROM spans WHERE status = 'error' ORDER BY start_unix_nanos DESC LIMIT 50;
