"""Reading the files of a pathway."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.compat import StringIO

from pathways.errors import PathwayProblems
from pathways.language.check import check
from pathways.language.documents import DEEPEST, LONGEST_FILE, read_document
from pathways.language.draft import Places
from pathways.language.reading import examine, read
from pathways.language.release import load_release
from pathways.language.roles import ROLES
from tests.pathways.language.sample import FILES, FORM, PATHWAY, changed

Files = dict[str, str | bytes]
ROLE_NAMES = ", ".join(sorted(ROLES))


def told(files: Files) -> list[str]:
    """The problems, each as a lead sees it."""
    return [str(problem) for problem in examine(files).problems]


def test_a_release_travels_as_its_text() -> None:
    """What a release is made of can be had again from its text."""
    release = read(FILES)
    again = load_release(release.text)
    assert again.contents == release.contents
    assert again.checksum == release.checksum


def test_an_edited_file_is_another_release() -> None:
    """A release is addressed by what is in it, comments and layout aside."""
    assert read(changed("value: 3.9", "value: 3.8")).checksum != read(FILES).checksum
    assert read(changed("value: 3.9", "value:   3.90  # a comment\n   ")).checksum == read(FILES).checksum


def test_errors_are_raised_together_without_warnings() -> None:
    """A refusal carries every error of every file."""
    files = changed("owner: diabetes-nurse", "owner: nobody\nextra: 1")
    files["forms/call.yaml"] = FORM.replace("type: boolean", "type: yesno")
    with pytest.raises(PathwayProblems) as raised:
        read(files)
    assert [str(problem) for problem in raised.value.problems] == [
        "forms/call.yaml:4:58: 'type' cannot be 'yesno'; expected 'choice', 'number', 'text', 'boolean' or 'date'",
        f"pathway.yaml:4:8: unknown role 'nobody'; expected one of: {ROLE_NAMES}",
        "pathway.yaml:5:1: unknown key 'extra'; expected one of: anchors, data, enrol, episode, evidence, ladders, "
        "lexicons, owner, parameters, pathway, times, title, tracks, values, words",
    ]


PLACES: list[tuple[str, Files, list[str]]] = [
    (
        "no pathway",
        {"forms/call.yaml": FORM},
        ["pathway.yaml:1:1: there is no such file; expected it in the pathway's folder"],
    ),
    (
        "files that look like forms and would not be read",
        {**FILES, "forms/call.yml": FORM, "messages/.yaml": FORM, "forms/deep/call.yaml": FORM},
        [
            "forms/call.yml:1:1: this file would not be read; expected forms/NAME.yaml or messages/NAME.yaml",
            "forms/deep/call.yaml:1:1: this file would not be read; expected forms/NAME.yaml or messages/NAME.yaml",
            "messages/.yaml:1:1: this file would not be read; expected forms/NAME.yaml or messages/NAME.yaml",
        ],
    ),
    ("what is not part of a release", {**FILES, "scenarios/low.yaml": "[", "omissions.yaml": "["}, []),
    ("bytes", {**FILES, "pathway.yaml": PATHWAY.encode()}, []),
    (
        "bytes that are not UTF-8",
        {**FILES, "pathway.yaml": "pathway: a\ntitle: 示".encode() + b"\xff"},
        ["pathway.yaml:2:9: this is not UTF-8; expected a text file in UTF-8"],
    ),
    (
        "an empty file",
        {**FILES, "pathway.yaml": "# nothing\n"},
        ["pathway.yaml:1:1: the file is empty; expected keys and values, such as 'title: …'"],
    ),
    (
        "a list at the top",
        {**FILES, "forms/other.yaml": "- form: other"},
        ["forms/other.yaml:1:1: the file is a list; expected keys and values, such as '{key: value}'"],
    ),
    (
        "a text at the top",
        {"pathway.yaml": "pathway"},
        ["pathway.yaml:1:1: the file is 'pathway'; expected keys and values, such as '{key: value}'"],
    ),
    (
        "a file that is too long",
        {**FILES, "pathway.yaml": "a" * (LONGEST_FILE + 1)},
        [f"pathway.yaml:1:1: the file has {LONGEST_FILE + 1} characters; expected at most {LONGEST_FILE}"],
    ),
    (
        "a form that cannot be read is not unknown as well",
        {**FILES, "forms/call.yaml": "form: [call"},
        [
            "forms/call.yaml:1:12: this is not YAML (expected ',' or ']', but got 'stream end'); "
            "expected keys and values, each level indented alike"
        ],
    ),
    (
        "a message that cannot be read is not unknown as well",
        {**FILES, "messages/reminder.yaml": "message: reminder\ntext: {zh: 好}"},
        ["messages/reminder.yaml:2:7: 'en' is missing; expected it here"],
    ),
]


@pytest.mark.parametrize(("files", "problems"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_files_that_make_no_release(files: Files, problems: list[str]) -> None:
    """Whatever stands in the folder is read, refused or not part of a release."""
    assert told(files) == problems


REST: list[tuple[str, str, str, list[str]]] = [
    (
        "conditions wait for the values",
        "  glucose:\n    observation: [14771-0, 2345-7]\n    unit: mmol/L\n",
        "  glucose:\n    observation: [14771-0, 2345-7]\n",
        ["pathway.yaml:9:5: 'unit' is missing; expected it here"],
    ),
    (
        "anchors keep the enrolment",
        "anchors: {enrolled: {}, surgery: {required: no}}",
        "anchors: {enrolled: 3, surgery: {required: no}}",
        ["pathway.yaml:6:21: 'enrolled' is the number 3; expected keys and values, such as '{key: value}'"],
    ),
    (
        "two problems in one track",
        "{when: enrolment, steps: [{start: visit-at-home}]}",
        "{when: birth, steps: [{begin: visit-at-home}]}",
        [
            "pathway.yaml:74:17: no trigger has 'birth'; expected one of: enrolment, by-hand, at, every, observed, "
            "answered, silent, missed, unanswered, overdue, becomes, outcome, event",
            "pathway.yaml:74:32: no step has keys 'begin'; expected one of: send, notify, ask, task, visit, wait, "
            "choose, together, repeat, for_each, again, call, set, start, stop, enrol, end",
        ],
    ),
    (
        "what stands under a second key may be what is meant",
        "words:\n",
        "ladders: {other: []}\nwords:\n",
        ["pathway.yaml:75:1: key 'ladders' stands here a second time; expected each key once"],
    ),
]


@pytest.mark.parametrize(("old", "new", "problems"), [row[1:] for row in REST], ids=[row[0] for row in REST])
def test_the_rest_is_checked_too(old: str, new: str, problems: list[str]) -> None:
    """Errors of shape and of meaning come together, and what lies in the unreadable part is not told as unknown."""
    role = "role: community-nurse, due: 2 working days"
    files = changed(old, new)
    assert told(files) == problems
    files["pathway.yaml"] = str(files["pathway.yaml"]).replace(role, role.replace("community", "communal"))
    both = told(files)
    assert len(both) == len(problems) + 1
    assert any("unknown role 'communal-nurse'; did you mean 'community-nurse'?" in problem for problem in both)


@pytest.mark.parametrize("anchors", ["anchors: enrolled", "anchors: *them", "anchors: {surgery: {}}"])
def test_a_part_that_is_lost_as_a_whole_ends_the_check(anchors: str) -> None:
    """Where all names of a kind are lost, none is told as unknown."""
    files = changed("anchors: {enrolled: {}, surgery: {required: no}}", anchors)
    assert [problem[: len("pathway.yaml:6:10")] for problem in told(files)] == ["pathway.yaml:6:10"]


def test_a_pathway_without_tracks_that_can_be_read_is_not_checked_further() -> None:
    """Where nothing of a part is left, only what was read is told."""
    files: Files = {"pathway.yaml": PATHWAY[: PATHWAY.index("tracks:")] + "tracks: 3\n"}
    [problem] = told(files)
    assert problem.startswith("pathway.yaml:22:9: 'tracks' is the number 3; expected keys and values")


def test_a_pathway_of_time_alone_needs_no_ladder() -> None:
    """The routine ladder is for reviews, which only results lead to."""
    small = """\
