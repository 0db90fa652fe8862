"""Runs the shipped Prometheus configuration, rules and dashboard against real bookstores, each ill in a way of its own.

Usage: alerts.py BOOKSTORE

Every alert has to fire for the bookstore that gives the reason, for no other one, and end when the reason does; every
query of the dashboard has to find something. Minutes would be too long: the copies that Prometheus is given differ from
the shipped files in that every duration is a thirtieth, a scrape may take its whole interval, targets have the ports of
this run, and what Prometheus would discover is written down. That a minute is a minute is for the tests of the rules.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import yaml

from patients import PATIENTS, Patient, free_port

DEPLOY = pathlib.Path(__file__).resolve().parent.parent / "deploy"
# The shipped durations over those of this run.
SPEED = 30
PATIENCE = 90
# For so long nothing may fire that should not: longer than the longest time an alert waits.
WATCHED = 30


def faster(text):
    """The same with every duration a thirtieth; names such as rate5m stay."""

    def shorter(found):
        count, unit = int(found[1]), {"s": 1000, "m": 60_000}[found[2]]
        return f"{count * unit // SPEED}ms"

    return re.sub(r"(?<!\w)(\d+)([sm])(?!\w)", shorter, text)


def render(folder, patients):
    config = yaml.safe_load(faster((DEPLOY / "prometheus" / "prometheus.yml").read_text()))
    # A loaded machine may not answer in a thirtieth of five seconds.
    config["global"]["scrape_timeout"] = config["global"]["scrape_interval"]
    services, by_name = config["scrape_configs"]
    services["static_configs"] = [
        {"targets": [patient.address], "labels": {"service": patient.name, "environment": "test"}}
        for patient in patients
    ]
    well = patients[0].address
    assert by_name.pop("dns_sd_configs")[0]["names"] == ["bookstore.internal", "inventory.internal"]
    by_name["static_configs"] = [{"targets": [well], "labels": {"__meta_dns_name": "bookstore.internal"}}]
    kubernetes = yaml.safe_load(faster((DEPLOY / "prometheus" / "kubernetes.yml").read_text()))
    (pods,) = kubernetes["scrape_configs"]
    assert pods.pop("kubernetes_sd_configs") == [{"role": "pod"}]
    host, port = well.split(":")
    meta = "__meta_kubernetes_"
    pod = {
        meta + "namespace": "shop",
        meta + "pod_name": "bookstore-5d-x7",
        meta + "pod_ip": host,
        meta + "pod_phase": "Running",
        meta + "pod_label_app_kubernetes_io_name": "bookstore",
    }
    asking = {meta + "pod_annotation_prometheus_io_scrape": "true", meta + "pod_annotation_prometheus_io_port": port}
    pods["static_configs"] = [
        {"targets": [f"{host}:1"], "labels": pod | asking},
        {"targets": [f"{host}:2"], "labels": pod},
        {"targets": [f"{host}:3"], "labels": pod | asking | {meta + "pod_phase": "Succeeded"}},
    ]
    config["scrape_configs"].append(pods)
    pathlib.Path(folder, "prometheus.yml").write_text(yaml.safe_dump(config))
    pathlib.Path(folder, "rules.yml").write_text(faster((DEPLOY / "prometheus" / "rules.yml").read_text()))


class Prometheus:
    def __init__(self, folder):
        self.address = f"127.0.0.1:{free_port()}"
        self.log = open(f"{folder}/prometheus.log", "w")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address={self.address}", "--enable-feature=exemplar-storage"],
            stdout=self.log, stderr=self.log,
        )
        until("Prometheus", self.is_ready)

    def is_ready(self):
        assert self.process.poll() is None, pathlib.Path(self.log.name).read_text()
        try:
            return urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=2).status == 200
        except OSError:
            return False

    def ask(self, path, **query):
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as reply:
            return json.load(reply)["data"]

    def firing(self):
        return [alert for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"]

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def until(what, found, patience=PATIENCE):
    """Asks until there is an answer."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"{what} did not come in {patience} s")


