"""What Prometheus reads of HL7. No label holds an id or anything of a patient, and each comes from a closed set."""

from collections.abc import Callable
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge

from api.hl7.faults import Answer
from api.hl7.translation import TRANSLATORS

NotLetIn = Literal["peer", "too-many"]
CutOff = Literal["too-large", "too-slow", "defect"]


class Figures:
    """The figures of one listener."""

    def __init__(self, registry: CollectorRegistry, *, mapping_broken: Callable[[], bool]) -> None:
        self.registry = registry
        self._messages = Counter(
            "tongxing_hl7_messages_total",
            "HL7 messages by kind and answer.",
            ("message", "answer"),
            registry=registry,
        )
        self._refused = Counter(
            "tongxing_hl7_connections_refused_total", "Connections that were not let in.", ("why",), registry=registry
        )
        self._cut = Counter(
            "tongxing_hl7_connections_cut_total", "Connections that were cut off.", ("why",), registry=registry
        )
        self.connections = Gauge("tongxing_hl7_connections", "Open HL7 connections.", registry=registry)
        current = Gauge("tongxing_mapping_current", "0 while the mapping file does not check.", registry=registry)
        current.set_function(lambda: 0 if mapping_broken() else 1)

    def answered(self, kind: str | None, answer: Answer | Literal["none"]) -> None:
        """Count a message: by what it is where that is understood here, else as `other`, or `unreadable`."""
        known = "unreadable" if kind is None else kind if kind in TRANSLATORS else "other"
        self._messages.labels(message=known, answer=answer).inc()

    def not_let_in(self, why: NotLetIn) -> None:
        """Count a connection that was closed at once."""
        self._refused.labels(why=why).inc()

    def cut(self, why: CutOff) -> None:
        """Count a connection that was closed on its sender."""
        self._cut.labels(why=why).inc()
