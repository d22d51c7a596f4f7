"""CapabilityStatement: what is served, made from the table that routes."""

from datetime import datetime

from api.fhir.kinds import COMMON, KINDS, Kind, Parameter
from api.fhir.outgoing.parts import Resource, instant, without_nothing
from api.outcomes import FHIR_TYPE

FHIR_VERSION = "4.0.1"
_NO_UPDATE_AS_CREATE = "PUT changes what is here; it makes nothing."


def statement(base: str, now: datetime) -> Resource:
    """What this server does; `base` is its address."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(now),
        "kind": "instance",
        "software": {"name": "Tongxing 同行", "version": "1"},
        "implementation": {"description": "同行 Tongxing: care pathways", "url": base.rstrip("/")},
        "fhirVersion": FHIR_VERSION,
        "format": [FHIR_TYPE, "application/json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "Parameters that say something of a person are taken by POST [type]/_search alone. What is accepted"
                    " and not understood (patient, code, unit) is answered 202 and waits for a person."
                ),
                "resource": [_resource(kind) for kind in KINDS],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }


def _resource(kind: Kind) -> Resource:
    interactions = ["read", "search-type", *(["create", "update"] if kind.taken else [])]
    told: Resource = {
        "type": kind.type,
        "interaction": [{"code": code} for code in interactions],
        "versioning": "versioned-update" if kind.taken else "no-version",
        "readHistory": False,
        "searchParam": [_parameter(one) for one in (*COMMON, *kind.parameters)],
    }
    if kind.taken:
        told |= {
            "updateCreate": False,
            "conditionalCreate": True,
            "conditionalUpdate": False,
            "conditionalDelete": "not-supported",
            "documentation": _NO_UPDATE_AS_CREATE,
        }
    return told


def _parameter(parameter: Parameter) -> Resource:
    said = " ".join(part for part in ("By POST _search alone." if parameter.private else "", parameter.says) if part)
    return without_nothing({"name": parameter.name, "type": parameter.type, "documentation": said or None})
