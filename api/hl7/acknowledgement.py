"""The answer to a message: ACK, in the version, the separators and the character set of its sender."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import uuid4

from api.charsets import speaks_chinese
from api.hl7.escapes import Separators, escaped
from api.hl7.faults import Answer, Fault
from api.hl7.header import Header
from api.hl7.times import written

Code = Literal["AA", "AE", "AR", "CA", "CE", "CR"]
_DEFAULT_VERSION = "2.5"
_VERSION = re.compile(r"2\.([0-9])(?:\.[0-9])?")
_NAME, _PLACE = "TONGXING", ""
_ERROR_TABLE = "HL70357"
_MOST_FAULTS = 20
"""Of which one answer tells."""
_WORDS = {
    0: "Message accepted",
    100: "Segment sequence error",
    101: "Required field missing",
    102: "Data type error",
    103: "Table value not found",
    202: "Unsupported processing id",
    203: "Unsupported version id",
    207: "Application internal error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a message; `kept`: it is in the store, whatever could be read of it."""

    answer: Answer
    faults: tuple[Fault, ...] = ()
    kept: bool = True


def acknowledgements(header: Header, verdict: Verdict, *, now: datetime) -> tuple[bytes, ...]:
    """The answers that the sender asked for: one, or by HL7's enhanced mode none, one or two."""
    return tuple(
        _ack(header, code, verdict.faults, now).encode(header.codec, "replace") for code in _codes(header, verdict)
    )


def _codes(header: Header, verdict: Verdict) -> Iterator[Code]:
    """The commit answer, then the application's; a message that was not committed gets no second one."""
    if not header.enhanced:
        yield verdict.answer
        return
    commit: Code = "CR" if verdict.answer == "AR" else "CA" if verdict.kept else "CE"
    if _wanted(header.accept, good=commit == "CA"):
        yield commit
        if commit != "CA":
            return
    if _wanted(header.application_accept, good=verdict.answer == "AA"):
        yield verdict.answer


def _wanted(condition: str, *, good: bool) -> bool:
    match condition:
        case "AL":
            return True
        case "ER":
            return not good
        case "SU":
            return good
        case _:
            return False


def _ack(header: Header, code: Code, faults: Sequence[Fault], now: datetime) -> str:
    separators = header.separators
    minor = int(found[1]) if (found := _VERSION.fullmatch(header.version)) else 5
    chinese = speaks_chinese(header.codec)
    told: Sequence[Fault] = () if code == "CA" else faults[:_MOST_FAULTS]
    lines = [
        _header(header, minor, now, own_mode=header.enhanced),
        [
            "MSA",
            code,
            header.control,
            escaped(_said(told[0], chinese=chinese), separators) if told and minor < 5 else "",
        ],
    ]
    text = "".join(_line(line, separators) for line in lines)
    if minor >= 5:
        accepted = code in ("AA", "CA")
        return text + "".join(_line(_error(one, separators, accepted, chinese), separators) for one in told)
    # Before ERR had a severity it told of errors alone, and one beside an AA would contradict it.
    places = "" if code == "AA" else separators.repetition.join(_place(one, separators) for one in told)
    return text + (_line(["ERR", places], separators) if places else "")


def _header(header: Header, minor: int, now: datetime, *, own_mode: bool) -> list[str]:
    separators = header.separators
    kind = ["ACK", *([header.event] if header.event else []), *(["ACK"] if header.event and minor >= 4 else [])]
    fields = [
        "MSH",
        separators.header,
        header.receiving_application or _NAME,
        header.receiving_facility or _PLACE,
        header.application,
        header.facility,
        written(now),
        "",
        separators.component.join(escaped(part, separators) for part in kind),
        uuid4().hex[:20],
        header.processing or "P",
        header.version or _DEFAULT_VERSION,
    ]
    # Nothing answers an answer.
    fields += ["", "", "NE" if own_mode else "", "NE" if own_mode else "", ""]
    return [*fields, header.charset]


def _line(fields: Sequence[str], separators: Separators) -> str:
    return separators.field.join(fields).rstrip(separators.field) + "\r"


def _place(fault: Fault, separators: Separators) -> str:
    """ERR-1 before version 2.5: segment, sequence, field, and the code with its words."""
    code = separators.subcomponent.join((str(fault.kind.code), _WORDS[fault.kind.code], _ERROR_TABLE))
    where = (fault.segment, str(fault.sequence) if fault.segment else "", str(fault.field or ""))
    return separators.component.join((*where, code))


def _error(fault: Fault, separators: Separators, accepted: bool, chinese: bool) -> list[str]:
    """ERR from version 2.5 on: the place, the code, how grave it is, and words for people."""
    where = [fault.segment, str(fault.sequence), str(fault.field)] if fault.segment else []
    place = separators.component.join(where[: 2 if fault.field is None else 3])
    code = separators.component.join((str(fault.kind.code), _WORDS[fault.kind.code], _ERROR_TABLE))
    said = escaped(_said(fault, chinese=chinese), separators)
    return ["ERR", "", place, code, "W" if accepted else "E", "", "", "", said]


def _said(fault: Fault, *, chinese: bool) -> str:
    text = fault.kind.text
    return f"{text.zh} · {text.en}" if chinese else text.en
