"""Scrape targets for a real Prometheus, and a door in front of it that writes down what it was asked.

Enters: pods of load.py and a clock; requests of the controller. Leaves: expositions; a log of queries with their answers.
It deliberately changes one thing: the door asks for the whole second in which the question came, because time in the
simulator is whole seconds, and an answer to another millisecond is another answer.
"""

import json
import math
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(handler, port=0):
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


class Target:
    """A pod behind a port that is open while the pod listens."""

    def __init__(self, pod, clock):
        self.pod, self.clock, self.lock = pod, clock, threading.Lock()
        target = self

        class Handler(Quiet):
            def do_GET(self):
                now = target.clock()
                if target.pod.refused(now) or not target.pod.listens(now):
                    self.answer(503, "text/plain", b"")
                    return
                with target.lock:
                    text = target.pod.text(now)
                self.answer(200, "text/plain; version=0.0.4", text.encode())

        self.handler, self.server = Handler, None
        # Found now and kept for all lives.
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        server.server_close()

    def keep(self):
        """Opens or shuts the port as the script says; to be called often."""
        listens = self.pod.listens(self.clock())
        if listens and self.server is None:
            self.server = serve(self.handler, self.port)
        elif not listens and self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class Door:
    """Hands queries on, and remembers them."""

    def __init__(self, prometheus):
        self.prometheus, self.asked, self.lock = prometheus, [], threading.Lock()
        door = self

        class Handler(Quiet):
            def do_POST(self):
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                fields = dict(urllib.parse.parse_qsl(form, keep_blank_values=True))
                came = float(fields["time"])
                status, body = door.query(fields["query"], math.floor(came))
                with door.lock:
                    entry = {"query": fields["query"], "came": came, "at": math.floor(came), "answer": json.loads(body)}
                    door.asked.append(entry)
                self.answer(status, "application/json", body)

        self.server = serve(Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def query(self, query, at):
        form = urllib.parse.urlencode({"query": query, "time": at}).encode()
        try:
            with urllib.request.urlopen(f"{self.prometheus}/api/v1/query", form, timeout=20) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def clock():
    """Seconds since a moment that may still be set."""
    begin = [time.time()]
    return begin, lambda: time.time() - begin[0]
