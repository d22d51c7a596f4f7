"""The figures of one process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """What Prometheus reads; no label holds an id or anything of a patient."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "tongxing_http_requests_total",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "tongxing_http_request_seconds", "How long requests took.", ("method", "route"), registry=self.registry
        )
        self.tasks_open = self._gauge("tasks_open", "Tasks that are not closed.")
        self.tasks_urgent = self._gauge("tasks_urgent", "Urgent tasks that are not closed.")
        self.tasks_overdue = self._gauge("tasks_overdue", "Tasks past their due time.")
        self.journeys_overdue = self._gauge("journeys_overdue", "Journeys that owe a turn for over two minutes.")
        self.quarantine_held = self._gauge("quarantine_held", "Results that wait for a person.")
        self.alarms_open = self._gauge("alarms_open", "Alarms that nobody has looked at.")
        self.store_up = self._gauge("store_up", "1 while the database answers.")

    def _gauge(self, name: str, said: str) -> Gauge:
        return Gauge(f"tongxing_{name}", said, registry=self.registry)
