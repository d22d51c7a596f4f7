"""MedicationRequest and MedicationDispense: what was prescribed, and what was handed over."""

from collections.abc import Mapping, Sequence

from api.fhir.elements import Element
from api.fhir.told import Told, coding_of, named
from pathways.language.texts import Text
from store.notices import EntryNotice
from store.record import Coding, MedicationContent, NewEntry

REQUESTS = ("active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown")
INTENTS = ("order", "original-order", "reflex-order", "filler-order", "instance-order")
"""What a prescription is meant as; a proposal, a plan or an option is none."""
DISPENSES = (
    "preparation",
    "in-progress",
    "cancelled",
    "on-hold",
    "completed",
    "entered-in-error",
    "stopped",
    "declined",
    "unknown",
)
DAYS: Mapping[str, float] = {"h": 1 / 24, "d": 1, "wk": 7, "mo": 30, "天": 1, "日": 1, "周": 7, "day": 1, "days": 1}
"""How many days a unit of time is; a month of pills is thirty."""
_DURATION = Text(zh="应为以天、周或月计的时长。", en="A time in days, weeks or months is expected.")
_NOT_TO_TAKE = Text(
    zh="不支持 doNotPerform：不应使用的药品不是处方。",
    en="doNotPerform is not supported: what is not to be taken is not prescribed.",
)
_NO_MEDICATION = Text(zh="应说明药品：编码或文字。", en="Say which medication it is: a code, or words.")


def request(told: Told) -> Sequence[EntryNotice]:
    """A version of a prescription."""
    resource, zone = told.resource, told.around.zone
    resource.code("intent", INTENTS)
    if resource.flag("doNotPerform"):
        resource.refuse("doNotPerform", _NOT_TO_TAKE, code="not-supported")
    supply = resource.one("dispenseRequest")
    quantity = None if supply is None else supply.one("quantity")
    content = MedicationContent(
        dosage=_dosage(resource),
        quantity=None if quantity is None else quantity.number("value"),
        unit=_unit(quantity),
        days_supply=_days(None if supply is None else supply.one("expectedSupplyDuration")),
    )
    entry = NewEntry(
        kind="medication-request",
        source_system=told.source.system,
        source_id=told.source.id,
        status=resource.code("status", REQUESTS),
        content=content,
        code=_medication(told),
        start=resource.instant("authoredOn", zone),
    )
    return [EntryNotice(subject=told.subject("subject"), entry=entry)]


def dispense(told: Told) -> Sequence[EntryNotice]:
    """A version of a dispense."""
    resource, zone = told.resource, told.around.zone
    quantity = resource.one("quantity")
    content = MedicationContent(
        dosage=_dosage(resource),
        quantity=None if quantity is None else quantity.number("value"),
        unit=_unit(quantity),
        days_supply=_days(resource.one("daysSupply")),
        prescription=_prescription(told),
    )
    entry = NewEntry(
        kind="medication-dispense",
        source_system=told.source.system,
        source_id=told.source.id,
        status=resource.code("status", DISPENSES),
        content=content,
        code=_medication(told),
        start=resource.instant("whenHandedOver", zone) or resource.instant("whenPrepared", zone),
    )
    return [EntryNotice(subject=told.subject("subject"), entry=entry)]


def _medication(told: Told) -> Coding:
    """What it is: its own code, that of the Medication inside it or beside it, or what the reference calls it."""
    resource = told.resource
    found = coding_of(resource.one("medicationCodeableConcept"))
    reference = resource.one("medicationReference")
    if found is None and reference is not None:
        beside = told.beside(reference.word("reference") or "")
        whole = told.contained(reference) or (None if beside is None else beside.resource)
        found = coding_of(None if whole is None else whole.one("code"))
        if found is None and (words := named(reference)) is not None:
            found = Coding(display=words)
    if found is None:
        resource.refuse("medication", _NO_MEDICATION, code="required")
    return found


def _dosage(resource: Element) -> str | None:
    said = [text for one in resource.many("dosageInstruction") if (text := one.prose("text")) is not None]
    return "；".join(said) or None


def _unit(quantity: Element | None) -> str | None:
    return None if quantity is None else quantity.word("unit") or quantity.word("code")


def _days(duration: Element | None) -> float | None:
    if duration is None or (value := duration.number("value")) is None:
        return None
    unit = duration.word("code") or duration.word("unit") or ""
    if unit not in DAYS or value < 0:
        duration.refuse(None, _DURATION, code="value")
    return value * DAYS[unit]


def _prescription(told: Told) -> str | None:
    """The source's id of the prescription that it fills."""
    for reference in told.resource.many("authorizingPrescription"):
        address = reference.word("reference")
        if address is None:
            return named(reference)
        if (beside := told.beside(address)) is not None:
            return beside.source.id
        if (id := told.id_in(address, "MedicationRequest")) is not None:
            return told.around.source_of("MedicationRequest", id)
    return None
