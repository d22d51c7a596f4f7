"""Messages of other systems and what of them was not understood: listed, read by people who are known, decided."""

from datetime import timedelta
from typing import Any

import pytest

from store import audit, patients, tables
from store.database import Database
from store.notices import AnswersNotice, AnyNotice, ConsentNotice, PatientNotice, Subject, Unreadable
from store.patients import Identifier
from store.record import ConditionContent
from tests.api.clinic import NURSE, Desk, Known, result
from tests.api.told import DIABETES, NOW, entry, measured, tell

NEW = Subject(identifiers=(Identifier(system="his", value="P-new"),))


def _actions(database: Database, subject: str) -> list[tuple[str, str]]:
    with database.read() as session:
        return [(line.action, line.actor) for line in audit.list_(session, subject=subject)]


async def test_messages_are_listed_without_what_they_say(desk: Desk, known: Known) -> None:
    """By their way, their state and their time; over pages."""
    for place, sender in enumerate(("lis", "emr", "his")):
        tell(desk, [measured(f"R-{place}", 5.0)], sender=sender, now=NOW + timedelta(days=400, seconds=place))
    listed = await desk.get("/transmissions", channel="hl7")
    assert [one["sender"] for one in listed["items"]] == ["lis", "emr", "his"]
    assert not [one for one in listed["items"] if "body" in one]
    later = await desk.get("/transmissions", since=(NOW + timedelta(days=400, seconds=1)).isoformat())
    assert [one["sender"] for one in later["items"]] == ["emr", "his"]
    assert (await desk.get("/transmissions", channel="hl7", state="refused"))["items"] == []
    page = await desk.get("/transmissions", channel="hl7", limit=2)
    rest = await desk.get("/transmissions", channel="hl7", limit=2, cursor=page["next"])
    assert page["items"] + rest["items"] == listed["items"]


async def test_a_message_shows_what_of_it_was_not_understood(desk: Desk, known: Known) -> None:
    """And nothing of what was."""
    taking = tell(desk, [measured("R-1", 5.0), measured("R-2", 5.0, unit="bananas"), measured("R-3", 5.0, number="?")])
    shown = await desk.get(f"/transmissions/{taking.transmission}")
    assert sorted(one["reason"] for one in shown["quarantine"]) == ["unknown-patient", "unknown-unit"]
    assert (shown["sender"], shown["message"], shown["answer"], shown["state"]) == ("his", "ADT^A08", "AA", "taken")


async def test_who_reads_a_body_is_kept(desk: Desk, known: Known) -> None:
    """The bytes are as they came, as plain text of nobody's character set; nobody reads them without a name."""
    body = "姓名".encode("gb18030") + b"<script>"
    answer = await desk.http.post("/api/v1/observations", json=result(known.ids["patient-1"], "B-1"), headers=NURSE)
    assert answer.is_success
    with desk.database.write() as session:
        row = session.get(tables.Transmission, known.ids["transmission"])
        assert row is not None
        row.body = body
    path = f"/api/v1/transmissions/{known.ids['transmission']}/body"
    assert (await desk.http.get(path)).status_code == 401
    assert _actions(desk.database, known.ids["transmission"]) == []
    answer = await desk.http.get(path, headers=NURSE)
    assert (answer.content, answer.headers["Content-Type"]) == (body, "text/plain")
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")
    assert _actions(desk.database, known.ids["transmission"]) == [("message-read", "nurse-1")]


HELD: list[tuple[AnyNotice, str, str]] = [
    (measured("R", 5.0, number="P-new"), "result", "unknown-patient"),
    (measured("R", 5.0, code="LOCAL:GLU"), "result", "unknown-code"),
    (measured("R", 5.0, unit="bananas"), "result", "unknown-unit"),
    (PatientNotice(subject=NEW), "patient", "incomplete-patient"),
    (entry("condition", "C", ConditionContent(), code=DIABETES, number="P-new"), "entry", "unknown-patient"),
    (
        ConsentNotice(subject=NEW, source_system="emr", source_id="1", purpose="care", granted=False, at=NOW),
        "consent",
        "unknown-patient",
    ),
    (
        AnswersNotice(
            subject=Subject(identifiers=(Identifier(system="his", value="P-1"),)),
            source_system="emr",
            source_id="1",
            form="nowhere",
            at=NOW,
        ),
        "answers",
        "no-such-form",
    ),
    (Unreadable(reason="unreadable-segment", what="OBX", payload={"segment": 3}), "unreadable", "unreadable-segment"),
]


@pytest.mark.parametrize(("notice", "kind", "reason"), HELD, ids=[f"{one[1]} {one[2]}" for one in HELD])
async def test_what_was_not_understood_says_what_it_is_and_why(
    desk: Desk, known: Known, notice: AnyNotice, kind: str, reason: str
) -> None:
    """With the message in which it came; in words on the page."""
    taking = tell(desk, [notice])
    (held,) = (await desk.get(f"/transmissions/{taking.transmission}"))["quarantine"]
    assert (held["kind"], held["reason"], held["transmission"]) == (kind, reason, taking.transmission)
    assert held in (await desk.get("/quarantine", reason=reason))["items"]
    assert held not in (await desk.get("/quarantine", reason="other-reason"))["items"]
    assert held not in (await desk.get("/quarantine", state="released"))["items"]
    await desk.http.post("/who", data={"staff": "nurse-1"}, headers={"Sec-Fetch-Site": "same-origin"})
    page = (await desk.http.get(f"/quarantine?reason={reason}")).text
    assert held["id"] in page


