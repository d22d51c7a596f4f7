"""Whether the values of a pathway can be read, converted and compared."""

import re
from collections.abc import Iterator, Mapping

from pathways.language.conditions import RESERVED
from pathways.language.definition import Data, Parameter
from pathways.language.documents import Path
from pathways.language.draft import Draft
from pathways.language.names import did_you_mean
from pathways.language.problems import Problem
from pathways.language.step import Call
from pathways.language.trigger import Named, Observed
from pathways.language.units import KNOWN_CODES, normalise_unit
from pathways.language.written import BoundType

_STANDS_FOR = re.compile(r"(<=|>=|<|>)? *-?[0-9]+(\.[0-9]+)?")


def unusable_values(draft: Draft) -> Iterator[Problem]:
    """A problem for each value that no result could carry or no condition could use."""
    owners: dict[str, str] = {}
    for name, data in draft.pathway.data.items():
        yield from _data(draft, name, data, owners)
    for name, parameter in draft.pathway.parameters.items():
        yield from _parameter(draft, name, parameter)
    for name, track in draft.pathway.tracks.items():
        watched = track.when.data if isinstance(track.when, Observed) else ()
        for number, member in enumerate(watched):
            if member in watched[:number]:
                here: Path = ("pathway", "tracks", name, "when", "observed", number)
                yield draft.error(here, f"'{member}' stands twice in the panel", "expected each of its data once")
    yield from _names(draft)


def _data(draft: Draft, name: str, data: Data, owners: dict[str, str]) -> Iterator[Problem]:
    path: Path = ("pathway", "data", name)
    unit = normalise_unit(data.unit)
    if unit is None:
        yield _unknown_unit(draft, (*path, "unit"), data.unit)
    for number, code in enumerate(data.observation):
        here = (*path, "observation", number)
        analyte = KNOWN_CODES.get(code)
        if analyte is None:
            yield draft.error(here, f"unknown LOINC code '{code}'", did_you_mean(code, KNOWN_CODES))
        elif unit is not None and unit not in analyte.scales:
            expected = f"expected a code of the unit, or the unit {' or '.join(analyte.scales) or 'of another code'}"
            yield draft.error(here, f"'{code}' ({analyte.name}) cannot be given in {data.unit}", expected)
        if code in owners:
            yield draft.error(here, f"'{code}' stands under '{owners[code]}' too", "expected each code in one place")
        owners.setdefault(code, name)
    if data.plausible is not None and data.plausible[0] >= data.plausible[1]:
        yield draft.error((*path, "plausible"), "this range holds nothing", "expected [lowest, highest]")
    figures = () if data.keep is None else data.keep.as_
    for number, figure in enumerate(figures):
        if figure in figures[:number]:
            yield draft.error((*path, "keep", "as", number), f"'{figure}' stands twice", "expected each figure once")
    for word, meaning in data.text.items():
        if _STANDS_FOR.fullmatch(meaning) is None:
            what = f"'{meaning}' is not what a word can stand for"
            yield draft.error((*path, "text", word), what, "expected a number, such as '<1.1' or '33.3'")


def _parameter(draft: Draft, name: str, parameter: Parameter) -> Iterator[Problem]:
    path: Path = ("pathway", "parameters", name)
    if parameter.unit is not None and normalise_unit(parameter.unit) is None:
        yield _unknown_unit(draft, (*path, "unit"), parameter.unit)
    if parameter.per_patient is None:
        return
    low, high = parameter.per_patient
    if low > high:
        yield draft.error((*path, "per_patient"), "this range holds nothing", "expected [lowest, highest]")
    elif not low <= parameter.value <= high:
        yield draft.error(
            (*path, "value"), f"{parameter.value:g} is beyond 'per_patient'", f"expected {low:g} to {high:g}"
        )


def _unknown_unit(draft: Draft, path: Path, unit: str) -> Problem:
    return draft.error(path, f"unknown unit of measure '{unit}'", "expected UCUM, such as 'mmol/L', 'mm[Hg]' or '%'")


def _names(draft: Draft) -> Iterator[Problem]:
    pathway = draft.pathway
    sections = {"data": pathway.data, "parameters": pathway.parameters, "values": pathway.values}
    taken: dict[str, str] = {}
    for section, names in sections.items():
        for name in names:
            path: Path = ("pathway", section, name)
            if name in RESERVED:
                yield draft.error(path, f"'{name}' means something in conditions", "expected another name", key=True)
            elif name in taken:
                what = f"'{name}' is a name among the {taken[name]} too"
                yield draft.error(path, what, "expected another name: conditions could not tell them apart", key=True)
            taken.setdefault(name, section)
    yield from _bound_names(draft, taken)


def _bound_names(draft: Draft, taken: Mapping[str, str]) -> Iterator[Problem]:
    """What is bound shares the names of conditions, and has one type wherever it is bound."""
    types: dict[str, str] = {}
    for path, bind in _binds(draft):
        for name, kind in bind.items():
            here: Path = (*path, "bind", name)
            known = types.setdefault(name, kind)
            if name in RESERVED:
                yield draft.error(here, f"'{name}' means something in conditions", "expected another name", key=True)
            elif name in taken:
                what = f"'{name}' is a name among the {taken[name]} too"
                yield draft.error(here, what, "expected another name: conditions could not tell them apart", key=True)
            elif known != kind:
                yield draft.error(here, f"'{name}' is a {known} elsewhere", f"expected '{known}', or another name")


def _binds(draft: Draft) -> Iterator[tuple[Path, Mapping[str, BoundType]]]:
    for name, track in draft.pathway.tracks.items():
        if isinstance(track.when, Named):
            yield ("pathway", "tracks", name, "when"), track.when.bind
    for placed in draft.steps:
        if isinstance(placed.step, Call):
            yield placed.path, placed.step.bind
