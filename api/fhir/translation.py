"""From a resource to notices, and from what became of them back to the resource that they made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from api.fhir.incoming import answers, conditions, consents, medications, observations, patients, reports, visits
from api.fhir.incoming.reports import Report
from api.fhir.told import Planned, Source, Told
from api.fhir.waiting import waits
from pathways.engine.journey import ResultStatus
from store import reports as kept_reports
from store import tables
from store.database import Session
from store.notices import AnyNotice, Outcome

_TRANSLATORS: Mapping[str, Callable[[Told], Sequence[AnyNotice]]] = {
    "Patient": patients.translate,
    "Encounter": visits.encounter,
    "Appointment": visits.appointment,
    "Condition": conditions.condition,
    "AllergyIntolerance": conditions.allergy,
    "MedicationRequest": medications.request,
    "MedicationDispense": medications.dispense,
    "QuestionnaireResponse": answers.translate,
    "Consent": consents.translate,
}


@dataclass(frozen=True, kw_only=True)
class Translated:
    """A resource in notices; `first` is the place of the one that stands for the whole."""

    type: str
    told: Told
    notices: tuple[AnyNotice, ...]
    first: int = 0
    report: Report | None = None


def translate(type: str, told: Told, *, cap: ResultStatus | None = None, visit: Planned | None = None) -> Translated:
    """The notices of a resource. `cap` is what a report makes of it at most, `visit` the planned visit that it is.

    Raises:
        ResourceRefused: it says what cannot be taken in; the element is named.
    """
    if type == "DiagnosticReport":
        report = reports.translate(told)
        notices = (*report.inside, *report.taken_back, report.entry)
        return Translated(type=type, told=told, notices=notices, first=len(notices) - 1, report=report)
    if type == "Observation":
        status = told.resource.meant("status", observations.STATUSES)
        found = observations.translate(told, capped=None if cap is None else reports.weaker(status, cap))
    elif type == "Appointment":
        found = visits.appointment(told, planned=visit)
    else:
        found = _TRANSLATORS[type](told)
    return Translated(type=type, told=told, notices=tuple(found))


def id_of(
    translated: Translated, outcomes: Sequence[Outcome], observed: Mapping[str, tables.Observation]
) -> str | None:
    """The id here of the resource that was taken in; None where none of it can be read yet."""
    if translated.type != "Observation":
        return outcomes[translated.first].id if outcomes else None
    kept = [observed[one.id] for one in outcomes if one.id is not None and not waits(one)]
    if not kept:
        return None
    return kept[0].panel if translated.told.resource.many("component") else kept[0].result


def observed_in(session: Session, outcomes: Iterable[Outcome]) -> Mapping[str, tables.Observation]:
    """The versions of results that were taken in, by their ids."""
    return kept_reports.results_of(session, [one.id for one in outcomes if one.id is not None])


def link(
    session: Session,
    translated: Translated,
    outcomes: Sequence[Outcome],
    observed: Mapping[str, tables.Observation],
    beside: Mapping[Source, Sequence[str]],
) -> None:
    """Tell a report which results it holds; `beside` are those of the other resources of its Bundle by their names."""
    report = translated.report
    kept = outcomes[translated.first] if report is not None else None
    if report is None or kept is None or kept.id is None or kept.state == "outdated":
        return
    inside = [observed[one.id].result for one in outcomes[: len(report.inside)] if one.id is not None]
    others = [id for local in report.beside for id in beside.get(local.source, ())]
    kept_reports.hold(session, kept.id, [*inside, *report.here, *others])
