"""Creating and updating a resource: read, translated, taken in, and shown as it is now."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.fhir import reading, translation, waiting
from api.fhir.desk import Desk, Known
from api.fhir.elements import Element
from api.fhir.kinds import BY_TYPE
from api.fhir.outgoing.parts import Resource
from api.fhir.searching import Told as ToldParameter
from api.fhir.told import HERE, Source, Told, source_in
from api.fhir.translation import Translated
from api.intake import Arrived
from api.outcomes import Issue, ResourceRefused, ResourceUnreadable
from pathways.language.texts import Text
from store.ids import new_id
from store.notices import Outcome

SENDER = "fhir"
_OTHER_ID = Text(zh="资源的 id 与地址不一致。", en="The id of the resource is not the one in the address.")
_OTHER_SOURCE = Text(
    zh="此资源在其来源另有标识符，不能改用这个。",
    en="Its source calls this resource otherwise; the identifier is another one's.",
)


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of a resource: an HTTP status, where it is now, and what is to be told of it."""

    status: int
    type: str
    id: str | None = None
    resource: Resource | None = None
    issues: tuple[Issue, ...] = ()

    @property
    def etag(self) -> str | None:
        """The version of the resource, as an ETag."""
        version = None if self.resource is None else self.resource["meta"].get("versionId")
        return None if version is None else f'W/"{version}"'


def create(
    desk: Desk,
    type: str,
    resource: reading.Resource,
    body: bytes,
    *,
    condition: Sequence[ToldParameter] = (),
    path: str | None = None,
) -> Done:
    """Take a new resource in; one that its source has told before is that one, changed where it differs.

    With a `condition` that fits a resource here, nothing is taken and that one is shown.
    """
    at = path or type
    if condition and (there := desk.matching(BY_TYPE[type], condition)) is not None:
        return Done(status=200, type=type, id=there, resource=desk.read(type, there))
    whole = Element(reading.validated(resource, type, at), at)
    told = Told(resource=whole, source=source_of(whole), around=desk.surroundings())
    translated = translation.translate(type, told)
    return _taken(desk, translated, body, created=True)


def update(
    desk: Desk,
    type: str,
    id: str,
    resource: reading.Resource,
    body: bytes,
    *,
    if_match: str | None,
    path: str | None = None,
) -> Done:
    """Take a new version of a resource in.

    Raises:
        ResourceMissing: there is no such resource; an update makes none.
        VersionChanged: it is at another version than `if_match` says.
    """
    at = path or type
    whole = Element(reading.validated(resource, type, at), at)
    known = checked(desk, whole, type, id, if_match=if_match)
    told = Told(resource=whole, source=known.source, around=desk.surroundings(), id=id)
    translated = translation.translate(type, told, visit=known.visit)
    return _taken(desk, translated, body, created=False, id=id)


def checked(desk: Desk, whole: Element, type: str, id: str, *, if_match: str | None) -> Known:
    """The resource that an update means, after it was made sure that it means that one."""
    known = desk.known(type, id)
    desk.check_version(type, id, if_match)
    if whole.word("id") not in (None, id):
        raise ResourceUnreadable(Issue(code="value", what=_OTHER_ID, expression=whole.at("id")))
    own = source_in(whole)
    if type != "Patient" and own is not None and known.source.system != HERE and own not in _sources(whole, known):
        raise ResourceRefused(Issue(code="value", what=_OTHER_SOURCE, expression=whole.at("identifier")))
    return known


def source_of(whole: Element) -> Source:
    """What a new resource is called: by its sender, else here."""
    return source_in(whole) or Source(system=HERE, id=new_id())


def waits(outcomes: Sequence[Outcome]) -> bool:
    """Whether there is nothing to be read yet: nothing to keep, or a person must look first."""
    return not outcomes or any(waiting.waits(one) for one in outcomes)


def finished(
    translated: Translated, outcomes: Sequence[Outcome], *, created: bool, id: str | None, shown: Resource | None
) -> Done:
    """What a sender is told once the resource is kept; `id` and `shown` are None where it cannot be read yet."""
    issues = tuple(waiting.issues_of(outcomes, translated.told.resource.path))
    if id is None or shown is None:
        return Done(status=202, type=translated.type, issues=issues)
    first = outcomes[translated.first]
    is_new = created and (first.created or (translated.type == "Observation" and any(one.created for one in outcomes)))
    return Done(status=201 if is_new else 200, type=translated.type, id=id, resource=shown, issues=issues)


def _taken(desk: Desk, translated: Translated, body: bytes, *, created: bool, id: str | None = None) -> Done:
    arrived = Arrived(channel="fhir", sender=SENDER, message=translated.type, body=body)
    intake = desk.house.intake
    taking = intake.take(desk.session, arrived, translated.notices, answer="200", now=desk.now, by=desk.by, strict=True)
    outcomes = taking.outcomes
    observed = translation.observed_in(desk.session, outcomes)
    translation.link(desk.session, translated, outcomes, observed, {})
    found = None if waits(outcomes) else id or translation.id_of(translated, outcomes, observed)
    shown = None if found is None else desk.read(translated.type, found)
    return finished(translated, outcomes, created=created, id=found, shown=shown)


def _sources(whole: Element, known: Known) -> list[Source]:
    told = [(one.word("system"), one.word("value")) for one in whole.many("identifier")]
    single = whole.one("identifier")
    told += [] if single is None else [(single.word("system"), single.word("value"))]
    return [known.source] if (known.source.system, known.source.id) in told else []
