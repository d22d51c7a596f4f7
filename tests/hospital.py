"""A hospital system as a process of its own: it books visits, cancels them, and remembers what it was asked for.

`python -m tests.hospital PORT` answers `POST /book-visit` and `POST /cancel-visit` idempotently by key, and
`GET /visits` with what stands. `POST /trouble` with `{status, times}` makes the next calls fail.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx


@dataclass
class Hospital:
    """What the system knows: visits by the call that booked them, answers by key."""

    visits: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    answers: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    asked: int = 0
    trouble: dict[str, int] = field(default_factory=lambda: {"status": 0, "times": 0})

    def answer(self, name: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """The same key again is the same call."""
        if key in self.answers:
            return self.answers[key]
        if name == "book-visit":
            self.visits[key] = {"state": "booked", "patient": body["patient"], **body["arguments"]}
            self.answers[key] = {"booking": f"B-{len(self.visits)}", "department": "stomatology"}
        elif name == "cancel-visit":
            self.visits[body["undoes"]]["state"] = "cancelled"
            self.answers[key] = {}
        return self.answers[key]


def _handler(hospital: Hospital) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, {"visits": list(hospital.visits.values()), "asked": hospital.asked})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/trouble":
                hospital.trouble = body
                return self._say(200, {})
            hospital.asked += 1
            if hospital.trouble["times"] > 0:
                hospital.trouble["times"] -= 1
                return self._say(hospital.trouble["status"], {})
            return self._say(200, hospital.answer(self.path[1:], self.headers["Idempotency-Key"], body))

        def _say(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def hospital_process() -> Generator[str]:
    """Start the system and give its address; it ends with the block."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "tests.hospital", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                httpx.get(f"{url}/visits", timeout=1)
                break
            except httpx.HTTPError:
                assert process.poll() is None, "the hospital system did not start"
                assert time.monotonic() < deadline, "the hospital system does not answer"
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def visits_at(url: str) -> list[dict[str, Any]]:
    """What stands at the hospital."""
    return httpx.get(f"{url}/visits", timeout=5).json()["visits"]


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), _handler(Hospital())).serve_forever()
