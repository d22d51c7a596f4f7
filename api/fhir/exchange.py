"""The exchange of a Bundle: what each of its entries asks for, and the answers in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.fhir import bundles, lookups, replies, transactions
from api.fhir.bundles import Entry
from api.fhir.desk import Desk
from api.fhir.kinds import BY_TYPE
from api.fhir.outgoing.parts import Resource
from api.house import House
from api.languages import Language
from pathways.errors import TongxingError
from store.database import Session


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Who sent a Bundle, and how they want to be answered."""

    house: House
    base: str
    by: str
    language: Language
    prefer: str

    def batch(self, raw: Sequence[Mapping[str, Any]]) -> list[Resource]:
        """Each entry in a transaction of its own; one that cannot be done stops no other."""
        return [self._alone(one, place) for place, one in enumerate(raw)]

    def transaction(self, raw: Sequence[Mapping[str, Any]], body: bytes) -> list[Resource]:
        """All entries in one transaction; what is asked for is looked up once the rest is taken in.

        Raises:
            TongxingError: one of them cannot be done, so none is.
        """
        entries = [bundles.read_entry(one, place, self.base) for place, one in enumerate(raw)]
        sent = [one for one in entries if one.method != "GET"]
        # Before the transaction: it keeps others waiting.
        wholes = [bundles.checked(one) for one in sent]
        with self.house.database.write() as session:
            desk = self._desk(session)
            done = iter(transactions.take_all(desk, sent, wholes, body))
            return [
                self._looked_up(desk, one)
                if one.method == "GET"
                else replies.entry_of(next(done), language=self.language, prefer=self.prefer)
                for one in entries
            ]

    def _alone(self, raw: Mapping[str, Any], place: int) -> Resource:
        try:
            entry = bundles.read_entry(raw, place, self.base)
            with self.house.database.write() as session:
                desk = self._desk(session)
                if entry.method == "GET":
                    return self._looked_up(desk, entry)
                done = bundles.take_one(desk, entry)
            return replies.entry_of(done, language=self.language, prefer=self.prefer)
        except TongxingError as error:
            return replies.entry_of_error(error, self.language)

    def _looked_up(self, desk: Desk, entry: Entry) -> Resource:
        if entry.id is not None:
            return replies.entry_of_read(desk.read(entry.type, entry.id))
        kind, lenient = BY_TYPE[entry.type], "handling=lenient" in self.prefer
        # A Bundle is the body of a POST: its entries may be searched by anything.
        told = lookups.parameters(entry.query, public=False)
        page, last = lookups.search(desk, kind, told, lenient=lenient)
        if last is not None:
            page = lookups.with_next(desk, kind, told, page, last, lenient=lenient)
        return replies.entry_of_read(page)

    def _desk(self, session: Session) -> Desk:
        return Desk(house=self.house, session=session, base=self.base, now=self.house.clock(), by=self.by)
