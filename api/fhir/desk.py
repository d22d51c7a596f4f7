"""Where resources are taken in and looked up: one request's transaction, and what it stands on."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args

from api.fhir import stocks
from api.fhir.kinds import BY_TYPE, Kind
from api.fhir.outgoing.parts import Resource, Showing
from api.fhir.searching import Search
from api.fhir.searching import Told as ToldParameter
from api.fhir.searching import read as read_search
from api.fhir.stocks import Found, Place
from api.fhir.told import HERE, Local, Planned, Source, Surroundings
from api.house import House
from api.outcomes import Issue, IssueCode, ResourceMissing, SearchRefused, SeveralMatch, VersionChanged
from pathways.language.texts import Text
from store import entries, identities, matches, reports, shelves, visits
from store.database import Session
from store.matches import Wanted
from store.notices import Subject
from store.observations import Result
from store.record import ConsentContent, EntryKind
from store.tables import Purpose

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

_OF_ONE_CONSENT = len(get_args(Purpose))

_MISSING = Text(zh="没有这个资源。", en="There is no such resource.")
_SEVERAL = Text(zh="有多个资源符合条件。", en="Several resources fit the condition.")
_NO_CONDITION = Text(
    zh="If-None-Exist 没有检索条件，例如 identifier=<system>|<value>。",
    en="If-None-Exist holds no condition, such as identifier=<system>|<value>.",
)
_CHANGED = Text(
    zh="资源已是其他版本，请重新读取后再修改。", en="The resource is at another version; read it again, then change it."
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """A resource that is here: what its source calls it, and the planned visit that it is."""

    id: str
    source: Source
    visit: Planned | None = None


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
        found = self.read_all(type, [id])
        if id not in found:
            raise missing()
        return found[id]

    def read_all(self, type: str, ids: Collection[str]) -> Mapping[str, Resource]:
        """Those resources of the type that are here, by id."""
        return stocks.read(BY_TYPE[type].stocks, self.showing, ids)

    def search(self, kind: Kind, search: Search, *, after: Place | None = None) -> Sequence[Found]:
        """A page of what fits, and one more where there is more."""
        wanted = replace(search.wanted, patients=tuple(map(self._survivors, search.wanted.patients)))
        return stocks.find(kind.stocks, self.showing, wanted, after=after, limit=search.count + 1)

    def matching(self, kind: Kind, condition: Sequence[ToldParameter]) -> str | None:
        """The id of the one resource that fits; None where there is none.

        Raises:
            SearchRefused: the condition cannot be asked, or is none.
            SeveralMatch: several fit.
        """
        search = self.read_search(kind, condition)
        if search.wanted == Wanted():
            raise SearchRefused(Issue(code="required", what=_NO_CONDITION))
        found = stocks.find(kind.stocks, self.showing, search.wanted, limit=_OF_ONE_CONSENT + 1)
        # Of a Consent there is one for each of its purposes.
        if len({json.dumps(one.resource.get("identifier", one.place[1])) for one in found}) > 1:
            raise SeveralMatch(Issue(code="multiple-matches", what=_SEVERAL))
        return found[0].place[1] if found else None

    def read_search(self, kind: Kind, told: Sequence[ToldParameter], *, lenient: bool = False) -> Search:
        """A search as it was written; SearchRefused where it cannot be run."""
        zone = self.house.settings.zone
        return read_search(kind, told, zone=zone, mapping=self.house.mapping(), base=self.base, lenient=lenient)

    def surroundings(
        self, *, beside: Mapping[str, Local] | None = None, observed: Collection[Source] = ()
    ) -> Surroundings:
        """What translators may ask; what is known of the Observations that are `observed` is read at once."""
        return Surroundings(
            zone=self.house.settings.zone,
            mapping=self.house.mapping(),
            base=self.base,
            beside=beside or {},
            source_of=self._source_of,
            results_of=self.results_of,
            parts_of=self._parts_among(observed),
            held_by=self._held_by,
            consents_of=self._consents_of,
            patient_of=self._patient_of,
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

    def results_of(self, id: str) -> Mapping[str, Result]:
        """The results of an Observation here, as its source last told them, by their ids."""
        parts = {row.result: row for row in reports.of_panels(self.session, [id]).get(id, ())}
        return {id: reports.as_told(row) for id, row in (reports.newest(self.session, [id]) or parts).items()}

    def _survivors(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(identities.survivor_of(self.session, id) or id for id in ids)

    def _known_result(self, id: str) -> Known | None:
        single = matches.read(self.session, shelves.RESULTS, id)
        if single is not None:
            return Known(id=id, source=Source(system=single[0].source_system, id=single[0].source_id))
        for row in reports.of_panels(self.session, [id]).get(id, ()):
            if (name := reports.panel_name(row)) is not None:
                return Known(id=id, source=Source(system=row.source_system, id=name))
        return None

    def _known_entry(self, type: str, id: str) -> Known | None:
        shelf = shelves.entries_of(ENTRIES[type])
        found = matches.read(self.session, shelf, id)
        if found is not None:
            source_id = found[0].source_id.rpartition("#")[0] if type == "Consent" else found[0].source_id
            return Known(id=id, source=Source(system=found[0].source_system, id=source_id))
        visit = visits.find(self.session, id) if type == "Appointment" else None
        if visit is not None:
            return Known(id=id, source=Source(system=HERE, id=id), visit=Planned(id=id, patient=visit.patient))
        return None

    def _source_of(self, type: str, id: str) -> str | None:
        kind = ENTRIES.get(type)
        found = None if kind is None else matches.read(self.session, shelves.entries_of(kind), id)
        return None if found is None else found[0].source_id

    def _parts_among(self, observed: Collection[Source]) -> Callable[[Source], Sequence[Result]]:
        asked = {(one.system, one.id) for one in observed}
        known = reports.parts(self.session, asked)

        def parts_of(source: Source) -> Sequence[Result]:
            name = (source.system, source.id)
            rows = (known if name in asked else reports.parts(self.session, [name])).get(name, ())
            return [reports.as_told(row) for row in rows]

        return parts_of

    def _patient_of(self, subject: Subject) -> str | None:
        return identities.identify(self.session, subject, self.house.mapping().priorities).patient

    def _held_by(self, source: Source) -> Sequence[Result]:
        return [reports.as_told(row) for row in reports.held(self.session, source.system, source.id).values()]

    def _consents_of(self, source: Source) -> Mapping[str, ConsentContent]:
        names = [f"{source.id}#{purpose}" for purpose in get_args(Purpose)]
        named = [entries.find(self.session, "consent", source.system, name) for name in names]
        told = {row.id: entries.content_of(row) for row in named if row is not None}
        return {id: content for id, content in told.items() if isinstance(content, ConsentContent)}


def missing(code: IssueCode = "not-found") -> ResourceMissing:
    """The refusal of a resource that is not here."""
    return ResourceMissing(Issue(code=code, what=_MISSING))