def check_targets(prometheus):
    """What the configuration makes of what is discovered."""

    def labels():
        targets = prometheus.ask("targets")["activeTargets"]
        found = {target["scrapePool"]: target["labels"] for target in targets if target["health"] == "up"}
        return {"services", "services-by-name", "pods"} <= found.keys() and (found, targets)

    found, targets = until("targets of every kind", labels)
    by_name, pod = found["services-by-name"], found["pods"]
    assert (by_name["service"], by_name["environment"]) == ("bookstore", "production"), by_name
    assert (pod["service"], pod["environment"], pod["instance"]) == ("bookstore", "shop", "bookstore-5d-x7"), pod
    assert len([target for target in targets if target["scrapePool"] == "pods"]) == 1, targets


def check_alerts(prometheus, patients):
    """Watches which alerts fire, for at least as long as the slowest of them needs."""
    expected = {(patient.name, alert) for patient in patients for alert in patient.alerts}
    shipped = set(re.findall(r"- alert: (\w+)", (DEPLOY / "prometheus" / "rules.yml").read_text()))
    assert {alert for _, alert in expected} == shipped, "every alert needs somebody to fire for"
    seen, began = {}, time.monotonic()

    def enough():
        for alert in prometheus.firing():
            key = (alert["labels"]["service"], alert["labels"]["alertname"])
            if key not in seen:
                print(f"    {time.monotonic() - began:4.1f} s  {key[1]}: {alert['annotations']['summary']}")
            seen[key] = alert
            said = " ".join(alert["annotations"].values())
            assert "<no value>" not in said and "<error expanding" not in said, said
        assert seen.keys() <= expected, f"should not have fired: {sorted(seen.keys() - expected)}"
        return seen.keys() == expected and time.monotonic() - began > WATCHED

    try:
        until("alerts", enough)
    except AssertionError as failure:
        raise AssertionError(f"{failure}; not seen: {sorted(expected - seen.keys())}") from None
    return len(shipped)


def check_dashboard(prometheus):
    """Every query finds something that is a number, for one bookstore that is well."""
    dashboard = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
    chosen = {"$__rate_interval": "5s", "$service": "well", "$environment": "test", "$instance": ".*"}

    def put_in(query):
        for variable, value in chosen.items():
            query = query.replace(variable, value)
        return query

    empty, asked = [], 0
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            result = prometheus.ask("query", query=put_in(target["expr"]))["result"]
            asked += 1
            if not any(sample["value"][1] not in ("NaN", "+Inf", "-Inf") for sample in result):
                empty.append((panel["title"], target["expr"]))
    assert not empty, "\n".join(f"{title}: {expr}" for title, expr in empty)
    for choice in dashboard["templating"]["list"]:
        if choice["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", choice["query"]["query"]).groups()
            assert prometheus.ask(f"label/{label}/values", **{"match[]": put_in(selector)}), choice
    now = time.time()
    exemplars = prometheus.ask("query_exemplars", query="http_request_duration_seconds_bucket", start=now - 60, end=now)
    assert any(series["exemplars"] for series in exemplars), "no exemplar leads from the latency panel to a trace"
    return asked


def check_annotations(prometheus):
    dashboard = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
    (annotation,) = dashboard["annotations"]["list"]
    query = annotation["expr"].replace("$service", ".*").replace("$environment", ".*")
    assert prometheus.ask("query", query=query)["result"], query


def main(bookstore):
    patients: list[Patient] = []
    prometheus = None
    with tempfile.TemporaryDirectory() as folder:
        try:
            for kind in PATIENTS:
                patients.append(kind(bookstore, folder))
            render(folder, patients)
            for patient in patients:
                patient.live()
            prometheus = Prometheus(folder)
            check_targets(prometheus)
            until("a first look at everybody", lambda: len(prometheus.ask("query", query="up == 1")["result"]) >= len(patients))
            assert not prometheus.firing(), prometheus.firing()
            for patient in patients:
                patient.fall_ill()
            alerts = check_alerts(prometheus, patients)
            check_annotations(prometheus)
            queries = check_dashboard(prometheus)
            for patient in patients:
                patient.recover()
            until("the end of every alert", lambda: not prometheus.firing())
            print(f"{alerts} alerts have fired, each for its reason alone, and ended with it; {queries} queries of the dashboard find data")
        finally:
            for patient in patients:
                patient.stop()
            if prometheus:
                prometheus.stop()


main(*sys.argv[1:])
