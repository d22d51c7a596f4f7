"""Scenario files, read against the release that they play: a scenario, or every problem in the file at its place."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from pathways.engine.journey import Patient
from pathways.errors import PathwayProblems
from pathways.language.definition import Parameter, Pathway
from pathways.language.documents import Path, read_document
from pathways.language.release import Release
from pathways.language.schedule import at_local, zone_named
from pathways.language.shapes import fit
from pathways.language.written import TIME_OF_DAY_PATTERN
from pathways.proof.days import Days
from pathways.proof.facts import BEGINNING, facts_after
from pathways.proof.lines import Lines
from pathways.proof.notes import Notes
from pathways.proof.scenario import Scenario
from pathways.proof.script import WrittenScenario

_STAND_IN = date(2000, 1, 1)
"""In the place of a date that cannot be read while the rest is; never part of a scenario."""


def read_scenario(file: str, content: str | bytes, release: Release) -> Scenario:
    """The scenario of the file; PathwayProblems with everything that is wrong with it."""
    document = read_document(file, content)
    notes = Notes(document)
    written, misfits = fit(document, WrittenScenario)
    notes.problems.extend(misfit.problem for misfit in misfits)
    if written is None:
        raise PathwayProblems(sorted(notes.problems), "The scenario does not check.")
    scenario = _Head(written, release.pathway, notes).read(file, release)
    if notes.problems:
        raise PathwayProblems(sorted(notes.problems), "The scenario does not check.")
    return scenario


class _Head:
    """Reads what stands before the play."""

    def __init__(self, written: WrittenScenario, pathway: Pathway, notes: Notes) -> None:
        self._written = written
        self._pathway = pathway
        self._notes = notes

    def read(self, file: str, release: Release) -> Scenario:
        """The whole scenario; what is wrong is noted."""
        written = self._written
        own = self._pathway.pathway
        if written.pathway != own:
            self._notes.add(("pathway",), f"this is a scenario of '{written.pathway}'", f"expected one of '{own}'")
        patient = self._patient()
        enrolled = self._clock(("enrolled",), written.enrolled, patient.zone)
        days = Days(enrolled=enrolled, zone=patient.zone)
        facts = facts_after(BEGINNING, written)
        lines = Lines(release, days, facts, self._notes)
        return Scenario(
            file=file,
            sentence=written.scenario,
            pathway=written.pathway,
            patient=patient,
            enrolled=enrolled,
            anchors={"enrolled": enrolled, **self._anchors(days)},
            parameters=self._parameters(),
            facts=facts,
            play=tuple(line for number, one in enumerate(written.play) for line in lines.read(one, number)),
        )

    def _patient(self) -> Patient:
        written, zone, born = self._written.patient, self._written.patient.zone, _STAND_IN
        try:
            zone_named(zone)
        except ValueError as error:
            self._notes.split(("patient", "zone"), error)
            zone = "Asia/Shanghai"
        try:
            born = date.fromisoformat(written.born)
        except ValueError:
            self._notes.add(("patient", "born"), f"'{written.born}' is not a date", "write 'YYYY-MM-DD'")
        return Patient(born=born, sex=written.sex, zone=zone)

    def _clock(self, path: Path, text: str, zone: str) -> datetime:
        try:
            wall = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=zone_named(zone))
            return at_local(wall, wall.time(), zone)
        except (ValueError, OverflowError):
            self._notes.add(path, f"'{text}' is not a date and time", "write 'YYYY-MM-DD HH:MM'")
            return datetime.combine(_STAND_IN, time(), UTC)

    def _anchors(self, days: Days) -> Mapping[str, datetime]:
        found: dict[str, datetime] = {}
        for name, text in self._written.anchors.items():
            known = self._pathway.anchors.keys() - {"enrolled"}
            self._notes.known(("anchors", name), name, known, "anchor", key=True)
            try:
                found[name] = days.instant(text)
            except ValueError:
                found[name] = self._clock(("anchors", name), text, days.zone)
        for name, anchor in self._pathway.anchors.items():
            if anchor.required and name != "enrolled" and name not in found:
                self._notes.add((), f"the anchor '{name}' is missing", "expected it under 'anchors'")
        return found

    def _parameters(self) -> Mapping[str, float | tuple[str, ...]]:
        lists = {name for name, one in self._pathway.times.items() if one.per_patient}
        own = {name: one for name, one in self._pathway.parameters.items() if one.per_patient is not None}
        for name, value in self._written.parameters.items():
            known = {*own, *lists}
            self._notes.known(("parameters", name), name, known, "parameter of the patient's own", key=True)
            if name in known and isinstance(value, tuple) is not (name in lists):
                expected = "expected times of day, such as ['08:00']" if name in lists else "expected a number"
                self._notes.add(("parameters", name), f"'{name}' is not that", expected)
            elif isinstance(value, tuple):
                for number, time_of_day in enumerate(value):
                    if re.fullmatch(TIME_OF_DAY_PATTERN, time_of_day) is None:
                        place = ("parameters", name, number)
                        self._notes.add(place, f"'{time_of_day}' is not a time of day", "write 'HH:MM'")
            elif name in own and not _allowed(own[name], value):
                low, high = own[name].per_patient or (value, value)
                self._notes.add(("parameters", name), f"'{name}' is {value:g}", f"expected {low:g} to {high:g}")
        return self._written.parameters


def _allowed(parameter: Parameter, value: float) -> bool:
    return parameter.per_patient is not None and parameter.per_patient[0] <= value <= parameter.per_patient[1]
