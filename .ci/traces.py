"""Traces across languages: an OpenTelemetry client in Python calls the bookstore and is the parent; a service in Python
is what the relay calls, and sees the right parent. The arguments are the addresses of the bookstore and the relay."""

import http.server
import json
import sys
import threading
import urllib.request

from opentelemetry import trace
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.trace import TracerProvider

bookstore, relay = sys.argv[1:3]
trace.set_tracer_provider(TracerProvider())
tracer = trace.get_tracer("traces")

with tracer.start_as_current_span("visit") as span:
    headers = {}
    inject(headers)
    answer = urllib.request.urlopen(urllib.request.Request(f"http://{bookstore}/books/7", headers=headers))
    version, trace_id, _, flags = answer.headers["traceparent"].split("-")
    assert trace_id == format(span.get_span_context().trace_id, "032x"), answer.headers["traceparent"]
    assert (version, int(flags, 16) & 1) == ("00", 1), answer.headers["traceparent"]
print("a Python client is the parent of the bookstore's request:", trace_id)

seen = []


class Callee(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        parent = trace.get_current_span(extract(dict(self.headers.items()))).get_span_context()
        seen.append(parent)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Callee)
threading.Thread(target=server.serve_forever, daemon=True).start()
with tracer.start_as_current_span("errand") as span:
    headers = {"content-type": "application/json", "tracestate": "rojo=1"}
    inject(headers)
    headers["tracestate"] = "rojo=1"
    errand = [{"url": f"http://127.0.0.1:{server.server_port}/", "arguments": []}]
    request = urllib.request.Request(f"http://{relay}/test", json.dumps(errand).encode(), headers)
    assert urllib.request.urlopen(request).status == 200
    ours = span.get_span_context()
(theirs,) = seen
assert theirs.trace_id == ours.trace_id and theirs.span_id != ours.span_id, (ours, theirs)
assert theirs.is_remote and theirs.trace_flags.sampled and theirs.trace_state.get("rojo") == "1", theirs
print("a Python service is the child of the relay's request:", format(theirs.trace_id, "032x"))
