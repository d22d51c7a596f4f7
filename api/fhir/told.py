"""A resource as it was told: what it is called by its sender, whom it is about, and what its references stand for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from api.fhir.elements import Element
from api.mapping import SiteMapping
from api.outcomes import Issue, ResourceRefused
from pathways.language.texts import Text
from store.notices import Subject
from store.observations import Result
from store.patients import Identifier
from store.record import Coding, ConsentContent

HERE = "fhir"
"""The source of what its sender gave no identifier of its own."""

SYSTEMS: Mapping[str, str] = {
    "http://loinc.org": "loinc",
    "http://snomed.info/sct": "snomed",
    "http://hl7.org/fhir/sid/icd-10": "icd-10",
    "http://hl7.org/fhir/sid/icd-10-cn": "icd-10",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd-10-cm",
    "http://www.whocc.no/atc": "atc",
    "http://unitsofmeasure.org": "ucum",
}
"""What code systems are called here, by FHIR's addresses of them."""
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"

_WHO = Text(
    zh="应指明患者：Patient/<id>、带 identifier 的引用，或 Bundle 内的引用。",
    en="Say who the patient is: Patient/<id>, a reference with an identifier, or one within the Bundle.",
)
_ELSEWHERE = Text(zh="引用指向别处，无法解析。", en="The reference leads elsewhere and cannot be followed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a resource is called, and by whom."""

    system: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A visit that a pathway planned here, and whose it is."""

    id: str
    patient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """A resource that stands in the same Bundle, by its fullUrl."""

    type: str
    resource: Element
    source: Source
    id: str | None = None
    """Its id here, where it is known here already."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a translator may ask of the world around a resource."""

    zone: str
    mapping: SiteMapping
    base: str
    """The address of this server's FHIR side, with a slash at the end."""
    beside: Mapping[str, Local] = field(default_factory=dict[str, Local])
    """The other resources of its Bundle by fullUrl."""
    source_of: Callable[[str, str], str | None] = lambda _type, _id: None
    """The source's id of a resource here, by type and id."""
    results_of: Callable[[str], Mapping[str, Result]] = lambda _id: {}
    """The results of an Observation here as its source last told them, by their ids."""
    parts_of: Callable[[Source], Sequence[Result]] = lambda _source: ()
    """The results that were told as components of an Observation."""
    held_by: Callable[[Source], Sequence[Result]] = lambda _source: ()
    """The results that a report held when it was last told."""
    consents_of: Callable[[Source], Mapping[str, ConsentContent]] = lambda _source: {}
    """What a Consent said when it was last told, by the id of what was kept of it for each purpose."""
    patient_of: Callable[[Subject], str | None] = lambda _subject: None
    """The id here of the patient who is meant, as far as one is known."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A resource to be translated. `id` is its id here where it is known here already."""

    resource: Element
    source: Source
    around: Surroundings
    id: str | None = None
    home: str | None = None
    """The address of the server that it comes from, with a slash at the end, where its fullUrl says so."""

    def subject(self, name: str) -> Subject:
        """Whom the reference of that name means.

        Raises:
            ResourceRefused: it says nobody, or leads elsewhere.
        """
        reference = self.resource.one(name)
        if reference is None:
            self.resource.refuse(name, _WHO, code="required")
        return self.patient(reference)

    def patient(self, reference: Element) -> Subject:
        """The patient that a reference means."""
        address = reference.word("reference")
        if address is None:
            identifier = reference.one("identifier")
            found = None if identifier is None else identifier_of(identifier, self.around.mapping)
            if found is None:
                reference.refuse(None, _WHO, code="required")
            return Subject(identifiers=(found,))
        if address.startswith("#"):
            return self._contained(reference)
        if (local := self.beside(address)) is not None and local.type == "Patient":
            if local.id is not None:
                return Subject(patient=local.id)
            return subject_of(local.resource, self.around.mapping, local.source)
        if (id := self.id_in(address, "Patient")) is not None:
            return Subject(patient=id)
        raise ResourceRefused(Issue(code="not-found", what=_ELSEWHERE, expression=reference.at("reference")))

    def is_about(self, reference: Element, type: str) -> bool:
        """Whether a reference means a resource of that type."""
        address = reference.word("reference") or ""
        local = self.beside(address)
        return (
            (local is not None and local.type == type)
            or reference.word("type") == type
            or self.id_in(address, type) is not None
        )

    def beside(self, address: str) -> Local | None:
        """The resource of the same Bundle that an address means; a relative one is of the server it comes from."""
        found = self.around.beside.get(address)
        return found if found is not None or self.home is None else self.around.beside.get(self.home + address)

    def id_in(self, address: str, type: str) -> str | None:
        """The id in an address of this server, relative or whole; None where it is another one."""
        relative = address.removeprefix(self.around.base)
        kind, _, id = relative.partition("/")
        return id.partition("/")[0] if kind == type and id else None

    def contained(self, reference: Element) -> Element | None:
        """The resource inside this one that a reference such as `#1` means."""
        address = reference.word("reference") or ""
        inside = self.resource.many("contained") if address.startswith("#") else []
        return next((one for one in inside if one.word("id") == address[1:]), None)

    def _contained(self, reference: Element) -> Subject:
        found = self.contained(reference)
        person = None if found is None or found.word("resourceType") != "Patient" else found
        known = () if person is None else identifiers_of(person, self.around.mapping)
        if not known:
            raise ResourceRefused(Issue(code="not-found", what=_WHO, expression=reference.at("reference")))
        return Subject(identifiers=known)


def source_in(resource: Element) -> Source | None:
    """What the sender calls the resource: its first business identifier that says its system."""
    told = [one for one in resource.many("identifier")] or [one for one in [resource.one("identifier")] if one]
    for one in told:
        system, value = one.word("system"), one.word("value")
        if system is not None and value is not None:
            return Source(system=system, id=value)
    return None


def subject_of(patient: Element, mapping: SiteMapping, source: Source) -> Subject:
    """Whom a Patient resource means: its identifiers, else what it is called here."""
    known = identifiers_of(patient, mapping)
    return Subject(identifiers=known or (Identifier(system=source.system, value=source.id),))


def identifiers_of(patient: Element, mapping: SiteMapping) -> tuple[Identifier, ...]:
    """The identifiers of a Patient that are in use."""
    told = [one for one in patient.many("identifier") if one.word("use") != "old"]
    return tuple(found for one in told if (found := identifier_of(one, mapping)) is not None)


def identifier_of(identifier: Element, mapping: SiteMapping) -> Identifier | None:
    """An identifier of a person as it is called here; None without system and value."""
    uri, value = identifier.word("system"), identifier.word("value")
    return None if uri is None or value is None else Identifier(system=system_here(uri, mapping), value=value)


def system_here(uri: str, mapping: SiteMapping) -> str:
    """What a system of identifiers is called here, by FHIR's name of it."""
    return next((rule.system for rule in mapping.identifiers if uri in rule.uri), uri)


def system_there(system: str, mapping: SiteMapping) -> str:
    """What FHIR calls a system of identifiers."""
    return next((rule.uri[0] for rule in mapping.identifiers if rule.system == system and rule.uri), system)


def coding_of(concept: Element | None, *, rather: str | None = None) -> Coding | None:
    """The first code of a concept whose system is `rather` or known here, else its first, with its words."""
    if concept is None:
        return None
    codings = [one for one in concept.many("coding") if one.word("code") is not None]
    codings.sort(key=lambda one: (_named_here(one) != rather, one.word("system") not in SYSTEMS))
    chosen = codings[0] if codings else None
    text = concept.word("text")
    if chosen is None:
        return None if text is None else Coding(display=text)
    system = chosen.word("system")
    return Coding(
        system=None if system is None else SYSTEMS.get(system, system),
        code=chosen.word("code"),
        display=chosen.word("display") or text,
    )


def _named_here(coding: Element) -> str | None:
    return SYSTEMS.get(coding.word("system") or "")


def words_of(concept: Element | None) -> str | None:
    """A concept in words: its text, else the words or code of its first coding."""
    if concept is None:
        return None
    codings = concept.many("coding")
    of_coding = next((found for one in codings if (found := one.word("display") or one.word("code"))), None)
    return concept.word("text") or of_coding


def named(reference: Element | None) -> str | None:
    """What a reference calls the thing that it means: the value of its identifier, else its words."""
    if reference is None:
        return None
    identifier = reference.one("identifier")
    return (None if identifier is None else identifier.word("value")) or reference.word("display")
