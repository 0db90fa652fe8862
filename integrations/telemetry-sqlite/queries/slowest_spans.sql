-- The slowest spans of any kind.
SELECT name, kind, round(duration_nanos / 1e6, 3) AS ms, status, trace_id, attributes
FROM spans ORDER BY duration_nanos DESC LIMIT 20;
