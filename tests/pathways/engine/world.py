"""What the store would hold of a journey: a mirror of the actions that refuses what no store could follow."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from pathways.engine.actions import (
    Action,
    AnnotateTask,
    AnyAction,
    BookVisit,
    CallSystem,
    CloseAsk,
    CloseTask,
    CloseVisit,
    EndJourney,
    EnrolPatient,
    EscalateTask,
    HoldTask,
    NotifyStaff,
    OpenAsk,
    OpenTask,
    RaiseAlarm,
    RecallMessage,
    ReopenJourney,
    SendMessage,
)
from pathways.engine.advance import Advance, advance, next_wakeup
from pathways.engine.context import Context, Facts
from pathways.engine.events import (
    AnchorSet,
    AnyEvent,
    CallAnswered,
    Died,
    Enrolled,
    EnrolmentRefused,
    Event,
    FormAnswered,
    Happened,
    Left,
    ParameterSet,
    Paused,
    Reinstated,
    ResultReceived,
    Resumed,
    RungUnattended,
    TaskAttempted,
    TaskClaimed,
    TaskCompleted,
    TaskContinued,
    TaskHandedOver,
    TaskReleased,
    TaskSuspended,
    Tick,
    TrackStarted,
    TrackStopped,
    VisitReported,
    Withdrawn,
)
from pathways.engine.journey import (
    ActivationKind,
    CauseKind,
    End,
    Journey,
    Node,
    ResultStatus,
    TrackState,
    read_journey,
    write_journey,
)
from pathways.engine.questions import first_task
from pathways.language.release import Release
from pathways.language.schedule import parse_duration, shift
from pathways.language.step import STEP_KINDS
from pathways.language.trigger import (
    TRIGGER_KINDS,
    Answered,
    AnyTrigger,
    Named,
    Observed,
    Silent,
)
from tests.pathways.engine.build import CODES, FACTS, START, ZONE, journey
from tests.pathways.engine.generate import OUTCOMES, Move

reached: Counter[str] = Counter()
"""What the plays of this process have reached, by kind."""
TZ = ZoneInfo(ZONE)
EVENTS: TypeAdapter[AnyEvent] = TypeAdapter(Event)
ACTIONS: TypeAdapter[tuple[AnyAction, ...]] = TypeAdapter(tuple[Action, ...])
Comparator = Literal["<", "<=", ">", ">="]
COMPARATORS: tuple[Comparator | None, ...] = (None, "<", None, None, None, ">", None, "<=", None, None, None, ">=")
LEFT: tuple[Literal["transferred", "lost", "merged", "entered-in-error"], ...] = (
    "transferred",
    "lost",
    "merged",
    "entered-in-error",
)
KEPT: Mapping[str, frozenset[str]] = {
    "completed": frozenset({"urgent", "begun", "asked", "routine", "visit"}),
    "withdrawn": frozenset({"urgent", "begun", "asked"}),
    "transferred": frozenset({"urgent", "begun", "asked", "visit"}),
    "lost": frozenset({"urgent", "begun", "asked", "routine"}),
    "merged": frozenset({"urgent", "begun", "asked", "routine", "visit"}),
    "died": frozenset(),
    "entered-in-error": frozenset({"begun"}),
}
"""What stays open after each exit, as people see it."""
ASKED = frozenset(
    {"review-result", "review-decision", "review-interruption", "review-return", "correct-message"}
    | {"follow-up-outcome", "undo-by-hand", "enrol-by-hand"}
)
"""What is asked of a person about what was."""
AFTER_EXIT = frozenset({"review-result", "follow-up-outcome", "undo-by-hand", "enrol-by-hand", "review-return"})
"""What may still be asked of a person once the journey has ended."""
WAKES = 2000
"""More due times than any gap of a play can bring: the journey does not get on."""


@dataclass
class World:
    """One journey at play, and everything that its actions made of the world."""

    release: Release
    facts: Facts = FACTS
    now: datetime = START
    begun: datetime = START
    journey: Journey = field(init=False)
    opened: dict[str, OpenTask] = field(default_factory=dict[str, OpenTask])
    tasks: dict[str, OpenTask] = field(default_factory=dict[str, OpenTask])
    held: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    rungs: dict[str, int] = field(default_factory=dict[str, int])
    asks: dict[str, OpenAsk] = field(default_factory=dict[str, OpenAsk])
    visits: dict[str, BookVisit] = field(default_factory=dict[str, BookVisit])
    calls: dict[str, CallSystem] = field(default_factory=dict[str, CallSystem])
    enrolments: list[str] = field(default_factory=list[str])
    ids: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    contacts: list[datetime] = field(default_factory=list[datetime])
    ended: str | None = None
    returning: bool = False
    """Whether an end is being taken back in this turn, perhaps to an earlier one."""
    log: list[AnyAction] = field(default_factory=list[AnyAction])
    events: int = 0
    ticks: int = 0
    versions: dict[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        self.journey = journey(self.release, surgery=START + timedelta(days=10))
        self.play(Enrolled(id="enrolled", received=START))

    # --- time and events ------------------------------------------------------------------------------------

    def move(self, move: Move, *, extra: timedelta | None = None) -> AnyEvent:
        """Waits for the gap of the move, then lets it happen; the event that it was."""
        end = shift(self.now, parse_duration(move.gap), ZONE)
        if move.punctual:
            self.wait(end, extra=extra)
        self.now = end
        event = self.event(move)
        self.play(event)
        return event

    def wait(self, end: datetime, *, extra: timedelta | None = None) -> None:
        """Wakes at every due time until then, with `extra` also between them for nothing."""
        for _ in range(WAKES):
            wake = next_wakeup(self.release, self.journey, self.facts)
            if extra is not None and self.now + extra < min(wake or end, end):
                wake = self.now + extra
            if wake is None or wake > end:
                return
            self.now = max(wake, self.now)
            self.ticks += 1
            self.play(Tick(id=f"tick-{self.ticks}", received=self.now))
        raise AssertionError(f"the journey woke {WAKES} times in one gap")

    def event(self, move: Move) -> AnyEvent:
        """The event that the move stands for as things are."""
        number, now, which = self._id(), self.now, move.which
        then = shift(now, parse_duration(move.age), ZONE, -1)
        # Mostly what is open; sometimes what ended, sometimes what never was.
        open_tasks = [*self.tasks] or [*self.opened][-2:] or ["none"]
        task_id = [*self.opened, "none"][0] if which == 11 else open_tasks[which % len(open_tasks)]
        track = "strange" if which == 11 else [*self.release.pathway.tracks][which % len(self.release.pathway.tracks)]
        match move.kind:
            case "result":
                return self._result(number, move, then)
            case "complete":
                outcomes = self.opened[task_id].outcomes if task_id in self.opened else ("done",)
                outcome = (*outcomes, *outcomes, "not-needed", "not-possible", OUTCOMES[0])[
                    which % (2 * len(outcomes) + 3)
                ]
                return TaskCompleted(id=number, received=now, task=task_id, by="anna", outcome=outcome, at=then)
            case "answer":
                ask, asked = next(iter(self.asks.items()), ("none", None))
                form = "f" if asked is None or which == 11 else asked.form
                return FormAnswered(
                    id=number,
                    received=now,
                    form=form,
                    answers=f"{form}{which % 5}",
                    version=1 + len(self.ids) % 3,
                    withdrawn=which == 10,
                    at=then,
                    ask=ask if which % 2 else None,
                    items={
                        "well": which % 3 > 0,
                        "how": ("good", "bad", "")[which % 3],
                        "said": "我想死" * (which % 2),
                    },
                )
            case "visit":
                visit, booked = next(iter(self.visits.items()), ("none", None))
                return VisitReported(
                    id=number,
                    received=now,
                    name="v" if booked is None or which == 11 else booked.name,
                    state=("booked", "kept", "booked", "cancelled", "missed")[which % 5],
                    at=shift(now, parse_duration(move.age), ZONE),
                    visit=visit if which % 2 else None,
                    department="surgery" if which % 3 else None,
                )
            case "happen":
                name, data = "fell" if which < 9 else "strange", {"depth": float(which % 3)}
                return Happened(id=number, received=now, name=name, at=then, data=data if which % 4 else {})
            case "reply":
                call = [*self.calls, "none"][which % (len(self.calls) + 1)]
                outcome = "answered" if which < 7 else "failed"
                data = {"booking": "b7" if which % 2 else 7.0}
                return CallAnswered(id=number, received=now, call=call, outcome=outcome, data=data)
            case "decline":
                enrolment = [*self.enrolments, "none"][which % (len(self.enrolments) + 1)]
                return EnrolmentRefused(id=number, received=now, enrolment=enrolment, code="excluded")
            case "start":
                return TrackStarted(id=number, received=now, track=track, by="anna")
            case "stop":
                return TrackStopped(id=number, received=now, track=track, by="anna")
            case "pause":
                return Paused(id=number, received=now, by="anna")
            case "resume":
                return Resumed(id=number, received=now, by="anna")
            case "unattended":
                return RungUnattended(id=number, received=now, task=task_id, rung=self.rungs.get(task_id, 0))
            case "enrol":
                return Enrolled(id=number, received=now)
            case "withdraw":
                return Withdrawn(id=number, received=now, by="anna")
            case "anchor" | "parameter":
                return self._told(number, move, then)
            case "die":
                return Died(id=number, received=now, at=then)
            case _:
                return self._on_task(number, move, task_id)

    def _on_task(self, number: str, move: Move, task_id: str) -> AnyEvent:
        now, which = self.now, move.which
        then = shift(now, parse_duration(move.age), ZONE, -1)
        match move.kind:
            case "claim":
                return TaskClaimed(id=number, received=now, task=task_id, by="anna" if which < 9 else "bela")
            case "release":
                return TaskReleased(id=number, received=now, task=task_id, by="anna")
            case "hand-over":
                return TaskHandedOver(id=number, received=now, task=task_id, by="anna", to="bela")
            case "attempt":
                result = "call-back" if which % 3 == 2 else "no-answer"
                again = shift(now, parse_duration(move.age), ZONE) if which % 2 else None
                return TaskAttempted(
                    id=number, received=now, task=task_id, by="anna", result=result, at=then, again_at=again
                )
            case "suspend":
                until = shift(now, parse_duration(move.age), ZONE) if which % 2 else None
                return TaskSuspended(id=number, received=now, task=task_id, by="anna", until=until)
            case "continue":
                return TaskContinued(id=number, received=now, task=task_id, by="anna")
            case "leave-purpose":
                purpose = ("marketing", "research")[which % 2]
                return Withdrawn(id=number, received=now, by="anna", purpose=purpose)
            case _:
                return self._of_life(number, move)

    def _of_life(self, number: str, move: Move) -> AnyEvent:
        match move.kind:
            case "leave":
                reason = LEFT[move.which % len(LEFT)]
                return Left(id=number, received=self.now, by="anna", reason=reason)
            case "reinstate":
                return Reinstated(id=number, received=self.now, by="anna")
            case _:
                return Tick(id=number, received=self.now)

    def _told(self, number: str, move: Move, then: datetime) -> AnyEvent:
        """What a person says of the patient: a date, or a threshold of their own."""
        which = move.which
        if move.kind == "parameter":
            value = (None, move.value, move.value, ("08:00",))[which % 4]
            name = "low" if which < 9 else "strange"
            return ParameterSet(id=number, received=self.now, parameter=name, value=value, by="anna")
        name = "strange" if which == 11 else ("surgery", "birth")[which % 2]
        moved = shift(then, parse_duration(move.gap), ZONE, 1 if which % 3 else -1)
        at = None if which == 10 else moved
        return AnchorSet(id=number, received=self.now, anchor=name, at=at, by="anna", tentative=which % 5 == 4)

    def _result(self, number: str, move: Move, then: datetime) -> AnyEvent:
        data = {5: "sbp", 9: "dbp"}.get(move.which, "pulse" if move.which % 4 == 3 else "glucose")
        name = f"{data}-{self.events}"
        # A third of the results are a later version of one that came before, or the very same.
        if move.which % 3 == 1 and self.versions:
            name = [*self.versions][-1 - move.which // 3 % len(self.versions)]
            data = name.split("-")[0]
        known = self.journey.readings.get(name)
        version = self.versions.get(name, 0) + (0 if name in self.versions and move.which == 4 else 1)
        self.versions[name] = version
        shape = move.which if move.value > 8 else 0
        return ResultReceived(
            id=number,
            received=self.now,
            result=name,
            version=version,
            status=move.status,
            code=CODES[data][0] if move.which != 10 else "718-7",
            effective=then if known is None or move.which > 5 else known.effective,
            value=None if shape in {2, 4, 8} else move.value,
            comparator=COMPARATORS[move.which] if move.value < 5 else None,
            unit=None if shape == 6 else CODES[data][1],
            text={2: "LO", 4: "HI", 8: "?"}.get(shape),
            origin="device" if move.which % 2 else "laboratory",
            # Now and then the same data is twice in a panel.
            panel=f"panel-{self.now:%Y%m%d}" if data in {"sbp", "dbp"} and move.value < 12 else None,
        )

    def _id(self) -> str:
        self.events += 1
        return f"e{self.events}"

    # --- one turn -------------------------------------------------------------------------------------------

    def play(self, event: AnyEvent) -> Advance:
        """One turn, with everything checked that holds for each."""
        before = self.journey
        turn = advance(self.release, before, event, Context(now=self.now, facts=self.facts))
        self.journey = turn.journey
        self.returning = isinstance(event, Reinstated)
        overflown = any(isinstance(action, RaiseAlarm) and action.code == "cascade" for action in turn.actions)
        for action in turn.actions:
            self._follow(action)
            self.log.append(action)
        self._count(event, turn)
        assert turn.journey.sequence == before.sequence + 1
        if not isinstance(event, Tick):
            assert read_journey(write_journey(turn.journey)) == turn.journey
            assert EVENTS.validate_json(EVENTS.dump_json(event)) == event
        assert not turn.actions or ACTIONS.validate_json(ACTIONS.dump_json(turn.actions)) == turn.actions
        self._check_reasons(before, event, turn)
        wake = next_wakeup(self.release, self.journey, self.facts)
        assert overflown or wake is None or wake > self.now, f"due in the past: {wake}"
        self._check_agreement()
        self._check_exit(event, turn)
        self._check_choices(before, turn)
        self._check_worse(before, event, turn)
        return turn

    def _follow(self, action: AnyAction) -> None:
        match action:
            case OpenTask():
                self._fresh(action.kind, action.task)
                assert self.ended is None or self.returning or action.name in AFTER_EXIT, action.name
                self.opened[action.task] = self.tasks[action.task] = action
            case AnnotateTask():
                assert action.task in self.opened
                if action.due is not None:
                    self.tasks[action.task] = replace(self.tasks[action.task], due=action.due)
            case EscalateTask():
                assert action.task in self.tasks
                assert action.rung == self.rungs.get(action.task, 0) + 1, "a rung fired twice or was left out"
                self.rungs[action.task] = action.rung
            case HoldTask():
                assert action.task in self.tasks
                self.held[action.task] = action.holder
            case CloseTask():
                del self.tasks[action.task]
            case OpenAsk():
                self._fresh(action.kind, action.ask)
                self.asks[action.ask] = action
            case CloseAsk():
                # Answers may still come to a form that has expired.
                assert ("open-ask", action.ask) in self.ids
                self.asks.pop(action.ask, None)
            case BookVisit():
                self.visits[action.visit] = action
            case CloseVisit():
                # A visit that was missed may be stood for later.
                self.visits.pop(action.visit, None)
            case SendMessage():
                self._fresh(action.kind, action.message)
                self._check_contact(action)
            case NotifyStaff():
                self._fresh(action.kind, action.message)
                assert self.ended is None or action.urgent, "staff are told of a step after the exit"
            case CallSystem():
                assert action.undoes is None or ("call-system", action.undoes) in self.ids, "nothing to take back"
                self._fresh(action.kind, action.call)
                self.calls[action.call] = action
            case EnrolPatient():
                self._fresh(action.kind, action.enrolment)
                self.enrolments.append(action.enrolment)
            case RecallMessage() | RaiseAlarm():
                pass
            case EndJourney():
                self.ended = action.reason
            case ReopenJourney():
                self.ended = None

    def _fresh(self, kind: str, id: str) -> None:
        assert (kind, id) not in self.ids, "an id stands for two things"
        self.ids.add((kind, id))

    def _check_contact(self, message: SendMessage) -> None:
        assert self.ended is None, "a message after the exit"
        purpose = self.release.pathway.tracks[message.track].purpose
        assert message.purpose == purpose
        consent = self.facts.consent if purpose == "care" else self.facts.consents.get(purpose)
        assert consent is True, "a message without consent"
        if message.urgent or message.own_hour:
            return
        local = self.now.astimezone(TZ)
        assert local.time() not in self.facts.quiet, "a message in quiet hours"
        self.contacts.append(self.now)
        today = [at for at in self.contacts if at.astimezone(TZ).date() == local.date()]
        week = [at for at in self.contacts if at > self.now - timedelta(days=7)]
        assert len(today) <= self.facts.contacts_a_day, "more contacts than a day's budget"
        assert len(week) <= self.facts.contacts_a_week, "more contacts than a week's budget"

    def _check_reasons(self, before: Journey, event: AnyEvent, turn: Advance) -> None:
        decided = Counter(
            (r.event, r.track, r.occurrence) for r in turn.reasons if r.track is not None and r.step is None
        )
        twice = [decision for decision, times in decided.items() if times > 1]
        assert not twice, f"more than one reason: {twice}"
        if event.id in before.seen or any(reason.code == "refused" for reason in turn.reasons):
            return
        for name in self._watching(event):
            mine = [key for key in decided if key[0] == event.id and key[1] == name]
            assert mine, f"track {name} watches and says nothing"

    def _watching(self, event: AnyEvent) -> list[str]:
        tracks = self.release.pathway.tracks.items()
        match event:
            case ResultReceived(code=code):
                data = next((n for n, data in self.release.pathway.data.items() if code in data.observation), None)
                return [
                    name
                    for name, track in tracks
                    if (isinstance(track.when, Observed) and data in track.when.data)
                    or (isinstance(track.when, Silent) and track.when.silent == data)
                ]
            case FormAnswered(form=form) if form in self.release.contents.forms:
                return [n for n, track in tracks if isinstance(track.when, Answered) and track.when.answered == form]
            case Happened(name=happened):
                return [n for n, track in tracks if isinstance(track.when, Named) and track.when.event == happened]
            case Enrolled():
                return [name for name, track in tracks if track.when == "enrolment"]
            case TrackStarted(track=name):
                return [name]
            case _:
                return []

    def _check_agreement(self) -> None:
        """What people see open is what the journey holds open."""
        kinds: dict[str, int] = {"task": len(self.tasks), "ask": len(self.asks), "visit": len(self.visits)}
        nodes = [node for activation in self.journey.activations.values() for node in activation.nodes.values()]
        held = Counter(node.kind for node in nodes if node.end is None)
        for kind, count in kinds.items():
            assert held[kind] == count, f"{held[kind]} of kind {kind} in the journey, {count} outside"
        if self.ended is not None:
            assert not held["send"]
            assert not held["wait"] + held["repeat"] + held["for_each"]
            assert not held["ask"]
            assert "visit" in KEPT[self.ended] or not held["visit"]
        if self.ended == "died":
            # Only what a person had done by then, and told later, is still asked about.
            assert {task.name for task in self.tasks.values()} <= {"follow-up-outcome", "undo-by-hand"}

    def _check_exit(self, event: AnyEvent, turn: Advance) -> None:
        """An exit closes what its reason does not keep, and nothing that it keeps."""
        ends = [action for action in turn.actions if isinstance(action, EndJourney)]
        if not ends or isinstance(event, Reinstated):
            return
        for task in self.tasks.values():
            told = task.name == "correct-message" and task.note == "entered-in-error"
            assert told or self._kind(task) in KEPT[ends[-1].reason], f"{task.name} is open after {ends[-1].reason}"
        for action in turn.actions:
            if isinstance(action, CloseTask) and action.why == "journey-ended":
                kind = self._kind(self.opened[action.task])
                assert kind not in KEPT[ends[-1].reason], f"{kind} was closed by {ends[-1].reason}"

    def _kind(self, task: OpenTask) -> str:
        if self.held.get(task.task) is not None:
            return "begun"
        return "urgent" if task.urgent else "asked" if task.name in ASKED else "routine"

    def _check_choices(self, before: Journey, turn: Advance) -> None:
        for key, activation in before.activations.items():
            after = turn.journey.activations.get(key)
            for path, node in activation.nodes.items():
                if node.chosen and after is not None:
                    kept = after.nodes.get(path)
                    assert kept is not None, "what a person chose was taken back"
                    assert kept.way == node.way, "what a person chose was changed"
                    self._check_under(activation.nodes, after.nodes, f"{path}/{node.way}/", turn)

    def _check_under(self, before: Mapping[str, Node], after: Mapping[str, Node], prefix: str, turn: Advance) -> None:
        under = {path for path in before if path.startswith(prefix)}
        # What followed from a miss, a failure or a value goes when that was none: nobody had chosen it.
        ended = [before[path].order for path in under if _ended_otherwise(before[path], after.get(path))]
        under = {path for path in under if before[path].order <= min(ended, default=before[path].order)}
        assert not under - set(after), "what a person's choice led to was taken back"
        if not any(isinstance(action, EndJourney) for action in turn.actions):
            cancelled = {path for path in under if before[path].end is None and after[path].end == "cancelled"}
            assert not cancelled, "what a person's choice led to was cancelled"

    def _check_worse(self, before: Journey, event: AnyEvent, turn: Advance) -> None:
        """What is worse than what was acted on is never capped, and shows to a person."""
        for reason in turn.reasons:
            trigger = self.release.pathway.tracks[reason.track].when if reason.track is not None else None
            if reason.step is not None or not isinstance(trigger, Observed) or reason.track is None:
                continue
            noted = any(isinstance(action, AnnotateTask) and action.code == "worse" for action in turn.actions)
            if reason.code == "worse":
                assert noted or first_task(self.release.pathway.tracks[reason.track].steps) is None
            alone = sum(other.track == reason.track for other in turn.reasons) == 1
            base = before.tracks.get(reason.track, TrackState()).last_base
            if reason.code == "capped" and alone and base is not None and isinstance(event, ResultReceived):
                if event.code != CODES[trigger.data[0]][0]:
                    continue
                value = event.value
                if value is not None and event.comparator is None and trigger.worse == "lower":
                    assert not value < base - trigger.by
                if value is not None and event.comparator is None and trigger.worse == "higher":
                    assert not value > base + trigger.by

    def _count(self, event: AnyEvent, turn: Advance) -> None:
        reached[f"event {event.kind}"] += 1
        reached.update(f"action {action.kind}" for action in turn.actions)
        for reason in turn.reasons:
            reached[f"reason {reason.code}"] += 1
            if reason.track is not None and reason.code == "started":
                reached[f"trigger {_trigger_kind(self.release.pathway.tracks[reason.track].when)}"] += 1

    def count(self) -> None:
        """Counts what the journey holds at the end of a play."""
        for activation in self.journey.activations.values():
            reached[f"activation {activation.kind}"] += 1
            reached.update(f"cause {cause.kind}" for cause in activation.causes)
            reached.update(f"step {node.kind}" for node in activation.nodes.values())
            reached.update(f"end {node.end}" for node in activation.nodes.values() if node.end is not None)
        reached.update(f"status {reading.status}" for reading in self.journey.readings.values())


def _ended_otherwise(before: Node, after: Node | None) -> bool:
    now = before if after is None else after
    return before.end is not None and not before.chosen and (now.end, now.way) != (before.end, before.way)


def _trigger_kind(trigger: AnyTrigger) -> str:
    return trigger if isinstance(trigger, str) else type(trigger).__name__.lower()


def expected() -> set[str]:
    """Everything that plays must reach, by kind."""
    kinds = {f"event {kind.__dataclass_fields__['kind'].default}" for kind in get_args(AnyEvent)}
    kinds |= {f"action {kind.__dataclass_fields__['kind'].default}" for kind in get_args(AnyAction)}
    kinds |= {f"step {kind}" for kind in STEP_KINDS}
    kinds |= {
        f"trigger {kind}" for kind in ("enrolment", "by-hand", *(t.__name__.lower() for t in TRIGGER_KINDS.values()))
    }
    kinds |= {f"status {status}" for status in get_args(ResultStatus)}
    kinds |= {f"end {end}" for end in get_args(End)}
    kinds |= {f"cause {cause}" for cause in get_args(CauseKind)}
    kinds |= {f"activation {kind}" for kind in get_args(ActivationKind)}
    return kinds
