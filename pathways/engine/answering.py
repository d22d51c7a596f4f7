"""What answers mean for each track that watches their form: a verdict, decided before any track acts."""

from pathways.engine.admission import admit, review
from pathways.engine.answers import FiledAnswers, latest_answers
from pathways.engine.evidence import known_features, shown_features
from pathways.engine.exits import UNREVIEWED
from pathways.engine.journey import Answers, Cause
from pathways.engine.ladders import open_tasks
from pathways.engine.reasons import Code
from pathways.engine.recall import Told
from pathways.engine.triggers import attached, not_true
from pathways.engine.turn import Turn
from pathways.engine.verdicts import Values, Verdict
from pathways.language.conditions import Truth
from pathways.language.trigger import Answered


def watching(turn: Turn, form: str) -> list[str]:
    """The tracks that answers to the form start, in file order."""
    tracks = turn.release.pathway.tracks.items()
    return [name for name, track in tracks if isinstance(track.when, Answered) and track.when.answered == form]


def cause_of_answers(answers: Answers) -> Cause:
    """The cause that a version of answers is."""
    occurrence = f"{answers.id}/{answers.version}"
    return Cause(kind="answered", occurrence=occurrence, received=answers.received, answers=answers.id)


def truth_of_answers(turn: Turn, trigger: Answered, answers: Answers) -> tuple[Truth, Values]:
    """Whether the trigger's condition holds for the answers, and what was looked at."""
    if answers.withdrawn:
        return Truth.FALSE, {"withdrawn": True}
    if trigger.if_ is None:
        return Truth.TRUE, {}
    condition, told = turn.release.condition(trigger.if_), Told(answers=answers)
    known = known_features(turn.release, turn.journey, turn.facts, condition.features, now=turn.now, told=told)
    return condition.evaluate(known), shown_features(known)


def decide_answers(turn: Turn, filed: FiledAnswers) -> list[Verdict]:
    """A verdict for every track that watches the form, in file order."""
    names = watching(turn, filed.answers.form)
    if filed.verdict in {"new", "revised"}:
        return [_decided(turn, name, filed.answers) for name in names]
    return [_unchanged(turn, name, filed) for name in names]


def _unchanged(turn: Turn, name: str, filed: FiledAnswers) -> Verdict:
    cause = cause_of_answers(filed.answers)
    used = filed.answers.id in turn.state(name).used
    if filed.verdict == "beyond-the-horizon" and used and turn.journey.status != "ended":
        return review(turn, name, cause, "beyond-the-horizon", {})
    codes: dict[str, Code] = {"duplicate": "duplicate", "superseded": "superseded"}
    return Verdict(track=name, code=codes.get(filed.verdict, "beyond-the-horizon"), cause=cause)


def _decided(turn: Turn, name: str, answers: Answers) -> Verdict:
    track, cause = turn.track(name), cause_of_answers(answers)
    assert isinstance(track.when, Answered), "it watches a form"
    truth, values = truth_of_answers(turn, track.when, answers)
    holder = attached(turn, name, answers.id)
    if turn.journey.status == "ended":
        return _after_exit(turn, name, answers, holder, truth, values)
    if truth is not Truth.TRUE:
        return not_true(turn, name, cause, holder, truth, values)
    if holder is not None and turn.activation(holder).kind in {"steps", "question"}:
        return Verdict(track=name, code="annotated", cause=cause, intent="attach", target=holder, values=values)
    return admit(turn, name, cause, values=values)


def _after_exit(turn: Turn, name: str, answers: Answers, holder: str | None, truth: Truth, values: Values) -> Verdict:
    """What was kept hears of its answers; earlier ones that a safety track would have acted on are reviewed."""
    exit_, cause = turn.journey.exit, cause_of_answers(answers)
    if holder is not None:
        intent = "annotate" if open_tasks(turn, holder) else "none"
        return Verdict(track=name, code="ended", cause=cause, intent=intent, target=holder, values=values)
    late = exit_ is not None and exit_.reason not in UNREVIEWED and answers.at < exit_.at
    if late and turn.track(name).safety and truth is Truth.TRUE:
        return review(turn, name, cause, "ended", values)
    return Verdict(track=name, code="ended", cause=cause, values=values)


def answers_still_hold(turn: Turn, trigger: Answered, cause: Cause) -> bool:
    """Whether the answers behind the cause are still true, in that version, and no later ones are false."""
    answers = turn.journey.answers.get(cause.answers or "")
    return (
        answers is not None
        and cause_of_answers(answers).occurrence == cause.occurrence
        and truth_of_answers(turn, trigger, answers)[0] is Truth.TRUE
        and not _overruled(turn, trigger, answers)
    )


def _overruled(turn: Turn, trigger: Answered, answers: Answers) -> bool:
    """Whether the latest answers to the form are later ones, and false."""
    newest = latest_answers(turn.journey, answers.form)
    if newest is None or newest.at <= answers.at:
        return False
    return truth_of_answers(turn, trigger, newest)[0] is Truth.FALSE
