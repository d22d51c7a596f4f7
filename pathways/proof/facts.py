"""What a play says of the patient and the site: at its beginning, and where it changes."""

from dataclasses import replace
from typing import Any

from pathways.engine.context import Facts
from pathways.proof.calendars import CALENDARS, SEASONS
from pathways.proof.script import WrittenFacts

BEGINNING = Facts(calendar=CALENDARS["china-2026"], consent=True, seasons=SEASONS)
"""What is so unless a play says otherwise."""


def facts_after(before: Facts, written: WrittenFacts) -> Facts:
    """The facts once what is written has become known; what it does not say stays."""
    said: dict[str, Any] = {name: getattr(written, name) for name in written.model_fields_set & _AS_THEY_ARE}
    if written.calendar is not None:
        said["calendar"] = CALENDARS[written.calendar]
    return replace(
        before,
        **said,
        consents={**before.consents, **written.consents},
        team={**before.team, **written.team},
    )


_AS_THEY_ARE = frozenset({"consent", "inpatient", "diagnoses", "department"})
