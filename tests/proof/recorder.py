"""A message provider in a process of its own that remembers every request it was ever sent.

    python -m tests.proof.recorder --port N --file F --keys honoured|ignored [--seed N] [--slow SHARE] [--drop SHARE]

It speaks what `activities/channels/provider.py` does. A request is on the disk before anything is answered; at seeded
points the answer then comes late, or the connection is cut. `GET /requests` tells what arrived, `GET /open` how many
requests are being answered, `POST /hold` lets it answer nothing more until `POST /resume`.
"""

import argparse
import json
import random
import socket
import sqlite3
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SLOW_SECONDS = (0.2, 1.5)
TABLE = """CREATE TABLE IF NOT EXISTS requests
    (number INTEGER PRIMARY KEY, key TEXT, header TEXT, recipient TEXT, text TEXT, urgent INTEGER, told INTEGER)"""


class Book:
    """The requests in the order of their arrival, each committed to the disk before it is answered."""

    def __init__(self, file: Path, *, honours_keys: bool) -> None:
        self._honours_keys = honours_keys
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(TABLE)

    def write(self, body: dict[str, Any], header: str | None) -> None:
        """Keep a request; it tells its recipient unless the key was honoured before."""
        with self._lock:
            repeat = self._honours_keys and self._known(body["key"])
            self._connection.execute(
                "INSERT INTO requests (key, header, recipient, text, urgent, told) VALUES (?, ?, ?, ?, ?, ?)",
                (body["key"], header, body["recipient"], body["text"], body["urgent"], not repeat),
            )

    def knows(self, key: str) -> bool:
        """Whether the key was ever seen."""
        with self._lock:
            return self._known(key)

    def all(self) -> list[dict[str, Any]]:
        """Every request."""
        with self._lock, closing(self._connection.execute("SELECT * FROM requests ORDER BY number")) as rows:
            names = [column[0] for column in rows.description]
            return [dict(zip(names, row, strict=True)) for row in rows]

    def _known(self, key: str) -> bool:
        return self._connection.execute("SELECT 1 FROM requests WHERE key = ?", (key,)).fetchone() is not None


class Provider(ThreadingHTTPServer):
    """Answers requests; `slow` and `drop` are shares of them."""

    daemon_threads = True

    def __init__(self, port: int, book: Book, *, seed: int, slow: float, drop: float) -> None:
        self.book = book
        self.open = 0
        self.answering = threading.Event()
        self.answering.set()
        self._slow, self._drop = slow, drop
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Desk)

    def trouble(self) -> tuple[float, bool]:
        """How long the next answer takes, and whether the connection is cut instead."""
        with self._lock:
            wait = self._chance.uniform(*SLOW_SECONDS) if self._chance.random() < self._slow else 0.0
            return wait, self._chance.random() < self._drop

    def count(self, change: int) -> None:
        """One more or one less is being answered."""
        with self._lock:
            self.open += change


class Desk(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    @property
    def provider(self) -> Provider:
        """The server of this request."""
        assert isinstance(self.server, Provider)
        return self.server

    def do_POST(self) -> None:
        """Take a message, or an order on how to behave."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path == "/messages":
            self._take(json.loads(body))
            return
        (self.provider.answering.clear if self.path == "/hold" else self.provider.answering.set)()
        self._answer(200, {})

    def do_GET(self) -> None:
        """Tell what became of a message, or what was recorded."""
        if self.path == "/requests":
            self._answer(200, self.provider.book.all())
        elif self.path == "/open":
            self._answer(200, self.provider.open)
        else:
            key = self.path.removeprefix("/messages/")
            known = self.provider.book.knows(key)
            self._answer(200 if known else 404, {"outcome": "accepted", "id": key} if known else {})

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""

    def _take(self, message: dict[str, Any]) -> None:
        self.provider.count(1)
        try:
            wait, drop = self.provider.trouble()
            self.provider.book.write(message, self.headers.get("Idempotency-Key"))
            time.sleep(wait)
            self.provider.answering.wait()
            if drop and message["urgent"]:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self._answer(200, {"outcome": "accepted", "id": message["key"]})
        finally:
            self.provider.count(-1)

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:  # who asked is dead
            self.close_connection = True


def main() -> None:
    """Run until killed."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--file", type=Path, required=True)
    options.add_argument("--keys", choices=["honoured", "ignored"], required=True)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--slow", type=float, default=0.0)
    options.add_argument("--drop", type=float, default=0.0)
    given = options.parse_args()
    book = Book(given.file, honours_keys=given.keys == "honoured")
    Provider(given.port, book, seed=given.seed, slow=given.slow, drop=given.drop).serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
