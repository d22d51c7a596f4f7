"""Spans that lead out of the years that can be counted."""

from datetime import UTC, datetime

import pytest

from pathways.engine.clocks import END_OF_TIME, due_at, moved
from pathways.engine.journey import Node
from pathways.language.schedule import parse_duration
from pathways.language.step import Task
from tests.pathways.engine.build import FACTS, ZONE

LATE = datetime(9999, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("span", ["999 years", "100000 days", "400 working days"])
def test_what_leaves_the_calendar_ends_at_the_end_of_time(span: str) -> None:
    """A span beyond the last year that can be counted never comes to an end that a journey would see."""
    assert moved(LATE, parse_duration(span), FACTS, ZONE) == END_OF_TIME


@pytest.mark.parametrize("due", ["400 working days", "300d"])
def test_a_due_time_beyond_the_calendar_is_the_end_of_time(due: str) -> None:
    """The same holds for work on a working clock."""
    step = Task(task="call", role="ward-nurse", clock="working", due=parse_duration(due))
    assert due_at(Node(kind="task", order=1, entered=LATE, since=LATE), step, FACTS, ZONE) == END_OF_TIME
