"""What systems send in a few days, seeded: results of many patients, revised, sent twice, late and out of order."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from tests.proof.senders import WAYS, Person, Told, Way

Habit = Literal["well", "low", "high", "very-high", "raised", "crisis"]
HABITS: Mapping[str, tuple[Habit, ...]] = {
    "diabetes-management": ("well", "low", "high", "very-high"),
    "hypertension": ("well", "raised", "crisis"),
}
"""What a patient of the pathway may be like: each has one habit for the whole of the proof."""
TWICE, SHUFFLED, LATE, REVISED = 0.10, 0.10, 0.05, 0.02
SPAN = timedelta(hours=20)
"""So long before now the first was taken: all are fresh by every rule, whenever they arrive."""
LATE_BY = timedelta(hours=60)
"""So long before its time one that is late was taken: it is too old to be acted on, however it comes."""
GLUCOSE, SYSTOLIC, DIASTOLIC = ("14749-6", "mmol/L"), ("8480-6", "mm[Hg]"), ("8462-4", "mm[Hg]")
_GLUCOSE: Mapping[Habit, tuple[tuple[float, float], tuple[float, float]]] = {
    "well": ((4.6, 8.8), (4.6, 8.8)),
    "low": ((4.6, 8.8), (1.9, 3.7)),
    "high": ((10.4, 13.2), (10.4, 13.2)),
    "very-high": ((5.0, 9.0), (17.2, 26.0)),
}
_PRESSURE: Mapping[Habit, tuple[tuple[float, float], tuple[float, float]]] = {
    "well": ((104, 124), (62, 77)),
    "raised": ((138, 158), (84, 98)),
    "crisis": ((184, 214), (112, 128)),
}
STRIKING = 0.25
"""How many of a patient's glucoses are of the second kind."""


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Somebody on a pathway, and the way by which all of their results come."""

    person: Person
    pathway: str
    habit: Habit


@dataclass(frozen=True, kw_only=True)
class Stream:
    """What is sent, in the order in which it is sent, and what of it its sources say in the end."""

    sent: Sequence[tuple[Told, Way]]
    versions: Sequence[Told]

    @property
    def last(self) -> Sequence[Told]:
        """The last version of each result, in the order of their times."""
        newest: dict[str, Told] = {}
        for told in sorted(self.versions, key=lambda one: one.version):
            newest[told.id] = told
        return sorted(newest.values(), key=lambda one: (one.effective, one.id))


def habit_of(pathway: str, number: int) -> Habit:
    """What the patient with that number is like."""
    habits = HABITS[pathway]
    return habits[number % len(habits)]


def stream_of(patients: Sequence[Patient], size: int, *, seed: int, now: datetime) -> Stream:
    """So many results of these patients, with their revisions and repeats."""
    chance = random.Random(seed)
    versions: list[Told] = []
    for number in range(size):
        patient = patients[number % len(patients)]
        first = _result(patient, number, size, chance, now)
        versions.append(first)
        if chance.random() < REVISED:
            versions.append(_revised(first, chance))
    return Stream(sent=_in_disorder(versions, chance), versions=versions)


def way_of(told: Told) -> Way:
    """A result and its versions come by one way, since their source is one."""
    return WAYS[sum(map(ord, told.id)) % len(WAYS)]


def _result(patient: Patient, number: int, size: int, chance: random.Random, now: datetime) -> Told:
    taken = now - SPAN + SPAN * (number / size) + timedelta(seconds=chance.random())
    taken = taken.replace(microsecond=taken.microsecond // 1000 * 1000)  # as fine as every way can tell
    if chance.random() < LATE:
        taken -= LATE_BY
    code, unit, value = _measured(patient, chance)
    return Told(
        id=f"R{number}",
        version=1,
        person=patient.person,
        code=code,
        unit=unit,
        value=value,
        effective=taken,
        issued=taken + timedelta(minutes=1),
    )


def _measured(patient: Patient, chance: random.Random) -> tuple[str, str, float]:
    if patient.pathway == "diabetes-management":
        usual, striking = _GLUCOSE[patient.habit]
        low, high = striking if chance.random() < STRIKING else usual
        return (*GLUCOSE, round(chance.uniform(low, high), 1))
    systolic, diastolic = _PRESSURE[patient.habit]
    (code, unit), (low, high) = chance.choice([(SYSTOLIC, systolic), (DIASTOLIC, diastolic)])
    return code, unit, float(chance.randint(int(low), int(high)))


def _revised(first: Told, chance: random.Random) -> Told:
    """Its source takes it back, or says another value: that of a glucose is normal, so that what it caused is over."""
    later = {"version": 2, "issued": first.issued + timedelta(minutes=5)}
    if chance.random() < 0.5:
        return replace(first, status="entered-in-error", **later)
    value = 6.1 if first.code == GLUCOSE[0] else first.value + 1
    return replace(first, status="corrected", value=value, **later)


def _in_disorder(versions: Sequence[Told], chance: random.Random) -> Sequence[tuple[Told, Way]]:
    """In the order of their times, but for those that change places, come last, or come again."""
    sent = sorted(versions, key=lambda one: (one.issued, one.id))
    places = [place for place in range(len(sent)) if chance.random() < SHUFFLED]
    moved = [sent[place] for place in places]
    chance.shuffle(moved)
    for place, told in zip(places, moved, strict=True):
        sent[place] = told
    tardy = {place for place in range(len(sent)) if chance.random() < LATE}
    sent = [told for place, told in enumerate(sent) if place not in tardy] + [sent[place] for place in sorted(tardy)]
    for told in [told for told in sent if chance.random() < TWICE]:
        sent.insert(chance.randint(sent.index(told) + 1, len(sent)), told)
    return [(told, way_of(told)) for told in sent]
