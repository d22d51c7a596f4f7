"""DiagnosticReport, QuestionnaireResponse and Consent: what was said about results, by the patient, and agreed to."""

from collections.abc import Mapping
from datetime import datetime

from api.fhir.incoming.answers import FORM
from api.fhir.outgoing.parts import (
    Resource,
    Showing,
    coded,
    concept_of,
    identifiers,
    instant,
    not_stated,
    patient,
    period,
    resource,
    without_nothing,
)
from pathways.language.forms import Form
from store import asks, entries, releases, reports, tables
from store.database import Session
from store.record import ConsentContent, ReportContent, ResponseContent

_HL7 = "http://terminology.hl7.org/CodeSystem"
_REASONS = {"care": "TREAT", "marketing": "HMARKT", "research": "HRESCH"}
_SCOPES = {"care": "treatment", "research": "research"}


def report(showing: Showing, row: tables.Entry, updated: datetime) -> Resource:
    """A report with references to its results."""
    content = entries.content_of(row)
    assert isinstance(content, ReportContent)
    lasts = row.end is not None and row.end != row.start
    return _begun("DiagnosticReport", row, updated) | without_nothing(
        {
            "status": row.status,
            "code": concept_of(row) or not_stated(),
            "subject": patient(row.patient),
            "effectiveDateTime": None if lasts or row.start is None else instant(row.start),
            "effectivePeriod": period(row.start, row.end) if lasts else None,
            "issued": None if row.issued is None else instant(row.issued),
            "result": [{"reference": f"Observation/{id}"} for id in reports.newest(showing.session, content.results)],
            "conclusion": content.conclusion,
        }
    )


def response(showing: Showing, row: tables.Entry, updated: datetime) -> Resource:
    """Answers to a form, as a system told them."""
    content = entries.content_of(row)
    assert isinstance(content, ResponseContent)
    return _begun("QuestionnaireResponse", row, updated) | without_nothing(
        {
            "questionnaire": f"{FORM}{content.form}",
            "status": row.status,
            "subject": patient(row.patient),
            "authored": None if row.start is None else instant(row.start),
            "item": _items(showing.session, content.form, content.items),
        }
    )


def answers(showing: Showing, row: tables.Answers, updated: datetime) -> Resource:
    """Answers to a form, as they were given here."""
    id = asks.versions(showing.session, journey=row.journey, source=row.source)[0].id
    return resource("QuestionnaireResponse", id, updated=updated, version=row.version) | without_nothing(
        {
            "basedOn": [{"reference": f"CarePlan/{row.journey}"}],
            "questionnaire": f"{FORM}{row.form}",
            "status": "entered-in-error" if row.withdrawn else "completed",
            "subject": patient(row.patient),
            "authored": instant(row.at),
            "item": _items(showing.session, row.form, row.items),
        }
    )


def consent(showing: Showing, row: tables.Entry, updated: datetime) -> Resource:
    """A yes or a no to a purpose, as a system told it."""
    del showing
    content = entries.content_of(row)
    assert isinstance(content, ConsentContent)
    given = _begun("Consent", row, updated)
    if "identifier" in given:
        given["identifier"] = identifiers(row.source_system, row.source_id.rpartition("#")[0])
    return given | _agreed(row.patient, content.purpose, content.granted, row.start)


def recorded_consent(showing: Showing, row: tables.Consent, updated: datetime) -> Resource:
    """What the patient last said to a purpose, as it was recorded here."""
    del showing
    begun = resource("Consent", f"consent-{row.number}", updated=updated, version=1)
    return begun | _agreed(row.patient, row.purpose, row.granted, row.at)


def _agreed(who: str, purpose: str, granted: bool, at: datetime | None) -> Resource:
    reason = {"system": f"{_HL7}/v3-ActReason", "code": _REASONS.get(purpose, "TREAT")}
    return without_nothing(
        {
            "status": "active",
            "scope": coded(f"{_HL7}/consentscope", _SCOPES.get(purpose, "patient-privacy")),
            "category": [coded("http://loinc.org", "59284-0")],
            "patient": patient(who),
            "dateTime": None if at is None else instant(at),
            "policyRule": coded(f"{_HL7}/v3-ActCode", "OPTIN"),
            "provision": {"type": "permit" if granted else "deny", "purpose": [reason]},
        }
    )


def _begun(type: str, row: tables.Entry, updated: datetime) -> Resource:
    told = resource(type, row.id, updated=updated, version=row.version)
    found = identifiers(row.source_system, row.source_id)
    # Of a QuestionnaireResponse there is one, of the others there may be several.
    return told | without_nothing({"identifier": found[0] if found and type == "QuestionnaireResponse" else found})


def _form(session: Session, name: str) -> Form | None:
    """The form of that name in the latest releases; None where it has gone."""
    known = (releases.load(row).contents.forms.get(name) for row in releases.current(session))
    return next((form for form in known if form is not None), None)


def _items(session: Session, name: str, items: Mapping[str, str | float | bool]) -> list[Resource]:
    form = _form(session, name)
    return [{"linkId": code, "answer": [_answer(form, code, said)]} for code, said in items.items()]


def _answer(form: Form | None, code: str, said: str | float | bool) -> Resource:
    kind = next((item.type for item in form.items if item.code == code), None) if form is not None else None
    if isinstance(said, bool):
        return {"valueBoolean": said}
    if isinstance(said, int | float):
        return {"valueDecimal": said}
    match kind:
        case "choice":
            return {"valueCoding": {"code": said}}
        case "date":
            return {"valueDate": said}
        case _:
            return {"valueString": said}
