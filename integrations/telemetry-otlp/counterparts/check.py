"""Checks what telemetry-otlp sends against programs of others.

The official protobuf messages have to accept our JSON, strictly; the messages of all three encodings have to be equal;
OpenTelemetry's reference implementation, told of the same spans and metrics, has to make equal messages of them; and a
real collector (rotel) has to receive them all, by each encoding, compressed and not. With TLS, each side has to know the other by its certificate.

    python check.py PATH_TO_EXAMPLE_SHOP
"""

import base64
import gzip
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# It reports every client that is turned away.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
import rotel
from google.protobuf import json_format
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_pb
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as trace_grpc
from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics._internal.point import Buckets
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

import json

START = 1_767_312_000_000_000_001
TRACE = 0x0102030405060708090A0B0C0D0E0F10
PROTOCOLS = ["http/json", "http/protobuf", "grpc"]


def run(shop, endpoint, protocol, compression, stderr=None, **more):
    """Runs the example, which has to succeed."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "TELEMETRY_"))}
    said = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_COMPRESSION": compression,
    }
    subprocess.run([shop], env=clean | said | more, check=True, timeout=60, stderr=stderr)


class Official:
    """A collector made of the official messages, over HTTP and gRPC; with TLS where there are certificates, and then only
    for clients that have one too."""

    def __init__(self, certificates=None):
        self.traces, self.metrics, self.compressed = [], [], []
        official = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                official.compressed.append(self.headers.get("content-encoding", "none"))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                into, message = {
                    "/v1/traces": (official.traces, trace_pb.ExportTraceServiceRequest()),
                    "/v1/metrics": (official.metrics, metrics_pb.ExportMetricsServiceRequest()),
                }[self.path]
                if self.headers["content-type"] == "application/json":
                    # Strict: an unknown field, or a value of another type, is an error.
                    json_format.ParseDict(ids_to_base64(json.loads(body)), message)
                else:
                    assert self.headers["content-type"] == "application/x-protobuf"
                    message.ParseFromString(body)
                into.append(message)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Traces(trace_grpc.TraceServiceServicer):
            def Export(self, request, context):
                official.traces.append(request)
                return trace_pb.ExportTraceServiceResponse()

        class Metrics(metrics_grpc.MetricsServiceServicer):
            def Export(self, request, context):
                official.metrics.append(request)
                return metrics_pb.ExportMetricsServiceResponse()

        self.certificates = certificates
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificates:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates / "ca.pem")
            tls.load_cert_chain(certificates / "server.pem", certificates / "server.key")
            tls.verify_mode = ssl.CERT_REQUIRED
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
            # A client that is turned away is what is asked for, not worth a report.
            self.http.handle_error = lambda *_: None
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.grpc = grpc.server(ThreadPoolExecutor(2))
        trace_grpc.add_TraceServiceServicer_to_server(Traces(), self.grpc)
        metrics_grpc.add_MetricsServiceServicer_to_server(Metrics(), self.grpc)
        if certificates:
            key, chain, ca = ((certificates / name).read_bytes() for name in ("server.key", "server.pem", "ca.pem"))
            credentials = grpc.ssl_server_credentials([(key, chain)], ca, require_client_auth=True)
            self.grpc_port = self.grpc.add_secure_port("127.0.0.1:0", credentials)
        else:
            self.grpc_port = self.grpc.add_insecure_port("127.0.0.1:0")
        self.grpc.start()

    def endpoint(self, protocol):
        port = self.grpc_port if protocol == "grpc" else self.http.server_address[1]
        return f"https://localhost:{port}" if self.certificates else f"http://127.0.0.1:{port}"


def ids_to_base64(value):
    """OTLP's JSON has identifiers in hexadecimal, protobuf's own mapping in base64."""
    if isinstance(value, list):
        return [ids_to_base64(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, item in value.items():
        if key in ("traceId", "spanId", "parentSpanId"):
            assert item == item.lower(), item
            out[key] = base64.b64encode(bytes.fromhex(item)).decode()
        else:
            # Enumerations are numbers in OTLP's JSON, never names.
            assert key not in ("kind", "aggregationTemporality") or isinstance(item, int), (key, item)
            out[key] = ids_to_base64(item)
    return out


def context(trace, span, remote=False, flags=3, state=()):
    return SpanContext(trace, span, remote, TraceFlags(flags), TraceState(state))


def reference_spans():
    """The spans of the example, as the reference implementation encodes them."""
    resource = Resource({"service.name": "shop", "process.pid": 7})

    def span(name, number, parent=None, trace=TRACE, scope="shop", state=(), **more):
        return ReadableSpan(
            name=name,
            context=context(trace, number, state=state),
            parent=parent,
            resource=resource,
            start_time=START + number,
            end_time=START + number + 1000 * number,
            instrumentation_scope=InstrumentationScope(scope, "1.2.3"),
            **more,
        )

    attributes = {
        "error.message": "it broke",
        "flag": False,
        "low": -(2**63),
        "high": 2**63 - 1,
        "half": 0.5,
        "up": float("inf"),
        "bytes": bytes([0, 255, 16]),
        "empty": "",
    }
    return encode_spans([
        span("db.query", 2, context(TRACE, 1), kind=SpanKind.CLIENT, status=Status(StatusCode.OK)),
        span(
            'GET /books/{id} "é"',
            1,
            context(TRACE, 0xAABBCCDDEEFF0011, remote=True),
            kind=SpanKind.SERVER,
            status=Status(StatusCode.ERROR, "it broke"),
            attributes=attributes,
            events=[Event("retry", {"attempt": 2}, START + 5)],
            links=[Link(context(9, 8, remote=True, flags=1, state=[("azul", "2")]))],
            state=[("rojo", "00f067aa0ba902b7"), ("congo", "t61")],
        ),
        span("restock", 3, trace=0xFF, scope="restock"),
    ])


def reference_metrics():
    """The metrics of the example, as the reference implementation encodes them."""
    end, labels = START + 60_000_000_000, {"shelf": "north"}
    cumulative = AggregationTemporality.CUMULATIVE
    sale = Exemplar({}, 3, START + 7, 1, TRACE)
    wait = Exemplar({}, 0.25, START + 8, 2, TRACE)
    metrics = [
        Metric("shop_load", "What it is.", "", Gauge([NumberDataPoint(labels, None, end, -1.5)])),
        Metric(
            "shop_sales_total", "What it is.", "",
            Sum([NumberDataPoint(labels, START, end, 9, [sale])], cumulative, True),
        ),
        Metric(
            "shop_wait_seconds", "What it is.", "s",
            Histogram([HistogramDataPoint(labels, START, end, 3, 7.25, [1, 0, 2], [0.5, 1.0], 0, 0, [wait])], cumulative),
        ),
        Metric(
            "shop_busy_seconds_total", "What it is.", "s",
            Sum([NumberDataPoint(labels, START, end, 0.75)], cumulative, True),
        ),
        Metric(
            "shop_work_seconds", "What it is.", "s",
            ExponentialHistogram([
                ExponentialHistogramDataPoint(
                    labels, START, end, 305, 130.5, 3, 1, Buckets(-5, [4, 0, 300]), Buckets(0, []), 0, 0, 0,
                ),
            ], cumulative),
        ),
    ]
    scope = ScopeMetrics(InstrumentationScope("shop", "1.2.3"), metrics, "")
    resource = Resource({"service.name": "shop", "process.pid": 7})
    return encode_metrics(MetricsData([ResourceMetrics(resource, [scope], "")]))


def meaning(message):
    """A message as a dictionary, without what two correct implementations may differ in."""
    seen = json_format.MessageToDict(message)

    def walk(value):
        if isinstance(value, list):
            return [walk(item) for item in value]
        if not isinstance(value, dict):
            return value
        # A default that is written out says what one that is left out says, but for the members of a oneof. The reference
        # has a least and a greatest observation, which we do not keep.
        present = ("stringValue", "boolValue", "intValue", "doubleValue", "asInt", "asDouble")
        out = {
            key: walk(item)
            for key, item in value.items()
            if key in present or (item not in (0, "0", "", [], {}) and key not in ("min", "max"))
        }
        # It leaves the W3C flags out of `flags`.
        if "flags" in out:
            out["flags"] &= 0x300
        # It leaves out the state of a link.
        if "name" not in out:
            out.pop("traceState", None)
        for key in ("attributes", "filteredAttributes"):
            if key in out:
                out[key].sort(key=lambda attribute: attribute["key"])
        return out

    return walk(seen)


def check_messages(shop):
    seen = {}
    for protocol in PROTOCOLS:
        for compression in ("none", "gzip"):
            official = Official()
            run(shop, official.endpoint(protocol), protocol, compression)
            assert all(it == compression for it in official.compressed), official.compressed
            [traces], [metrics] = official.traces, official.metrics
            seen[protocol, compression] = (traces, metrics)
    first = seen["http/json", "none"]
    for name, messages in seen.items():
        assert messages == first, f"{name} says something else than JSON"
    print(f"official messages: {len(seen)} ways of sending, equal messages, JSON accepted strictly")
    for ours, theirs in zip(first, (reference_spans(), reference_metrics())):
        ours, theirs = meaning(ours), meaning(theirs)
        assert ours == theirs, f"ours:\n{json.dumps(ours, indent=1)}\nreference:\n{json.dumps(theirs, indent=1)}"
    print("reference implementation: the same spans and metrics make equal messages")


def make_certificates(folder):
    """An authority, a server and a client it vouches for."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority",
            "-keyout", "ca.key", "-out", "ca.pem")
    for name in ("server", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (folder / "names").write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "names", "-out", f"{name}.pem")


