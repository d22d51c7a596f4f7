"""Taking in answers: a version is filed, every track that watches the form is judged, the question is closed."""

from dataclasses import replace
from datetime import datetime

from pathways.engine.actions import CloseAsk
from pathways.engine.answering import decide_answers
from pathways.engine.answers import FiledAnswers, file_answers
from pathways.engine.events import FormAnswered, TaskCompleted
from pathways.engine.journey import Answers
from pathways.engine.lapses import lapse
from pathways.engine.reasons import Code
from pathways.engine.refusals import find_ask
from pathways.engine.results import looked_at
from pathways.engine.starts import carry_out_all
from pathways.engine.steps import ask_staff, close_step
from pathways.engine.turn import Turn
from pathways.engine.undo import recover
from pathways.engine.verdicts import Verdict
from pathways.language.trigger import Unanswered


def take_answers(turn: Turn, event: FormAnswered) -> None:
    """Files the answers, lets every track that watches their form answer, and closes the question that they answer."""
    taken = _take(turn, event)
    if taken is None:
        turn.decide("not-watched", values={"form": event.form})
        return
    filed, verdicts = taken
    used = _close(turn, event) if filed.verdict == "new" and not event.withdrawn else _correct(turn, filed)
    if not verdicts and not used:
        codes: dict[str, Code] = {"duplicate": "duplicate", "superseded": "superseded"}
        turn.decide(codes.get(filed.verdict, "not-watched"), values={"form": event.form})


def take_report(turn: Turn, event: TaskCompleted, form: str) -> None:
    """What a person reports on the form of a task counts as answers to it; no question is closed by that."""
    answers = FormAnswered(
        id=event.id, received=event.received, form=form, answers=event.task, at=event.at, items=event.items
    )
    _take(turn, answers)


def _take(turn: Turn, event: FormAnswered) -> tuple[FiledAnswers, list[Verdict]] | None:
    """Files the answers and lets the tracks act; None where nothing looks at that form."""
    filed = file_answers(turn.release, turn.journey, event)
    if filed is None:
        return None
    if filed.verdict in {"new", "revised"}:
        turn.journey = replace(turn.journey, answers={**turn.journey.answers, event.answers: filed.answers})
    verdicts = decide_answers(turn, filed)
    if filed.verdict == "new" and not event.withdrawn:
        _heard(turn, filed.answers)
    carry_out_all(turn, verdicts)
    return filed, verdicts


def take_answers_again(turn: Turn, since: datetime) -> None:
    """Lets every track answer to what was answered while the journey was over, as if it came now."""
    decided = looked_at(turn)
    missed = sorted((a for a in turn.journey.answers.values() if a.received >= since), key=lambda a: (a.received, a.id))
    for answers in missed:
        verdicts = decide_answers(turn, FiledAnswers(verdict="new", answers=replace(answers, received=turn.now)))
        carry_out_all(turn, [v for v in verdicts if (v.track, v.cause.occurrence) not in decided])


def _heard(turn: Turn, answers: Answers) -> None:
    """The patient has answered: what stands on forms that nobody answered is not needed."""
    if turn.journey.status == "ended" or not turn.journey.unanswered.get(answers.form):
        return
    unanswered = {form: times for form, times in turn.journey.unanswered.items() if form != answers.form}
    turn.journey = replace(turn.journey, unanswered=unanswered)
    for name, track in turn.release.pathway.tracks.items():
        if isinstance(track.when, Unanswered) and track.when.unanswered == answers.form:
            lapse(turn, name, "unanswered", f"{answers.id}/{answers.version}")


def _close(turn: Turn, event: FormAnswered) -> bool:
    found = find_ask(turn.release, turn.journey, event.form, event.ask)
    if found is None:
        return False
    key, path = found
    if turn.node(key, path).end == "missed":
        recover(turn, key, path, event.form)
    turn.act(CloseAsk(ask=turn.id_of(key, path), end="done", at=event.received))
    close_step(turn, key, path, "done", way="answered", at=event.received, contact=None, result=event.answers)
    return True


def _correct(turn: Turn, filed: FiledAnswers) -> bool:
    """What steps did on answers that say something else now is not taken back: a person looks at it."""
    before = filed.before
    if filed.verdict != "revised" or before is None or _said(before) == _said(filed.answers):
        return False
    for key, activation in tuple(turn.journey.activations.items()):
        for path, node in activation.nodes.items():
            below = any(other.startswith(f"{path}/answered/") for other in activation.nodes)
            if node.kind == "ask" and node.result == filed.answers.id and below:
                ask_staff(turn, key, path, "decision", filed.answers.form)
                return True
    return False


def _said(answers: Answers) -> tuple[object, ...]:
    return (answers.score, dict(answers.items), dict(answers.tiers), answers.withdrawn)
