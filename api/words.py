"""What people read for the names and codes that programs use: a pathway's own words first, then the product's."""

import re
from collections.abc import Mapping
from datetime import datetime

from pathways.engine.journey import Scalar
from pathways.engine.questions import WORDS
from pathways.engine.reasons import Code
from pathways.language.release import Release
from pathways.language.roles import ROLES
from pathways.language.schedule import zone_named
from pathways.language.texts import Text

_ANSWER = re.compile(r"(score|item|tier)\((.*)\)")
_QUOTED = re.compile(r"'([^']+)'")
_ANNOTATION = re.compile(r"\{[^}]*\}")


def _texts(**words: tuple[str, str]) -> dict[str, Text]:
    return {code.replace("_", "-"): Text(zh=zh, en=en) for code, (zh, en) in words.items()}


_REASONS: Mapping[Code, tuple[str, str]] = {
    "started": ("启动", "started"),
    "false": ("条件不成立", "the condition is false"),
    "unknown": ("资料不足，无法判断", "it cannot be known"),
    "excluded": ("属于排除情况", "it is excluded"),
    "asked": ("交由人员决定", "a person is asked"),
    "capped": ("次数已达上限，暂缓", "the cap was reached; it waits"),
    "joined": ("并入进行中的处理", "it joins what is under way"),
    "worse": ("比之前更严重", "it is worse than before"),
    "annotated": ("补充到现有任务", "it was noted on what is open"),
    "re-based": ("改以其余依据为准", "it rests on what still holds"),
    "undone": ("已撤回", "undone"),
    "moved": ("日期已变动", "its date moved"),
    "set": ("已设定", "set"),
    "no-longer-true": ("条件不再成立，已撤回", "it does not hold any more; undone"),
    "ignored": ("进行中，不再重复", "ignored while it runs"),
    "yielded": ("让位于更紧急的处理", "it gave way to something more urgent"),
    "interrupted": ("被其他处理中断", "another track stopped it"),
    "deferred": ("推迟", "deferred"),
    "stale": ("结果时间过早，需复核", "the result is too old; it is reviewed"),
    "duplicate": ("重复", "a duplicate"),
    "superseded": ("已有更新的版本", "a newer version is known"),
    "not-final": ("结果尚未确认", "the result is not final"),
    "unreadable": ("结果无法识别", "the result cannot be read"),
    "unconfirmed": ("自测或设备数值待复测确认", "a device's or the patient's value that nothing has confirmed"),
    "held": ("暂停期间保留", "kept during the pause"),
    "no-consent": ("患者未同意联系", "there is no consent to contact"),
    "too-late": ("已过时限", "too late"),
    "collapsed": ("错过的几次合并为一次", "what was missed counts as one"),
    "failed": ("系统未能完成", "a system could not do it"),
    "used-up": ("次数已用完", "done as often as it may be"),
    "flagged": ("已提醒负责人查看", "its holder is asked to look"),
    "satisfied": ("已有结果满足要求", "a result satisfies it"),
    "reopened": ("重新打开", "open again"),
    "missed": ("未按时完成", "missed"),
    "stopped": ("已停止", "stopped"),
    "refused": ("被拒绝", "refused"),
    "not-watched": ("本路径不关注", "this pathway does not watch it"),
    "paused": ("已暂停", "paused"),
    "resumed": ("已恢复", "resumed"),
    "ended": ("路径已结束", "the journey has ended"),
    "reinstated": ("已恢复原状", "back after an end that was a mistake"),
    "beyond-the-horizon": ("结果过旧，已不再保留", "the result is beyond what is kept"),
    "cascade": ("一次触发过多，其余顺延", "too much at once; the rest follows"),
}
REASONS: Mapping[str, Text] = {code: Text(zh=zh, en=en) for code, (zh, en) in _REASONS.items()}
"""Of each decision of the engine."""

TASK_STATES = _texts(open=("待处理", "Open"), held=("处理中", "In hand"), closed=("已结束", "Closed"))
MESSAGE_STATES = _texts(
    waiting=("待发送", "Waiting"),
    leased=("发送中", "Being sent"),
    sent=("已发送", "Sent"),
    delivered=("已送达", "Delivered"),
    failed=("发送失败", "Failed"),
    dropped=("未发送", "Not sent"),
    recalled=("已撤回", "Recalled"),
)


def title(release: Release, name: str) -> Text:
    """What people read for a name in a pathway; the name itself where no words are declared."""
    return release.pathway.words.get(name) or WORDS.get(name) or _answer_title(release, name) or Text(zh=name, en=name)


def _answer_title(release: Release, name: str) -> Text | None:
    """What people read for `item('form', 'code')`, `tier(…)` and `score('form')`: the question, or the form's total."""
    said = _ANSWER.fullmatch(name)
    quoted = [] if said is None else _QUOTED.findall(said[2])[said[1] == "tier" :]  # a tier names its lexicon first
    form = release.contents.forms.get(quoted[0]) if quoted else None
    if form is None:
        return None
    if len(quoted) == 1:
        return Text(zh=f"{form.title.zh}总分", en=f"{form.title.en}: total")
    return next((item.text for item in form.items if item.code == quoted[1]), None)


def role_title(name: str) -> Text:
    """What people read for a role."""
    return ROLES.get(name) or Text(zh=name, en=name)


def reason_title(code: str) -> Text:
    """What people read for a decision of the engine."""
    return REASONS.get(code) or Text(zh=code, en=code)


def shown_values(release: Release, values: Mapping[str, Scalar | None], language: str) -> str:
    """Values with what people call them and their units of measure, on one line."""
    data = release.pathway.data

    def shown(name: str, value: Scalar) -> str:
        unit = unit_title(data[name].unit) if name in data else ""
        return " ".join(part for part in (title(release, name).in_(language), _shown(value, language), unit) if part)

    separator = Text(zh="，", en=", ").in_(language)
    return separator.join(shown(name, value) for name, value in values.items() if value is not None)


def unit_title(unit: str) -> str:
    """The unit of measure as people read it: UCUM annotations, as in {score}, are for programs."""
    return _ANNOTATION.sub("", unit)


def local(instant: datetime, zone: str) -> str:
    """An instant as people of that zone read it."""
    return instant.astimezone(zone_named(zone)).strftime("%Y-%m-%d %H:%M")


def _shown(value: Scalar, language: str) -> str:
    if isinstance(value, bool):
        return Text(zh="是" if value else "否", en="yes" if value else "no").in_(language)
    return f"{value:g}" if isinstance(value, float) else str(value)
