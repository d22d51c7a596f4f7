"""Where resources are taken in and looked up: one request's transaction, and what it stands on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from api.fhir import stocks
from api.fhir.kinds import BY_TYPE, Kind
from api.fhir.outgoing.parts import Resource, Showing
from api.fhir.searching import Search
from api.fhir.searching import Told as ToldParameter
from api.fhir.searching import read as read_search
from api.fhir.stocks import Found, Place
from api.fhir.told import HERE, Source, Surroundings
from api.house import House
from api.outcomes import Issue, IssueCode, ResourceMissing, SeveralMatch, VersionChanged
from pathways.language.texts import Text
from store import identities, matches, reports, shelves, visits
from store.database import Session
from store.matches import Wanted
from store.observations import Result
from store.record import EntryKind

ENTRIES: Mapping[str, EntryKind] = {
    "Encounter": "encounter",
    "Appointment": "appointment",
    "Condition": "condition",
    "AllergyIntolerance": "allergy",
    "MedicationRequest": "medication-request",
    "MedicationDispense": "medication-dispense",
    "DiagnosticReport": "diagnostic-report",
    "Consent": "consent",
    "QuestionnaireResponse": "questionnaire-response",
}
"""What entries of the record the types are."""

_MISSING = Text(zh="没有这个资源。", en="There is no such resource.")
_SEVERAL = Text(zh="有多个资源符合条件。", en="Several resources fit the condition.")
_CHANGED = Text(
    zh="资源已是其他版本，请重新读取后再修改。", en="The resource is at another version; read it again, then change it."
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """A resource that is here: what its source calls it, and the planned visit that it is."""

    id: str
    source: Source
    visit: str | None = None


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A request's transaction. `base` is the address of the FHIR side, with a slash at the end."""

    house: House
    session: Session
    base: str
    now: datetime
    by: str

    @property
    def showing(self) -> Showing:
        """What it takes to show a row."""
        return Showing(session=self.session, mapping=self.house.mapping())

    def read(self, type: str, id: str) -> Resource:
        """The resource; ResourceMissing where there is none."""
        found = stocks.read(BY_TYPE[type].stocks, self.showing, id)
        if found is None:
            raise missing()
        return found

    def search(self, kind: Kind, search: Search, *, after: Place | None = None) -> Sequence[Found]:
        """A page of what fits, and one more where there is more."""
        wanted = replace(search.wanted, patients=tuple(map(self._survivors, search.wanted.patients)))
        return stocks.find(kind.stocks, self.showing, wanted, after=after, limit=search.count + 1)

    def matching(self, kind: Kind, condition: Sequence[ToldParameter]) -> str | None:
        """The id of the one resource that fits; None where there is none.

        Raises:
            SearchRefused: the condition cannot be asked.
            SeveralMatch: several fit.
        """
        search = self.read_search(kind, condition)
        found = stocks.find(kind.stocks, self.showing, search.wanted, limit=2)
        if len(found) > 1:
            raise SeveralMatch(Issue(code="multiple-matches", what=_SEVERAL))
        return found[0].place[1] if found else None

    def read_search(self, kind: Kind, told: Sequence[ToldParameter], *, lenient: bool = False) -> Search:
        """A search as it was written; SearchRefused where it cannot be run."""
        zone = self.house.settings.zone
        return read_search(kind, told, zone=zone, mapping=self.house.mapping(), base=self.base, lenient=lenient)

    def surroundings(self, **more: Any) -> Surroundings:
        """What translators may ask."""
        return Surroundings(
            zone=self.house.settings.zone,
            mapping=self.house.mapping(),
            base=self.base,
            source_of=self._source_of,
            result_of=self._result_of,
            parts_of=self._parts_of,
            **more,
        )

    def known(self, type: str, id: str) -> Known:
        """The resource that an update means; ResourceMissing where there is none."""
        if type == "Patient":
            row = matches.read(self.session, shelves.PATIENTS, id)
            found = None if row is None else Known(id=id, source=Source(system=HERE, id=id))
        elif type == "Observation":
            found = self._known_result(id)
        else:
            found = self._known_entry(type, id)
        if found is None:
            raise missing()
        return found

    def check_version(self, type: str, id: str, if_match: str | None) -> None:
        """VersionChanged where `If-Match` names another version than the one that is here."""
        if if_match is None:
            return
        current = self.read(type, id)["meta"].get("versionId")
        if if_match.strip() not in ("*", f'W/"{current}"', f'"{current}"'):
            raise VersionChanged(Issue(code="conflict", what=_CHANGED))

    def _survivors(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(identities.survivor_of(self.session, id) or id for id in ids)

    def _known_result(self, id: str) -> Known | None:
        single = matches.read(self.session, shelves.RESULTS, id)
        if single is not None:
            return Known(id=id, source=Source(system=single[0].source_system, id=single[0].source_id))
        parts = matches.find(self.session, shelves.RESULTS, Wanted(others={"panel": ((id,),)}), limit=1)
        if not parts:
            return None
        row, _ = parts[0]
        return Known(id=id, source=Source(system=row.source_system, id=row.source_id.partition("#")[0]))

    def _known_entry(self, type: str, id: str) -> Known | None:
        shelf = shelves.entries_of(ENTRIES[type])
        found = matches.read(self.session, shelf, id)
        if found is not None:
            source_id = found[0].source_id.rpartition("#")[0] if type == "Consent" else ""
            return Known(id=id, source=Source(system=found[0].source_system, id=source_id or found[0].source_id))
        if type == "Appointment" and visits.find(self.session, id) is not None:
            return Known(id=id, source=Source(system=HERE, id=id), visit=id)
        return None

    def _source_of(self, type: str, id: str) -> str | None:
        kind = ENTRIES.get(type)
        found = None if kind is None else matches.read(self.session, shelves.entries_of(kind), id)
        return None if found is None else found[0].source_id

    def _parts_of(self, source: Source) -> Sequence[Result]:
        return [reports.as_told(row) for row in reports.parts(self.session, source.system, source.id)]

    def _result_of(self, id: str) -> Result | None:
        found = matches.read(self.session, shelves.RESULTS, id)
        return None if found is None else reports.as_told(found[0])


def missing(code: IssueCode = "not-found") -> ResourceMissing:
    """The refusal of a resource that is not here."""
    return ResourceMissing(Issue(code=code, what=_MISSING))