RELEASES: list[tuple[AnyNotice, dict[str, Any], str]] = [
    (measured("R", 2.1, number="P-new"), {"patient": "{patient-1}"}, "accepted"),
    (measured("R", 2.1, code="LOCAL:GLU"), {"code": "14771-0"}, "accepted"),
    (measured("R", 2.1, unit="bananas"), {"unit": "mmol/L"}, "accepted"),
    (HELD[4][0], {"patient": "{patient-1}"}, "stored"),
    (HELD[5][0], {"patient": "{patient-1}"}, "stored"),
]


@pytest.mark.parametrize(("notice", "correction", "state"), RELEASES)
async def test_a_person_corrects_and_releases(
    desk: Desk, known: Known, notice: AnyNotice, correction: dict[str, Any], state: str
) -> None:
    """The decision is theirs and is kept; a second one is refused."""
    taking = tell(desk, [notice])
    (held,) = (await desk.get(f"/transmissions/{taking.transmission}"))["quarantine"]
    path = f"/quarantine/{held['id']}"
    assert (await desk.post(f"{path}/release", {}, status=409))["code"] == "conflict"
    released = await desk.post(f"{path}/release", known.fill(correction))
    assert released["state"] == state
    (shown,) = (await desk.get(f"/transmissions/{taking.transmission}"))["quarantine"]
    assert (shown["state"], shown["decided_by"]) == ("released", "nurse-1")
    assert _actions(desk.database, held["id"]) == [("quarantine-released", "nurse-1")]
    for decision in ("release", "discard"):
        body = known.fill(correction) if decision == "release" else None
        assert (await desk.post(f"{path}/{decision}", body, status=409))["code"] == "conflict"


async def test_a_no_that_is_released_stops_contact(desk: Desk, known: Known) -> None:
    """What was held takes effect as if it had just come."""
    taking = tell(desk, [HELD[5][0]])
    (held,) = (await desk.get(f"/transmissions/{taking.transmission}"))["quarantine"]
    with desk.database.read() as session:
        assert patients.consent(session, known.ids["patient-3"]) is True
    with desk.database.write() as session:
        session.delete(patients.consents_of(session, known.ids["patient-3"])[0])
    await desk.post(f"/quarantine/{held['id']}/release", {"patient": known.ids["patient-3"]})
    with desk.database.read() as session:
        assert patients.consent(session, known.ids["patient-3"]) is False


async def test_a_contradicted_death_is_released_when_it_is_contradicted_no_more(desk: Desk, known: Known) -> None:
    """Until the recorded death is withdrawn it stays; then the right one counts."""
    subject = Subject(identifiers=(Identifier(system="his", value="P-dead"),))
    taking = tell(desk, [PatientNotice(subject=subject, died_at=NOW - timedelta(days=1))])
    (held,) = (await desk.get(f"/transmissions/{taking.transmission}"))["quarantine"]
    assert (held["kind"], held["reason"]) == ("patient", "death-contradicted")
    path, patient = f"/quarantine/{held['id']}/release", known.ids["patient-dead"]
    assert (await desk.post(path, {}, status=409))["code"] == "conflict"
    assert (await desk.get(f"/transmissions/{taking.transmission}"))["quarantine"] == [held]
    await desk.post(f"/patients/{patient}/death/withdraw")
    assert (await desk.post(path, {}))["state"] in ("stored", "duplicate")
    assert (await desk.get(f"/patients/{patient}"))["died_at"] == "2026-06-29T04:00:00Z"
    (shown,) = (await desk.get(f"/transmissions/{taking.transmission}"))["quarantine"]
    assert shown["state"] == "released"


async def test_what_cannot_be_read_is_discarded_alone(desk: Desk, known: Known) -> None:
    """There is nothing to take in; that somebody decided is kept."""
    taking = tell(desk, [HELD[7][0]])
    (held,) = (await desk.get(f"/transmissions/{taking.transmission}"))["quarantine"]
    assert (await desk.post(f"/quarantine/{held['id']}/release", {}, status=409))["code"] == "conflict"
    assert (await desk.post(f"/quarantine/{held['id']}/discard"))["decided_by"] == "nurse-1"
    assert _actions(desk.database, held["id"]) == [("quarantine-discarded", "nurse-1")]


FORM = {"Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"system": "his", "number": "P-404"}, 404, "没有这个编号的患者"),
        ({"system": "", "number": "P-1"}, 422, "没有填写编号系统"),
        ({"patient": "nobody"}, 404, "没有这名患者"),
        ({"code": "", "unit": ""}, 409, "仍然无法识别"),
    ],
)
async def test_on_the_page_what_cannot_be_says_why(
    desk: Desk, known: Known, fields: dict[str, str], status: int, said: str
) -> None:
    """In the reader's language, with the list still there, and without the number that was typed."""
    await desk.http.post("/who", data={"staff": "nurse-1"}, headers=FORM)
    path = f"/quarantine/{known.ids['quarantined']}"
    answer = await desk.http.post(f"{path}/release", data=fields, headers=FORM)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert known.ids["quarantined"] in answer.text
    assert "P-404" not in answer.text
    again = await desk.http.post(f"/quarantine/{known.ids['discarded']}/discard", headers=FORM)
    assert (again.status_code, "这一项已经处理过" in again.text) == (409, True)


async def test_a_merge_is_undone_once_on_the_page_too(desk: Desk, known: Known) -> None:
    """A page that is a minute old does not undo what another has undone."""
    await desk.http.post("/who", data={"staff": "nurse-1"}, headers=FORM)
    path = f"/patients/{known.ids['patient-twice']}/merges/{known.ids['merge']}/undo"
    first = await desk.http.post(path, headers=FORM)
    assert (first.status_code, first.headers["Location"]) == (303, f"/patients/{known.ids['patient-twice']}")
    again = await desk.http.post(path, headers=FORM)
    assert (again.status_code, "这次合并已经撤销" in again.text) == (409, True)
