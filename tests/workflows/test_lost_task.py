"""A workflow task that is lost after it showed its turns, with its worker or its server, is done again."""

from temporalio.client import Client

from activities.contracts import Projection, Turned, fingerprint
from activities.projection import project
from pathways.engine.advance import advance
from pathways.engine.context import Context
from pathways.engine.events import AnyEvent, TaskClaimed
from pathways.engine.journey import write_journey
from store.database import Database
from store.facts import Policy, facts_of
from tests.workflows.ward import Ward, settings_of, shell_release


def show_and_lose(ward: Ward, journey: str, event: AnyEvent) -> None:
    """What a run does whose workflow task never reaches the server: its turn is shown, its workflow forgets it."""
    row, state, policy = ward.row(journey), ward.shown(journey), Policy()
    with ward.database.write() as session:
        context = Context(now=event.received, facts=facts_of(session, row.patient, policy, now=event.received))
        turned = advance(shell_release(), state, event, context)
        after = turned.journey
        turn = Turned(
            sequence=after.sequence,
            event=event,
            state=fingerprint(write_journey(after)),
            actions=turned.actions,
            reasons=turned.reasons,
        )
        project(session, Projection(journey=after, turns=(turn,), wakeup=row.wakeup), now=event.received, policy=policy)


async def test_what_a_lost_run_showed_stands_and_nothing_else_is_lost(
    client: Client, store: Database, task_queue: str
) -> None:
    """The journey goes on from what people saw, and what the second run took in instead is taken in after it."""
    ward = Ward(client=client, database=store, settings=settings_of(task_queue))
    async with ward.working():
        journey = ward.enrol()
        await ward.deliver(journey, ward.pain(8))
        (task,) = ward.tasks(journey)
        claim = TaskClaimed(id="claim", received=ward.now(), task=task.id, by="diabetes-nurse-1")
        ward.accept(journey, claim)
        show_and_lose(ward, journey, claim)
        assert ward.pending(journey) == []
        ping = ward.ping()
        await ward.deliver(journey, ping)
        assert ward.reasons(journey, "started").count(ping.id) == 1
        assert [row.holder for row in ward.tasks(journey)] == ["diabetes-nurse-1"]
        assert (await ward.state(journey)) == ward.shown(journey)
