"""From where a message is read: the system that sent it, as the site calls it, and the words of the site."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from hashlib import blake2b

from api.hl7.header import Header
from api.hl7.message import Message, Segment
from api.hl7.times import instant
from api.mapping import SenderRule, SiteMapping
from pathways.language.schedule import zone_named
from store.notices import Subject

_LONGEST = 200
"""Of an id or the name of a system: an index of the store takes no more than some hundreds of characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A sender, with the site's mapping."""

    system: str
    zone: tzinfo
    mapping: SiteMapping
    rule: SenderRule
    issued: datetime | None
    """When the message was written."""

    def time(self, segment: Segment, *fields: int) -> datetime | None:
        """The first time that one of the fields tells."""
        return next((found for field in fields if (found := instant(segment.text(field), self.zone))), None)


def rule_of(sender: str, mapping: SiteMapping) -> SenderRule | None:
    """What the site says of a sender: of `APPLICATION@FACILITY`, else of the application alone."""
    return mapping.senders.get(sender) or mapping.senders.get(sender.partition("@")[0])


def source_of(message: Message, mapping: SiteMapping, zone: str) -> Source:
    """The sender of a message; `zone` is the site's own."""
    header: Header = message.header
    rule = rule_of(header.sender, mapping) or SenderRule(system=bounded(header.sender))
    where = zone_named(rule.zone or zone)
    return Source(system=rule.system, zone=where, mapping=mapping, rule=rule, issued=instant(header.sent, where))


def mapped(words: Mapping[str, str], *candidates: str | None) -> str | None:
    """The site's own word for the first of the sender's that is mapped."""
    return next((words[one] for one in candidates if one is not None and one in words), None)


def bounded(id: str) -> str:
    """The id; in place of one that no system gives, its digest."""
    return id if len(id) <= _LONGEST else f"digest-{blake2b(id.encode(), digest_size=16).hexdigest()}"


def derived(subject: Subject, source: Source, *parts: object) -> str:
    """An id for what its sender gave none: the same for the same patient and parts, with nothing of either in it.

    The patient is the identifier that decides, so that others may come and go.
    """
    rank = {system: place for place, system in enumerate(source.mapping.priorities)}
    named = sorted(subject.identifiers, key=lambda one: rank.get(one.system, len(rank)))[:1]
    told = [f"{one.system}|{one.value}" for one in named] + [str(part) for part in parts]
    return f"derived-{blake2b(chr(0).join(told).encode(), digest_size=12).hexdigest()}"
