"""The name that was probably meant."""

import pytest

from pathways.language.names import did_you_mean, nearest


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("diabetes-nurs", {"diabetes-nurse", "head-nurse"}, "diabetes-nurse"),
        ("x", {"diabetes-nurse", "head-nurse"}, None),
        ("x", set[str](), None),
    ],
)
def test_the_nearest_name_is_one_that_looks_alike(name: str, known: set[str], expected: str | None):
    """A slip finds its name; a stranger finds none."""
    assert nearest(name, known) == expected


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("valeu", {"value", "unit"}, "; did you mean 'value'?"),
        ("x", {"value", "unit"}, "; expected one of: unit, value"),
        ("x", set[str](), "; expected one of: none"),
    ],
)
def test_an_unknown_name_is_told_what_is_known(name: str, known: set[str], said: str):
    """Whoever wrote an unknown name learns which one to write."""
    assert did_you_mean(name, known) == said
