"""Consent: what the patient agreed to or refused, for each purpose that it names."""

from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

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
_EXCEPTIONS = Text(
    zh="不支持 provision 中的例外；请对每项用途分别发送。",
    en="Exceptions within a provision are not supported; send an answer for each purpose.",
)
_ENDS = Text(
    zh="不支持到期自动失效的同意；到期时请另行发送。",
    en="A yes that ends by itself is not supported; leave its end out, and send it again when it ends.",
)
_OTHER_PURPOSE = Text(zh="此地址的同意是关于另一项用途的。", en="The consent at this address is about another purpose.")


def translate(told: Told) -> Sequence[ConsentNotice]:
    """What it says for each purpose; nothing while it is a draft.

    One that has ended, was refused or was entered in error is a no: nothing may rest on it.
    """
    resource = told.resource
    status = resource.code("status", STATUSES)
    if status in ("draft", "proposed"):
        return []
    provision = resource.one("provision")
    granted = _granted(resource, provision) if status == "active" else False
    at = resource.instant("dateTime", told.around.zone)
    if at is None:
        resource.require("dateTime")
    purposes = list(dict.fromkeys(_purposes(resource, provision)))
    if not purposes:
        resource.refuse("provision.purpose", _PURPOSE, code="required")
    subject = told.subject("patient")
    answers = dict.fromkeys(purposes, granted) | dict.fromkeys(_left_out(told, purposes), False)
    return [
        ConsentNotice(
            subject=subject,
            source_system=told.source.system,
            source_id=f"{told.source.id}#{purpose}",
            purpose=purpose,
            granted=yes,
            at=at,
        )
        for purpose, yes in answers.items()
    ]


def _granted(resource: Element, provision: Element | None) -> bool:
    if provision is None:
        resource.require("provision")
    if provision.has("provision"):
        provision.refuse("provision", _EXCEPTIONS, code="not-supported")
    granted = provision.meant("type", ANSWERS)
    period = provision.one("period")
    if granted and period is not None and period.has("end"):
        provision.refuse("period", _ENDS, code="not-supported")
    return granted


def _left_out(told: Told, purposes: Sequence[Purpose]) -> list[Purpose]:
    """Purposes that it said yes to before, and names no more; at its own address it is about the one purpose alone."""
    before = told.around.consents_of(told.source)
    if told.id is None:
        named = {one.purpose for one in before.values() if one.granted} - set(purposes)
        return [purpose for purpose in get_args(Purpose) if purpose in named]
    if told.id in before and before[told.id].purpose not in purposes:
        told.resource.refuse("provision.purpose", _OTHER_PURPOSE, code="value")
    return []


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
