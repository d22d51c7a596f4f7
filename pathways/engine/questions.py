"""What the engine itself asks of a person, as ordinary tasks: to review, decide, correct, contact, finish by hand."""

from collections.abc import Mapping
from functools import lru_cache

from pathways.engine.journey import Activation
from pathways.engine.paths import trace
from pathways.language.definition import Pathway, Rung, Track
from pathways.language.release import Release
from pathways.language.schedule import Duration
from pathways.language.step import (
    AnyStep,
    Start,
    Steps,
    Task,
    branches,
    is_urgent_ladder,
)
from pathways.language.texts import Text

ONE_WORKING_DAY = Duration(amount=1, unit="working day")
ROUTINE = "routine"
URGENT = "urgent"
LATE = "/~late"
"""The end of the path of the question whether a late step is still to be done."""

WORDS: Mapping[str, Text] = {
    "review-result": Text(zh="复核结果", en="Review a result"),
    "review-booking": Text(zh="复核预约日期（晚于所需时间）", en="Review the booked date, later than needed"),
    "review-decision": Text(zh="结果已更正，请复核已作的处理", en="The result was corrected: review what was decided"),
    "decide-start": Text(zh="决定是否开始", en="Decide whether to start"),
    "decide-late": Text(zh="已过时限，决定是否仍要执行", en="Decide whether it is still to be done"),
    "correct-message": Text(zh="更正已告知的内容", en="Correct what was told"),
    "review-interruption": Text(
        zh="中断已撤销，请复核被取消的安排", en="An interruption was taken back: review what it had cancelled"
    ),
    "contact-patient": Text(zh="由工作人员联系患者", en="Contact the patient"),
    "follow-up-outcome": Text(zh="跟进未能自动执行的处理结果", en="Follow up an outcome that nothing carries out"),
    "undo-by-hand": Text(zh="系统未能撤回，请人工撤回", en="Take back by hand what could not be undone"),
    "enrol-by-hand": Text(
        zh="未能自动纳入其他路径，请人工处理", en="Enrol by hand: the other pathway did not take the patient"
    ),
    "review-return": Text(
        zh="路径已恢复，请复核期间被撤销的事项", en="The journey is back: review what its end had undone"
    ),
    "start": Text(zh="开始", en="Start"),
    "leave": Text(zh="不开始", en="Leave it"),
    "run": Text(zh="仍要执行", en="Do it"),
    "skip": Text(zh="跳过", en="Skip it"),
    "done": Text(zh="已完成", en="Done"),
    "not-needed": Text(zh="不需要", en="Not needed"),
    "not-possible": Text(zh="无法完成", en="Not possible"),
}
"""What people read for the names of tasks and outcomes that no pathway declares."""

_NAMES = {
    "review": "review-result",
    "look": "review-result",
    "booking": "review-booking",
    "decision": "review-decision",
    "question": "decide-start",
    "correction": "correct-message",
    "interruption": "review-interruption",
    "contact": "contact-patient",
    "urgent-contact": "contact-patient",
    "follow-up": "follow-up-outcome",
    "unfinished": "undo-by-hand",
    "return": "review-return",
}
NOT_ENROLLED = "not-enrolled"
"""The note of what is unfinished where another pathway did not take the patient."""


def steps_of(release: Release, activation: Activation) -> Steps:
    """The steps that the activation walks."""
    track = release.pathway.tracks[activation.track]
    match activation.kind:
        case "steps":
            return track.steps
        case "first-task":
            first = first_task(track.steps)
            return () if first is None else (first,)
        case "urgent-contact" if URGENT in release.pathway.ladders:
            return (_urgent_contact(first_role(release.pathway, track), release.pathway.ladders[URGENT]),)
        case "review" | "question":
            return (_asked(release.pathway, track, _NAMES[activation.kind], activation.track),)
        case "return":
            return (
                _task(_NAMES["return"], release.pathway.owner, ROUTINE in release.pathway.ladders, None, ("done",)),
            )
        case "unfinished" if activation.note == NOT_ENROLLED:
            return (_asked(release.pathway, track, "enrol-by-hand", None),)
        case _:
            return (_asked(release.pathway, track, _NAMES[activation.kind], None),)


@lru_cache(maxsize=256)
def _urgent_contact(role: str, rungs: tuple[Rung, ...]) -> Task:
    """Somebody tells the patient now what a message may not: due when the urgent ladder begins to climb."""
    due = rungs[0].after if rungs else Duration(amount=0, unit="minute")
    name = _NAMES["urgent-contact"]
    return Task(task=name, role=role, clock="elapsed", due=due, ladder=URGENT, outcomes={"done": ()})


def decide_late(release: Release, track: str) -> Task:
    """The question whether a step that is late is still to be done."""
    pathway = release.pathway
    role = first_role(pathway, pathway.tracks[track])
    return _task("decide-late", role, ROUTINE in pathway.ladders, None, ("run", "skip"))


def _asked(pathway: Pathway, track: Track, name: str, starts: str | None) -> Task:
    outcomes = ("start", "leave") if starts else ("done",)
    return _task(name, first_role(pathway, track), ROUTINE in pathway.ladders, starts, outcomes)


@lru_cache(maxsize=256)
def _task(name: str, role: str, laddered: bool, starts: str | None, outcomes: tuple[str, ...]) -> Task:
    return Task(
        task=name,
        role=role,
        due=ONE_WORKING_DAY,
        ladder=ROUTINE if laddered else None,
        outcomes={
            outcome: (Start(start=starts),) if starts is not None and outcome == "start" else () for outcome in outcomes
        },
    )


def first_task(steps: Steps) -> Task | None:
    """The first task that the steps can reach."""
    for step in steps:
        if isinstance(step, Task):
            return step
        for way in branches(step).values():
            found = first_task(way)
            if found is not None:
                return found
    return None


def first_role(pathway: Pathway, track: Track) -> str:
    """The role of the track's first task, else the pathway's owner."""
    task = first_task(track.steps)
    return pathway.owner if task is None else task.role


def is_urgent(step: Task) -> bool:
    """Whether the task climbs an urgent ladder."""
    return is_urgent_ladder(step.ladder)


def find_step(release: Release, activation: Activation, path: str) -> AnyStep | None:
    """The step at a path of the activation; None where the path names none."""
    if path.endswith(LATE):
        return decide_late(release, activation.track)
    found = steps_on(release, activation, path)
    return found[-1][1] if found else None


def steps_on(release: Release, activation: Activation, path: str) -> list[tuple[str, AnyStep]]:
    """The steps on the way to a path of the activation with the path of each, the outermost first."""
    return trace(steps_of(release, activation), path)


def task_at(release: Release, activation: Activation, path: str) -> Task | None:
    """The task at a path; None where there is none."""
    step = find_step(release, activation, path)
    return step if isinstance(step, Task) else None
