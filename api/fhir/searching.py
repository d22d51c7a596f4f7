"""A search as it is written in FHIR, read into what is wanted; what is not supported is refused by its name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar, get_args

from api.fhir.incoming.answers import FORM
from api.fhir.kinds import Kind, Parameter
from api.fhir.outgoing.work import PATHWAY
from api.fhir.told import SYSTEMS, system_here
from api.mapping import SiteMapping
from api.outcomes import Issue, IssueCode, SearchRefused
from pathways.language.schedule import on_date, zone_named
from pathways.language.texts import Text
from store.matches import Dated, Prefix, Token, Wanted

Value = TypeVar("Value")

USUAL = 50
MOST = 200
_PREFIXES: Mapping[str, Prefix] = {one: one for one in get_args(Prefix)}
_CLOCK = r"T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?"
_DATE = re.compile(rf"([a-z]{{2}})?(\d{{4}})(?:-(\d\d)(?:-(\d\d)(?:{_CLOCK})?)?)?", re.ASCII)
_PARAMETER = re.compile(r"_?[a-z][a-zA-Z-]{0,40}")
_OFTEN = 20
"""How many conditions, and how many values of one, a search may have."""

_UNKNOWN = Text(zh="不支持检索参数{}。", en="The search parameter{} is not supported.")
_PRIVATE = Text(
    zh="参数 {0} 涉及个人信息，不能写在地址里：请用 POST {1}/_search，把参数放在请求正文中。",
    en="Parameter {0} says something of a person and may not stand in an address: use POST {1}/_search with a form.",
)
_MODIFIER = Text(
    zh="不支持带修饰符或链式的检索参数。", en="Modifiers and chains of search parameters are not supported."
)
_BAD_DATE = Text(
    zh="参数 {} 应为日期，可加前缀 eq ne gt ge lt le，例如 ge2026-01-05。",
    en="Parameter {} takes a date with one of the prefixes eq ne gt ge lt le, such as ge2026-01-05.",
)
_BAD_DAY = Text(zh="参数 {} 应为完整日期，例如 1961-03-02。", en="Parameter {} takes a whole day, such as 1961-03-02.")
_BAD_COUNT = Text(zh="_count 应为正整数。", en="_count takes a whole number above zero.")
_TOO_MANY = Text(zh="检索条件过多。", en="There are too many conditions.")
_EMPTY = Text(zh="参数 {} 没有值。", en="Parameter {} has no value.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A parameter as it was written; `public`: it stood in an address."""

    name: str
    value: str
    public: bool


@dataclass(frozen=True, kw_only=True)
class Search:
    """A search that can be run: `used` are the parameters that count, `in_address` those that may be shown."""

    wanted: Wanted
    count: int
    used: Sequence[tuple[str, str]]
    in_address: Sequence[tuple[str, str]]


def read(
    kind: Kind, told: Sequence[Told], *, zone: str, mapping: SiteMapping, base: str, lenient: bool = False
) -> Search:
    """Read the parameters of a search over a type; `lenient` passes over those that are not known.

    Raises:
        SearchRefused: a parameter is not supported, has no value of its kind, or may not stand in an address.
    """
    if len(told) > _OFTEN:
        raise _refused("too-long", _TOO_MANY)
    wanted = Wanted()
    count, used, shown = USUAL, list[tuple[str, str]](), list[tuple[str, str]]()
    for one in told:
        if one.name in ("_format", "_pretty"):
            continue
        if one.name == "_count":
            count = _count(one.value)
        else:
            parameter = _parameter(kind, one, lenient=lenient)
            if parameter is None:
                continue
            wanted = _narrowed(wanted, parameter, _values(parameter, one.value), zone=zone, mapping=mapping, base=base)
        used.append((one.name, one.value))
        if one.public:
            shown.append((one.name, one.value))
    return Search(wanted=wanted, count=count, used=used, in_address=shown)


def _parameter(kind: Kind, told: Told, *, lenient: bool) -> Parameter | None:
    name, *modifiers = re.split("[:.]", told.name)
    parameter = kind.parameter(name)
    if parameter is not None and parameter.private and told.public:
        raise _refused("security", _filled(_PRIVATE, parameter.name, kind.type))
    if parameter is not None and not modifiers:
        return parameter
    if lenient:
        return None
    if parameter is not None:
        raise _refused("not-supported", _MODIFIER)
    # The name can be anything that a caller wrote, so it is repeated only where it looks like one.
    repeated = f" {name}" if _PARAMETER.fullmatch(name) else ""
    raise _refused("not-supported", _filled(_UNKNOWN, repeated))


def _values(parameter: Parameter, text: str) -> tuple[str, ...]:
    values = tuple(one.strip().replace("\0", ",") for one in text.replace("\0", "").replace("\\,", "\0").split(","))
    if len(values) > _OFTEN * 5:
        raise _refused("too-long", _TOO_MANY)
    if not all(values) or any(not one.isprintable() or len(one) > 400 for one in values):
        raise _refused("value", _filled(_EMPTY, parameter.name))
    return values


