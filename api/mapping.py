"""What a site says of the words of its systems: identifiers and their priority, senders, codes, units, departments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pathways.engine.journey import Origin

Numbers = Literal["unique", "daily"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierRule:
    """A system of identifiers: what it is called here, and how senders call it.

    `authority` is HL7's assigning authority (CX.4) and `type` its identifier type code (CX.5); `uri` is FHIR's system.
    """

    system: str
    authority: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    uri: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderRule:
    """A system that sends: what it is called here, the zone of its times, and its character set where it names none."""

    system: str
    zone: str | None = None
    charset: str | None = None
    origin: Origin = "laboratory"
    numbers: Numbers = "unique"
    """`daily` where its order numbers begin anew each day: a number is then of the day of its specimen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRule:
    """A local code: the LOINC code that it is, and the unit in which it comes where the sender gives none."""

    loinc: str
    unit: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMapping:
    """A mapping file as it was read. `identifiers` stand in the order of their priority."""

    identifiers: tuple[IdentifierRule, ...] = ()
    senders: Mapping[str, SenderRule] = field(default_factory=dict[str, SenderRule])
    """By `APPLICATION@FACILITY`, or `APPLICATION` alone."""
    codes: Mapping[str, CodeRule] = field(default_factory=dict[str, CodeRule])
    units: Mapping[str, str] = field(default_factory=dict[str, str])
    departments: Mapping[str, str] = field(default_factory=dict[str, str])
    doctors: Mapping[str, str] = field(default_factory=dict[str, str])
    visits: Mapping[str, str] = field(default_factory=dict[str, str])
    """The sender's types of visits and appointments, as the names of planned visits in pathways."""
    processing: tuple[str, ...] = ("P",)
    """HL7's processing ids (MSH-11) that are taken: `P` is production, `T` training and `D` debugging."""

    @property
    def priorities(self) -> tuple[str, ...]:
        """The systems of identifiers, the one that decides first."""
        return tuple(rule.system for rule in self.identifiers)
