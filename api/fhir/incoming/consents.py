"""Consent: what the patient agreed to or refused, for each purpose that it names."""

from collections.abc import Iterator, Mapping, Sequence

from api.fhir.elements import Element
from api.fhir.told import Told
from pathways.language.texts import Text
from store.notices import ConsentNotice
from store.tables import Purpose

STATUSES = ("draft", "proposed", "active", "rejected", "inactive", "entered-in-error")
PURPOSES: Mapping[str, Purpose] = {
    "TREAT": "care",
    "CAREMGT": "care",
    "PATRQT": "care",
    "HMARKT": "marketing",
    "HRESCH": "research",
    "CLINTRCH": "research",
    "care": "care",
    "marketing": "marketing",
    "research": "research",
}
"""By HL7's reasons for use (v3-ActReason) or our own words."""
SCOPES: Mapping[str, Purpose] = {"treatment": "care", "research": "research"}
"""What a scope stands for where no purpose is named; another one stands for none."""
ANSWERS: Mapping[str, bool] = {"permit": True, "deny": False}
_PURPOSE = Text(
    zh="应说明用途：在 provision.purpose 写 TREAT、HMARKT 或 HRESCH，或使用 scope treatment、research。",
    en="Say what it is for: provision.purpose TREAT, HMARKT or HRESCH, or the scope treatment or research.",
)


def translate(told: Told) -> Sequence[ConsentNotice]:
    """What it says for each purpose; nothing while it is a draft.

    One that has ended, was refused or was entered in error is a no: nothing may rest on it.
    """
    resource = told.resource
    status = resource.code("status", STATUSES)
    if status in ("draft", "proposed"):
        return []
    provision = resource.one("provision")
    granted = False
    if status == "active":
        if provision is None:
            resource.require("provision")
        granted = provision.meant("type", ANSWERS)
    at = resource.instant("dateTime", told.around.zone)
    if at is None:
        resource.require("dateTime")
    purposes = list(dict.fromkeys(_purposes(resource, provision)))
    if not purposes:
        resource.refuse("provision.purpose", _PURPOSE, code="required")
    subject = told.subject("patient")
    return [
        ConsentNotice(
            subject=subject,
            source_system=told.source.system,
            source_id=told.source.id if len(purposes) == 1 else f"{told.source.id}#{purpose}",
            purpose=purpose,
            granted=granted,
            at=at,
        )
        for purpose in purposes
    ]


def _purposes(resource: Element, provision: Element | None) -> Iterator[Purpose]:
    named = [] if provision is None else provision.many("purpose")
    for coding in named:
        yield coding.meant("code", PURPOSES)
    scope = resource.one("scope")
    if not named and scope is not None:
        codes = [one.word("code") or "" for one in scope.many("coding")]
        for code in codes:
            if code in SCOPES:
                yield SCOPES[code]
