"""The whole timeline of a rehearsal in words: what happened when, what it led to, and why, or why not.

Names are those of the pathway's file, so that what is read here can be written into a scenario.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from types import MappingProxyType
from typing import cast

from pathways.engine.actions import AnyAction
from pathways.engine.events import AnyEvent
from pathways.engine.journey import Scalar
from pathways.engine.reasons import Reason
from pathways.language.texts import Text
from pathways.proof.days import Days
from pathways.proof.rehearse import Rehearsal, Turned


def _texts(words: Mapping[str, tuple[str, str]]) -> Mapping[str, Text]:
    return MappingProxyType({name: Text(zh=zh, en=en) for name, (zh, en) in words.items()})


KINDS: Mapping[str, Text] = _texts(
    {
        "enrolled": ("入径", "enrolled"),
        "result-received": ("收到结果", "a result came"),
        "form-answered": ("收到问卷答复", "a form was answered"),
        "task-claimed": ("任务被领取", "a task was claimed"),
        "task-released": ("任务被退回", "a task was given back"),
        "task-handed-over": ("任务被转交", "a task was handed over"),
        "task-attempted": ("尝试联系患者", "the patient was tried"),
        "task-suspended": ("任务被挂起", "a task was suspended"),
        "task-continued": ("任务继续", "a task goes on"),
        "task-completed": ("任务完成", "a task was completed"),
        "visit-reported": ("医院报告就诊情况", "the hospital told of a visit"),
        "happened": ("发生事件", "something happened"),
        "track-started": ("手动启动轨道", "a track was started by hand"),
        "track-stopped": ("手动停止轨道", "a track was stopped by hand"),
        "paused": ("暂停", "paused"),
        "resumed": ("恢复", "resumed"),
        "withdrawn": ("患者退出", "the patient withdrew"),
        "left": ("离开路径", "the patient left"),
        "died": ("患者死亡", "the patient died"),
        "reinstated": ("恢复路径", "the journey was reinstated"),
        "anchor-set": ("设定锚点日期", "an anchor was set"),
        "parameter-set": ("设定患者参数", "a parameter was set"),
        "call-answered": ("医院系统答复", "a hospital system answered"),
        "enrolment-refused": ("入径被拒", "an enrolment was refused"),
        "rung-unattended": ("该级无人值班", "nobody was on duty for a rung"),
        "tick": ("时间到", "time passed"),
        "open-task": ("打开任务", "task opens"),
        "annotate-task": ("任务有补充", "task is annotated"),
        "escalate-task": ("任务升级", "task goes up"),
        "hold-task": ("任务在手", "task is held"),
        "close-task": ("任务结束", "task closes"),
        "send-message": ("给患者发消息", "message to the patient"),
        "notify-staff": ("通知工作人员", "message to staff"),
        "recall-message": ("撤回消息", "message is recalled"),
        "open-ask": ("发出问卷", "form is asked"),
        "close-ask": ("问卷结束", "form waits no more"),
        "book-visit": ("安排就诊", "visit is planned"),
        "close-visit": ("就诊结束", "visit closes"),
        "call-system": ("呼叫医院系统", "hospital system is called"),
        "enrol-patient": ("转入路径", "patient is enrolled"),
        "raise-alarm": ("报警", "alarm"),
        "reopen-journey": ("路径重新打开", "journey goes on"),
        "end-journey": ("路径结束", "journey ends"),
    }
)
"""What happened, and what it led to, by its kind."""
_PARTS = _texts(
    {
        "role": ("角色", "role"),
        "due": ("期限", "due"),
        "urgent": ("紧急", "urgent"),
        "outcome": ("结果", "outcome"),
        "end": ("结束方式", "end"),
        "why": ("原因", "why"),
        "to": ("转给", "to"),
        "by": ("由", "by"),
        "planned": ("计划", "planned"),
        "earliest": ("最早", "earliest"),
        "latest": ("最迟", "latest"),
        "expires": ("截止", "expires"),
        "not_before": ("不早于", "not before"),
        "effective": ("采样时间", "effective"),
        "state": ("情况", "state"),
        "reason": ("原因", "reason"),
    }
)
_SUBJECTS = ("task", "visit", "ask", "message", "call", "enrolment", "undoes", "alarm")
"""Fields that hold an id; what it is of is told by its name."""
_NAMES = ("name", "template", "form", "pathway", "track", "anchor", "parameter", "code")
"""Fields with the name of what an event or action is about; the first that there is."""
_USUAL = "care"
"""The purpose of all contact for which nothing else is said."""
_UNTOLD = frozenset({"kind", "id", "received", "opened", "outcomes", "answers", "version", *_SUBJECTS})


def explain(rehearsal: Rehearsal, reasons: Mapping[str, Text], *, english: bool) -> Iterator[str]:
    """Lines for a terminal, a turn after the other; `reasons` has the words for the codes of reasons."""
    yield f"  {rehearsal.scenario.sentence}"
    teller = _Teller(rehearsal.scenario.days, reasons, "en" if english else "zh")
    for turn in rehearsal.timeline:
        yield from teller.turn(turn)


class _Teller:
    """Tells turns in their order, since later ones name what earlier ones opened."""

    def __init__(self, days: Days, reasons: Mapping[str, Text], language: str) -> None:
        self._days = days
        self._reasons = reasons
        self._language = language
        self._called: dict[str, str] = {}

    def turn(self, turn: Turned) -> Iterator[str]:
        for action in turn.actions:
            self._learn(action)
        yield f"  {self._days.written(turn.at)}  {self._told(turn.event, turn.at)}"
        yield from (f"      → {self._told(action, turn.at)}" for action in turn.actions)
        yield from (f"      · {self._why(reason)}" for reason in turn.reasons)

    def _learn(self, action: AnyAction) -> None:
        """Remembers what an id stands for."""
        name = _name(action)
        for field in _SUBJECTS:
            id = getattr(action, field, None)
            if id is not None and name is not None:
                self._called.setdefault(id, name)

    def _told(self, one: AnyEvent | AnyAction, now: datetime) -> str:
        subjects = [self._called.get(getattr(one, field, None) or "") for field in _SUBJECTS]
        named = dict.fromkeys(name for name in (*subjects, _name(one)) if name)
        parts = (self._part(field.name, getattr(one, field.name), now) for field in fields(one))
        return " ".join((KINDS[one.kind].in_(self._language), *named, *filter(None, parts)))

    def _part(self, name: str, value: object, now: datetime) -> str:
        if name in _UNTOLD or name in _NAMES or value in (None, False, (), now, _USUAL):
            return ""
        if isinstance(value, Mapping):
            values = cast("Mapping[str, Scalar | None]", value)
            return " ".join(f"{key}={_shown(one, self._days)}" for key, one in values.items())
        word = _PARTS[name].in_(self._language) if name in _PARTS else name
        return word if value is True else f"{word}={_shown(value, self._days)}"

    def _why(self, reason: Reason) -> str:
        about = "/".join(part for part in (reason.track, reason.step) if part) or "journey"
        word = self._reasons[reason.code].in_(self._language) if reason.code in self._reasons else ""
        code = reason.code if word in ("", reason.code) else f"{reason.code} ({word})"
        looked_at = [f"{name}={_shown(value, self._days)}" for name, value in reason.values.items()]
        return " ".join((f"{about}:", code, *looked_at))


def _name(one: AnyEvent | AnyAction) -> str | None:
    return next((str(name) for field in _NAMES if (name := getattr(one, field, None)) is not None), None)


def _shown(value: object, days: Days) -> str:
    if isinstance(value, datetime):
        return days.written(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(map(str, cast("tuple[str, ...]", value)))
    return "?" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
