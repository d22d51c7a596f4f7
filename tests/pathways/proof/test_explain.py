"""A rehearsal's timeline in words."""

from dataclasses import replace
from typing import Any, get_args

import pytest

from pathways.engine.actions import AnyAction
from pathways.engine.events import AnyEvent, FormAnswered, ParameterSet
from pathways.engine.reasons import Reason
from pathways.language.texts import Text
from pathways.proof.explain import KINDS, explain
from pathways.proof.rehearse import Turned, rehearse
from tests.pathways.proof.plays import knee, of_lines, read

WORDS = {"started": Text(zh="启动", en="started"), "undone": Text(zh="已撤回", en="taken back")}


def told(*lines: str, english: bool = True) -> list[str]:
    return list(explain(rehearse(knee(), read(of_lines(*lines))), WORDS, english=english))


@pytest.mark.parametrize("kind", [kind for union in (AnyEvent, AnyAction) for kind in get_args(union)])
def test_every_kind_has_words(kind: Any) -> None:
    """What can happen, and what it can lead to, is told in Chinese and in English."""
    assert kind.__dataclass_fields__["kind"].default in KINDS


def test_a_result_and_what_it_led_to() -> None:
    """Each turn has its time, its event, what came of it, and why with the values."""
    assert told("{on: day 0 09:30, observe: {glucose: 2.8 mmol/L, effective: day 0 09:00}}")[:7] == [
        "  a rule",
        "  day 0 09:00  enrolled",
        "      · journey: not-watched",
        "  day 0 09:30  a result came 2345-7 result=line-1 status=final effective=day 0 09:00 value=2.8 unit=mmol/L"
        " origin=device",
        "      → message to the patient advice urgent glucose=2.8",
        "      → task opens call role=diabetes-nurse urgent due=day 0 10:00 glucose=2.8",
        "      · low-glucose: started low=3.9 glucose=2.8",
    ]


def test_names_stand_for_ids() -> None:
    """What is done to a task says which one; a code is told with its word where that differs."""
    lines = told(
        "{on: day 0 09:30, observe: {glucose: 2.8 mmol/L, as: one}}",
        "{claim: call}",
        "{after: 1m, observe: {glucose: 6.0 mmol/L, as: one, status: corrected}}",
        "{after: 1m, complete: call, outcome: reached}",
    )
    assert "  day 0 09:30  a task was claimed call by=staff" in lines
    assert "      → task is annotated call undone flag" in lines
    assert "      · low-glucose: undone (taken back) low=3.9 glucose=6" in lines
    assert "      → message is recalled advice" in lines
    assert "      → task closes call end=done outcome=reached by=staff" in lines


def test_values_are_told_as_they_are_written() -> None:
    """Yes and no, numbers, texts and lists; what is not known is a question mark."""
    rehearsal = rehearse(knee(), read(of_lines("{on: day 0 09:30, happened: wound-opened}")))
    at = rehearsal.scenario.enrolled
    answered = FormAnswered(
        id="1", received=at, form="wound-form", answers="1", items={"red": True, "size": 2.5, "where": "knee"}
    )
    times = ParameterSet(id="2", received=at, parameter="pill-times", value=("07:00", "19:00"), by="staff")
    why = Reason(code="unknown", at=at, event="1", track="wound", step="ask", values={"size": None})
    turns = (
        Turned(at=at, event=answered, actions=(), reasons=(why,)),
        Turned(at=at, event=times, actions=(), reasons=()),
    )
    assert list(explain(replace(rehearsal, timeline=turns), WORDS, english=True))[1:] == [
        "  day 0 09:00  a form was answered wound-form red=yes size=2.5 where=knee",
        "      · wound/ask: unknown size=?",
        "  day 0 09:00  a parameter was set pill-times value=07:00,19:00 by=staff",
    ]


def test_chinese() -> None:
    """The words are Chinese, names and codes those of the files."""
    lines = told("{on: day 0 09:30, observe: {glucose: 2.8 mmol/L}}", english=False)
    assert "      → 打开任务 call 角色=diabetes-nurse 紧急 期限=day 0 10:00 glucose=2.8" in lines
    assert "      · low-glucose: started (启动) low=3.9 glucose=2.8" in lines
