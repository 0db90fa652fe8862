-- Database statements by the time they took together.
SELECT
    attributes ->> '$."db.statement"' AS statement,
    count(*) AS calls,
    round(sum(duration_nanos) / 1e6, 3) AS total_ms,
    round(avg(duration_nanos) / 1e6, 3) AS mean_ms,
    round(max(duration_nanos) / 1e6, 3) AS max_ms
FROM spans WHERE statement IS NOT NULL GROUP BY statement ORDER BY total_ms DESC LIMIT 20;
