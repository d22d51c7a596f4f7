"""Who is meant: by identifiers in the order of their priority, through merges, and never by guessing."""

from collections.abc import Sequence

import pytest

from pathways.errors import Conflict
from store import identities, merges, patients, separations, tables
from store.database import Database, Session
from store.identities import Identity
from store.notices import Subject
from store.patients import Identifier
from tests.store import builders
from tests.store.builders import NOW, at

PRIORITIES = ("national", "his", "insurance")
KNOWN = {"a": ("national:1", "his:10", "card:c1"), "b": ("national:2", "his:20", "card:c2"), "c": ("his:30",)}


def identifiers(*told: str) -> tuple[Identifier, ...]:
    """Identifiers, each as `system:value`."""
    pairs = [one.split(":") for one in told]
    return tuple(Identifier(system=system, value=value) for system, value in pairs)


def admit(session: Session) -> dict[str, str]:
    """The ids of the patients whom the house knows, by a name that only tests use; and that name by the id."""
    made = {
        name: builders.patient(session, name, identifiers=identifiers(*own)).id for name, own in sorted(KNOWN.items())
    }
    return made | {id: name for name, id in made.items()}


def who(session: Session, names: dict[str, str], *told: str, priorities: Sequence[str] = PRIORITIES) -> str | None:
    """Who is meant, `?` where nobody can tell."""
    found = identities.identify(session, Subject(identifiers=identifiers(*told)), priorities)
    assert found.patient is None or not found.conflict
    return "?" if found.conflict else names[found.patient] if found.patient else None


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ([], None),
        (["his:10"], "a"),
        (["his:99"], None),
        (["national:10"], None),  # the same value of another system is another identifier
        (["national:1", "his:10"], "a"),
        (["his:10", "national:1"], "a"),
        (["national:9", "his:10"], "a"),  # nobody has that one: it contradicts nobody
        (["card:c1"], "a"),  # a system without priority finds where nothing better does
        (["card:c2", "his:10"], "a"),  # and contradicts nobody, in whatever order it stands
        (["his:10", "card:c2"], "a"),
        (["card:c1", "card:c2"], "a"),
        (["national:1", "his:20"], "?"),
        (["his:20", "national:1"], "?"),
        (["insurance:7", "his:30"], "c"),
        (["national:1", "his:10", "his:30"], "?"),
        (["his:10", "his:20"], "?"),
    ],
)
def test_the_first_system_that_knows_decides_and_no_other_may_contradict(
    database: Database, told: list[str], meant: str | None
) -> None:
    """Two identifiers that count and belong to two people mean nobody."""
    with database.write() as session:
        assert who(session, admit(session), *told) == meant


def test_without_priorities_every_system_may_contradict(database: Database) -> None:
    """Where a site ranks no system, none is known to count less."""
    with database.write() as session:
        names = admit(session)
        assert who(session, names, "his:10", "national:1", priorities=()) == "a"
        assert who(session, names, "his:10", "national:2", priorities=()) == "?"


def test_the_identifier_that_decided_is_named(database: Database) -> None:
    """So that what came by it can go back with it."""
    with database.write() as session:
        admit(session)
        subject = Subject(identifiers=identifiers("card:c1", "his:10", "national:9"))
        assert identities.identify(session, subject, PRIORITIES).via == "his|10"
        by_id = Subject(patient=who_by(session, "his:10"), identifiers=identifiers("his:20"))
        assert identities.identify(session, by_id, PRIORITIES) == Identity(patient=by_id.patient)


def who_by(session: Session, told: str) -> str:
    found = identities.identify(session, Subject(identifiers=identifiers(told)), PRIORITIES).patient
    assert found is not None
    return found


def test_an_unknown_id_means_nobody(database: Database) -> None:
    """It is no identifier of anybody, and identifiers beside it are not asked: the sender chose."""
    with database.write() as session:
        admit(session)
        subject = Subject(patient="nobody", identifiers=identifiers("his:10"))
        assert identities.identify(session, subject, PRIORITIES) == Identity(patient=None)


def test_whoever_went_into_another_record_is_that_one(database: Database) -> None:
    """Through any number of merges, by id and by identifier, until the merge is undone."""
    with database.write() as session:
        names = admit(session)
        a, b, c = (names[name] for name in "abc")
        into_b = merges.merge(session, survivor=b, retired=c, by="nurse-1", now=NOW)
        merges.merge(session, survivor=a, retired=b, by="nurse-1", now=at(minutes=1))
        assert [identities.survivor_of(session, one) for one in (a, b, c)] == [a, a, a]
        assert [who(session, names, told) for told in ("his:10", "his:20", "his:30")] == ["a", "a", "a"]
        assert who(session, names, "national:1", "his:20", "his:30") == "a"
        assert identities.identify(session, Subject(patient=c), PRIORITIES).patient == a
        with pytest.raises(Conflict):
            separations.undo(session, into_b.id, by="nurse-1", now=at(minutes=2))
        (last,) = merges.list_(session, patient=a)
        separations.undo(session, last.id, by="nurse-1", now=at(minutes=3))
        assert [identities.survivor_of(session, one) for one in (a, b, c)] == [a, b, b]
        assert [who(session, names, told) for told in ("his:10", "his:20", "his:30")] == ["a", "b", "b"]


def test_a_ring_of_merges_ends_the_search(database: Database) -> None:
    """No row can make that; should a hand have done so, nobody waits for ever."""
    with database.write() as session:
        names = admit(session)
        first, second = patients.read(session, names["a"]), patients.read(session, names["b"])
        first.merged_into, second.merged_into = second.id, first.id
        session.flush()
        assert identities.survivor_of(session, first.id) in (first.id, second.id)
        assert session.get(tables.Patient, "nobody") is None
        assert identities.survivor_of(session, "nobody") is None
