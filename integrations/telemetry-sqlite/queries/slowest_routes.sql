-- Requests by route, the slowest at the 95th percentile first.
WITH ranked AS (
    SELECT
        name,
        duration_nanos,
        row_number() OVER (PARTITION BY name ORDER BY duration_nanos) AS position,
        count(*) OVER (PARTITION BY name) AS requests
    FROM spans WHERE kind = 'server'
)
SELECT
    name AS route,
    requests,
    round(min(CASE WHEN position >= requests * 0.50 THEN duration_nanos END) / 1e6, 3) AS p50_ms,
    round(min(CASE WHEN position >= requests * 0.95 THEN duration_nanos END) / 1e6, 3) AS p95_ms,
    round(min(CASE WHEN position >= requests * 0.99 THEN duration_nanos END) / 1e6, 3) AS p99_ms,
    round(max(duration_nanos) / 1e6, 3) AS max_ms
FROM ranked GROUP BY name ORDER BY p95_ms DESC LIMIT 20;
