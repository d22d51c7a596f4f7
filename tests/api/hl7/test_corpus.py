"""Every message of `tests/messages/hl7`, taken in as it would be over the wire, does what is written beside it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from sqlalchemy import select, text

from api.hl7.message import Message, Segment, read_message
from store import identities, patients, tables
from store.database import Database, Session
from store.notices import Subject
from store.patients import Identifier
from tests.api.hl7.ward import PATIENTS, Case, case, corpus, mailroom_on

CASES = corpus()


@pytest.mark.parametrize("one", CASES, ids=str)
def test_a_message_does_what_is_written_beside_it(one: Case, ward: Database) -> None:
    """The answer with its errors, and every row: what is not written down must not be there."""
    expected = one.expected
    mailroom = mailroom_on(ward)
    for earlier in expected.get("before", ()):
        mailroom.answer(case(earlier).body)
    before = _transmissions(ward)
    acks = [read_message(ack, lambda _: None) for ack in mailroom.answer(one.body)]

    assert [_code(ack) for ack in acks] == _answers(expected)
    assert [error for ack in acks for error in _errors(ack)] == expected.get("errors", _errors_of(acks, expected))
    new = [row for row in _transmissions(ward) if row.id not in {other.id for other in before}]
    assert len(new) == (0 if expected.get("again") else 1)
    assert [row.state for row in new] == [expected.get("state", "taken")] * len(new)
    assert all(row.body == one.body for row in new)
    with ward.read() as session:
        _check_rows(session, expected)


def test_there_are_enough_messages() -> None:
    """The corpus has messages of every kind that is understood, in every way that they arrive."""
    assert len(CASES) >= 60
    assert {one.name.split("-")[0] for one in CASES} == {"oru", "adt", "siu", "other", "refused", "broken", "enhanced"}
    assert all(one.expected["says"] for one in CASES)


def _answers(expected: Mapping[str, Any]) -> Sequence[str]:
    if "answers" in expected:
        return expected["answers"]
    return [] if expected["answer"] is None else [expected["answer"]]


def _errors_of(acks: Sequence[Message], expected: Mapping[str, Any]) -> list[Any]:
    """Where no error is written down, none may be told, unless the message was refused as a whole."""
    return [error for ack in acks for error in _errors(ack)] if expected.get("state") == "refused" else []


def _code(ack: Message) -> str | None:
    return next(ack.named("MSA")).text(1)


def _errors(ack: Message) -> list[dict[str, str]]:
    return [error for segment in ack.named("ERR") for error in _errors_in(segment)]


def _errors_in(segment: Segment) -> list[dict[str, str]]:
    if segment.text(3) is not None:
        told = (segment.text(2), segment.text(2, 2), segment.text(2, 3), segment.text(3), segment.text(4))
        return [_named(told)]
    return [_named((one.text(1), one.text(2), one.text(3), one.text(4), None)) for one in segment.repeats(1)]


def _named(told: Sequence[str | None]) -> dict[str, str]:
    names = ("segment", "sequence", "field", "code", "severity")
    return {name: text for name, text in zip(names, told, strict=True) if text is not None}


def _transmissions(database: Database) -> Sequence[tables.Transmission]:
    with database.read() as session:
        return session.scalars(select(tables.Transmission)).all()


def _check_rows(session: Session, expected: Mapping[str, Any]) -> None:
    names = _names(session)
    as_inserted = text("rowid")
    results = session.scalars(select(tables.Observation).order_by(as_inserted)).all()
    assert len(results) == len(expected.get("results", ()))
    _match(results, expected.get("results", ()), names)
    entries = session.scalars(select(tables.Entry).order_by(as_inserted)).all()
    assert [row.kind for row in entries] == [entry["kind"] for entry in expected.get("entries", ())]
    _match(entries, expected.get("entries", ()), names)
    panels: dict[str, list[str]] = {}
    for row in results:
        if row.panel is not None:
            panels.setdefault(row.panel, []).append(row.code)
    assert [sorted(codes, reverse=True) for codes in panels.values()] == expected.get("panels", [])
    held = session.scalars(select(tables.Quarantine).where(tables.Quarantine.state == "held")).all()
    assert Counter(row.reason for row in held) == Counter(expected.get("quarantine", ()))
    merges = session.scalars(select(tables.Merge)).all()
    assert [[names[row.survivor], names[row.retired]] for row in merges] == expected.get("merges", [])
    for key, told in expected.get("patients", {}).items():
        _check_patient(session, key, told)


def _names(session: Session) -> dict[str | None, str | None]:
    rows = session.scalars(select(tables.Identifier).where(tables.Identifier.system == "his"))
    found = {row.patient: row.value for row in sorted(rows, key=lambda row: row.value, reverse=True)}
    retired = session.scalars(select(tables.Patient).where(tables.Patient.merged_into.is_not(None))).all()
    by_name = {name: number for number, (name, *_) in PATIENTS.items()}
    return {None: None, **found, **{row.id: by_name[row.name] for row in retired}}


def _match(rows: Sequence[Any], expected: Sequence[Mapping[str, Any]], names: Mapping[str | None, str | None]) -> None:
    for row, told in zip(rows, expected, strict=True):
        found = {name: _shown(row, name, told, names) for name in told}
        assert found == dict(told)


def _shown(row: Any, name: str, told: Mapping[str, Any], names: Mapping[str | None, str | None]) -> object:
    value = getattr(row, name)
    if name == "patient":
        return names[value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="auto").replace("000+00:00", "Z").replace("+00:00", "Z")
    if name == "content":
        return {key: cast(Mapping[str, Any], value)[key] for key in told["content"]}
    return value


def _check_patient(session: Session, key: str, told: Mapping[str, Any]) -> None:
    system, _, value = key.partition("|")
    subject = Subject(identifiers=(Identifier(system=system, value=value),))
    found = identities.identify(session, subject, [system]).patient
    assert found is not None
    row = patients.read(session, found)
    contacts = session.scalars(
        select(tables.Contact).where(tables.Contact.patient == found).order_by(tables.Contact.position)
    )
    shown: dict[str, Any] = {
        "name": row.name,
        "born": row.born.isoformat(),
        "sex": row.sex,
        "language": row.language,
        "died_at": None if row.died_at is None else row.died_at.isoformat().replace("+00:00", "Z"),
        "contacts": [[one.kind, one.value] for one in contacts],
    }
    assert {name: shown[name] for name in told} == dict(told)
