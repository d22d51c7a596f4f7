"""Patient: the person as known here."""

from datetime import datetime

from api.fhir.outgoing.parts import Resource, Showing, instant, resource, without_nothing
from api.fhir.told import HERE, system_there
from store import patients, tables

_TELECOM = {"phone": "phone", "sms": "sms", "email": "email"}


def show(showing: Showing, row: tables.Patient, updated: datetime) -> Resource:
    """The patient with identifiers and contacts; a merged record says which one it went into."""
    identifiers = [
        {"system": system_there(one.system, showing.mapping), "value": one.value}
        for one in patients.identifiers_of(showing.session, row.id)
        if one.system != HERE
    ]
    links = [] if row.merged_into is None else [row.merged_into]
    return resource("Patient", row.id, updated=updated, version=row.version) | without_nothing(
        {
            "identifier": identifiers,
            "active": row.merged_into is None,
            "name": [{"use": "official", "text": row.name}],
            "telecom": [_contact(one) for one in patients.contacts_of(showing.session, row.id)],
            "gender": row.sex,
            "birthDate": row.born.isoformat(),
            "deceasedDateTime": None if row.died_at is None else instant(row.died_at),
            "communication": [
                {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": row.language}]}, "preferred": True}
            ],
            "link": [{"other": {"reference": f"Patient/{id}"}, "type": "replaced-by"} for id in links],
        }
    )


def _contact(row: tables.Contact) -> Resource:
    told = {"system": _TELECOM.get(row.kind, "other"), "value": row.value, "rank": 1 if row.preferred else None}
    return without_nothing(told)
