"""`docs/operations.md` names every figure, alarm and reason that an operator may meet."""

from typing import get_args, get_type_hints

from api.metrics import Metrics
from api.operations import Ready
from pathways.engine.actions import RaiseAlarm
from store import alarms, notices, observations
from tests.docs.markdown import ROOT, named, rows, sections
from workflows import statefolder

SECTIONS = sections((ROOT / "docs" / "operations.md").read_text("utf-8"))


def _first_cells(heading: str) -> list[str]:
    return [name for row in rows(SECTIONS[heading]) for name in named(row[0])]


def test_every_figure_is_documented() -> None:
    """The table of figures is what `/metrics` gives."""
    given = {f"{one.name}_total" if one.type == "counter" else one.name for one in Metrics().registry.collect()}
    assert {name for name in _first_cells("Is it well?") if name.startswith("tongxing_")} == given


def test_every_reason_not_to_be_ready_is_documented() -> None:
    """What `missing` may name is told."""
    told = set(named(Ready.model_fields["missing"].description or "")) - {"tongxing up"}
    assert told <= set(named(SECTIONS["Is it well?"]))


def test_every_alarm_is_documented() -> None:
    """An operator who reads a code finds what to do."""
    raised = {*get_args(get_type_hints(RaiseAlarm)["code"]), *get_args(alarms.RunCode)}
    assert sorted(_first_cells("Alarms")) == sorted(raised)


def test_every_reason_for_quarantine_is_documented() -> None:
    """So does whoever looks after quarantine."""
    assert sorted(_first_cells("Quarantine")) == sorted(
        {*get_args(observations.NotUnderstood), *get_args(notices.NotTaken)}
    )


def test_every_file_of_the_state_folder_is_documented() -> None:
    """Nothing lies there of which an operator has not read."""
    kept = {statefolder.STORE, statefolder.DATABASE, statefolder.KEYS, statefolder.BEGUN, statefolder.LOCK}
    assert set(_first_cells("On one machine")) == {*kept, f"{statefolder.LOGS}/"}


def test_the_lines_of_the_log_are_those_that_are_written() -> None:
    """Every line in the table stands in the code."""
    folders = ("api", "activities", "workflows")
    code = "".join(file.read_text("utf-8") for folder in folders for file in (ROOT / folder).rglob("*.py"))
    assert [line for line in _first_cells("Logs") if f'"{line}"' not in code] == []
