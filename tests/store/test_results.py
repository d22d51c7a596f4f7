"""Results as a record shows them: the version that holds now, of each code the latest."""

from typing import Any

from store import observations, results, tables
from store.database import Database, Session
from store.observations import Category
from tests.store import builders
from tests.store.builders import at
from tests.store.test_observations import result, take


def shown(session: Session, who: tables.Patient, *, lifestyle: bool = False, each: int = 10) -> list[Any]:
    return [(one.source_id, one.value) for one in results.latest(session, who.id, lifestyle=lifestyle, each=each)]


def test_the_latest_version_of_each_is_shown(database: Database) -> None:
    """Not what it replaced, nor what was withdrawn, is outdated or lies in quarantine."""
    with database.write() as session:
        who = builders.patient(session)
        builders.journey(session, who)
        for id in ("corrected", "withdrawn", "cancelled", "outdated"):
            take(session, who.id, source_id=id, issued=at(hours=-1))
        take(session, who.id, source_id="corrected", value=4.0, status="corrected", issued=at())
        take(session, who.id, source_id="withdrawn", status="entered-in-error", issued=at())
        take(session, who.id, source_id="cancelled", status="cancelled", issued=at())
        take(session, who.id, source_id="outdated", value=9.0, status="corrected", issued=at(hours=-2))
        take(session, who.id, source_id="unknown", unit="bananas")
        assert sorted(shown(session, who)) == [("corrected", 4.0), ("outdated", 3.1)]


def test_a_result_that_became_another_patients_is_theirs(database: Database) -> None:
    """The sample was under the wrong name."""
    with database.write() as session:
        who, other = builders.patient(session), builders.patient(session, "2")
        builders.journey(session, who)
        take(session, who.id)
        take(session, other.id, status="corrected")
        assert (shown(session, who), shown(session, other)) == ([], [("17", 3.1)])


def test_of_each_code_the_latest_effective_are_shown(database: Database) -> None:
    """Many of one code do not hide the few of another; the latest first."""
    with database.write() as session:
        who = builders.patient(session)
        builders.journey(session, who)
        for number in range(4):
            take(session, who.id, source_id=f"g{number}", effective=at(hours=-number))
        take(session, who.id, source_id="hba1c", code="4548-4", unit="%", effective=at(days=-90))
        assert [id for id, _ in shown(session, who, each=2)] == ["g0", "g1", "hba1c"]


def test_lifestyle_is_a_category_of_its_own(database: Database) -> None:
    """What has no category is no lifestyle."""
    with database.write() as session:
        who = builders.patient(session)
        builders.journey(session, who)
        categories: tuple[Category | None, ...] = ("social-history", "laboratory", None)
        told = [result(who.id, source_id=str(one), category=one) for one in categories]
        intake = observations.Intake(session, told)
        for one in told:
            intake.take(one, now=at())
        session.flush()
        assert [id for id, _ in shown(session, who, lifestyle=True)] == ["social-history"]
        assert sorted(id for id, _ in shown(session, who)) == ["None", "laboratory"]
