"""Staff, roles and who is on duty."""

from datetime import timedelta
from typing import Any

import pytest

from pathways.errors import Invalid, NotFound
from store import people
from store.database import Database
from tests.store import builders
from tests.store.builders import NOW, at

HOURS_8 = timedelta(hours=8)


def test_a_department_without_a_roster_has_all_holders_on_duty(database: Database) -> None:
    """Nobody goes unasked because nobody wrote a roster; people who left are not asked."""
    with database.write() as session:
        builders.staff(session)
        assert people.on_duty(session, "nurse", NOW) == {"nurse-1", "nurse-2"}
        assert people.on_duty(session, "head-nurse", NOW) == {"head-1"}
        assert people.on_duty(session, "nobody-holds-it", NOW) == frozenset()
        people.save_staff(session, id="nurse-2", name="张敏", active=False)
        session.flush()
        assert people.on_duty(session, "nurse", NOW) == {"nurse-1"}


def test_with_a_roster_only_the_shift_counts(database: Database) -> None:
    """A shift runs from its start to before its end; at night with nobody on it there is nobody."""
    with database.write() as session:
        builders.staff(session)
        people.add_duty(session, staff="nurse-1", role="nurse", department="ward", starts=NOW, ends=NOW + HOURS_8)
        assert people.on_duty(session, "nurse", NOW) == {"nurse-1"}
        assert people.on_duty(session, "nurse", NOW + HOURS_8) == frozenset()
        assert people.on_duty(session, "nurse", at(seconds=-1)) == frozenset()


def test_each_department_has_its_own_roster(database: Database) -> None:
    """A roster of one ward says nothing about another one that keeps none."""
    with database.write() as session:
        builders.staff(session)
        people.hold(session, staff="head-1", role="nurse", department=people.HOUSE)
        people.add_duty(session, staff="nurse-1", role="nurse", department="ward", starts=NOW, ends=NOW + HOURS_8)
        late = NOW + 2 * HOURS_8
        assert people.on_duty(session, "nurse", late) == {"head-1"}
        assert people.on_duty(session, "nurse", late, "ward") == frozenset()
        assert people.on_duty(session, "nurse", NOW, "ward") == {"nurse-1"}


def test_a_person_is_on_duty_in_any_role_of_theirs(database: Database) -> None:
    """By the rosters of their roles; without a role always, having left never."""
    with database.write() as session:
        builders.staff(session)
        people.add_duty(session, staff="nurse-1", role="nurse", department="ward", starts=NOW, ends=NOW + HOURS_8)
        people.save_staff(session, id="guest", name="客")
        people.save_staff(session, id="gone", name="离", active=False)
        session.flush()
        present = {who: people.is_on_duty(session, who, NOW) for who in ("nurse-1", "nurse-2", "head-1", "guest")}
        assert present == {"nurse-1": True, "nurse-2": False, "head-1": True, "guest": True}
        assert not people.is_on_duty(session, "nurse-1", NOW + HOURS_8)
        assert not people.is_on_duty(session, "gone", NOW)
        assert not people.is_on_duty(session, "nobody", NOW)


def test_a_shift_is_listed_kept_once_and_removed(database: Database) -> None:
    """Sending a roster again changes its shifts and adds none."""
    with database.write() as session:
        builders.staff(session)
        shift: dict[str, Any] = {"staff": "nurse-1", "role": "nurse", "department": "ward", "starts": NOW}
        first = people.add_duty(session, **shift, ends=NOW + HOURS_8)
        again = people.add_duty(session, **shift, ends=NOW + 2 * HOURS_8)
        assert (again.id, again.ends) == (first.id, NOW + 2 * HOURS_8)
        assert len(people.duty(session, role="nurse", department="ward", at=NOW)) == 1
        assert people.duty(session, department="house") == []
        people.remove_duty(session, first.id)
        assert people.duty(session) == []
        with pytest.raises(NotFound):
            people.remove_duty(session, first.id)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"staff": "nobody"}, NotFound),
        ({"role": "pilot"}, NotFound),
        ({"department": "moon"}, NotFound),
        ({"ends": NOW}, Invalid),
    ],
)
def test_a_shift_that_cannot_be_is_refused(database: Database, wrong: dict[str, Any], error: type[Exception]) -> None:
    """What a shift names must exist, and it ends after it starts."""
    shift: dict[str, Any] = {
        "staff": "nurse-1",
        "role": "nurse",
        "department": "ward",
        "starts": NOW,
        "ends": at(hours=1),
    }
    with database.write() as session:
        builders.staff(session)
        with pytest.raises(error):
            people.add_duty(session, **(shift | wrong))


def test_a_seed_loaded_twice_is_loaded_once(database: Database) -> None:
    """A seed makes and changes what it names."""
    with database.write() as session:
        builders.staff(session)
        builders.staff(session)
        people.release(session, staff="nurse-2", role="nurse", department="ward")
        people.release(session, staff="nurse-2", role="nurse", department="ward")
        assert [row.id for row in people.staff(session)] == ["head-1", "nurse-1", "nurse-2"]
        assert [row.name for row in people.roles(session)] == ["head-nurse", "nurse"]
        assert [row.id for row in people.departments(session)] == ["house", "ward"]
        assert [row.staff for row in people.holders(session, role="nurse")] == ["nurse-1"]
        assert people.roles_of(session, "head-1") == {"head-nurse"}


@pytest.mark.parametrize(
    ("seed", "error", "place"),
    [
        ({"staff": [{"id": "a"}]}, Invalid, "staff.0.name"),
        ({"staf": []}, Invalid, "staf"),
        ({"staff": [{"id": "a", "name": "b", "roles": ["pilot"]}]}, NotFound, "pilot"),
    ],
)
def test_a_wrong_seed_names_the_place(
    database: Database, seed: dict[str, Any], error: type[Exception], place: str
) -> None:
    """A seed file is refused with the place to mend, and nothing of it is kept."""
    with pytest.raises(error, match=place), database.write() as session:
        people.load_seed(session, seed)
    with database.read() as session:
        assert people.staff(session) == []
