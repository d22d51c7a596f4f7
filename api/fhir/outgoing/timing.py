"""Spans and dates of a pathway as FHIR's timing: durations in UCUM, repetitions, and the anchors they count from."""

from collections.abc import Sequence
from datetime import time

from api.fhir.outgoing.parts import Resource, without_nothing
from api.fhir.told import UCUM
from pathways.language.schedule import Duration, Moment, Unit
from pathways.language.step import Window
from pathways.language.trigger import At, Every

AS_WRITTEN = "urn:tongxing:extension:as-written"
"""The extension that holds a time as the pathway has it, where FHIR has no exact word for it."""
_UNITS: dict[Unit, str] = {
    "second": "s",
    "minute": "min",
    "hour": "h",
    "day": "d",
    "week": "wk",
    "month": "mo",
    "year": "a",
    "working hour": "h",
    "working day": "d",
}
_WORDS = {"s": "秒", "min": "分钟", "h": "小时", "d": "天", "wk": "周", "mo": "个月", "a": "年"}


def duration(span: Duration, sign: int = 1) -> Resource:
    """A span as a FHIR Duration; working time says beside it that it is that."""
    code = _UNITS[span.unit]
    told: Resource = {"value": sign * span.amount, "unit": _WORDS[code], "system": UCUM, "code": code}
    return told | _as_written(str(span)) if span.working else told


def moment(at: Moment) -> Resource:
    """How long after its anchor (negative: before) a moment lies."""
    return duration(at.offset or Duration(amount=0, unit="day"), at.sign)


def window(visit: Window) -> Resource:
    """How far around its planned date a visit counts."""
    return {"low": duration(visit.early, -1), "high": duration(visit.late)}


def anchor(at: Moment) -> Resource:
    """The trigger that the anchor of a moment is."""
    name = f"anchor:{at.anchor}" if at.step is None else f"done:{at.step}"
    return {"type": "named-event", "name": name}


def planned(when: At) -> Resource:
    """The timing of what is planned for a moment: how far from its anchor, or at which time of that day."""
    if when.time is None:
        return {"timingDuration": moment(when.at)}
    return {"timingTiming": of_day([when.time]) | _as_written(f"{when.at}, {when.time:%H:%M}")}


def every(when: Every) -> Resource:
    """The timing of a repetition."""
    repeat = repetition(when.every, when.times) | without_nothing(
        {"timeOfDay": _clock([when.time] if when.time else [])}
    )
    said = f"every {when.every} from {when.from_}" + (f" until {when.until}" if when.until is not None else "")
    return {"repeat": repeat} | _as_written(said)


def repetition(span: Duration, times: int | None) -> Resource:
    """Once in every span, so many times."""
    return without_nothing({"count": times, "frequency": 1, "period": span.amount, "periodUnit": _UNITS[span.unit]})


def of_day(times: Sequence[time]) -> Resource:
    """The timing of what is done at times of the day."""
    return {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "timeOfDay": _clock(times)}}


def _clock(times: Sequence[time]) -> list[str]:
    return [f"{one:%H:%M:%S}" for one in times]


def _as_written(said: str) -> Resource:
    return {"extension": [{"url": AS_WRITTEN, "valueString": said}]}
