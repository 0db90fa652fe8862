-- Requests and errors in each minute, the latest first.
SELECT
    datetime(start_unix_nanos / 60000000000 * 60, 'unixepoch') AS minute,
    count(*) AS requests,
    sum(status = 'error') AS errors,
    round(avg(duration_nanos) / 1e6, 3) AS mean_ms
FROM spans WHERE kind = 'server' GROUP BY minute ORDER BY minute DESC LIMIT 60;
