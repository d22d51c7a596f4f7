"""Forms and the check of what came back."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pathways.language.forms import LONGEST_ANSWER, Form, check_answers

TEXT = {"zh": "问题", "en": "Question"}


def item(code: str = "q", type: str = "text", **rest: object) -> dict[str, object]:
    return {"code": code, "text": TEXT, "type": type, **rest}


def option(code: str, **rest: object) -> dict[str, object]:
    return {"code": code, "text": TEXT, **rest}


def form(*items: dict[str, object], name: str = "low-glucose-call") -> Form:
    return Form.model_validate({"form": name, "title": TEXT, "items": items})


CALL = form(
    item("feels", "choice", options=[option("well", score=0), option("dizzy", score=1)], required="yes"),
    item("glucose", "number", unit="mmol/L", range=[0.6, 60]),
    item("weight", "number"),
    item("said", "text"),
    item("ate", "boolean"),
    item("since", "date"),
)


@pytest.mark.parametrize("name", ["epds", "low-glucose-call", "phq-9", "gad7"])
def test_a_form_has_a_kebab_case_name(name: str):
    """A name is lower-case words joined by hyphens."""
    assert form(item(), name=name).form == name


@pytest.mark.parametrize("name", ["", "Epds", "9-items", "low_glucose", "low--glucose", "low-", "低血糖"])
def test_any_other_name_is_refused(name: str):
    """What is not a name does not become one."""
    with pytest.raises(ValidationError):
        form(item(), name=name)


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], "at least 1 item"),
        ([item("10"), item("10")], "item '10' stands twice in the form"),
        ([item("a b")], "should match pattern"),
        ([item(type="slider")], "Input should be 'choice', 'number', 'text', 'boolean' or 'date'"),
        ([item(type="choice")], "item 'q' is a choice without options"),
        ([item(options=[option("a")])], "item 'q' has options; only a choice has them"),
        ([item(type="choice", options=[option("a"), option("a")])], "item 'q' has option 'a' twice"),
        ([item(type="choice", options=[option("a", score=0), option("b")])], "options with and without a score"),
        ([item(unit="kg")], "item 'q' has a unit or a range; only a number has them"),
        ([item(type="date", range=[0, 1])], "only a number has them"),
        ([item(type="number", range=[10, 0])], "the range of item 'q' begins above its end"),
        ([item(colour="red")], "Extra inputs are not permitted"),
    ],
)
def test_a_form_that_nobody_could_fill_in_is_refused(items: list[dict[str, object]], said: str):
    """Each item has what its type needs and nothing that it would ignore."""
    with pytest.raises(ValidationError, match=re.escape(said)):
        form(*items)


@pytest.mark.parametrize(
    "answers",
    [
        {"feels": "well"},
        {"feels": "dizzy", "glucose": 0.6, "weight": -3, "said": "吃过糖", "ate": False, "since": "2028-02-29"},
        {"feels": "dizzy", "glucose": 60, "said": "x" * LONGEST_ANSWER, "since": date(2026, 1, 5)},
        {"feels": "dizzy", "glucose": None, "said": "", "ate": None, "since": " "},
    ],
)
def test_answers_that_fit(answers: dict[str, object]):
    """Answers of the right kind fit, and what is not required may stay empty."""
    assert check_answers(CALL, answers) == ()


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"feels": None}, "item 'feels' must be answered"),
        ({"feels": ""}, "item 'feels' must be answered"),
        ({"feels": "awful"}, "item 'feels' takes one of: well, dizzy"),
        ({"feels": ["well"]}, "item 'feels' takes one of: well, dizzy"),
        ({"glucose": "2.8"}, "item 'glucose' takes a number from 0.6 to 60 in mmol/L"),
        ({"glucose": 0.5}, "item 'glucose' takes a number from 0.6 to 60 in mmol/L"),
        ({"glucose": 61}, "item 'glucose' takes a number from 0.6 to 60 in mmol/L"),
        ({"weight": True}, "item 'weight' takes a number"),
        ({"weight": float("nan")}, "item 'weight' takes a number"),
        ({"weight": float("inf")}, "item 'weight' takes a number"),
        ({"weight": 10**400}, "item 'weight' takes a number"),
        ({"said": 3}, "item 'said' takes a text of at most 2000 characters"),
        ({"said": "x" * (LONGEST_ANSWER + 1)}, "item 'said' takes a text of at most 2000 characters"),
        ({"ate": "yes"}, "item 'ate' takes true or false"),
        ({"ate": 1}, "item 'ate' takes true or false"),
        ({"since": "2026-02-29"}, "item 'since' takes a date, written YYYY-MM-DD"),
        ({"since": "20260105"}, "item 'since' takes a date, written YYYY-MM-DD"),
        ({"since": 20260105}, "item 'since' takes a date, written YYYY-MM-DD"),
    ],
)
def test_an_answer_that_does_not_fit_is_named_by_its_item(answers: dict[str, object], problem: str):
    """A problem says which item and what it takes."""
    assert check_answers(CALL, {"feels": "well", **answers}) == (problem,)


def test_a_required_item_must_be_there():
    """Leaving a required item out is leaving it empty."""
    assert check_answers(CALL, {}) == ("item 'feels' must be answered",)


def test_an_answer_for_no_item_is_told_the_nearest_one():
    """An unknown item is refused with the item that was probably meant, and is not repeated: it may hold anything."""
    assert check_answers(CALL, {"feels": "well", "glucos": 5, "13800001111": 1}) == (
        "answer 2 is for no item of form 'low-glucose-call'; did you mean 'glucose'?",
        "answer 3 is for no item of form 'low-glucose-call'; expected one of: ate, feels, glucose, said, since, weight",
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from([item.code for item in CALL.items]), json_values)
def test_no_problem_repeats_what_was_sent(code: str, answer: object):
    """Whatever is sent for an item, the check ends and says the one sentence of that item, the answer left out."""
    fixed = {
        "feels": {"item 'feels' must be answered", "item 'feels' takes one of: well, dizzy"},
        "glucose": {"item 'glucose' takes a number from 0.6 to 60 in mmol/L"},
        "weight": {"item 'weight' takes a number"},
        "said": {"item 'said' takes a text of at most 2000 characters"},
        "ate": {"item 'ate' takes true or false"},
        "since": {"item 'since' takes a date, written YYYY-MM-DD"},
    }
    assert set(check_answers(CALL, {"feels": "well", code: answer})) <= fixed[code]


def test_a_form_survives_json():
    """A form is part of a release, which travels as JSON."""
    assert Form.model_validate_json(CALL.model_dump_json()) == CALL