pathway: small
title: {zh: 小, en: Small}
evidence: [A text]
owner: operator
tracks:
  only: {when: enrolment, steps: [{wait: 1d}]}
words:
  only: {zh: 一, en: Only}
"""
    assert told({"pathway.yaml": small}) == []


def test_contents_without_files_are_checked_too() -> None:
    """A problem names the part where there is no file at hand."""
    contents = read(FILES).contents
    pathway = contents.pathway.model_copy(update={"owner": "nobody"})
    problems = check(contents.model_copy(update={"pathway": pathway}), Places())
    assert [(problem.file, problem.line, problem.column) for problem in problems] == [("pathway/owner", 1, 1)]


PIECES = ["\n  ", "- ", ": ", "---\n", "...\n", "%YAML 1.1\n", "!!int ", "<<: ", "2024-01-01", "\\ud800", "\\U00110000"]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*"abc:{}[],&*!|>-?'\"%@\t\n #~0.\\Ux\ufeff\x07", *PIECES]), max_size=40).map("".join)
    | st.text(max_size=60)
    | st.binary(max_size=60),
    st.sampled_from(sorted(FILES)),
)
def test_any_text_is_read_or_refused(content: str | bytes, file: str) -> None:
    """Nothing that may stand in a file leads to a traceback."""
    reading = examine({**FILES, file: content})
    assert reading.release is not None or reading.problems
    assert all(problem.line >= 1 and problem.column >= 1 for problem in reading.problems)


SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(width=16) | st.text(max_size=5)
PLAIN: Any = YAML(typ="safe", pure=True)
NAMES = """pathway title zh en tracks when steps at every from task role send visit window late data ladders after to
words anchors enrolled ask choose cases if set observed outcomes a urgent items options form message"""
KEYS = st.sampled_from(NAMES.split())
STRUCTURES = st.recursive(
    SCALARS | KEYS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | SCALARS, inner, max_size=4)
)


def dumped(value: object) -> str:
    """The value as YAML."""
    stream = StringIO()
    PLAIN.dump(value, stream)
    return stream.getvalue()


DOCUMENT: Any = PLAIN.load(PATHWAY)
SECTIONS = ["", "/tracks", "pathway", "data", "tracks", "ladders", "anchors", "words", "enrol"]


@settings(max_examples=300, deadline=None)
@given(STRUCTURES, st.sampled_from(SECTIONS))
def test_any_structure_is_read_or_refused(value: object, section: str) -> None:
    """Nothing of the wrong shape leads to a traceback, wherever it stands."""
    content = {**DOCUMENT, section: value} if section else value
    if section == "/tracks":
        content = {**DOCUMENT, "tracks": {**DOCUMENT["tracks"], "first": value}}
    reading = examine({**FILES, "pathway.yaml": dumped(content)})
    assert reading.release is not None or reading.problems


@settings(max_examples=100, deadline=None)
@given(STRUCTURES, st.sampled_from(["forms/call.yaml", "messages/advice.yaml"]))
def test_any_structure_of_a_part_is_read_or_refused(value: object, file: str) -> None:
    """Nor does a form or a message."""
    reading = examine({**FILES, file: dumped(value)})
    assert reading.release is None
    assert reading.problems


def test_depth_is_bounded_where_a_level_is_refused() -> None:
    """The deepest level that is read is stated."""
    assert read_document("a.yaml", "[" * DEEPEST + "]" * DEEPEST).problems == []
    assert read_document("a.yaml", "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)).problems != []


def test_a_condition_may_look_at_a_form_that_could_not_be_read() -> None:
    """A form with a mistake in its own file is not told as unknown where a condition names it."""
    files = changed("when: {event: ward-changed}", "when: {answered: feels, if: \"score('feels') > low\"}")
    files["forms/feels.yaml"] = "form: feels\ntitle: {zh: 好}\nitems: []\n"
    assert told(files) == [
        "forms/feels.yaml:2:8: 'en' is missing; expected it here",
        "forms/feels.yaml:3:8: 'items' has 0 items; expected at least 1",
    ]
