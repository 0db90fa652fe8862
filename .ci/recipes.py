"""Holds the recipes under deploy/ against what can be had of the programs they are for.

Usage: recipes.py BOOKSTORE

Kubernetes' objects go to its schema, the systemd unit to systemd, rotel's settings to rotel, which has to pass real spans on,
and the settings of all of them to the bookstore. OpenTelemetry's collector, Docker and Grafana cannot be run here: of
their files it is checked that every name in them is defined, and that a collector's options are those it documents.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
from http.server import ThreadingHTTPServer

import kubernetes_validate
import rotel
import yaml

from patients import Accepting, free_port

DEPLOY = pathlib.Path(__file__).resolve().parent.parent / "deploy"
# Options that collectors document, of what is used here. A level that is none is free in form.
SERVER = {"endpoint": None}
QUEUED = {"sending_queue": {"enabled": None, "queue_size": None}, "retry_on_failure": {"enabled": None, "max_elapsed_time": None}}
CLIENT = {"endpoint": None, "tls": {"insecure": None}, "timeout": None, **QUEUED}
OPTIONS = {
    "receivers": {"otlp": {"protocols": {"grpc": SERVER, "http": SERVER}}},
    "processors": {
        "batch": {"timeout": None, "send_batch_size": None},
        "memory_limiter": {"check_interval": None, "limit_mib": None, "spike_limit_mib": None},
        "tail_sampling": {
            "decision_wait": None,
            "num_traces": None,
            "expected_new_traces_per_sec": None,
            "decision_cache": {"sampled_cache_size": None, "non_sampled_cache_size": None},
            "policies": None,
        },
    },
    "exporters": {
        "otlp": CLIENT,
        "zipkin": SERVER,
        "loadbalancing": {
            "routing_key": None,
            "protocol": {"otlp": CLIENT},
            "resolver": {"dns": {"hostname": None, "port": None, "interval": None}},
        },
    },
    "extensions": {"health_check": SERVER},
}
POLICIES = {"status_code": {"status_codes"}, "latency": {"threshold_ms"}, "probabilistic": {"sampling_percentage"}}
# The least exposed that systemd calls a service is 0, the most 100.
EXPOSED = 20


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def within(where, options, given):
    """Every option given is one that is documented."""
    for name, value in given.items():
        assert name in options, f"{where}: no option `{name}`, there are {sorted(options)}"
        if options[name] and value:
            within(f"{where}.{name}", options[name], value)


def check_collector(path):
    (config,) = documents(path)
    pipelines = config["service"]["pipelines"]
    used = {"extensions": set(config["service"].get("extensions", []))}
    for part in ("receivers", "processors", "exporters"):
        used[part] = {name for pipeline in pipelines.values() for name in pipeline[part]}
    for part, names in used.items():
        defined = config.get(part, {})
        assert names <= defined.keys(), f"{path.name}: {part} {names - defined.keys()} are not defined"
        for name, options in defined.items():
            kind = name.split("/")[0]
            assert kind in OPTIONS[part], f"{path.name}: {part} of kind {kind} are not known here"
            within(f"{path.name}: {name}", OPTIONS[part][kind], options or {})
    for pipeline in pipelines.values():
        order = pipeline["processors"]
        assert order[0] == "memory_limiter" and ("batch" not in order or order[-1] == "batch"), f"{path.name}: {order}"
    for policy in config.get("processors", {}).get("tail_sampling", {}).get("policies", []):
        kind = policy["type"]
        assert policy.keys() == {"name", "type", kind} and policy[kind].keys() == POLICIES[kind], policy


def check_compose(path):
    (compose,) = documents(path)
    services = compose["services"]
    for name, service in services.items():
        assert "image" in service or (path.parent / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert set(service.get("depends_on", [])) <= services.keys(), name
        assert set(service["networks"]) <= compose["networks"].keys(), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (path.parent / source).exists(), f"{name}: there is no {source}"
            else:
                assert source in compose["volumes"], f"{name}: no volume {source}"
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: {port} is open to everybody"
    # What others call them by.
    aliases = {alias for service in services.values() if isinstance(service["networks"], dict) for alias in service["networks"]["shop"]["aliases"]}
    (prometheus,) = documents(path.parent / "prometheus.yml")
    assert set(prometheus["scrape_configs"][0]["dns_sd_configs"][0]["names"]) == aliases
    assert services["inventory"]["networks"]["shop"]["ipv4_address"] + ":8080" in services["bookstore"]["command"]
    (collector,) = documents(path.parent / "collector.yaml")
    hosts = {re.fullmatch(r"(?:http://)?(\w+):\d+.*", exporter["endpoint"])[1] for exporter in collector["exporters"].values()}
    assert hosts <= services.keys(), hosts


def check_grafana(folder):
    (sources,) = documents(folder / "provisioning" / "datasources" / "sources.yaml")
    uids = {source["uid"] for source in sources["datasources"]}
    for source in sources["datasources"]:
        for exemplar in source.get("jsonData", {}).get("exemplarTraceIdDestinations", []):
            assert exemplar["datasourceUid"] in uids and exemplar["name"] == "trace_id", exemplar
    (provider,) = documents(folder / "provisioning" / "dashboards" / "dashboards.yaml")
    (compose,) = documents(DEPLOY / "compose" / "docker-compose.yaml")
    mounted = [volume.split(":")[1] for volume in compose["services"]["grafana"]["volumes"]]
    path = provider["providers"][0]["options"]["path"]
    assert any(target.startswith(path + "/") for target in mounted), (path, mounted)


def check_kubernetes(folder):
    checked = 0
    for path in sorted(folder.glob("*.yaml")):
        for document in documents(path):
            kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
            checked += 1
    config, deployment, service = documents(folder / "bookstore.yaml")
    pod = deployment["spec"]["template"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    (container,) = pod["spec"]["containers"]
    assert container["envFrom"][0]["configMapRef"]["name"] == config["metadata"]["name"]
    assert pod["metadata"]["annotations"]["prometheus.io/port"] == str(container["ports"][0]["containerPort"])
    assert service["spec"]["ports"][0]["targetPort"] == container["ports"][0]["name"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["spec"]["volumes"]}
    return checked, config["data"], container


def check_systemd(path, bookstore, folder):
    unit = pathlib.Path(folder, "bookstore.service")
    unit.write_text(path.read_text().replace("/usr/local/bin/bookstore", str(bookstore)))
    for arguments in (["verify"], ["security", "--offline=true", f"--threshold={EXPOSED}"]):
        said = subprocess.run(["systemd-analyze", *arguments, unit], capture_output=True, text=True)
        assert said.returncode == 0 and (arguments != ["verify"] or not said.stderr), said.stdout + said.stderr


def settings(path):
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def clean():
    return {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "TELEMETRY_", "ROTEL_"))}


def check_settings(bookstore, given):
    """The bookstore takes settings as they are shipped, and warns of none; of them the collector's address alone is another."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Accepting) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        address = {"TELEMETRY_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}"}
        assert address.keys() <= given.keys()
        said = subprocess.run(
            [bookstore, "--port", "0", "--drive", "20"], env=clean() | given | address,
            capture_output=True, text=True, timeout=60,
        )
        collector.shutdown()
    warnings = [line for line in said.stderr.splitlines() if line.startswith("telemetry:")]
    assert said.returncode == 0 and not warnings, said.stderr
    if given["TELEMETRY_SAMPLE_RATIO"] == "1":
        assert re.search(r"otlp: [1-9]\d* delivered, 0 dropped", said.stdout), said.stdout


