"""Forms that a patient or a nurse fills in, and the check of what came back."""

import re
import sys
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self, assert_never

from pydantic import Field, StringConstraints, model_validator

from pathways.language.names import did_you_mean
from pathways.language.texts import Text
from pathways.language.written import Name, Number, Written, YesNo

LONGEST_ANSWER = 2000
"""Characters that one written answer may have."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=60)]
"""What a form calls an item or an option: `10`, `sleeps-badly`."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Option(Written):
    """One answer that may be chosen."""

    code: Code
    text: Text
    score: int | None = None


class Item(Written):
    """One question; only a choice has options, only a number a unit of measure and a range (both ends included)."""

    code: Code
    text: Text
    type: Literal["choice", "number", "text", "boolean", "date"]
    options: tuple[Option, ...] = ()
    required: YesNo = False
    unit: str | None = None
    range: tuple[Number, Number] | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.type == "choice":
            self._check_options()
        elif self.options:
            raise ValueError(f"item '{self.code}' has options; only a choice has them")
        if self.type != "number" and (self.unit is not None or self.range is not None):
            raise ValueError(f"item '{self.code}' has a unit or a range; only a number has them")
        if self.range is not None and self.range[0] > self.range[1]:
            raise ValueError(f"the range of item '{self.code}' begins above its end; write it as [low, high]")
        return self

    def _check_options(self) -> None:
        codes = [option.code for option in self.options]
        if not codes:
            raise ValueError(f"item '{self.code}' is a choice without options; write at least one")
        if twice := _first_repeated(codes):
            raise ValueError(f"item '{self.code}' has option '{twice}' twice; each code may stand once")
        # A total in which some answers count and others do not means nothing.
        if len({option.score is None for option in self.options}) > 1:
            raise ValueError(f"item '{self.code}' has options with and without a score; give all of them one, or none")


class Form(Written):
    """A named form; its item codes are unique."""

    form: Name
    title: Text
    items: tuple[Item, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _codes_are_unique(self) -> Self:
        if twice := _first_repeated([item.code for item in self.items]):
            raise ValueError(f"item '{twice}' stands twice in the form; each code may stand once")
        return self

    @property
    def scored(self) -> bool:
        """Whether an item of it has scores."""
        return any(option.score is not None for item in self.items for option in item.options)


def _first_repeated(codes: list[str]) -> str | None:
    return next((code for place, code in enumerate(codes) if code in codes[:place]), None)


def check_answers(form: Form, answers: Mapping[str, object]) -> tuple[str, ...]:
    """What is wrong with the answers, one sentence a problem; none where they fit.

    Answers are JSON values by item code: a choice is its option's code, a date `YYYY-MM-DD` (or a date); None is no
    answer. A sentence names items of the form and what they take, never what was sent, which is health data.
    """
    items = {item.code: item for item in form.items}
    unknown = (
        f"answer {place} is for no item of form '{form.form}'{did_you_mean(code, items)}"
        for place, code in enumerate(answers, start=1)
        if code not in items
    )
    wrong = (_problem_of(item, answers.get(item.code)) for item in form.items)
    return (*unknown, *(problem for problem in wrong if problem is not None))


def _problem_of(item: Item, answer: object) -> str | None:
    if answer is None or (isinstance(answer, str) and not answer.strip()):
        return f"item '{item.code}' must be answered" if item.required else None
    expected = _expected_instead(item, answer)
    return None if expected is None else f"item '{item.code}' takes {expected}"


def _expected_instead(item: Item, answer: object) -> str | None:
    """What the item takes, where the answer is not that."""
    match item.type:
        case "choice":
            codes = [option.code for option in item.options]
            return None if answer in codes else f"one of: {', '.join(codes)}"
        case "number":
            return _expected_number(item, answer)
        case "text":
            fits = isinstance(answer, str) and len(answer) <= LONGEST_ANSWER
            return None if fits else f"a text of at most {LONGEST_ANSWER} characters"
        case "boolean":
            return None if isinstance(answer, bool) else "true or false"
        case "date":
            return None if _is_date(answer) else "a date, written YYYY-MM-DD"
        case _:
            assert_never(item.type)


def _expected_number(item: Item, answer: object) -> str | None:
    # Infinity and an integer that no float holds are beyond the largest one.
    low, high = item.range or (-sys.float_info.max, sys.float_info.max)
    # A boolean is an int in Python, and not a number to anybody else.
    if isinstance(answer, int | float) and not isinstance(answer, bool) and low <= answer <= high:
        return None
    within = f" from {low:g} to {high:g}" if item.range else ""
    return f"a number{within}{f' in {item.unit}' if item.unit else ''}"


def _is_date(answer: object) -> bool:
    if isinstance(answer, str) and _DATE.fullmatch(answer):
        try:
            date.fromisoformat(answer)
        except ValueError:
            return False
        return True
    return isinstance(answer, date)
