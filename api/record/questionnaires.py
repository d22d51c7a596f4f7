"""What a patient answered: of each form the latest answers, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from api.tasks import release_of
from pathways.language.forms import Form
from pathways.language.texts import Text
from store import asks, journeys, tables
from store.database import Session

MOST_READ = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and its answer; `shown` is the answer in words."""

    code: str
    text: Text
    answer: str | float | bool
    shown: Text
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """The latest answers to a form, and who sent them."""

    form: str
    title: Text
    at: datetime
    received: datetime
    by: str
    questions: list[Question]


def questionnaires_of(session: Session, patient: str) -> list[Questionnaire]:
    """The latest first; answers that were taken back are not shown."""
    return [*_latest(session, patient)]


def _latest(session: Session, patient: str) -> Iterator[Questionnaire]:
    newest: dict[tuple[str, str], tables.Answers] = {}
    for row in asks.answers(session, patient=patient, limit=MOST_READ):
        known = newest.get((row.journey, row.source))
        if known is None or known.version < row.version:
            newest[row.journey, row.source] = row
    forms: set[str] = set()
    for row in sorted(newest.values(), key=lambda one: (one.at, one.id), reverse=True):
        if not row.withdrawn and row.form not in forms:
            forms.add(row.form)
            yield _shown(session, row)


def _shown(session: Session, row: tables.Answers) -> Questionnaire:
    form = release_of(session, journeys.read(session, row.journey)).contents.forms.get(row.form)
    return Questionnaire(
        form=row.form,
        title=Text(zh=row.form, en=row.form) if form is None else form.title,
        at=row.at,
        received=row.received,
        by=row.by,
        questions=[_question(form, code, answer) for code, answer in row.items.items() if answer is not None],
    )


def _question(form: Form | None, code: str, answer: str | float | bool) -> Question:
    item = None if form is None else next((one for one in form.items if one.code == code), None)
    return Question(
        code=code,
        text=Text(zh=code, en=code) if item is None else item.text,
        answer=answer,
        shown=next((one.text for one in item.options if one.code == answer), _plain(answer))
        if item
        else _plain(answer),
        unit=None if item is None else item.unit,
    )


def _plain(answer: str | float | bool) -> Text:
    if isinstance(answer, bool):
        return Text(zh="是" if answer else "否", en="yes" if answer else "no")
    text = f"{answer:g}" if isinstance(answer, float) else str(answer)
    return Text(zh=text, en=text)
