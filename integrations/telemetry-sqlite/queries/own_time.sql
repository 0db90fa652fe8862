-- Where the time goes: spans by name with the time not spent in their children. Children that run side by side may take
-- more than their parent, whose own time is then none.
WITH children AS (
    SELECT trace_id, parent_span_id, sum(duration_nanos) AS nanos
    FROM spans WHERE parent_span_id IS NOT NULL GROUP BY trace_id, parent_span_id
)
SELECT
    name,
    count(*) AS spans,
    round(sum(max(duration_nanos - coalesce(children.nanos, 0), 0)) / 1e6, 3) AS own_ms,
    round(sum(duration_nanos) / 1e6, 3) AS total_ms
FROM spans
LEFT JOIN children ON children.trace_id = spans.trace_id AND children.parent_span_id = spans.span_id
GROUP BY name ORDER BY own_ms DESC LIMIT 20;
