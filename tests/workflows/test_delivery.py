"""What a journey hears comes in an order that it can understand."""

from datetime import timedelta

from pathways.engine.events import TaskCompleted
from store import foresights, inbox
from store.facts import Policy
from tests.workflows.ward import Ward


async def test_an_act_comes_with_the_result_that_its_task_came_of(ward: Ward) -> None:
    """The result was handed over before and got lost, and waits for its next turn: the act does not come first."""
    journey = ward.enrol()
    await ward.deliver(journey)
    pain = ward.pain(8)
    ward.accept(journey, pain)
    with ward.database.write() as session:
        assert foresights.look_ahead(session, journey, Policy(), now=ward.now())
        for _ in range(9):  # tried so often that it is not tried again for minutes
            inbox.mark_signalled(session, [pain.id], now=ward.now())
    (task,) = ward.tasks(journey)
    assert task.provisional == pain.id
    at = ward.now() + timedelta(seconds=1)
    done = TaskCompleted(id="done", received=at, task=task.id, by="diabetes-nurse-1", outcome="reached", at=at)
    await ward.deliver(journey, done)
    (closed,) = ward.tasks(journey, "closed")
    assert (closed.id, closed.outcome, closed.provisional) == (task.id, "reached", None)
    assert ward.reasons(journey, "refused") == []
