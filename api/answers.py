"""Answers to a form, from whichever side they come: checked against it, kept as a version, told to the journey."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.errors import AnswersDoNotFit, JourneyEnded
from pathways.engine.events import FormAnswered
from pathways.engine.journey import Scalar
from pathways.errors import Conflict, Invalid, NotFound
from pathways.language.forms import Form, check_answers
from pathways.language.names import did_you_mean
from store import asks, inbox, releases, tables
from store.database import Session
from store.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back to a form. `source` is what its sender calls the answers, `version` None the next one of it."""

    form: str
    items: Mapping[str, Scalar | None]
    at: datetime
    ask: str | None = None
    source: str | None = None
    version: int | None = None
    withdrawn: bool = False


def keep(
    session: Session, journey: tables.Journey, given: Answered, *, by: str, now: datetime
) -> tuple[tables.Answers, tables.Inbox]:
    """Keep the answers and tell the journey, which the caller has locked; the same version again is the same.

    Raises:
        JourneyEnded: nobody listens any more.
        NotFound: the pathway has no such form.
        AnswersDoNotFit: an item is wrong or missing.
        Invalid: the question belongs elsewhere.
        Conflict: the question is closed, or that version has other content.
    """
    ask = _check(session, journey, given)
    row = _version(session, journey, given, ask=ask, by=by, now=now)
    event = FormAnswered(
        id=new_id(),
        received=now,
        form=row.form,
        answers=row.source,
        version=row.version,
        withdrawn=row.withdrawn,
        at=row.at,
        ask=ask,
        items=dict(row.items),
    )
    return row, inbox.add(session, journey=journey, event=event)


def _version(
    session: Session, journey: tables.Journey, given: Answered, *, ask: str | None, by: str, now: datetime
) -> tables.Answers:
    """The version as it is kept: a new one, or the same that was sent before."""
    items = {code: value for code, value in given.items.items() if value is not None}
    before = () if given.source is None else asks.versions(session, journey=journey.id, source=given.source)
    if any(row.form != given.form for row in before):
        raise Conflict("The answers of that id are to another form.", hint="Send them under an id of their own.")
    version = given.version or (before[-1].version + 1 if before else 1)
    same = next((row for row in before if row.version == version), None)
    if same is not None:
        if (dict(same.items), same.withdrawn) != (items, given.withdrawn):
            raise Conflict("That version of the answers is there with other content.", hint="Send a later version.")
        return same
    return asks.keep_answers(
        session,
        journey,
        form=given.form,
        items=items,
        by=by,
        now=now,
        at=given.at,
        ask=ask,
        source=given.source,
        version=version,
        withdrawn=given.withdrawn,
    )


def _check(session: Session, journey: tables.Journey, given: Answered) -> str | None:
    """The question that is answered, if one is named; refuses what does not belong to it."""
    if journey.status == "ended":
        raise JourneyEnded
    forms = releases.load(releases.read(session, journey.release)).contents.forms
    form: Form | None = forms.get(given.form)
    if form is None:
        raise NotFound(f"The pathway has no form '{given.form}'{did_you_mean(given.form, forms)}.")
    problems = () if given.withdrawn else check_answers(form, given.items)
    if problems:
        raise AnswersDoNotFit(f"The answers do not fit the form: {'; '.join(problems)}.", hint="Correct these items.")
    if given.ask is None:
        return None
    ask = asks.read(session, given.ask)
    if ask.journey != journey.id or ask.form != given.form:
        raise Invalid("That question belongs to another form or journey.", hint="Leave `ask` out, or correct it.")
    if ask.end is not None:
        raise Conflict("That question is closed: it was answered, or its time is over.")
    return ask.id
