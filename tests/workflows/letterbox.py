"""A small workflow through which every kind of payload passes, in a module of its own as the sandbox wants it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    kind: Literal["text"] = "text"
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    kind: Literal["dated"] = "dated"
    on: date
    at: datetime
    within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    parts: tuple[Text | Dated, ...]


@activity.defn
async def stamp(words: str) -> str:
    return f"stamped {words}"


@activity.defn
async def refuse(words: str) -> None:
    raise ApplicationError(f"refused {words}", words, type="Refused", non_retryable=True)


@workflow.defn
class Letterbox:
    def __init__(self) -> None:
        self._signalled = ""
        self._closed = False

    @workflow.run
    async def run(self, letter: Letter) -> Letter:
        await workflow.wait_condition(lambda: self._closed)
        words = await workflow.execute_activity(
            stamp, self._signalled, start_to_close_timeout=timedelta(seconds=10), summary=self._signalled
        )
        words = await workflow.execute_local_activity(stamp, words, start_to_close_timeout=timedelta(seconds=10))
        workflow.upsert_memo({"note": words})
        return Letter(parts=(*letter.parts, Text(words=words)))

    @workflow.signal
    def put(self, words: str) -> None:
        self._signalled = words

    @workflow.update
    def close(self, words: str) -> str:
        self._closed = True
        return f"closed {words}"

    @workflow.query
    def content(self, words: str) -> str:
        return f"{words}: {self._signalled}"


@workflow.defn
class RefusingLetterbox:
    @workflow.run
    async def run(self, words: str) -> None:
        await workflow.execute_activity(refuse, words, start_to_close_timeout=timedelta(seconds=10))


@workflow.defn
class SlowLetterbox:
    @workflow.run
    async def run(self, days: int) -> datetime:
        for _ in range(days):
            await workflow.sleep(timedelta(days=1))
        return workflow.now()
