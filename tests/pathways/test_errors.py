"""Rules of the error tree."""

import inspect
import re

import pytest

from pathways import errors
from pathways.errors import Conflict, PathwayProblems, Refused, TongxingError, Unavailable

TREE = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, TongxingError) and kind is not PathwayProblems
]


@pytest.mark.parametrize("kind", TREE)
def test_the_class_docstring_is_the_default_message(kind: type[TongxingError]) -> None:
    """An error that is raised without a message still says a plain sentence."""
    assert str(kind()) == kind.__doc__
    assert kind().message.endswith(".")


def test_codes_are_kebab_case_and_distinct() -> None:
    """A boundary can branch on the code alone."""
    codes = [kind.code for kind in (*TREE, PathwayProblems)]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


def test_a_hint_follows_the_message() -> None:
    """What to do is kept apart from what happened, and printed after it."""
    error = Conflict("The task is completed already.", hint="Reload the worklist.")
    assert (error.message, error.hint) == ("The task is completed already.", "Reload the worklist.")
    assert str(error) == "The task is completed already. Reload the worklist."


def test_what_may_be_tried_again() -> None:
    """Only what passes by itself is retryable: a neighbour that is away, and what is not ready yet."""
    retryable = {kind for kind in TREE if kind.retryable}
    assert retryable == {errors.NotReady, *(kind for kind in TREE if issubclass(kind, Unavailable))}
    assert issubclass(errors.NotReady, Refused)


def test_problems_of_a_pathway_are_all_told() -> None:
    """Every problem is printed, one a line, under the message."""
    error = PathwayProblems(["pathway.yaml:3:5: unknown key", "pathway.yaml:9:1: no track"])
    assert error.problems == ("pathway.yaml:3:5: unknown key", "pathway.yaml:9:1: no track")
    assert str(error).splitlines() == ["The pathway does not check.", *error.problems]