def check_rotel(bookstore, folder):
    """rotel with the shipped settings passes spans on to another, which stands for the store."""
    program = pathlib.Path(rotel.__file__).parent / "rotel-agent"
    entry, store, entry_grpc, store_http = (free_port() for _ in range(4))
    shipped = settings(DEPLOY / "collector" / "rotel.env")
    ports = {
        "ROTEL_OTLP_HTTP_ENDPOINT": f"127.0.0.1:{entry}",
        "ROTEL_OTLP_GRPC_ENDPOINT": f"127.0.0.1:{entry_grpc}",
        "ROTEL_OTLP_EXPORTER_ENDPOINT": f"http://127.0.0.1:{store}",
    }
    assert ports.keys() <= shipped.keys()
    log = pathlib.Path(folder, "store.log")
    with open(log, "w") as out:
        programs = [
            subprocess.Popen(
                [program, "start", "--exporter", "blackhole", "--debug-log", "traces", "--debug-log-verbosity", "detailed",
                 "--otlp-grpc-endpoint", f"127.0.0.1:{store}", "--otlp-http-endpoint", f"127.0.0.1:{store_http}"],
                env=clean(), stdout=out, stderr=out,
            ),
            subprocess.Popen([program, "start"], env=clean() | shipped | ports, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
        ]
    try:
        said = subprocess.run(
            [bookstore, "--port", "0", "--drive", "40", "--sinks", "otlp"],
            env=clean() | {"TELEMETRY_OTLP_ENDPOINT": f"http://127.0.0.1:{entry}"},
            capture_output=True, text=True, timeout=60, check=True,
        )
        # The inventory that a drive starts sends spans of its own, too, and does not say how many.
        delivered = int(re.search(r"otlp: (\d+) delivered, 0 dropped", said.stdout)[1])
        deadline = time.monotonic() + 30
        while len(arrived := re.findall(r"^ +ID +: (\w{16})$", log.read_text(), re.MULTILINE)) < delivered:
            assert time.monotonic() < deadline, f"{len(arrived)} of {delivered} spans have come through rotel"
            time.sleep(0.2)
        assert len(set(arrived)) == len(arrived), "a span has come twice"
        return len(arrived)
    finally:
        for one in programs:
            one.terminate()
            one.wait(20)


def main(bookstore):
    bookstore = pathlib.Path(bookstore).resolve()
    for path in sorted([*(DEPLOY / "collector").glob("*.yaml"), DEPLOY / "compose" / "collector.yaml"]):
        check_collector(path)
    check_compose(DEPLOY / "compose" / "docker-compose.yaml")
    documents(DEPLOY / "compose" / "tempo.yaml")
    check_grafana(DEPLOY / "grafana")
    objects, config, container = check_kubernetes(DEPLOY / "kubernetes")
    with tempfile.TemporaryDirectory() as folder:
        check_systemd(DEPLOY / "systemd" / "bookstore.service", bookstore, folder)
        (compose,) = documents(DEPLOY / "compose" / "docker-compose.yaml")
        for given in (settings(DEPLOY / "systemd" / "telemetry.env"), config, compose["services"]["bookstore"]["environment"]):
            check_settings(bookstore, given)
        spans = check_rotel(bookstore, folder)
    print(f"{objects} objects fit Kubernetes' schema, the unit systemd's rules, and {spans} spans have come through rotel")


main(*sys.argv[1:])
