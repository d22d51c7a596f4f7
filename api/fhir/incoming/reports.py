"""DiagnosticReport: a report, the results inside it, and what its status says of those that it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from api.fhir.elements import Element
from api.fhir.incoming import observations
from api.fhir.told import Source, Told, coding_of, source_in
from pathways.engine.journey import ResultStatus
from pathways.language.texts import Text
from store.notices import EntryNotice, ResultNotice
from store.record import NewEntry, ReportContent

STATUSES: Mapping[str, ResultStatus | None] = {
    "registered": "preliminary",
    "partial": "preliminary",
    "preliminary": "preliminary",
    "final": None,
    "amended": None,
    "corrected": None,
    "appended": None,
    "cancelled": "cancelled",
    "entered-in-error": "entered-in-error",
    "unknown": "preliminary",
}
"""What at most is made of the results of such a report; None leaves them as they are."""
_WEAKER: Mapping[ResultStatus, int] = {
    "entered-in-error": 0,
    "cancelled": 1,
    "preliminary": 2,
    "final": 3,
    "amended": 3,
    "corrected": 3,
}
_NO_RESULT = Text(zh="引用的结果不在此处。", en="There is no such result here, nor beside it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report: what is to be taken in, and which results it holds beside those inside it."""

    entry: EntryNotice
    inside: tuple[ResultNotice, ...]
    taken_back: tuple[ResultNotice, ...]
    """Results here that do not hold any more, since the report does not."""
    here: tuple[str, ...]
    """Ids of results here."""
    beside: tuple[str, ...]
    """The fullUrl of results in the same Bundle."""


def translate(told: Told) -> Report:
    """A version of a report."""
    resource, zone = told.resource, told.around.zone
    cap = resource.meant("status", STATUSES)
    inside: list[ResultNotice] = []
    here: list[str] = []
    beside: list[str] = []
    for reference in resource.many("result"):
        address = reference.word("reference") or ""
        if (whole := told.contained(reference)) is not None:
            inside += _contained(told, whole, cap)
        elif (local := told.around.beside.get(address)) is not None and local.type == "Observation":
            beside.append(address)
        elif (id := told.id_in(address, "Observation")) is not None and told.around.result_of(id) is not None:
            here.append(id)
        else:
            reference.refuse("reference", _NO_RESULT, code="not-found")
    period = resource.one("effectivePeriod")
    entry = NewEntry(
        kind="diagnostic-report",
        source_system=told.source.system,
        source_id=told.source.id,
        status=resource.word("status") or "unknown",
        content=ReportContent(conclusion=resource.prose("conclusion")),
        code=coding_of(resource.one("code")),
        start=resource.instant("effectiveDateTime", zone) or (period and period.instant("start", zone)),
        end=period and period.instant("end", zone),
        issued=resource.instant("issued", zone),
    )
    subject = told.subject("subject")
    return Report(
        entry=EntryNotice(subject=subject, entry=entry),
        inside=tuple(inside),
        taken_back=_taken_back(told, here, cap),
        here=tuple(here),
        beside=tuple(beside),
    )


def caps_of(told: Told) -> Mapping[str, ResultStatus]:
    """What the report makes at most of the results beside it in its Bundle, by fullUrl."""
    cap = STATUSES.get(told.resource.word("status") or "")
    addresses = [reference.word("reference") or "" for reference in told.resource.many("result")]
    return {} if cap is None else {address: cap for address in addresses if address in told.around.beside}


def weaker(one: ResultStatus, other: ResultStatus | None) -> ResultStatus:
    """The status that says less."""
    return one if other is None or _WEAKER[one] <= _WEAKER[other] else other


def _contained(told: Told, whole: Element, cap: ResultStatus | None) -> Sequence[ResultNotice]:
    """The results of an Observation inside the report; whom it is about and when it was is the report's to say."""
    borrowed = {
        name: told.resource.value[name]
        for name in ("subject", "effectiveDateTime", "effectivePeriod", "issued")
        if name in told.resource.value and not _tells(whole, name)
    }
    resource = Element({**whole.value, **borrowed}, whole.path)
    own = Source(system=told.source.system, id=f"{told.source.id}#{whole.word('id') or ''}")
    inner = replace(told, resource=resource, source=source_in(whole) or own, id=None)
    status = resource.meant("status", observations.STATUSES)
    return observations.translate(inner, capped=weaker(status, cap))


def _tells(whole: Element, name: str) -> bool:
    return any(key.startswith("effective") for key in whole.value) if name.startswith("effective") else whole.has(name)


def _taken_back(told: Told, here: Sequence[str], cap: ResultStatus | None) -> tuple[ResultNotice, ...]:
    if cap not in ("cancelled", "entered-in-error"):
        return ()
    known = [result for id in here if (result := told.around.result_of(id)) is not None]
    subject = told.subject("subject")
    return tuple(
        ResultNotice(subject=subject, result=replace(one, status=cap, patient=None, version=None, issued=None))
        for one in known
        if _WEAKER[one.status] > _WEAKER[cap]
    )
