-- How fast counters grew between the values that were kept: `:name` is the counter's.
WITH steps AS (
    SELECT
        time_unix_nanos,
        labels,
        value - lag(value) OVER series AS added,
        (time_unix_nanos - lag(time_unix_nanos) OVER series) / 1e9 AS seconds
    FROM metrics WHERE name = :name AND kind = 'counter'
    WINDOW series AS (PARTITION BY series_id ORDER BY time_unix_nanos)
)
SELECT
    datetime(time_unix_nanos / 1000000000, 'unixepoch') AS time,
    labels,
    added,
    round(added / seconds, 3) AS per_second
FROM steps WHERE seconds > 0 ORDER BY time_unix_nanos DESC, labels LIMIT 100;
