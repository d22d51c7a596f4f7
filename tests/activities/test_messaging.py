"""Messages leave through the gate, once each, whatever the provider answers and whoever dies in between."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, repeat

import pytest
from temporalio.testing import ActivityEnvironment

from activities.channels import provider
from activities.channels.channel import Channel, Outcome, OutgoingMessage
from activities.channels.preview import PreviewChannel
from activities.channels.provider import HttpChannel
from activities.messaging import (
    SEND_TAKES_AT_MOST,
    Left,
    MessagingActivities,
    Outbox,
    SendBatch,
    send_batch,
    urgent_loop,
)
from pathways.engine.actions import BookVisit, CloseAsk, NotifyStaff, OpenAsk, OpenTask, SendMessage
from pathways.language.messages import KNOWN_VARIABLES
from pathways.language.release import Contents, Release, make_release
from pathways.language.texts import Text
from store import alarms, asks, messages, patients, releases, tables, tasks, visits
from store.database import Database
from store.facts import Policy
from tests.activities.recorder import Recorder, recording, trickling
from tests.store import builders
from tests.store.builders import NOW, at

HOSPITAL = Text(zh="示范医院", en="Demonstration Hospital")


class Clock:
    """The time of a test."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass(kw_only=True)
class Bench:
    """An outbox, its clock, and a patient on a journey."""

    outbox: Outbox
    clock: Clock
    patient: tables.Patient
    journey: tables.Journey

    def over(self, channel: Channel) -> Outbox:
        return replace(self.outbox, channel=channel)

    def put(self, id: str = "m", *, urgent: bool = False, template: str = "advice") -> None:
        with self.outbox.database.write() as session:
            send = SendMessage(message=id, template=template, track="call", urgent=urgent, not_before=NOW)
            messages.send(session, self.journey, replace(send, values={"glucose": 2.1}))

    def row(self, id: str = "m") -> tables.Message:
        with self.outbox.database.read() as session:
            return messages.read(session, id)


def release(name: str = "checks") -> Release:
    """A pathway that says everything that can be said."""
    every = " ".join(f"{{{{ {name} }}}}" for name in sorted(KNOWN_VARIABLES))

    def template(name: str, body: str, *variables: str) -> dict[str, object]:
        return {"message": name, "variables": variables, "text": {"zh": body, "en": body}}

    contents = builders.release(name, words={"recheck": {"zh": "复查", "en": "Recheck"}}).contents
    return make_release(
        Contents.model_validate(
            {
                "pathway": contents.pathway,
                "forms": {
                    "feeling": {
                        "form": "feeling",
                        "title": {"zh": "感受", "en": "Feeling"},
                        "items": [{"code": "1", "type": "text", "text": {"zh": "感受", "en": "Feeling"}}],
                    }
                },
                "messages": {
                    "advice": template("advice", "{{ patient_name }}", "patient_name"),
                    "everything": template("everything", every, *sorted(KNOWN_VARIABLES)),
                },
            }
        )
    )


@pytest.fixture
def bench(database: Database) -> Bench:
    clock = Clock()
    outbox = Outbox(
        database=database, channel=PreviewChannel(), policy=Policy(), hospital=HOSPITAL, clock=clock, batch=50
    )
    with database.write() as session:
        builders.staff(session)
        patient = builders.patient(
            session, consents=[builders.yes()], contacts=[patients.Contact(kind="sms", value="13800000000")]
        )
        journey = builders.journey(session, patient, release())
    return Bench(outbox=outbox, clock=clock, patient=patient, journey=journey)


def test_a_message_is_worded_when_it_is_sent(bench: Bench) -> None:
    """The preview channel takes the text, which is kept with the message for those who may read it."""
    bench.put()
    assert send_batch(bench.outbox, urgent=False) == Left(taken=1, more=False, next_at=None)
    row = bench.row()
    assert (row.state, row.rendered, row.channel, row.outcome) == ("sent", "王芳", "preview", "accepted")
    assert send_batch(bench.outbox, urgent=False).taken == 0


def test_everything_that_a_message_may_name_is_known(bench: Bench) -> None:
    """Each variable of the language has a value where the journey has one."""
    with bench.outbox.database.write() as session:
        visit = BookVisit(visit="v", name="recheck", track="call", planned=at(days=2), earliest=NOW, latest=at(days=3))
        visits.book(session, bench.journey, visit)
        asks.open_(session, bench.journey, OpenAsk(ask="a", form="feeling", track="call", opened=NOW, expires=None))
        task = OpenTask(
            task="t", name="call", track="call", role="nurse", urgent=False, opened=NOW, due=None, outcomes=("done",)
        )
        tasks.open_(session, bench.journey, task)
    bench.put(template="everything")
    send_batch(bench.outbox, urgent=False)
    rendered = bench.row().rendered
    # form, hospital, patient, task, unit, value, date, title of the visit
    assert rendered == "感受 示范医院 王芳 call mmol/L 2.1 2026年3月6日 复查"


