"""Holds both expositions of the example `exposition`, and of a bookstore that is visited, against programs of others.

Usage: exposition.py EXAMPLE BOOKSTORE FOLDER

The text format goes to promtool, OpenMetrics to the strict parser of prometheus_client, and a real Prometheus scrapes
and is asked for the exemplars: their traces must be among those that were exported.
"""

import json
import os
import re
import subprocess
import sys
import threading
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


def exported(spans):
    """The traces that have been exported to a file."""
    with open(spans) as lines:
        return {json.loads(line)["trace_id"] for line in lines if line.startswith("{") and line.endswith("\n")}


def until(what, patience, found):
    """Asks until there is an answer."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"{what} did not come in {patience} s")


class Prometheus:
    """Scrapes an address every second and keeps exemplars, in a folder of its own."""

    def __init__(self, address, folder):
        os.makedirs(folder)
        with open(f"{folder}/prometheus.yml", "w") as config:
            config.write(
                "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
                f"scrape_configs: [{{job_name: scraped, static_configs: [{{targets: ['{address}']}}]}}]\n"
            )
        self.log = open(f"{folder}/prometheus.log", "w")
        self.server = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             "--web.listen-address=127.0.0.1:19123", "--enable-feature=exemplar-storage"],
            stdout=self.log, stderr=self.log,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.log.close()

    @staticmethod
    def ask(path, **query):
        url = f"http://127.0.0.1:19123/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return json.load(reply)["data"]
        except (urllib.error.URLError, ConnectionError):
            return None

    def values(self, query):
        """What a query finds, by its labels."""
        answer = self.ask("query", query=query)
        return {tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in answer and answer["result"] or []}

    def exemplar_traces(self, *metrics):
        """The traces of the exemplars, once every one of these metrics has some."""
        now = time.time()
        answer = self.ask("query_exemplars", query=f'{{__name__=~"{"|".join(metrics)}"}}', start=now - 60, end=now + 60)
        names = {series["seriesLabels"]["__name__"] for series in answer or []}
        return names == set(metrics) and {one["labels"]["trace_id"] for series in answer for one in series["exemplars"]}


def check_example(example, folder):
    spans_path = f"{folder}/spans.jsonl"
    with open(spans_path, "w") as spans:
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
        until("the spans of the exemplars", 10, lambda: traces <= exported(spans_path))
        print(f"{len(families)} families in both formats, exemplars of {len(traces)} exported traces")
        with Prometheus(address, f"{folder}/example") as prometheus:
            rate = "sum(rate(exposition_took_seconds_count[10s]))"
            (per_second,) = until("a rate", 40, lambda: prometheus.values(rate)).values()
            assert per_second > 10, per_second
            names = ["exposition_took_seconds_bucket", "exposition_lookups_total"]
            traces = until("exemplars", 40, lambda: prometheus.exemplar_traces(*names))
            until("the spans of the exemplars", 10, lambda: traces <= exported(spans_path))
        print(f"prometheus has scraped exemplars of {len(traces)} exported traces")
    finally:
        program.stdin.close()
        program.wait(20)


class Visits(threading.Thread):
    """Asks a bookstore for books, known ones and others, until it is told to stop."""

    def __init__(self, address):
        super().__init__()
        self.address, self.over, self.counts = address, threading.Event(), {"200": 0, "404": 0}

    def run(self):
        number = 0
        while not self.over.wait(0.01):
            number += 1
            try:
                book = 9_999 if number % 4 == 0 else number % 40 + 1
                status = urllib.request.urlopen(f"http://{self.address}/books/{book}", timeout=10).status
            except urllib.error.HTTPError as refused:
                status = refused.code
            self.counts[str(status)] += 1


def check_bookstore(bookstore, folder):
    """A bookstore: both formats by their parsers; Prometheus' rates and counts are the requests, its exemplars traces."""
    spans_path = f"{folder}/bookstore.jsonl"
    settings = {"TELEMETRY_ENABLED": "1", "TELEMETRY_SAMPLE_RATIO": "1", "TELEMETRY_SINKS": "prometheus,stdout"}
    with open(spans_path, "w") as spans:
        program = subprocess.Popen(
            [bookstore, "--port", "0"], env=os.environ | settings, stdout=spans, stderr=subprocess.PIPE, text=True
        )
    address = re.search(r"http://(\S+)", next(line for line in program.stderr if "http://" in line))[1]
    threading.Thread(target=lambda: [None for _ in program.stderr], daemon=True).start()
    visits = Visits(address)
    visits.start()
    try:
        with Prometheus(address, f"{folder}/scraped") as prometheus:
            rate = 'sum by (status) (rate(http_requests_total{method="GET", status=~"200|404"}[10s]))'
            per_second = until("rates", 40, lambda: len(prometheus.values(rate)) == 2 and prometheus.values(rate))
            found, missed = (per_second[(("status", status),)] for status in ("200", "404"))
            assert found > missed > 0, per_second
            names = ["http_request_duration_seconds_bucket", "http_requests_total"]
            traces = until("exemplars", 40, lambda: prometheus.exemplar_traces(*names))
            until("the spans of the exemplars", 10, lambda: traces <= exported(spans_path))
            visits.over.set()
            visits.join()

            def counted():
                total = prometheus.values('sum by (status) (http_requests_total{status="404"})')
                return total == {(("status", "404"),): visits.counts["404"]}

            until("the count of what was not found", 20, counted)
        check_text(fetch(address, "*/*")[1])
        strict = list(text_string_to_metric_families(fetch(address, PROMETHEUS)[1]))
        print(
            f"{len(strict)} families of a bookstore, its {visits.counts} requests counted by prometheus, "
            f"exemplars of {len(traces)} exported traces"
        )
    finally:
        visits.over.set()
        program.terminate()
        program.wait(20)


def main(example, bookstore, folder):
    check_example(example, folder)
    check_bookstore(bookstore, folder)


main(*sys.argv[1:])
