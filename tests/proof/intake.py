"""The way in for facts and acts, in a process of its own: what the API does around its transactions, and no more.

    python -m tests.proof.intake --port N [--inbox off] [--sweeper off]

`POST /journeys`, `/results` and `/completions` answer once committed. The product's own settings say where everything
is. A result with `hold` is committed and answered, and its signal waits for `POST /go`: there a kill can be placed.
With the sweeper off a result is signalled once, directly; with the inbox off it is not kept for that either.
"""

import argparse
import asyncio
import json
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from activities.clock import utc_now
from pathways.engine.events import AnyEvent, TaskCompleted
from pathways.engine.ids import derive
from pathways.errors import EngineUnavailable, NotReady, Refused, TongxingError
from settings import Settings, read_settings
from store import inbox, journeys, observations, tasks
from store.database import Database, open_database
from worker import delivery_of, keyring_of
from workflows.acts import act
from workflows.client import connect
from workflows.delivery import Delivery
from workflows.journey import PatientJourney
from workflows.runs import workflow_id


class Intake(ThreadingHTTPServer):
    """Serves requests in threads; Temporal is spoken to on the main thread's loop."""

    daemon_threads = True

    def __init__(self, port: int, settings: Settings, *, keep: bool, sweep: bool) -> None:
        self.settings = settings
        self.database: Database = open_database(settings.database_url)
        self.loop = asyncio.new_event_loop()
        self.client: Future[Client] = Future()
        self.delivery: Delivery | None = None
        self.go = threading.Event()
        self.keep, self.sweep = keep, sweep
        super().__init__(("127.0.0.1", port), Desk)

    def run(self) -> None:
        """Listen at once; connect and deliver when Temporal is there."""
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        self.loop.run_until_complete(self._connect())

    def signal(self, events: Sequence[tuple[str, AnyEvent]]) -> None:
        """Tell journeys of what was committed, once."""
        asyncio.run_coroutine_threadsafe(self._signal(events), self.loop).result()

    def act(self, journey: str, event: AnyEvent) -> None:
        """Hand an act to its journey."""
        if not self.client.done():
            raise EngineUnavailable
        asyncio.run_coroutine_threadsafe(act(self.client.result(), journey, event), self.loop).result()

    async def _connect(self) -> None:
        settings = self.settings
        while not self.client.done():
            try:
                client = await connect(
                    settings.temporal_address,
                    settings.temporal_namespace,
                    keyring_of(settings),
                    within=timedelta(seconds=settings.temporal_wait_seconds),
                )
            except EngineUnavailable:
                continue
            self.client.set_result(client)
        if self.sweep:
            self.delivery = delivery_of(self.client.result(), self.database, settings)
            await self.delivery.run()
        await asyncio.Event().wait()

    async def _signal(self, events: Sequence[tuple[str, AnyEvent]]) -> None:
        client = await asyncio.wrap_future(self.client)
        for journey, event in events:
            try:
                await client.get_workflow_handle(workflow_id(journey)).signal(PatientJourney.deliver, event)
            except RPCError:
                return


class Desk(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    @property
    def intake(self) -> Intake:
        """The server of this request."""
        assert isinstance(self.server, Intake)
        return self.server

    def do_POST(self) -> None:
        """Commit, answer, signal."""
        given = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
        take = {"/journeys": self._start, "/results": self._result, "/completions": self._complete, "/go": self._go}
        try:
            take[self.path](given)
        except TongxingError as refused:
            self._answer(503 if refused.retryable else 409, {"code": refused.code})

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""

    def _go(self, given: dict[str, Any]) -> None:
        self.intake.go.set()
        self._answer(200, {})

    def _start(self, given: dict[str, Any]) -> None:
        now = utc_now()
        with self.intake.database.write() as session:
            start = journeys.Start(patient=given["patient"], pathway=given["pathway"], enrolled=now)
            journey = journeys.begin(session, start, by="proof", now=now).journey.id
        self._answer(201, {"journey": journey})
        self._prompt()

    def _result(self, given: dict[str, Any]) -> None:
        now = utc_now()
        result = observations.Result(
            source_system="proof",
            source_id=given["id"],
            patient=given["patient"],
            code=given["code"],
            value=given["value"],
            unit=given["unit"],
            effective=datetime.fromisoformat(given["effective"]),
            status="final",
            origin="device",
            version=1,
        )
        with self.intake.database.write() as session:
            taken = observations.take_in(session, result, now=now)
            rows = [row for id in taken.events if (row := inbox.read(session, id)) is not None]
            events = [(row.journey, inbox.event_of(row)) for row in rows]
            if not self.intake.keep:
                for row in rows:
                    session.delete(row)
        self._answer(202, {"state": "accepted"})
        if given.get("hold"):
            self.wfile.flush()
            self.intake.go.wait()
        if self.intake.sweep:
            self._prompt()
        else:
            self.intake.signal(events)

    def _complete(self, given: dict[str, Any]) -> None:
        now = utc_now()
        with self.intake.database.write() as session:
            task = tasks.read(session, given["task"])
            id = derive(task.id, "completion")
            event = TaskCompleted(id=id, received=now, task=task.id, by="proof", outcome=given["outcome"], at=now)
            row = inbox.add(session, journey=journeys.read(session, task.journey), event=event)
            if row.signalled_at is None:
                inbox.mark_signalled(session, [row.id], now=now)
            event = inbox.event_of(row)
            ahead = task.provisional is not None
        try:
            self.intake.act(task.journey, event)
        except (EngineUnavailable, NotReady):
            self._answer(202, {"state": "kept"})
        except Refused:
            if ahead:  # the journey has not come to it yet; the inbox hands it over behind its cause
                self._answer(202, {"state": "kept"})
                return
            with self.intake.database.write() as session:
                inbox.mark_refused(session, [event.id])
            raise
        else:
            self._answer(200, {"state": "taken"})

    def _prompt(self) -> None:
        if self.intake.delivery is not None:
            self.intake.delivery.prompt()

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Run until killed."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--inbox", choices=["on", "off"], default="on")
    options.add_argument("--sweeper", choices=["on", "off"], default="on")
    given = options.parse_args()
    Intake(given.port, read_settings(), keep=given.inbox == "on", sweep=given.sweeper == "on").run()


if __name__ == "__main__":
    main()
