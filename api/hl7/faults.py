"""What can be wrong with a message, and how its sender is told: the answer, HL7's code for it, and words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pathways.language.texts import Text

Answer = Literal["AA", "AE", "AR"]
Reason = Literal[
    "no-header",
    "bad-separators",
    "unreadable-charset",
    "too-many-parts",
    "too-large",
    "unsupported-version",
    "unsupported-processing",
    "unreadable-segment",
    "missing-segment",
    "unreadable-time",
    "unknown-status",
    "no-value",
    "no-identity",
    "try-again",
    "defect",
]


class Kind(NamedTuple):
    """How a fault is answered; `code` is of HL7's table 0357."""

    answer: Answer
    code: int
    text: Text


def _kind(answer: Answer, code: int, zh: str, en: str) -> Kind:
    return Kind(answer, code, Text(zh=zh, en=en))


KINDS: Mapping[Reason, Kind] = {
    "no-header": _kind("AE", 100, "不是 HL7 消息，已转人工处理", "This is no HL7 message; it is kept for a person"),
    "bad-separators": _kind(
        "AE", 102, "分隔符无法使用，已转人工处理", "The separators cannot be used; kept for a person"
    ),
    "unreadable-charset": _kind(
        "AE", 102, "字符集与内容不符，已转人工处理", "The content is not in its character set; kept for a person"
    ),
    "too-many-parts": _kind("AE", 102, "字段过多，已转人工处理", "It has too many parts; kept for a person"),
    "too-large": _kind("AE", 207, "消息过大，未接收", "The message is too large and was not taken"),
    "unsupported-version": _kind(
        "AR", 203, "不支持该版本，仅支持 2.3 至 2.6", "Only versions 2.3 to 2.6 are supported"
    ),
    "unsupported-processing": _kind("AR", 202, "不接收该处理标识的消息", "This processing id is not taken here"),
    "unreadable-segment": _kind(
        "AE", 102, "该段无法读取，已转人工处理", "The segment cannot be read; kept for a person"
    ),
    "missing-segment": _kind("AE", 100, "缺少必需的段，已转人工处理", "A segment is missing; kept for a person"),
    "unreadable-time": _kind("AE", 102, "时间无法读取，已转人工处理", "The time cannot be read; kept for a person"),
    "unknown-status": _kind("AE", 103, "状态代码未知，已转人工处理", "The status is not known; kept for a person"),
    "no-value": _kind("AE", 101, "结果没有值，已转人工处理", "The result has no value; kept for a person"),
    "no-identity": _kind("AE", 101, "缺少编号，已转人工处理", "Its id is missing; kept for a person"),
    "try-again": _kind("AE", 207, "系统暂时不可用，未接收，请稍后重发", "Not taken: away for now, send it again"),
    "defect": _kind("AE", 207, "系统内部错误，未接收，请稍后重发", "Not taken: an error inside, send it again"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong, and where: the segment, which of its name it is, and the field, as far as that is known."""

    reason: Reason
    segment: str = ""
    sequence: int = 1
    field: int | None = None

    @property
    def kind(self) -> Kind:
        """How it is answered."""
        return KINDS[self.reason]
