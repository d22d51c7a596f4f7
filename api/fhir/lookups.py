"""Searches as they are asked for: by address, by form, or in a Bundle; what has further pages is kept."""

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from api.fhir import replies
from api.fhir.desk import Desk
from api.fhir.kinds import BY_TYPE, Kind
from api.fhir.outgoing.parts import Resource
from api.fhir.searching import Told
from api.fhir.stocks import Place
from api.paging import read_instant_cursor
from store import searches


def parameters(text: str, *, public: bool) -> list[Told]:
    """The parameters of a query or a form; `public`: they stand in an address."""
    return [Told(name=name, value=value, public=public) for name, value in parse_qsl(text, keep_blank_values=True)]


def search(desk: Desk, kind: Kind, told: Sequence[Told], *, lenient: bool) -> tuple[Resource, Place | None]:
    """The first page of a search, and its last place where there is more: `with_next` adds the link."""
    read = desk.read_search(kind, told, lenient=lenient)
    found = desk.search(kind, read)
    more = len(found) > read.count
    query = f"?{urlencode(read.in_address)}" if read.in_address else ""
    form = any(not one.public for one in told)
    self_link = f"{desk.base}{kind.type}/_search" if form else f"{desk.base}{kind.type}{query}"
    page = replies.page(found, read, base=desk.base, type=kind.type, self_link=self_link, whole=not more)
    return page, found[read.count - 1].place if more else None


def with_next(desk: Desk, kind: Kind, told: Sequence[Told], page: Resource, last: Place, *, lenient: bool) -> Resource:
    """The page with a link to the next one, for which the search is kept."""
    read = desk.read_search(kind, told, lenient=lenient)
    id = searches.keep(
        desk.session, resource=kind.type, parameters={"told": [list(one) for one in read.used]}, now=desk.now
    )
    page["link"].append(replies.next_link(desk.base, id, last))
    return page


def following(desk: Desk, id: str, cursor: str | None, *, self_link: str) -> Resource:
    """A further page of a search that was kept; NotFound where it is kept no more."""
    row = searches.read(desk.session, id, now=desk.now)
    kind = BY_TYPE[row.resource]
    told = [Told(name=name, value=value, public=False) for name, value in row.parameters["told"]]
    read = desk.read_search(kind, told)
    found = desk.search(kind, read, after=read_instant_cursor(cursor))
    page = replies.page(found, read, base=desk.base, type=kind.type, self_link=self_link, whole=False)
    if len(found) > read.count:
        page["link"].append(replies.next_link(desk.base, id, found[read.count - 1].place))
    return page
