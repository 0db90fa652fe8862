"""Holds both expositions of the example `exposition` against programs of others.

Usage: exposition.py EXAMPLE FOLDER

The text format goes to promtool, OpenMetrics to the strict parser of prometheus_client, and a real Prometheus scrapes
and is asked for the exemplars: their traces must be among those that were exported.
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

OPEN_METRICS = "application/openmetrics-text"
# What Prometheus 2.42 sends.
PROMETHEUS = OPEN_METRICS + ";version=1.0.0," + OPEN_METRICS + ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


def fetch(address, accept):
    request = urllib.request.Request(f"http://{address}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return reply.headers["content-type"], reply.read().decode()


def check_text(text):
    said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    complaints = said.stdout + said.stderr
    assert said.returncode == 0 and not complaints, complaints


def check_open_metrics(text):
    families = {family.name: family for family in text_string_to_metric_families(text)}
    lookups = families["exposition_lookups"]
    assert (lookups.type, lookups.documentation) == (
        "counter",
        'Books looked up, with a "quote", a \\ backslash and text in another script: книги.',
    ), lookups
    values = {sample.labels["outcome"] for sample in lookups.samples}
    assert values == {"hit", 'gave "up" \\ or\nnot'}, values
    assert families["exposition_waited_seconds"].unit == "seconds"
    shelves = {sample.labels["shelf"] for sample in families["exposition_pages"].samples}
    assert shelves == {"plain", "back\\slash", '"quoted"', "_other"}, shelves
    suffixes = {sample.name.removeprefix("exposition_change_celsius") for sample in families["exposition_change_celsius"].samples}
    assert suffixes == {"_bucket"}, suffixes
    samples = [sample for family in families.values() for sample in family.samples]
    buckets = {sample.name for sample in samples if sample.exemplar and sample.name.endswith("_bucket")}
    assert {"exposition_took_seconds_bucket", "exposition_lonely_bucket"} <= buckets, buckets
    assert any(sample.exemplar for sample in lookups.samples)
    return families, {sample.exemplar.labels["trace_id"] for sample in samples if sample.exemplar}


def check_agreement(text, families):
    """Both formats know the same series."""
    text_names = {line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    open_names = {name + "_total" if family.type == "counter" else name for name, family in families.items()}
    assert text_names == open_names, text_names ^ open_names


def exported(folder):
    with open(f"{folder}/spans.jsonl") as lines:
        return {json.loads(line)["trace_id"] for line in lines if line.endswith("\n")}


def until(what, patience, found):
    """Asks until there is an answer."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"{what} did not come in {patience} s")


def check_prometheus(address, folder):
    with open(f"{folder}/prometheus.yml", "w") as config:
        config.write(
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
            f"scrape_configs: [{{job_name: exposition, static_configs: [{{targets: ['{address}']}}]}}]\n"
        )
    with open(f"{folder}/prometheus.log", "w") as log:
        server = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             "--web.listen-address=127.0.0.1:19123", "--enable-feature=exemplar-storage"],
            stdout=log, stderr=log,
        )
    try:
        def ask(path, **query):
            url = f"http://127.0.0.1:19123/api/v1/{path}?{urllib.parse.urlencode(query)}"
            try:
                with urllib.request.urlopen(url, timeout=5) as reply:
                    return json.load(reply)["data"]
            except (urllib.error.URLError, ConnectionError):
                return None

        def rate():
            answer = ask("query", query="sum(rate(exposition_took_seconds_count[10s]))")
            return answer and answer["result"]

        def exemplars():
            now = time.time()
            query = '{__name__=~"exposition_took_seconds_bucket|exposition_lookups_total"}'
            answer = ask("query_exemplars", query=query, start=now - 60, end=now + 60) or []
            names = {series["seriesLabels"]["__name__"] for series in answer}
            if len(names) == 2:
                return {exemplar["labels"]["trace_id"] for series in answer for exemplar in series["exemplars"]}
            return None

        per_second = float(until("a rate", 40, rate)[0]["value"][1])
        assert per_second > 10, per_second
        traces = until("exemplars", 40, exemplars)
        until("the spans of the exemplars", 10, lambda: traces <= exported(folder))
        return len(traces)
    finally:
        server.terminate()
        server.wait()


def main(example, folder):
    with open(f"{folder}/spans.jsonl", "w") as spans:
        program = subprocess.Popen([example], stdin=subprocess.PIPE, stdout=spans, stderr=subprocess.PIPE, text=True)
    try:
        address = program.stderr.readline().strip()
        until("an exemplar", 20, lambda: " # {trace_id=" in fetch(address, OPEN_METRICS)[1])
        content_type, text = fetch(address, "*/*")
        assert content_type == "text/plain; version=0.0.4; charset=utf-8", content_type
        check_text(text)
        content_type, open_metrics = fetch(address, PROMETHEUS)
        assert content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8", content_type
        families, traces = check_open_metrics(open_metrics)
        check_agreement(text, families)
        until("the spans of the exemplars", 10, lambda: traces <= exported(folder))
        print(f"{len(families)} families in both formats, exemplars of {len(traces)} exported traces")
        scraped = check_prometheus(address, folder)
        print(f"prometheus has scraped exemplars of {scraped} exported traces")
    finally:
        program.stdin.close()
        program.wait(20)


main(*sys.argv[1:])
