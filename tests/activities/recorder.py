"""A provider of messages that remembers what it was given, on a real socket; it may lose answers, and ignore keys."""

import json
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass(kw_only=True)
class Recorder:
    """What it was told, and how it answers next: a status, or `hang-up` after it took the message."""

    honours_keys: bool = True
    answers: list[int | str] = field(default_factory=list[int | str])
    told: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """Every time that somebody was told something."""
    seen: set[str] = field(default_factory=set[str])
    url: str = ""

    def take(self, message: dict[str, str]) -> int | str:
        answer = self.answers.pop(0) if self.answers else 200
        if answer in (200, "hang-up") and not (self.honours_keys and message["key"] in self.seen):
            self.told.append(message)
            self.seen.add(message["key"])
        return answer


@contextmanager
def trickling(*, every: float) -> Generator[str]:
    """A provider whose answers come a byte at a time and never end."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while not over.wait(every):
                    self.wfile.write(b" ")

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Nothing of a message is printed."""

    over = Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def recording(recorder: Recorder) -> Generator[Recorder]:
    """Serve on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["Idempotency-Key"] == body["key"]
            answer = recorder.take(body)
            if isinstance(answer, int):
                self.answer(answer, {"outcome": "accepted", "id": f"p-{body['key']}"})

        def do_GET(self) -> None:
            key = self.path.rpartition("/")[2]
            self.answer(200 if key in recorder.seen else 404, {"outcome": "delivered", "id": f"p-{key}"})

        def answer(self, status: int, body: dict[str, str]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Retry-After", "60")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing of a message is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    recorder.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