def check_tls(shop):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_certificates(folder)
        trusting = {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(folder / "ca.pem")}
        known = trusting | {
            "OTEL_EXPORTER_OTLP_CLIENT_KEY": str(folder / "client.key"),
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": str(folder / "client.pem"),
        }
        for protocol in PROTOCOLS:
            official = Official(folder)
            endpoint = official.endpoint(protocol)
            run(shop, endpoint, protocol, "gzip", **known)
            assert (len(official.traces), len(official.metrics)) == (1, 1)
            # Neither a collector we do not trust nor one that does not trust us gets anything.
            for refused in ({}, trusting):
                try:
                    run(shop, endpoint, protocol, "none", subprocess.DEVNULL, TELEMETRY_OTLP_RETRY_TIME="0", **refused)
                except subprocess.CalledProcessError:
                    continue
                raise AssertionError(f"{protocol}: sent with {sorted(refused)} alone")
            assert (len(official.traces), len(official.metrics)) == (1, 1)
    print(f"TLS: {len(PROTOCOLS)} encodings, both sides known by certificates, and refused without")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def await_port(port):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on {port}")


def check_collector(shop):
    agent = str(pathlib.Path(rotel.__file__).parent / "rotel-agent")
    with tempfile.TemporaryDirectory() as folder:
        for protocol in PROTOCOLS:
            for compression in ("none", "gzip"):
                http, rpc = free_port(), free_port()
                log = pathlib.Path(folder) / "rotel.log"
                with log.open("wb") as out:
                    collector = subprocess.Popen(
                        [agent, "start", "--exporter", "blackhole", "--debug-log", "traces", "--debug-log", "metrics",
                         "--debug-log-verbosity", "detailed", "--otlp-grpc-endpoint", f"127.0.0.1:{rpc}",
                         "--otlp-http-endpoint", f"127.0.0.1:{http}"],
                        stdout=out, stderr=subprocess.STDOUT,
                    )
                try:
                    await_port(http)
                    await_port(rpc)
                    # Its JSON takes no `"Infinity"`, which is how protobuf's mapping writes it.
                    more = {"SHOP_FINITE": "1"} if protocol == "http/json" else {}
                    endpoint = f"http://127.0.0.1:{rpc if protocol == 'grpc' else http}"
                    run(shop, endpoint, protocol, compression, **more)
                    wanted = ["GET /books/{id}", "db.query", "restock", "0102030405060708090a0b0c0d0e0f10",
                              "shop_load", "shop_sales_total", "shop_wait_seconds"]
                    deadline = time.monotonic() + 30
                    while any(word not in log.read_text(errors="replace") for word in wanted):
                        assert time.monotonic() < deadline, log.read_text(errors="replace")
                        time.sleep(0.05)
                finally:
                    collector.send_signal(signal.SIGTERM)
                    collector.wait(30)
    print(f"rotel: received everything, {len(PROTOCOLS)} encodings, compressed and not")


if __name__ == "__main__":
    [shop] = sys.argv[1:]
    check_messages(shop)
    check_tls(shop)
    check_collector(shop)
