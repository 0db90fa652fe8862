-- The latest value of every series of the latest run.
SELECT name, labels, kind, value, round(sum, 6) AS sum, datetime(max(time_unix_nanos) / 1000000000, 'unixepoch') AS since
FROM metrics WHERE run_id = (SELECT max(id) FROM runs) GROUP BY series_id ORDER BY name, labels;
