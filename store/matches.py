"""Rows that fit a search, in the order in which they last changed: one description a table, one query for all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

from sqlalchemy import ColumnElement, Select, Text, and_, false, func, literal, or_, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from store import tables
from store.database import Session

_WHOLE = len("2026-01-05 09:00:00.000000")

Row = TypeVar("Row", bound=tables.Base)
Prefix = Literal["eq", "ne", "gt", "ge", "lt", "le"]
Column = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A code or identifier; without a system that of any."""

    value: str
    system: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A comparison with a day, month or instant, which lasts from `low` to before `high`."""

    prefix: Prefix
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is searched for: each condition is one of several, and all conditions must hold."""

    ids: tuple[tuple[str, ...], ...] = ()
    patients: tuple[tuple[str, ...], ...] = ()
    states: tuple[tuple[str, ...], ...] = ()
    codes: tuple[tuple[Token, ...], ...] = ()
    identifiers: tuple[tuple[Token, ...], ...] = ()
    dates: tuple[tuple[Dated, ...], ...] = ()
    updated: tuple[tuple[Dated, ...], ...] = ()
    others: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict[str, tuple[tuple[str, ...], ...]])
    """What one kind of row alone is asked for, by the names in its `Shelf`."""


@dataclass(frozen=True, kw_only=True)
class Shelf(Generic[Row]):
    """Where rows of a kind are, and which of their columns a search means."""

    table: type[Row]
    id: Column
    updated: Column
    rows: Select[Row]
    patient: Column | None = None
    state: Column | None = None
    start: Column | None = None
    end: Column | None = None
    """Of what lasts; without it everything is an instant."""
    lasts: bool = False
    """What has begun and has no end lasts still."""
    code: Column | None = None
    code_system: Column | None = None
    systems: tuple[str, ...] = ()
    """Of codes that have no column for their system: what they are of."""
    identified: Callable[[Token], ColumnElement[bool]] | None = None
    others: Mapping[str, Callable[[str], ColumnElement[bool]]] = field(
        default_factory=dict[str, Callable[[str], ColumnElement[bool]]]
    )


def find(
    session: Session, shelf: Shelf[Row], wanted: Wanted, *, after: tuple[datetime, str] | None = None, limit: int
) -> Sequence[tuple[Row, datetime]]:
    """Rows that fit, each with when it last changed, the longest ago first; `after` is the place of the last seen."""
    changed = _comparable(session, shelf.updated)
    rows = shelf.rows.where(*_conditions(session, shelf, wanted))
    if after is not None:
        at, id = _bound(session, after[0]), after[1]
        rows = rows.where(or_(changed > at, and_(changed == at, shelf.id > id)))
    found = session.execute(rows.add_columns(shelf.updated).order_by(changed, shelf.id).limit(limit)).all()
    return [(row, at) for row, at in found]


def read(session: Session, shelf: Shelf[Row], id: str) -> tuple[Row, datetime] | None:
    """The row of that id with when it last changed; None where there is none."""
    found = find(session, shelf, Wanted(ids=((id,),)), limit=1)
    return found[0] if found else None


def _conditions(session: Session, shelf: Shelf[Row], wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [_among(shelf.id, ids) for ids in wanted.ids]
    conditions += [_among(shelf.patient, patients) for patients in wanted.patients]
    conditions += [_among(shelf.state, states) for states in wanted.states]
    conditions += [_any(_coded(shelf, token) for token in tokens) for tokens in wanted.codes]
    conditions += [_any(_identified(shelf, token) for token in tokens) for tokens in wanted.identifiers]
    conditions += [_any(_dated(session, shelf, one) for one in dates) for dates in wanted.dates]
    conditions += [_any(_at(session, shelf.updated, one) for one in dates) for dates in wanted.updated]
    for name, all_ in wanted.others.items():
        fits = shelf.others.get(name, _nothing)
        conditions += [_any(fits(value) for value in values) for values in all_]
    return conditions


def _nothing(_: str) -> ColumnElement[bool]:
    return false()


def _among(column: Column | None, values: Sequence[str]) -> ColumnElement[bool]:
    return false() if column is None else column.in_(values)


def _any(conditions: Any) -> ColumnElement[bool]:
    return or_(false(), *conditions)


def _coded(shelf: Shelf[Row], token: Token) -> ColumnElement[bool]:
    if shelf.code is None:
        return false()
    has = shelf.code == token.value
    if token.system is None:
        return has
    if shelf.code_system is not None:
        return and_(has, shelf.code_system == token.system)
    return has if token.system in shelf.systems else false()


def _identified(shelf: Shelf[Row], token: Token) -> ColumnElement[bool]:
    return false() if shelf.identified is None else shelf.identified(token)


def _dated(session: Session, shelf: Shelf[Row], wanted: Dated) -> ColumnElement[bool]:
    """FHIR's comparison of a period with a period; what has no start fits nothing."""
    if shelf.start is None:
        return false()
    if shelf.end is None:
        return _at(session, shelf.start, wanted)
    start, low, high = _comparable(session, shelf.start), _bound(session, wanted.low), _bound(session, wanted.high)
    end = _comparable(session, shelf.end if shelf.lasts else func.coalesce(shelf.end, shelf.start))
    endless = and_(shelf.start.is_not(None), shelf.end.is_(None)) if shelf.lasts else false()
    within = and_(start >= low, end < high)
    match wanted.prefix:
        case "eq":
            return within
        case "ne":
            return and_(shelf.start.is_not(None), or_(endless, start < low, end >= high))
        case "gt":
            return or_(endless, end >= high)
        case "ge":
            return or_(endless, end >= low)
        case "lt":
            return start < low
        case "le":
            return start < high


def _at(session: Session, column: Column, wanted: Dated) -> ColumnElement[bool]:
    at, low, high = _comparable(session, column), _bound(session, wanted.low), _bound(session, wanted.high)
    match wanted.prefix:
        case "eq":
            return and_(at >= low, at < high)
        case "ne":
            return or_(at < low, at >= high)
        case "gt":
            return at >= high
        case "ge":
            return at >= low
        case "lt":
            return at < low
        case "le":
            return at < high


def _comparable(session: Session, column: Any) -> ColumnElement[Any]:
    """The instant as its database orders it: SQLite keeps texts, some with fractions of a second and some without."""
    if not _is_sqlite(session):
        return column
    return func.substr(type_coerce(column, Text()) + ".000000", 1, _WHOLE)


def _bound(session: Session, at: datetime) -> ColumnElement[Any]:
    """A given instant, to be compared with one."""
    if _is_sqlite(session):
        return literal(at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"), Text())
    return literal(at, tables.UTCDateTime())


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
