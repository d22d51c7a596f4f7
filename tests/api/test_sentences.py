"""Errors speak Chinese: what people meet is translated, and what is translated is still said."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.sentences import CHINESE, pattern_of, said
from tests.api.clinic import NURSE, Desk, Known, person

ROOT = Path(__file__).parents[2]
SOURCES = [
    *(ROOT / "api").rglob("*.py"),
    *(ROOT / "store").glob("*.py"),
    ROOT / "pathways" / "errors.py",
    ROOT / "pathways" / "engine" / "refusals.py",
    ROOT / "pathways" / "language" / "names.py",
    ROOT / "pathways" / "language" / "schedule.py",
]


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.partition("\n")[0]
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


@pytest.fixture(scope="module")
def sentences() -> set[str]:
    """Every text in the sources, also as the engine's refusals are told: with a capital and a full stop."""
    ours = ROOT / "api" / "sentences.py"
    texts = {text for file in SOURCES if file != ours for text in _texts(ast.parse(file.read_text()))}
    return texts | {text[:1].upper() + text[1:] + "." for text in texts}


@pytest.mark.parametrize("english", CHINESE)
def test_what_is_translated_is_still_said(english: str, sentences: set[str]) -> None:
    """A sentence that was changed in the sources is changed in the table too, and keeps its parts."""
    pattern = pattern_of(english)
    assert any(pattern.fullmatch(text) for text in sentences)
    assert english.count("{}") == CHINESE[english].count("{}")


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("There is no pathway 'x'.", "没有路径“x”。"),
        ("The pathway has no anchor 'a'; did you mean 'b'?.", "路径没有锚点“a”；是否应为“b”？。"),
        ("Did you mean 'a'? It knows: a, b.", "是否应为“a”？它关注：a, b。"),
        ("Its condition is: {odd} braces", "Its condition is: {odd} braces"),
        ("There is no pathway '{0}'.", "没有路径“{0}”。"),
    ],
)
def test_parts_of_a_sentence_are_kept(english: str, chinese: str) -> None:
    """Names stay as they are; what the table does not hold is told in English."""
    assert said(english, "zh-CN") == chinese
    assert said(english, "en") == english


@pytest.mark.parametrize(
    ("path", "body", "actor"),
    [
        ("/tasks/{task-closed}/complete", {"outcome": "reached"}, NURSE),
        ("/tasks/{task-held}/claim", None, NURSE),
        ("/tasks/{task-open}/release", None, NURSE),
        ("/tasks/{task-open}/complete", {"outcome": "cured"}, NURSE),
        ("/tasks/{task-open}/complete", {"outcome": "reached", "at": "2199-01-01T00:00:00Z"}, NURSE),
        ("/tasks/{task-open}/claim", None, {"Tongxing-Actor": "head-1"}),
        ("/tasks/{task-open}/claim", None, {}),
        ("/tasks/{task-open}/claim", None, {"Tongxing-Actor": "nobody-1"}),
        ("/tasks/{task-open}/claim", None, NURSE | {"If-Match": '"99"'}),
        ("/tasks/nothing/claim", None, NURSE),
        ("/journeys/{journey-3}/pause", None, NURSE),
        ("/journeys/{journey-2}/pause", None, NURSE),
        ("/journeys/{journey-1}/events", {"name": "unheard"}, NURSE),
        ("/journeys", {"patient": "{patient-3}", "pathway": "nothing"}, NURSE),
        ("/journeys", {"patient": "nobody", "pathway": "clinic"}, NURSE),
        ("/journeys", {"patient": "{patient-3}", "pathway": "clinic", "anchors": {"surgry": "2026-01-01"}}, NURSE),
        ("/patients", person("N-1", born="2999-01-01"), NURSE),
        ("/patients", person("N-1", born="yesterday"), NURSE),
        ("/patients", person("N-1", inpatient="yes"), NURSE),
        ("/patients", {}, NURSE),
        ("/nothing", None, NURSE),
    ],
)
async def test_what_people_meet_is_told_in_chinese(
    desk: Desk, known: Known, path: str, body: object, actor: dict[str, str]
) -> None:
    """The detail, the hint and what is wrong with a field."""
    answer = await desk.http.post("/api/v1" + known.fill(path), json=known.fill(body), headers=actor)
    problem = answer.json()
    assert answer.status_code >= 400
    told = [problem["detail"], problem.get("hint", "。"), *(one["problem"] for one in problem.get("errors", []))]
    for text in told:
        assert any("\u3000" <= letter <= "\u9fff" for letter in text), text
