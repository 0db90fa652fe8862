"""Bookstores under load, each ill in a way of its own, and the alerts that are to say so."""

import contextlib
import http.client
import os
import pathlib
import socket
import sqlite3
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

READER = {"x-api-key": "reader-key"}
RESTOCK = ("POST", "/admin/books/1/restock", {"x-api-key": "keeper-key", "content-type": "application/json"})
BODY = b'{"copies":1}'
# What somebody does who finds everything in order.
ROUND = [
    ("GET", path, READER)
    for path in ["/", "/books?page=1", "/books/2", "/books/3/page", "/search?q=sea", "/books/4/related", "/books/9999"]
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Patient:
    """A bookstore with an ordinary visitor. Whoever has an illness overrides what makes it."""

    name = "well"
    alerts = ()
    settings = {}

    def __init__(self, bookstore, folder):
        self.bookstore, self.database = bookstore, pathlib.Path(folder, f"{self.name}.db")
        self.address = f"127.0.0.1:{free_port()}"
        self.process = None
        self.over, self.well = threading.Event(), threading.Event()
        self.threads = []
        self.failures = []

    def live(self):
        """Starts the program, and its visitor."""
        self.start()
        self.do(self.visit)

    def start(self):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "TELEMETRY_"))}
        said = {"TELEMETRY_SINKS": "prometheus", "TELEMETRY_DRAIN_INTERVAL": "0.1", "TELEMETRY_SAMPLE_RATIO": "1"}
        self.process = subprocess.Popen(
            [self.bookstore, "--listen", self.address, "--database", self.database],
            env=clean | said | self.settings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for line in self.process.stderr:
            if "http://" in line:
                break
        else:
            raise AssertionError(f"{self.name} does not start")
        # It goes on writing there: somebody has to read.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def fall_ill(self):
        pass

    def recover(self):
        self.well.set()

    def stop(self):
        self.over.set()
        self.well.set()
        for thread in self.threads:
            thread.join(20)
        if self.process:
            self.process.terminate()
            self.process.wait(20)
        assert not self.failures, (self.name, self.failures)

    def do(self, work):
        """Does something again and again on a thread of its own, until the end."""

        def run():
            try:
                work()
            except Exception as failure:
                if not self.over.is_set():
                    self.failures.append(repr(failure))

        thread = threading.Thread(target=run, daemon=True)
        self.threads.append(thread)
        thread.start()

    def visit(self):
        self.send_each(ROUND, 0.05, self.over)

    def send_each(self, requests, pause, until):
        """Sends requests in turn over one connection."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        while not until.is_set():
            for method, path, headers in requests:
                body = BODY if method == "POST" else None
                connection.request(method, path, body, headers)
                connection.getresponse().read()
                if until.wait(pause):
                    return

    def hold(self, seconds):
        """Sends a request whose body comes so late."""
        method, path, headers = RESTOCK
        host, port = self.address.split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            said = headers | {"host": self.address, "content-length": len(BODY), "connection": "close"}
            head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
            connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
            self.well.wait(seconds)
            connection.sendall(BODY)
            while connection.recv(4096):
                pass


class Failing(Patient):
    """Every second request fails: there is no such table."""

    name, alerts = "failing", ("HighErrorRate",)

    def fall_ill(self):
        self.do(lambda: self.send_each([("GET", "/reports/royalties", READER)], 0.05, self.well))


class Slow(Patient):
    """One request in ten waits 3 s for its body."""

    name, alerts = "slow", ("SlowRequests",)

    def fall_ill(self):
        def wait():
            while not self.well.is_set():
                self.hold(3)

        for _ in range(6):
            self.do(wait)


class Crowded(Patient):
    """Somebody else has locked the database, so that whoever writes keeps a connection; for less time than the
    program waits for a lock, so that nothing fails."""

    name, alerts = "crowded", ("PoolWaiters",)

    def fall_ill(self):
        self.do(self.lock)

    def lock(self):
        while not self.well.is_set():
            with contextlib.closing(sqlite3.connect(self.database, isolation_level=None, timeout=30)) as other:
                other.execute("BEGIN IMMEDIATE")
                for _ in range(8):
                    self.do(lambda: self.send_each([RESTOCK], 60, self.well))
                self.over.wait(4)
                other.execute("ROLLBACK")
            # Long enough for nobody to call the service slow.
            self.well.wait(25)


class Limited(Patient):
    """A client goes on though it is refused, 40 times a second."""

    name, alerts = "limited", ("RateLimitHits",)

    def fall_ill(self):
        greedy = [("GET", "/search?q=sea", {"x-api-key": "trial-key"})]
        for _ in range(2):
            self.do(lambda: self.send_each(greedy, 0.05, self.well))


class Overflowing(Patient):
    """The ring is small, and more requests are under way than it has slots."""

    name, alerts = "overflowing", ("SpansDropped",)
    settings = {"TELEMETRY_SPAN_RING_CAPACITY": "256"}

    def fall_ill(self):
        for _ in range(300):
            self.do(lambda: self.hold(4))


class Cut(Patient):
    """Nobody listens where spans are to go."""

    name, alerts = "cut", ("SinkErrors", "SinkSpansDropped")

    def __init__(self, bookstore, folder):
        super().__init__(bookstore, folder)
        self.collector = free_port()
        self.settings = {
            "TELEMETRY_SINKS": "prometheus,otlp",
            "TELEMETRY_OTLP_ENDPOINT": f"http://127.0.0.1:{self.collector}",
            "TELEMETRY_OTLP_RETRY_TIME": "0",
        }
        self.server = None

    def start(self):
        self.listen()
        super().start()

    def listen(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", self.collector), Accepting)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def leave(self):
        self.server.shutdown()
        self.server.server_close()
        self.server = None

    def fall_ill(self):
        self.leave()

    def recover(self):
        self.listen()
        super().recover()

    def stop(self):
        super().stop()
        if self.server:
            self.leave()


class Accepting(BaseHTTPRequestHandler):
    """A collector that takes everything. An empty message is the answer that says so."""

    # Each request on a connection of its own, so that nobody is left to talk to once it has gone.
    protocol_version = "HTTP/1.0"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.end_headers()

    def log_message(self, *_):
        pass


class Gone(Patient):
    """The program is no more."""

    name, alerts = "gone", ("TargetDown",)

    def visit(self):
        pass

    def fall_ill(self):
        self.process.terminate()
        self.process.wait(20)

    def recover(self):
        self.start()
        super().recover()


PATIENTS = [Patient, Failing, Slow, Crowded, Limited, Overflowing, Cut, Gone]
