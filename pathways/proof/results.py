"""The results that a play observes: each gets its code, its version and its time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast, get_args

from pathways.engine.events import ResultReceived
from pathways.engine.journey import Origin, ResultStatus, Scalar
from pathways.language.definition import Data
from pathways.language.names import did_you_mean
from pathways.language.units import convert
from pathways.proof.days import Days

_MEASURED = re.compile(r"(<=|>=|<|>)? *(-?[0-9]+(?:\.[0-9]+)?) *([^\s0-9.]\S*)")
_STATUSES: tuple[str, ...] = get_args(ResultStatus)
_ORIGINS = ("laboratory", "device", "patient")
_SAID = ("as", "status", "from", "effective", "version", "code")


class Unfit(ValueError):
    """A key of `observe` that does not fit; `key` None is the whole of it."""

    def __init__(self, key: str | None, what: str, expected: str) -> None:
        super().__init__(what, expected)
        self.key, self.what, self.expected = key, what, expected


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    number: int
    effective: datetime


class Results:
    """Reads the results of a play in their order: later versions lean on earlier ones."""

    def __init__(self, data: Mapping[str, Data], days: Days) -> None:
        self._data = data
        self._days = days
        self._versions: dict[str, _Version] = {}

    def read(self, written: Mapping[str, Scalar], *, id: str, now: datetime) -> list[ResultReceived]:
        """The results that the written ones are, several of them a panel; Unfit says what is wrong."""
        names, called = self._named(written), _text(written, "as", id)
        if len(names) == 1:
            return [self._one(written, names[0], id=id, result=called, panel=None, now=now)]
        for key in ("version", "code"):
            if key in written:
                raise Unfit(key, f"'{key}' of several results", "expected it in a line of one result")
        return [
            self._one(written, name, id=f"{id}/{name}", result=f"{called}/{name}", panel=called, now=now)
            for name in names
        ]

    def _one(
        self, written: Mapping[str, Scalar], name: str, *, id: str, result: str, panel: str | None, now: datetime
    ) -> ResultReceived:
        before = self._versions.get(result)
        version = self._version(written, before)
        effective = self._effective(written, now if before is None else before.effective)
        self._versions[result] = _Version(number=version, effective=effective)
        found = _MEASURED.fullmatch(_shown(written[name]))
        unit = None if found is None else found[3]
        value = None if found is None else float(found[2])
        return ResultReceived(
            id=id,
            received=now,
            result=result,
            version=version,
            status=cast("ResultStatus", _one_of(written, "status", _STATUSES, "final")),
            code=_code(written, self._data[name], value, unit),
            effective=effective,
            value=value,
            comparator=None if found is None else cast('Literal["<", "<=", ">", ">="] | None', found[1]),
            unit=unit,
            text=_shown(written[name]) if found is None else None,
            panel=panel,
            origin=cast("Origin", _one_of(written, "from", _ORIGINS, "device")),
        )

    def _named(self, written: Mapping[str, Scalar]) -> list[str]:
        names = [key for key in written if key not in _SAID]
        for key in names:
            if key not in self._data:
                known = did_you_mean(key, (*self._data, *_SAID)).removeprefix("; ")
                raise Unfit(key, f"'{key}' is none of the pathway's data", known)
        if not names:
            raise Unfit(None, "a result of none", "expected one of the pathway's data in each result")
        return names

    def _version(self, written: Mapping[str, Scalar], before: _Version | None) -> int:
        version = written.get("version")
        if version is None:
            return 1 if before is None else before.number + 1
        if isinstance(version, str | bool) or not float(version).is_integer() or version < 1:
            raise Unfit("version", f"'version' is {_shown(version)}", "expected a whole number from 1")
        return int(version)

    def _effective(self, written: Mapping[str, Scalar], otherwise: datetime) -> datetime:
        if "effective" not in written:
            return otherwise
        try:
            return self._days.instant(_text(written, "effective", ""))
        except ValueError as error:
            raise Unfit("effective", str(error), "write 'day N HH:MM'") from None


def _code(written: Mapping[str, Scalar], data: Data, value: float | None, unit: str | None) -> str:
    """The code that it says, else the first one of the data that can come in that unit, else the first."""
    if "code" in written:
        return _one_of(written, "code", data.observation, "")
    if value is not None and unit is not None:
        for code in data.observation:
            if convert(value, code=code, unit=unit, to=data.unit) is not None:
                return code
    return data.observation[0]


def _one_of(written: Mapping[str, Scalar], key: str, known: tuple[str, ...], otherwise: str) -> str:
    text = _text(written, key, otherwise)
    if text not in known and key in written:
        raise Unfit(key, f"'{key}' cannot be '{text}'", did_you_mean(text, known).removeprefix("; "))
    return text


def _text(written: Mapping[str, Scalar], key: str, otherwise: str) -> str:
    value = written.get(key, otherwise)
    if not isinstance(value, str):
        raise Unfit(key, f"'{key}' is {_shown(value)}", "expected a text")
    return value


def _shown(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{value:g}"
