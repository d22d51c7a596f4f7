"""The text of a message at the moment at which it is sent."""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from pathways.errors import Invalid
from pathways.language.messages import BUILT_IN, render
from pathways.language.release import Release
from pathways.language.texts import Text
from store import asks, journeys, patients, releases, tables, tasks, visits
from store.database import Session

STAFF_LANGUAGE = "zh-CN"


def text_of(session: Session, message: tables.Message, *, hospital: Text, now: datetime) -> str | None:
    """The message in its reader's language, with what is known now; None where what it is about is over.

    Raises:
        Invalid: its template is gone, or names something that is not known of this message.
    """
    release = releases.load(releases.read(session, journeys.read(session, message.journey).release))
    template = release.contents.messages.get(message.template) or BUILT_IN.get(message.template)
    if template is None:
        raise Invalid(f"The release has no message '{message.template}'.")
    patient = patients.read(session, message.patient)
    language = patient.language if message.role is None else STAFF_LANGUAGE
    known: Mapping[str, Callable[[], str | None]] = {
        "patient_name": lambda: patient.name,
        "hospital": lambda: hospital.in_(language),
        "visit_title": lambda: _named(release, _visit(session, message), language),
        "visit_date": lambda: _date(_visit(session, message), patient.zone, language),
        "form_title": lambda: _form_title(session, message, release, language),
        "task_title": lambda: _named(release, _task(session, message, now), language),
        "value": lambda: _value(message, release)[0],
        "unit": lambda: _value(message, release)[1],
    }
    values = {name: value for name in template.variables if (value := known[name]()) is not None}
    missing = set(template.variables) - values.keys()
    if missing and _is_over(session, message, missing, now):
        return None
    return render(template, language, values)


def _is_over(session: Session, message: tables.Message, missing: set[str], now: datetime) -> bool:
    """Whether the form, visit or task that the message names was there, and is not open any more."""
    ended: list[tables.Ask | tables.Visit | tables.Task] = []
    if "form_title" in missing:
        ended.extend(asks.list_(session, journey=message.journey))
    if missing & {"visit_title", "visit_date"}:
        ended.extend(visits.list_(session, journey=message.journey, limit=500))
    if "task_title" in missing:
        closed = tasks.Filter(journey=message.journey, status="closed")
        ended.extend(tasks.list_tasks(session, closed, at=now, limit=500).tasks)
    return any(row.track == message.track for row in ended)


def _named(release: Release, row: tables.Visit | tables.Task | None, language: str) -> str | None:
    if row is None:
        return None
    word = release.pathway.words.get(row.name)
    return row.name if word is None else word.in_(language)


def _visit(session: Session, message: tables.Message) -> tables.Visit | None:
    """The next open visit of the track that speaks."""
    rows = visits.list_(session, journey=message.journey, open_only=True)
    return next((row for row in rows if row.track == message.track), None)


def _date(visit: tables.Visit | None, zone: str, language: str) -> str | None:
    if visit is None:
        return None
    day = visit.planned.astimezone(ZoneInfo(zone)).date()
    return format_date(day, "long", locale="zh_CN" if language.lower().startswith("zh") else "en")


def _form_title(session: Session, message: tables.Message, release: Release, language: str) -> str | None:
    rows = asks.list_(session, journey=message.journey, open_only=True)
    ask = next((row for row in rows if row.track == message.track), None)
    form = None if ask is None else release.contents.forms.get(ask.form)
    return None if form is None else form.title.in_(language)


def _task(session: Session, message: tables.Message, now: datetime) -> tables.Task | None:
    page = tasks.list_tasks(session, tasks.Filter(journey=message.journey), at=now)
    return next((row for row in page.tasks if row.track == message.track), None)


def _value(message: tables.Message, release: Release) -> tuple[str | None, str | None]:
    """The value that made the pathway speak, and its unit of measure."""
    for name, value in (message.values or {}).items():
        data = release.pathway.data.get(name)
        if data is not None and isinstance(value, float | int | str):
            return (value if isinstance(value, str) else f"{value:g}"), data.unit
    return None, None
