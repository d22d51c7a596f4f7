"""The tour: one patient's low reading from the laboratory to the nurse's call, as lines to paste into a shell."""

import json
from collections.abc import Sequence

_SHOW = r"curl -sw '\n'"
_JSON = "-H 'Content-Type: application/json' -d"
_NURSE = "-H 'Tongxing-Actor: nurse-li'"
_NOW = "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
_FIRST_ID = """tee -a /dev/stderr | grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4"""
"""Shows the answer and takes the id off it, with what every machine has."""

_PATIENT = {
    "identifiers": [{"system": "his", "value": "TOUR-$(date +%s)"}],
    "name": "林小满",
    "born": "1961-03-02",
    "sex": "female",
    "zone": "Asia/Shanghai",
    "language": "zh-CN",
    "contacts": [{"kind": "wechat", "value": "tour"}],
    "consents": [{"purpose": "care", "granted": True}],
    "diagnoses": ["E11"],
}
_JOURNEY = {"patient": "$PATIENT", "pathway": "diabetes-management", "anchors": {"enrolled": _NOW}}
_OBSERVATION = {
    "patient": "$PATIENT",
    "code": "14749-6",
    "value": 2.8,
    "unit": "mmol/L",
    "effective": _NOW,
    "status": "final",
    "source": {"system": "lis", "id": "LAB-$(date +%s)"},
}
_COMPLETION = {
    "outcome": "reached",
    "answers": {"condition": "well", "sugar-taken": True},
    "note": "15 分钟后复测",
    "at": _NOW,
}


def tour(url: str) -> Sequence[str]:
    """The lines for a server at `url`; each shows its answer. Pasted again, they begin with a new patient.

    The line that looks for the task does so again for some seconds, for those who paste all lines at once.
    """
    api = f"{url}/api/v1"
    worklist = f'{_SHOW} "{api}/tasks?role=diabetes-nurse&patient=$PATIENT"'
    return (
        f"PATIENT=$({_SHOW} {api}/patients {_JSON} {_quoted(_PATIENT)} | {_FIRST_ID})",
        f"JOURNEY=$({_SHOW} {api}/journeys {_JSON} {_quoted(_JOURNEY)} | {_FIRST_ID})",
        f"{_SHOW} {api}/observations {_JSON} {_quoted(_OBSERVATION)}",
        f'for try in 1 2 3 4 5 6 7 8 9; do TASK=$({worklist} | {_FIRST_ID}); [ -n "$TASK" ] && break; sleep 1; done',
        f"{_SHOW} -X POST {api}/tasks/$TASK/claim {_NURSE}",
        f"{_SHOW} {api}/tasks/$TASK/complete {_NURSE} {_JSON} {_quoted(_COMPLETION)}",
        f"{_SHOW} {api}/journeys/$JOURNEY/timeline",
    )


def _quoted(body: object) -> str:
    """JSON in double quotes, in which the shell still puts its variables."""
    return '"' + json.dumps(body, ensure_ascii=False).replace('"', r"\"") + '"'
