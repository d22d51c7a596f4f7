"""DiagnosticReport: a report, the results inside it, and what its status says of those that it names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from api.fhir.elements import Element
from api.fhir.incoming import observations
from api.fhir.told import Local, Source, Told, coding_of, source_in
from pathways.engine.journey import ResultStatus
from pathways.language.texts import Text
from store.notices import EntryNotice, ResultNotice, Subject
from store.observations import Result
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
_WHOLE = ("final", "amended", "corrected")
"""A report of such a status says all that holds; one that is `appended` may say what is new alone."""
_OF_ANOTHER = Text(zh="引用的结果属于另一患者。", en="This result is another patient's.")
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
    beside: tuple[Local, ...]
    """The Observations of the same Bundle."""


def translate(told: Told) -> Report:
    """A version of a report."""
    resource, zone = told.resource, told.around.zone
    cap = resource.meant("status", STATUSES)
    subject = told.subject("subject")
    whose = told.around.patient_of(subject)
    inside: list[ResultNotice] = []
    here: dict[str, Result] = {}
    beside: list[Local] = []
    for reference in resource.many("result"):
        address = reference.word("reference") or ""
        if (whole := told.contained(reference)) is not None:
            inside += _contained(told, whole, cap)
        elif (local := told.beside(address)) is not None and local.type == "Observation":
            beside.append(local)
        elif (id := told.id_in(address, "Observation")) is not None and (known := told.around.results_of(id)):
            if whose is not None and any(one.patient != whose for one in known.values()):
                reference.refuse("reference", _OF_ANOTHER, code="processing")
            here |= known
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
    return Report(
        entry=EntryNotice(subject=subject, entry=entry),
        inside=tuple(inside),
        taken_back=_taken_back(told, subject, inside, here.values(), cap),
        here=tuple(here),
        beside=tuple(beside),
    )


def caps_of(told: Told) -> Mapping[Source, ResultStatus]:
    """What the report makes at most of the results beside it in its Bundle, by what they are called."""
    cap = STATUSES.get(told.resource.word("status") or "")
    addresses = [reference.word("reference") or "" for reference in told.resource.many("result")]
    named = [local.source for address in addresses if (local := told.beside(address)) is not None]
    return {} if cap is None else dict.fromkeys(named, cap)


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


def _taken_back(
    told: Told, subject: Subject, inside: Sequence[ResultNotice], here: Iterable[Result], cap: ResultStatus | None
) -> tuple[ResultNotice, ...]:
    """What the report names or held, where it does not hold itself; else what it had inside and leaves out."""
    status: ResultStatus = "entered-in-error"
    if cap in ("cancelled", "entered-in-error"):
        status, known = cap, [*here, *told.around.held_by(told.source)]
    elif told.resource.word("status") in _WHOLE:
        known = [one for one in told.around.held_by(told.source) if _was_inside(told.source, one)]
    else:
        return ()
    still = {(one.result.source_system, one.result.source_id) for one in inside}
    gone = {(one.source_system, one.source_id): one for one in known if _WEAKER[one.status] > _WEAKER[status]}
    return tuple(
        ResultNotice(
            subject=subject if one.patient is None else Subject(patient=one.patient),
            result=replace(one, status=status, issued=None),
        )
        for source, one in gone.items()
        if source not in still
    )


def _was_inside(report: Source, result: Result) -> bool:
    """Whether it has no name but the one that it has of its report."""
    return result.source_system == report.system and result.source_id.startswith(f"{report.id}#")
