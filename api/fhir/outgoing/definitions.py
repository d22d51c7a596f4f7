"""PlanDefinition: a release, its tracks as actions with what starts them, its steps with their timing."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from api.fhir.outgoing import timing
from api.fhir.outgoing.parts import Resource, Showing, in_english, instant, named, resource, without_nothing
from api.fhir.outgoing.steps import steps_of
from api.fhir.outgoing.work import PATHWAY
from api.fhir.told import LOINC
from pathways.language.definition import Track
from pathways.language.release import Release
from pathways.language.trigger import (
    Answered,
    AnyTrigger,
    At,
    Becomes,
    Every,
    Missed,
    Named,
    Observed,
    Outcome,
    Overdue,
    Silent,
    Unanswered,
)
from store import releases, tables

_TYPES = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
CEL = "text/cel"
"""The media type of the pathways' conditions, Common Expression Language."""


def show(showing: Showing, row: tables.Release, updated: datetime) -> Resource:
    """A published release."""
    del showing
    return definition(releases.load(row), published=updated, demonstration=row.demonstration)


def definition(release: Release, *, published: datetime, demonstration: bool) -> Resource:
    """The PlanDefinition of a release."""
    pathway = release.pathway
    return resource("PlanDefinition", release.checksum, updated=published, version=1) | without_nothing(
        {
            "url": f"{PATHWAY}{pathway.pathway}",
            "version": release.checksum,
            "name": pathway.pathway,
            "title": pathway.title.zh,
            "_title": in_english(pathway.title),
            "type": {"coding": [{"system": _TYPES, "code": "clinical-protocol"}]},
            "status": "active",
            "experimental": demonstration,
            "date": instant(published),
            "relatedArtifact": [{"type": "documentation", "display": one} for one in pathway.evidence],
            "action": [
                _track(release, number, name, track) for number, (name, track) in enumerate(pathway.tracks.items(), 1)
            ],
        }
    )


def _track(release: Release, number: int, name: str, track: Track) -> Resource:
    words = named(release, "track", name)
    conditions = [*_conditions(track.when)]
    if track.unless is not None:
        conditions.append(condition(f"!({track.unless})"))
    return without_nothing(
        {
            "id": str(number),
            "title": words["text"],
            "code": [words],
            "priority": "urgent" if track.safety else "routine",
            "trigger": _triggers(release, track.when),
            "condition": conditions,
            **_timing(track.when),
            "groupingBehavior": "logical-group",
            "selectionBehavior": "all",
            "cardinalityBehavior": "multiple" if track.while_running == "parallel" else "single",
            "action": steps_of(release, str(number), track.steps),
        }
    )


def condition(expression: str) -> Resource:
    """A condition of a pathway, that must hold."""
    return {"kind": "applicability", "expression": {"language": CEL, "expression": expression}}


def _conditions(when: AnyTrigger) -> Sequence[Resource]:
    match when:
        case Observed(if_=str(text)) | Answered(if_=str(text)) | Named(if_=str(text)) | Becomes(becomes=text):
            return [condition(text)]
        case _:
            return []


def _timing(when: AnyTrigger) -> Resource:
    match when:
        case At():
            return timing.planned(when)
        case Every():
            return {"timingTiming": timing.every(when)}
        case Silent(for_=span):
            return {"timingDuration": timing.duration(span)}
        case _:
            return {}


def _triggers(release: Release, when: AnyTrigger) -> list[Resource]:
    match when:
        case "enrolment" | "by-hand":
            return [_event(when)]
        case At(at=at):
            return [timing.anchor(at)]
        case Every(from_=start):
            return [timing.anchor(start), {"type": "periodic", "timingTiming": timing.every(when)}]
        case Observed(data=watched):
            return [{"type": "data-added", "data": [_data(release, name) for name in watched]}]
        case Answered(answered=form):
            return [_event(f"answered:{form}")]
        case Silent(silent=name, from_=start):
            return [_event(f"silent:{name}"), _event(f"anchor:{start}")]
        case Missed(missed=name):
            return [_event(f"missed:{name}")]
        case Unanswered(unanswered=form):
            return [_event(f"unanswered:{form}")]
        case Overdue(overdue=name):
            return [_event(f"overdue:{name}")]
        case Becomes():
            return [_event("condition-becomes-true")]
        case Outcome(outcome=outcome, of=task):
            return [_event(f"outcome:{task}:{outcome}")]
        case Named(event=name):
            return [_event(f"event:{name}")]
        case _:
            assert_never(when)


def _event(name: str) -> Resource:
    return {"type": "named-event", "name": name}


def _data(release: Release, name: str) -> Resource:
    codes = [{"system": LOINC, "code": code} for code in release.pathway.data[name].observation]
    return {"type": "Observation", "codeFilter": [{"path": "code", "code": codes}]}
