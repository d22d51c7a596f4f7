"""Transactions: all entries of a Bundle in one transaction of the store, or none."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from api.fhir import taking, translation
from api.fhir.bundles import Entry
from api.fhir.desk import Desk
from api.fhir.elements import Element
from api.fhir.incoming import reports
from api.fhir.kinds import BY_TYPE
from api.fhir.taking import SENDER, Done
from api.fhir.told import Local, Source, Told
from api.fhir.translation import Translated
from api.intake import Arrived
from api.outcomes import Issue, ResourceRefused
from pathways.engine.journey import ResultStatus
from pathways.language.texts import Text
from store import tables
from store.notices import AnyNotice, Outcome

_OVERLAP = Text(zh="同一资源在事务中出现了两次。", en="The transaction changes this resource twice.")
_TWICE = Text(zh="fullUrl 重复。", en="The fullUrl stands there twice.")


def take_all(desk: Desk, entries: Sequence[Entry], wholes: Sequence[Element], body: bytes) -> list[Done]:
    """All resources of a transaction, each with what the others say of it; `wholes` are those that were `checked`.

    Raises:
        Refused: one of them cannot be taken in; nothing is to be kept.
    """
    _check_apart(entries)
    there = {place: _there(desk, entry) for place, entry in enumerate(entries)}
    locals_ = {place: _local(desk, entry, wholes[place], there[place]) for place, entry in enumerate(entries)}
    beside = {entry.full_url: locals_[place] for place, entry in enumerate(entries) if entry.full_url is not None}
    translated = _translated(desk, entries, locals_, beside, there)
    outcomes = _taken(desk, translated, body)
    observed = translation.observed_in(desk.session, (one for told in outcomes.values() for one in told))
    results = _results(desk, locals_, outcomes, observed)
    for place, one in translated.items():
        translation.link(desk.session, one, outcomes[place], observed, results)
    ids = dict(there)
    for place, one in translated.items():
        told = outcomes[place]
        found = entries[place].id or translation.id_of(one, told, observed)
        ids[place] = None if taking.waits(told) else found
    return _done(desk, entries, ids, translated, outcomes)


def _check_apart(entries: Sequence[Entry]) -> None:
    """ResourceRefused where two entries are one by their fullUrl, or change the same resource."""
    named: set[str] = set()
    changed: set[tuple[str, str]] = set()
    for entry in entries:
        if entry.full_url is not None and entry.full_url in named:
            raise ResourceRefused(Issue(code="duplicate", what=_TWICE, expression=f"{entry.path}.fullUrl"))
        if entry.id is not None and (entry.type, entry.id) in changed:
            raise ResourceRefused(Issue(code="duplicate", what=_OVERLAP, expression=f"{entry.path}.request.url"))
        named |= set() if entry.full_url is None else {entry.full_url}
        changed |= set() if entry.id is None else {(entry.type, entry.id)}


def _there(desk: Desk, entry: Entry) -> str | None:
    """The resource that makes a conditional create needless."""
    if entry.id is not None or not entry.condition:
        return None
    return desk.matching(BY_TYPE[entry.type], entry.condition)


def _local(desk: Desk, entry: Entry, whole: Element, there: str | None) -> Local:
    if entry.id is None:
        return Local(type=entry.type, resource=whole, source=taking.source_of(whole), id=there)
    known = taking.checked(desk, whole, entry.type, entry.id, if_match=entry.if_match)
    return Local(type=entry.type, resource=whole, source=known.source, id=entry.id)


def _translated(
    desk: Desk,
    entries: Sequence[Entry],
    locals_: Mapping[int, Local],
    beside: Mapping[str, Local],
    there: Mapping[int, str | None],
) -> dict[int, Translated]:
    observed = [one.source for one in locals_.values() if one.type == "Observation"]
    around = desk.surroundings(beside=beside, observed=observed)
    told = {
        place: Told(
            resource=one.resource,
            source=one.source,
            around=around,
            id=entries[place].id,
            home=_home(entries[place]),
        )
        for place, one in locals_.items()
        if there[place] is None
    }
    caps: dict[Source, ResultStatus] = {}
    for place, one in told.items():
        if entries[place].type == "DiagnosticReport":
            caps.update(reports.caps_of(one))
    found: dict[int, Translated] = {}
    for place, one in told.items():
        entry = entries[place]
        visit = desk.known(entry.type, entry.id).visit if entry.id is not None else None
        found[place] = translation.translate(entry.type, one, cap=caps.get(one.source), visit=visit)
    return found


def _home(entry: Entry) -> str | None:
    """The server that the entry comes from; None where its fullUrl is of none."""
    home, slash, _ = (entry.full_url or "").rpartition(f"{entry.type}/")
    return home if slash and "://" in home else None


def _taken(desk: Desk, translated: Mapping[int, Translated], body: bytes) -> dict[int, Sequence[Outcome]]:
    """Patients first, then merges, then what is said of them; the outcomes of each entry in its own order."""
    ordered = sorted(
        (
            (_rank(notice), place, number, notice)
            for place, one in translated.items()
            for number, notice in enumerate(one.notices)
        ),
        key=lambda one: one[:3],
    )
    arrived = Arrived(channel="fhir", sender=SENDER, message="Bundle", body=body)
    notices: list[AnyNotice] = [notice for *_, notice in ordered]
    intake = desk.house.intake
    taken = intake.take(desk.session, arrived, notices, answer="200", now=desk.now, by=desk.by, strict=True)
    found: dict[int, dict[int, Outcome]] = {place: {} for place in translated}
    for (_, place, number, _), outcome in zip(ordered, taken.outcomes, strict=True):
        found[place][number] = outcome
    return {place: [one for _, one in sorted(outcomes.items())] for place, outcomes in found.items()}


def _rank(notice: AnyNotice) -> int:
    return {"patient": 0, "merge": 1, "result": 2}.get(notice.kind, 3)


def _results(
    desk: Desk,
    locals_: Mapping[int, Local],
    outcomes: Mapping[int, Sequence[Outcome]],
    observed: Mapping[str, tables.Observation],
) -> dict[Source, Sequence[str]]:
    """The ids of the results that each Observation of the Bundle made or that were there before, by its name."""
    found: dict[Source, Sequence[str]] = {}
    for place, local in locals_.items():
        if local.type == "Observation":
            made = [observed[one.id].result for one in outcomes.get(place, ()) if one.id is not None]
            found[local.source] = made or ([] if local.id is None else [*desk.results_of(local.id)])
    return found


def _done(
    desk: Desk,
    entries: Sequence[Entry],
    ids: Mapping[int, str | None],
    translated: Mapping[int, Translated],
    outcomes: Mapping[int, Sequence[Outcome]],
) -> list[Done]:
    """What is told of each entry; the resources of a type are read at once."""
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for place, id in ids.items():
        if id is not None:
            wanted[entries[place].type].append(id)
    shown = {type: desk.read_all(type, found) for type, found in wanted.items()}
    done: list[Done] = []
    for place, entry in enumerate(entries):
        id = ids[place]
        resource = None if id is None else shown[entry.type][id]
        if place not in translated:
            done.append(Done(status=200, type=entry.type, id=id, resource=resource))
        else:
            new = entry.id is None
            done.append(taking.finished(translated[place], outcomes[place], created=new, id=id, shown=resource))
    return done
