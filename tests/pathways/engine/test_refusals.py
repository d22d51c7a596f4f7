"""What cannot be is refused before anything changes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pathways.engine.events import TaskClaimed, TaskCompleted
from pathways.engine.refusals import outcomes_of, refusal
from pathways.language.step import Task
from tests.pathways.engine.build import START, Player

TRACK = "t: {when: {event: fell}, steps: [{task: call, role: ward-nurse, outcomes: {reached: [], lost: []}}]}"


def playing() -> Player:
    play = Player(TRACK)
    play.happen("fell")
    return play


def stranger(play: Player) -> list[str]:
    return play.play(TaskClaimed(id="x", received=START, task="none", by="anna"))


def again(play: Player) -> list[str]:
    name = play.task("call").task
    play.complete("call", "reached")
    return play.play(TaskCompleted(id="x", received=START, task=name, by="anna", outcome="reached", at=START))


def claim_by_another(play: Player) -> list[str]:
    play.claim("call", "anna")
    return play.claim("call", "bela")


def ended(play: Player) -> Player:
    play.withdraw()
    return play


def paused(play: Player) -> list[str]:
    play.pause()
    return play.pause()


def dead(play: Player) -> list[str]:
    play.die()
    return play.die()


ASKED: tuple[tuple[Callable[[Player], list[str]], str], ...] = (
    (stranger, "unknown-task"),
    (again, "task-closed"),
    (lambda play: play.complete("call", "strange"), "unknown-outcome"),
    (claim_by_another, "task-held"),
    (lambda play: play.release_task("call"), "task-not-held"),
    (lambda play: play.hand_over("call", "bela"), "task-not-held"),
    (lambda play: play.start("strange"), "unknown-track"),
    (lambda play: play.stop("strange"), "unknown-track"),
    (lambda play: play.visit("v", "kept"), "unknown-visit"),
    (lambda play: play.visit("v", "kept", visit="none"), "unknown-visit"),
    (paused, "already-paused"),
    (lambda play: play.resume(), "not-paused"),
    (dead, "journey-ended"),
    (lambda play: ended(play).withdraw(), "journey-ended"),
    (lambda play: ended(play).pause(), "journey-ended"),
    (lambda play: ended(play).resume(), "journey-ended"),
    (lambda play: ended(play).happen("fell"), "journey-ended"),
    (lambda play: ended(play).start("t"), "journey-ended"),
    (lambda play: ended(play).stop("t"), "journey-ended"),
)


@pytest.mark.parametrize(("ask", "code"), ASKED)
def test_a_refusal_has_a_code_and_changes_nothing(ask: Callable[[Player], list[str]], code: str) -> None:
    """Each thing that cannot be has a code of its own; nothing happens, and no other reason is left."""
    play = playing()
    assert ask(play) == []
    assert [(reason.code, reason.values) for reason in play.reasons] == [("refused", {"code": code})]


def test_a_refused_event_is_remembered_and_changes_nothing_else() -> None:
    """A refusal leaves the journey as it was but for having seen the event: sent again it is a duplicate."""
    play = playing()
    event = TaskCompleted(
        id="x", received=play.now, task=play.task("call").task, by="anna", outcome="strange", at=play.now
    )
    before = play.journey
    play.play(event)
    assert play.journey == replace(before, sequence=before.sequence + 1, seen=(*before.seen, "x"))
    assert (play.play(event), play.why) == ([], ["duplicate"])


def test_a_refusal_says_what_may_be_done_without_health_data() -> None:
    """The message of a wrong outcome lists those of the task."""
    play = playing()
    event = TaskCompleted(
        id="x", received=play.now, task=play.task("call").task, by="anna", outcome="strange", at=play.now
    )
    refused = refusal(play.release, play.journey, event)
    assert refused is not None
    assert refused.message.endswith("it has: lost, not-needed, not-possible, reached")


def test_every_task_can_end_as_not_needed_or_not_possible() -> None:
    """A task without outcomes ends as done; every task may also be not needed or not possible."""
    assert outcomes_of(Task(task="call", role="ward-nurse")) == {"done", "not-needed", "not-possible"}


def test_holding_a_task() -> None:
    """A task is claimed (twice by the same person is once), handed over and given back."""
    play = playing()
    assert play.claim("call", "anna") == ["hold call anna"]
    assert play.claim("call", "anna") == ["hold call anna"]
    assert play.hand_over("call", "bela") == ["hold call bela"]
    assert play.release_task("call", "bela") == ["hold call None"]
    assert play.complete("call", "reached", "chun") == ["close call done"]


def test_anyone_may_complete_what_another_holds() -> None:
    """The holder keeps the task, and anyone on it may complete it."""
    play = playing()
    play.claim("call", "anna")
    assert play.complete("call", "lost", "bela") == ["close call done"]
