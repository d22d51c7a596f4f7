"""What a sender is told of what was kept and not understood: that it waits for a person, and why."""

from collections.abc import Mapping, Sequence

from api.outcomes import Issue
from pathways.language.texts import Text
from store.notices import Outcome

_REASONS: Mapping[str, Text] = {
    "unknown-patient": Text(zh="患者未知", en="the patient is not known"),
    "identity-conflict": Text(zh="标识符属于不同患者", en="its identifiers belong to different patients"),
    "incomplete-patient": Text(
        zh="新患者缺少姓名、出生日期或标识符", en="a new patient needs a name, a birth date and an identifier"
    ),
    "unknown-code": Text(zh="项目编码未知", en="the code is not known"),
    "unknown-unit": Text(zh="计量单位未知", en="the unit of measure is not known"),
    "older-version-again": Text(
        zh="与较早版本相同，无法判断先后", en="it says what an older version said, so nobody can tell which holds"
    ),
    "no-such-form": Text(zh="患者的路径没有这张表单", en="no open journey of the patient has this form"),
}
_OTHER = Text(zh="需人工判断", en="a person must decide")
_WAITS = Text(zh="已接收，等待人工处理：{}。", en="It is kept and waits for a person: {}.")
_NOTHING = Text(
    zh="已收到，没有需要保存的内容：尚无结果或答案。",
    en="It was received, and there is nothing to keep yet: no result, answer or decision.",
)
_OUTDATED = Text(
    zh="来源已发送过更新的内容；此版本已保存，不改变现状。",
    en="Its source has said something newer; this version is kept and changes nothing.",
)


def issues_of(outcomes: Sequence[Outcome], path: str) -> list[Issue]:
    """What is to be told of the outcomes of a resource, one issue a reason."""
    if not outcomes:
        return [Issue(code="informational", what=_NOTHING, expression=path, severity="information")]
    reasons = dict.fromkeys(_reason(one) for one in outcomes if waits(one))
    told = [_waits(reason, path) for reason in reasons]
    if any(one.state == "outdated" for one in outcomes):
        told.append(Issue(code="informational", what=_OUTDATED, expression=path, severity="information"))
    return told


def waits(outcome: Outcome) -> bool:
    """Whether a person must look, also at what was sent before."""
    return "quarantined" in (outcome.state, outcome.kept)


def _reason(outcome: Outcome) -> str:
    return outcome.reason or ""


def _waits(reason: str, path: str) -> Issue:
    why = _REASONS.get(reason, _OTHER)
    what = Text(zh=_WAITS.zh.format(why.zh), en=_WAITS.en.format(why.en))
    return Issue(code="incomplete", what=what, expression=path, severity="information")