def _narrowed(
    wanted: Wanted, parameter: Parameter, values: tuple[str, ...], *, zone: str, mapping: SiteMapping, base: str
) -> Wanted:
    match parameter.means:
        case "id":
            return _with(wanted, ids=values)
        case "patient":
            return _with(wanted, patients=tuple(_id_in(one, "Patient", base) for one in values))
        case "state":
            return _with(wanted, states=tuple(one.rpartition("|")[2] for one in values))
        case "code":
            return _with(wanted, codes=tuple(_code(one) for one in values))
        case "identifier":
            named = (_identifier(one, parameter) for one in values)
            here = (replace(one, system=one.system and system_here(one.system, mapping)) for one in named)
            return _with(wanted, identifiers=tuple(here))
        case "source":
            return _with(wanted, identifiers=tuple(_identifier(one, parameter) for one in values))
        case "date":
            return _with(wanted, dates=tuple(_dated(one, zone, parameter) for one in values))
        case "updated":
            return _with(wanted, updated=tuple(_dated(one, zone, parameter) for one in values))
        case "journey":
            return _other(wanted, "journey", tuple(_id_in(one, "CarePlan", base) for one in values))
        case "born":
            return _other(wanted, "born", tuple(_day(one, parameter) for one in values))
        case "category" | "phone":
            return _other(wanted, parameter.means, tuple(one.rpartition("|")[2] for one in values))
        case "pathway":
            return _other(wanted, "pathway", tuple(one.removeprefix(PATHWAY) for one in values))
        case "form":
            return _other(wanted, "form", tuple(one.removeprefix(FORM) for one in values))
        case "name" | "checksum":
            return _other(wanted, parameter.means, values)


def _with(
    wanted: Wanted,
    *,
    ids: tuple[str, ...] = (),
    patients: tuple[str, ...] = (),
    states: tuple[str, ...] = (),
    codes: tuple[Token, ...] = (),
    identifiers: tuple[Token, ...] = (),
    dates: tuple[Dated, ...] = (),
    updated: tuple[Dated, ...] = (),
) -> Wanted:
    """What was wanted, and one condition more."""
    return replace(
        wanted,
        ids=(*wanted.ids, *_one(ids)),
        patients=(*wanted.patients, *_one(patients)),
        states=(*wanted.states, *_one(states)),
        codes=(*wanted.codes, *_one(codes)),
        identifiers=(*wanted.identifiers, *_one(identifiers)),
        dates=(*wanted.dates, *_one(dates)),
        updated=(*wanted.updated, *_one(updated)),
    )


def _other(wanted: Wanted, name: str, values: tuple[str, ...]) -> Wanted:
    return replace(wanted, others={**wanted.others, name: (*wanted.others.get(name, ()), values)})


def _one(values: tuple[Value, ...]) -> tuple[tuple[Value, ...], ...]:
    return (values,) if values else ()


def _id_in(text: str, type: str, base: str) -> str:
    relative = text.removeprefix(base)
    kind, slash, id = relative.partition("/")
    return relative if not slash else (id if kind == type else "")


def _code(text: str) -> Token:
    system, bar, code = text.rpartition("|")
    return Token(value=code, system=SYSTEMS.get(system, system) if bar and system else None)


def _identifier(text: str, parameter: Parameter) -> Token:
    system, bar, value = text.partition("|")
    if not bar:
        return Token(value=text)
    if not value:
        raise _refused("value", _filled(_EMPTY, parameter.name))
    return Token(value=value, system=system or None)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise _refused("value", _BAD_COUNT)
    return min(int(text), MOST)


def _day(text: str, parameter: Parameter) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _refused("value", _filled(_BAD_DAY, parameter.name)) from None


def _dated(text: str, zone: str, parameter: Parameter) -> Dated:
    """A comparison with the day, month, year, minute, second or fraction that was written, in the hospital's zone."""
    # A plus sign that was not escaped arrives as a space.
    found = _DATE.fullmatch(text.replace(" ", "+"))
    prefix = None if found is None else _PREFIXES.get(found[1] or "eq")
    if found is None or prefix is None:
        raise _refused("value", _filled(_BAD_DATE, parameter.name))
    try:
        low, high = _lasting(found, zone)
    except (ValueError, OverflowError):
        raise _refused("value", _filled(_BAD_DATE, parameter.name)) from None
    return Dated(prefix=prefix, low=low, high=high)


def _lasting(found: re.Match[str], zone: str) -> tuple[datetime, datetime]:
    year, month, day = int(found[2]), int(found[3] or 1), int(found[4] or 1)
    if not 1850 <= year <= 2200:
        raise ValueError
    if found[5] is None:
        first = date(year, month, day)
        if found[3] is None:
            after = date(year + 1, 1, 1)
        elif found[4] is None:
            after = date(year + month // 12, month % 12 + 1, 1)
        else:
            after = first + timedelta(days=1)
        return on_date(first, time(), zone), on_date(after, time(), zone)
    clock = f"{found[5]}:{found[6]}:{found[7] or '00'}{found[8] or ''}"
    at = datetime.fromisoformat(f"{year:04}-{month:02}-{day:02}T{clock}{found[9] or ''}")
    at = (at if at.tzinfo is not None else at.replace(tzinfo=zone_named(zone))).astimezone(UTC)
    if found[8] is not None:
        return at, at + timedelta(milliseconds=1)
    return at, at + (timedelta(minutes=1) if found[7] is None else timedelta(seconds=1))


def _filled(text: Text, *parts: str) -> Text:
    return Text(zh=text.zh.format(*parts), en=text.en.format(*parts))


def _refused(code: IssueCode, what: Text) -> SearchRefused:
    return SearchRefused(Issue(code=code, what=what))
