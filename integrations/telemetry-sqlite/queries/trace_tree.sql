-- A trace as a tree: `:trace_id` is its identifier, or the beginning of one. A span whose parent is not here is a root.
WITH RECURSIVE
    trace AS (SELECT * FROM spans WHERE trace_id >= :trace_id AND trace_id < :trace_id || 'g'),
    tree (span_id, depth, path) AS (
        SELECT span_id, 0, printf('%020d%s', start_unix_nanos, span_id)
        FROM trace WHERE parent_span_id IS NULL OR parent_span_id NOT IN (SELECT span_id FROM trace)
        UNION ALL
        SELECT trace.span_id, depth + 1, path || printf('/%020d%s', start_unix_nanos, trace.span_id)
        FROM tree JOIN trace ON trace.parent_span_id = tree.span_id WHERE depth < 1000
    )
SELECT
    printf('%*s', depth * 2, '') || name AS span,
    round(duration_nanos / 1e6, 3) AS ms,
    round((start_unix_nanos - (SELECT min(start_unix_nanos) FROM trace)) / 1e6, 3) AS after_ms,
    status,
    attributes
FROM tree JOIN trace USING (span_id) ORDER BY path;
