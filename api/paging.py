"""Pages of a list: an opaque cursor says where the next one begins, so that nothing is skipped or shown twice."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, TypeVar, cast

from fastapi import Query
from pydantic import BaseModel, Field

from pathways.errors import Invalid

Item = TypeVar("Item")
Row = TypeVar("Row")

DEFAULT_LIMIT = 50
MOST = 200

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before.")]


class Page(BaseModel, Generic[Item]):
    """Part of a list."""

    items: list[Item]
    next: str | None = Field(None, description="Give it as `cursor` for the page after; none on the last page.")


def page_of(
    rows: Sequence[Row], limit: int, shown: Callable[[Row], Item], place: Callable[[Row], tuple[str | datetime, ...]]
) -> Page[Item]:
    """The page of at most `limit` of `rows`, which were asked for with one more to see whether there are more."""
    page = rows[:limit]
    following = write_cursor(*place(page[-1])) if len(rows) > limit else None
    return Page(items=[shown(row) for row in page], next=following)


def write_cursor(*place: str | datetime) -> str:
    """The cursor of a row's place in its order."""
    told = [part if isinstance(part, str) else part.isoformat() for part in place]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode()


def read_instant_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """The place (instant, id) that a cursor stands for.

    Raises:
        Invalid: it is not one of ours.
    """
    if cursor is None:
        return None
    try:
        instant, id = _read(cursor)
        at = datetime.fromisoformat(instant)
        if at.tzinfo is None:
            raise ValueError
    except ValueError:
        raise _not_ours() from None
    return at, id


def read_text_cursor(cursor: str | None) -> str | None:
    """The place (an id) that a cursor stands for; Invalid where it is not one of ours."""
    if cursor is None:
        return None
    (id,) = _texts(cursor, 1)
    return id


def read_texts_cursor(cursor: str | None) -> tuple[str, str, str] | None:
    """The place (three ids) that a cursor stands for; Invalid where it is not one of ours."""
    if cursor is None:
        return None
    first, second, third = _texts(cursor, 3)
    return first, second, third


def read_number_cursor(cursor: str | None) -> int | None:
    """The place (a number) that a cursor stands for; Invalid where it is not one of ours."""
    if cursor is None:
        return None
    (number,) = _numbers(cursor, 1)
    return number


def read_numbers_cursor(cursor: str | None) -> tuple[int, int] | None:
    """The place (two numbers) that a cursor stands for; Invalid where it is not one of ours."""
    if cursor is None:
        return None
    first, second = _numbers(cursor, 2)
    return first, second


def _texts(cursor: str, count: int) -> list[str]:
    try:
        told = _read(cursor)
    except ValueError:
        raise _not_ours() from None
    if len(told) != count:
        raise _not_ours()
    return told


def _numbers(cursor: str, count: int) -> list[int]:
    told = _texts(cursor, count)
    if not all(part.isascii() and part.isdigit() and len(part) < 18 for part in told):
        raise _not_ours()
    return [int(part) for part in told]


def _read(cursor: str) -> list[str]:
    try:
        told: object = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, RecursionError) as unreadable:
        raise ValueError from unreadable
    parts = cast(list[object], told) if isinstance(told, list) else []
    texts = [part for part in parts if isinstance(part, str) and part.isprintable()]
    if not texts or len(texts) < len(parts):
        raise ValueError
    return texts


def _not_ours() -> Invalid:
    return Invalid("The cursor is not one of ours.", hint="Begin with the first page.")
