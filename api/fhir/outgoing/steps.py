"""The steps of a track as nested actions of a PlanDefinition, each after the one before it."""

from collections.abc import Mapping
from typing import Any, assert_never

from api.fhir.incoming.answers import FORM
from api.fhir.outgoing import timing
from api.fhir.outgoing.parts import Resource, named, without_nothing
from api.words import role_title
from pathways.language.release import Release
from pathways.language.step import (
    STEP_KINDS,
    Again,
    AnyStep,
    Ask,
    Call,
    Choose,
    End,
    Enrol,
    ForEach,
    Notify,
    Repeat,
    Send,
    Set,
    Start,
    Steps,
    Stop,
    Task,
    Together,
    Visit,
    Wait,
    branches,
    is_urgent_ladder,
    step_names,
)

_KIND_OF: Mapping[type[Any], str] = {model: kind for kind, model in STEP_KINDS.items()}
_CEL = "text/cel"


def steps_of(release: Release, place: str, steps: Steps) -> list[Resource]:
    """The steps in their order; `place` is the id of the action around them."""
    found: list[Resource] = []
    for number, (step, name) in enumerate(zip(steps, step_names(steps), strict=True), 1):
        id = f"{place}.{number}"
        after = None if number == 1 else [{"actionId": f"{place}.{number - 1}", "relationship": "after-end"}]
        kind = {"coding": [{"system": "urn:tongxing:step-kind", "code": _KIND_OF[type(step)]}]}
        words = _words_of(release, step) or named(release, "step", _told_as(step) or name)
        found.append(
            without_nothing(
                {
                    "id": id,
                    "title": words["text"],
                    "code": [words, kind],
                    "relatedAction": after,
                    **_special(release, step),
                    "action": [*_ways(release, id, step), *_ladder(release, id, step)],
                }
            )
        )
    return found


def _words_of(release: Release, step: AnyStep) -> Resource | None:
    """Of a form its title."""
    form = release.contents.forms.get(step.ask) if isinstance(step, Ask) else None
    if form is None:
        return None
    coding = {"system": "urn:tongxing:form", "code": form.form, "display": form.title.en}
    return {"coding": [coding], "text": form.title.zh}


def _told_as(step: AnyStep) -> str | None:
    """The name for which the pathway has words."""
    match step:
        case Task(task=name) | Visit(visit=name) | Ask(ask=name) | Send(send=name) | Call(call=name):
            return name
        case _:
            return None


def _special(release: Release, step: AnyStep) -> Resource:
    match step:
        case Task():
            return {
                "priority": "urgent" if is_urgent_ladder(step.ladder) else "routine",
                "participant": [_participant(step.role)],
                "timingDuration": None if step.due is None else timing.duration(step.due),
                "definitionCanonical": None if step.form is None else _form(release, step.form),
            }
        case Visit(window=around):
            return {"timingRange": timing.window(around)}
        case Wait(wait=span):
            return {"timingDuration": timing.duration(span)}
        case Ask(ask=form, expires=span):
            return {
                "definitionCanonical": _form(release, form),
                "timingDuration": None if span is None else timing.duration(span),
            }
        case Send(send=template, urgent=urgent):
            return {"priority": "urgent" if urgent else "routine", "textEquivalent": _words(release, template)}
        case Notify(notify=role, message=template):
            return {"participant": [_participant(role)], "textEquivalent": _words(release, template)}
        case Repeat(every=span, times=times, until=until):
            stop = {"kind": "stop", "expression": {"language": _CEL, "expression": until}}
            repeat = {"repeat": timing.repetition(span, times)}
            return {"timingTiming": repeat, "condition": None if until is None else [stop]}
        case ForEach(for_each=name):
            return {"timingTiming": timing.of_day(release.pathway.times[name].value)}
        case Choose():
            return {"groupingBehavior": "logical-group", "selectionBehavior": "exactly-one"}
        case Together():
            return {"groupingBehavior": "logical-group", "selectionBehavior": "all"}
        case Call(within=span):
            return {"timingDuration": timing.duration(span)}
        case Start(start=track) | Stop(stop=track):
            return {"textEquivalent": named(release, "track", track)["text"]}
        case Enrol(enrol=pathway):
            return {"textEquivalent": pathway}
        case Set() | Again() | End():
            return {}
        case _:
            assert_never(step)


def _ways(release: Release, place: str, step: AnyStep) -> list[Resource]:
    """What may follow within the step: an action for each way, with what leads there."""
    texts = (
        {f"case-{number}": case.if_ for number, case in enumerate(step.cases, 1)} if isinstance(step, Choose) else {}
    )
    found: list[Resource] = []
    for number, (way, steps) in enumerate(branches(step).items(), 1):
        if not steps and not isinstance(step, Task):
            continue
        id = f"{place}.w{number}"
        words = named(release, "way", way)
        leads = {"kind": "applicability", "expression": {"language": _CEL, "expression": texts.get(way, "")}}
        found.append(
            without_nothing(
                {
                    "id": id,
                    "title": words["text"],
                    "code": [words],
                    "condition": [leads] if way in texts else None,
                    "action": steps_of(release, id, steps),
                }
            )
        )
    return found


def _ladder(release: Release, place: str, step: AnyStep) -> list[Resource]:
    """Who gets a late task next, and when."""
    rungs = release.pathway.ladders.get(step.ladder or "", ()) if isinstance(step, Task) else ()
    return [
        {
            "id": f"{place}.r{number}",
            "title": f"升级至{role_title(rung.to).zh}",
            "code": [{"coding": [{"system": "urn:tongxing:step-kind", "code": "rung"}]}],
            "timingDuration": timing.duration(rung.after),
            "participant": [_participant(rung.to)],
        }
        for number, rung in enumerate(rungs, 1)
    ]


def _participant(role: str) -> Resource:
    words = role_title(role)
    coding = {"system": "urn:tongxing:role", "code": role, "display": words.en}
    return {"type": "practitioner", "role": {"coding": [coding], "text": words.zh}}


def _form(release: Release, name: str) -> str:
    return f"{FORM}{name}|{release.checksum}"


def _words(release: Release, template: str) -> str | None:
    found = release.contents.messages.get(template)
    return None if found is None else found.text.zh
