"""Traces across languages: OpenTelemetry's SDK for Python calls the bookstore and is the parent, and services in Python,
called by the bookstore and by the relay, see the right parent: what the programs export is held against it.

Usage: traces.py BINARIES
"""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import urllib.request

from opentelemetry import trace
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.trace import TracerProvider

trace.set_tracer_provider(TracerProvider())
tracer = trace.get_tracer("traces")


class Callee(http.server.BaseHTTPRequestHandler):
    """Answers as the inventory and as a sink of errands do, and keeps the parent of every request, as the SDK reads it."""

    seen = []

    def answer(self):
        self.rfile.read(int(self.headers["content-length"] or 0))
        self.seen.append(trace.get_current_span(extract(dict(self.headers.items()))).get_span_context())
        stock = {"book": 7, "copies": 3, "shelf": "B1"}
        body = json.dumps(stock if self.path.startswith("/stock/") else []).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class Program:
    """A program of ours that exports its spans to its standard output."""

    def __init__(self, path, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("TELEMETRY_", "OTEL_"))}
        self.process = subprocess.Popen(
            [path, "--port", "0", *arguments],
            env=environment | {"TELEMETRY_ENABLED": "1", "TELEMETRY_SAMPLE_RATIO": "1", "TELEMETRY_SINKS": "stdout"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = next(line for line in self.process.stderr if "http://" in line)
        self.address = said.split("http://")[1].strip()
        self.exported = []
        # Read from the start, so that no pipe is ever full.
        self.readers = [
            threading.Thread(target=lambda: self.exported.extend(self.process.stdout)),
            threading.Thread(target=lambda: [None for _ in self.process.stderr]),
        ]
        for reader in self.readers:
            reader.start()

    def stop(self):
        """Ends it; its spans, by their identifiers."""
        self.process.terminate()
        self.process.wait(20)
        for reader in self.readers:
            reader.join()
        spans = [json.loads(line) for line in self.exported if line.startswith("{")]
        return {span["span_id"]: span for span in spans}


def visit(name, url, body=None, state=None):
    """Sends a request inside a span of the SDK's; the span, and the answer's headers."""
    with tracer.start_as_current_span(name) as span:
        headers = {"content-type": "application/json"}
        inject(headers)
        if state:
            headers["tracestate"] = state
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
            answer.read()
            return span.get_span_context(), answer.headers


def check_called(seen, caller, spans, server):
    """What was called hangs on a client span of ours, which hangs, over others, on the request that Python made."""
    assert seen.is_remote and seen.trace_flags.sampled, seen
    assert seen.trace_id == caller.trace_id and seen.span_id != caller.span_id, (seen, caller)
    span = spans[format(seen.span_id, "016x")]
    assert span["kind"] == "client", span
    while span["kind"] != "server":
        span = spans[span["parent_span_id"]]
        assert span["trace_id"] == format(caller.trace_id, "032x"), span
    assert (span["name"], span["parent_span_id"]) == (server, format(caller.span_id, "016x")), span


def main(binaries):
    callee = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Callee)
    threading.Thread(target=callee.serve_forever, daemon=True).start()
    called = f"127.0.0.1:{callee.server_port}"
    programs = []
    try:
        programs.append(bookstore := Program(pathlib.Path(binaries, "bookstore"), "--inventory", called))
        programs.append(relay := Program(pathlib.Path(binaries, "relay")))

        visitor, headers = visit("visit", f"http://{bookstore.address}/books/7/stock")
        version, trace_id, answered, flags = headers["traceparent"].split("-")
        assert (version, trace_id) == ("00", format(visitor.trace_id, "032x")), headers["traceparent"]
        assert int(flags, 16) & 1, headers["traceparent"]
        errand = [{"url": f"http://{called}/", "arguments": []}]
        sender, _ = visit("errand", f"http://{relay.address}/test", json.dumps(errand).encode(), "rojo=1")

        spans = bookstore.stop()
        assert spans[answered]["parent_span_id"] == format(visitor.span_id, "016x"), spans[answered]
        print("a Python client is the parent of the bookstore's request:", trace_id)
        of_bookstore, of_relay = Callee.seen
        check_called(of_bookstore, visitor, spans, "GET /books/{id}/stock")
        print("a Python service is called by the bookstore, in that trace, by its client span")
        check_called(of_relay, sender, relay.stop(), "POST /test")
        assert of_relay.trace_state.get("rojo") == "1", of_relay
        print("a Python service is called by the relay, with its state:", format(of_relay.trace_id, "032x"))
    finally:
        for program in programs:
            program.process.kill()


main(*sys.argv[1:])