def test_a_message_about_what_is_over_is_dropped(bench: Bench) -> None:
    """A form that was answered before its announcement left is not announced, and nobody is alarmed."""
    with bench.outbox.database.write() as session:
        asks.open_(session, bench.journey, OpenAsk(ask="a", form="feeling", track="call", opened=NOW, expires=None))
        asks.close(session, CloseAsk(ask="a", end="done", at=NOW))
    bench.put(template="everything")
    send_batch(bench.outbox, urgent=False)
    assert (bench.row().state, bench.row().outcome) == ("dropped", "over")
    with bench.outbox.database.read() as session:
        assert not alarms.list_(session)


def test_a_message_that_cannot_be_written_fails_visibly(bench: Bench) -> None:
    """What a message names and nobody knows is no reason to send half of it."""
    bench.put(template="everything")
    send_batch(bench.outbox, urgent=False)
    assert (bench.row().state, bench.row().outcome) == ("failed", "unwritable")


def test_a_message_that_cannot_be_read_keeps_no_other_waiting(bench: Bench) -> None:
    """Its release is damaged: an operator is told, and the next one leaves."""
    bench.put("broken")
    with bench.outbox.database.write() as session:
        second = builders.journey(session, bench.patient, release("second"))
        releases.read(session, bench.journey.release).text = "{}"
        send = SendMessage(message="well", template="advice", track="call", urgent=False, not_before=at(seconds=1))
        messages.send(session, second, replace(send, values={}))
    bench.clock.at = at(seconds=2)
    send_batch(bench.outbox, urgent=False)
    assert [(row.state, row.outcome) for row in map(bench.row, ("broken", "well"))] == [
        ("failed", "unwritable"),
        ("sent", "accepted"),
    ]
    with bench.outbox.database.read() as session:
        assert [alarm.code for alarm in alarms.list_(session)] == ["message-failed"]


def test_a_channel_that_breaks_keeps_no_other_waiting(bench: Bench) -> None:
    """Whether a message left is not known then: it is tried again, and the next one has its turn."""

    class Breaking(Answering):
        def send(self, message: OutgoingMessage) -> Outcome:
            if message.key == "a":
                raise LookupError
            return self.outcome

    bench.put("a")
    bench.put("b")
    send_batch(bench.over(Breaking(Outcome(kind="accepted"))), urgent=False)
    assert [(row.state, row.outcome) for row in map(bench.row, "ab")] == [("waiting", "unknown"), ("sent", "accepted")]


def died(bench: Bench) -> None:
    with bench.outbox.database.write() as session:
        patients.record_death(session, bench.patient.id, NOW, now=NOW)


def refused(bench: Bench) -> None:
    with bench.outbox.database.write() as session:
        patients.record_consents(session, bench.patient.id, [builders.yes(granted=False, when=at(minutes=1))])


def late_evening(bench: Bench) -> None:
    bench.clock.at = at(hours=12)


def no_contact(bench: Bench) -> None:
    with bench.outbox.database.write() as session:
        patients.set_contacts(session, bench.patient.id, [])


GATE: dict[str, tuple[Callable[[Bench], None], bool, str, str | None]] = {
    "death stops it": (died, False, "dropped", "died"),
    "death stops what is urgent": (died, True, "dropped", "died"),
    "consent is asked again": (refused, False, "dropped", "no-consent"),
    "quiet hours defer it": (late_evening, False, "waiting", None),
    "what is urgent crosses quiet hours": (late_evening, True, "sent", "accepted"),
    "nowhere to send it": (no_contact, False, "failed", "no-address"),
}


@pytest.mark.parametrize("case", GATE)
def test_every_send_passes_the_gate(bench: Bench, case: str) -> None:
    """Death, consent, quiet hours and a missing address are found right before the send."""
    happens, urgent, state, outcome = GATE[case]
    bench.put(urgent=urgent)
    happens(bench)
    send_batch(bench.outbox, urgent=urgent)
    assert (bench.row().state, bench.row().outcome) == (state, outcome)


def test_staff_are_told_by_their_role(bench: Bench) -> None:
    """A message to staff goes to the role, and no death or consent of the patient stops it."""
    died(bench)
    with bench.outbox.database.write() as session:
        notify = NotifyStaff(message="m", template="advice", track="call", role="nurse", at=NOW)
        messages.notify(session, bench.journey, notify)
    with recording(Recorder()) as recorder:
        send_batch(bench.over(HttpChannel(recorder.url, honours_keys=True)), urgent=False)
    assert [told["recipient"] for told in recorder.told] == ["role:nurse"]


class Answering:
    """A channel with an answer of its own."""

    name = "answering"
    honours_keys = True

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def send(self, message: OutgoingMessage) -> Outcome:
        return self.outcome

    def query(self, key: str) -> Outcome | None:
        return None


OUTCOMES: dict[str, tuple[Outcome, str, timedelta | None]] = {
    "accepted": (Outcome(kind="accepted"), "sent", None),
    "delivered": (Outcome(kind="delivered"), "delivered", None),
    "retry": (Outcome(kind="retry", after=timedelta(minutes=3)), "waiting", timedelta(minutes=3)),
    "refresh token": (Outcome(kind="refresh_token"), "waiting", timedelta(seconds=30)),
    "configuration": (Outcome(kind="config_error"), "waiting", timedelta(seconds=30)),
    "quota": (Outcome(kind="quota", after=timedelta(hours=5)), "waiting", timedelta(hours=5)),
    "unknown": (Outcome(kind="unknown"), "waiting", timedelta(seconds=30)),
    "bad address": (Outcome(kind="bad_address"), "failed", None),
    "opted out": (Outcome(kind="opted_out"), "failed", None),
    "given up": (Outcome(kind="retry", after=timedelta(days=3)), "failed", None),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_each_outcome_has_its_consequence(bench: Bench, case: str) -> None:
    """What may come right is tried again, later each time; what cannot is failed for people to see."""
    outcome, state, again = OUTCOMES[case]
    bench.put()
    left = send_batch(bench.over(Answering(outcome)), urgent=False)
    assert (bench.row().state, bench.row().outcome) == (state, outcome.kind)
    assert left.next_at == (None if again is None else NOW + again)


STATUSES = {
    200: "accepted",
    400: "config_error",
    401: "refresh_token",
    404: "config_error",
    410: "opted_out",
    418: "unknown",
    422: "bad_address",
    429: "quota",
    500: "unknown",
    503: "retry",
    "hang-up": "unknown",
}


@pytest.mark.parametrize("answer", STATUSES)
def test_a_provider_over_http_is_understood(answer: int | str) -> None:
    """Each status is one outcome; an answer that was lost is unknown."""
    with recording(Recorder(answers=[answer])) as recorder:
        channel = HttpChannel(recorder.url, honours_keys=True)
        outcome = channel.send(OutgoingMessage(key="k", recipient="sms:1", text="t"))
        channel.close()
    assert outcome.kind == STATUSES[answer]
    assert outcome.after == (timedelta(seconds=60) if isinstance(answer, int) and answer != 200 else None)


def test_a_provider_that_is_away_is_tried_again() -> None:
    """Where nothing was written, nothing is in doubt; where it cannot be asked, it is asked later."""
    with recording(Recorder()) as recorder:
        pass
    channel = HttpChannel(recorder.url, honours_keys=False)
    assert channel.send(OutgoingMessage(key="k", recipient="sms:1", text="t")).kind == "retry"
    assert channel.query("k") == Outcome(kind="retry")


@pytest.mark.parametrize("honours_keys", [True, False])
def test_nobody_is_told_twice_when_an_answer_is_lost(bench: Bench, honours_keys: bool) -> None:
    """The same key is used again, or the provider is asked first."""
    bench.put()
    with recording(Recorder(honours_keys=honours_keys, answers=["hang-up"])) as recorder:
        outbox = bench.over(HttpChannel(recorder.url, honours_keys=honours_keys))
        send_batch(outbox, urgent=False)
        assert bench.row().outcome == "unknown"
        bench.clock.at = at(minutes=1)
        send_batch(outbox, urgent=False)
    assert bench.row().state in ("sent", "delivered")
    assert [told["key"] for told in recorder.told] == ["m"]


def test_an_answer_that_trickles_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A send ends before its lease does, though each byte of the answer comes in time."""
    monkeypatch.setattr(provider, "SEND_WITHIN", timedelta(seconds=0.3))
    monkeypatch.setattr(provider, "QUERY_WITHIN", timedelta(seconds=0.3))
    with trickling(every=0.05) as url:
        channel = HttpChannel(url, honours_keys=False)
        assert channel.send(OutgoingMessage(key="k", recipient="sms:1", text="t")).kind == "unknown"
        assert channel.query("k") == Outcome(kind="retry")
        channel.close()
    assert provider.SEND_WITHIN < SEND_TAKES_AT_MOST


def test_nobody_is_told_twice_when_a_question_outlives_the_lease(bench: Bench) -> None:
    """The lease is looked at again right before the send; the message waits for its next one, as it was."""

    class Slow(Answering):
        honours_keys = False
        told = 0

        def send(self, message: OutgoingMessage) -> Outcome:
            self.told += 1
            return self.outcome

        def query(self, key: str) -> Outcome | None:
            bench.clock.at += timedelta(seconds=10)
            return None

    bench.put()
    channel = Slow(Outcome(kind="unknown"))
    send_batch(bench.over(channel), urgent=False)
    bench.clock.at = at(minutes=1)
    send_batch(bench.over(channel), urgent=False)
    assert (channel.told, bench.row().state, bench.row().attempts) == (1, "waiting", 1)


def test_a_message_is_given_up_two_days_after_it_was_first_tried(bench: Bench) -> None:
    """What quiet hours and the budget of contacts held for a week has its two days all the same."""
    bench.put()
    failing = bench.over(Answering(Outcome(kind="retry")))
    for days, state in ((7, "waiting"), (8.9, "waiting"), (9, "failed")):
        bench.clock.at = at(days=days)
        send_batch(failing, urgent=False)
        assert bench.row().state == state


@pytest.mark.parametrize("honours_keys", [True, False])
def test_nobody_is_told_twice_when_a_sender_dies(bench: Bench, honours_keys: bool) -> None:
    """A message that left and was not settled is taken over when its lease ends."""
    bench.put()
    with recording(Recorder(honours_keys=honours_keys)) as recorder:
        channel = HttpChannel(recorder.url, honours_keys=honours_keys)
        with bench.outbox.database.write() as session:
            (leased,) = messages.lease(session, by="dead", now=NOW, lease_seconds=15, limit=1, urgent=False)
        channel.send(OutgoingMessage(key=leased.id, recipient="sms:13800000000", text="王芳"))
        assert send_batch(bench.over(channel), urgent=False).taken == 0
        bench.clock.at = at(seconds=16)
        send_batch(bench.over(channel), urgent=False)
    assert bench.row().state in ("sent", "delivered")
    assert [told["key"] for told in recorder.told] == ["m"]


def test_what_the_lease_is_too_short_for_waits(bench: Bench) -> None:
    """A send is begun only while its lease lasts; the others are leased again."""
    for number in range(3):
        bench.put(f"m{number}", urgent=True)

    class Slow(Answering):
        def send(self, message: OutgoingMessage) -> Outcome:
            bench.clock.at += timedelta(seconds=6)
            return super().send(message)

    left = send_batch(bench.over(Slow(Outcome(kind="accepted"))), urgent=True)
    assert [bench.row(f"m{number}").state for number in range(3)] == ["sent", "sent", "waiting"]
    assert (left.taken, left.more) == (3, True)


def test_bulk_is_sent_by_shard(bench: Bench) -> None:
    """Each message belongs to one shard, and urgent ones to no dispatcher."""
    for number in range(20):
        bench.put(f"m{number}")
    bench.put("urgent", urgent=True)
    activities = MessagingActivities(replace(bench.outbox, policy=Policy(contacts_a_day=99, contacts_a_week=99)))
    batches = [SendBatch(channel="preview", shard=shard, shards=2) for shard in (0, 1)]
    taken = [ActivityEnvironment().run(activities.send_bulk, batch).taken for batch in batches]
    assert sum(taken) == 20
    assert all(taken)
    assert bench.row("urgent").state == "waiting"


async def test_urgent_messages_leave_by_a_plain_loop(bench: Bench) -> None:
    """It needs nothing but the store and the channel, and a defect does not end it."""
    left = asyncio.Event()
    here = asyncio.get_running_loop()

    class Telling(Answering):
        def send(self, message: OutgoingMessage) -> Outcome:
            here.call_soon_threadsafe(left.set)
            return super().send(message)

    times = chain([None], repeat(NOW))

    def broken_at_first() -> datetime:
        now = next(times)
        if now is None:
            raise ArithmeticError
        return now

    bench.put(urgent=True)
    outbox = replace(bench.over(Telling(Outcome(kind="accepted"))), clock=broken_at_first)
    loop = asyncio.ensure_future(urgent_loop(outbox, every=timedelta(milliseconds=5)))
    async with asyncio.timeout(20):
        await left.wait()
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop
