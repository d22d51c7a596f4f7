"""What a lead types: check, rehearse, publish, schema."""

import json
import re
from pathlib import Path

import pytest

from pathways.language.schema import json_schema
from settings import read_settings
from store import releases
from store.database import open_database
from tests.cli.conftest import Tongxing, edit


def test_pathways_that_check_are_told_so(tongxing: Tongxing, library: Path) -> None:
    """A folder of pathways, a pathway's folder and its file are all taken, several at once."""
    file = library / "demonstration" / "pathway.yaml"
    ran = tongxing("check", library, library / "diabetes-management", file)
    assert (ran.status, ran.err) == (0, "")
    all_of_them = sorted(path.parent.name for path in library.glob("*/pathway.yaml"))
    assert [line.split(":")[0] for line in ran.out.splitlines()] == [
        f"✓ {library / name}" for name in (*all_of_them, "diabetes-management", "demonstration")
    ]


def test_every_problem_is_told_at_its_place(tongxing: Tongxing, library: Path) -> None:
    """One line a problem, `file:line:column: what; what was expected`, in all pathways named; the status is 1."""
    one, other = library / "demonstration" / "pathway.yaml", library / "diabetes-management" / "pathway.yaml"
    edit(one, "ladder: urgent", "ladder: urgnet")
    edit(other, "owner: diabetes-nurse", "owner: nobody")
    ran = tongxing("check", library)
    assert ran.status == 1
    lines = ran.out.splitlines()
    line = one.read_text("utf-8").split("ladder: urgnet")[0].count("\n") + 1
    assert any(told.startswith(f"{one}:{line}:") and "urgent" in told for told in lines)
    assert any(told.startswith(f"{other}:3:") for told in lines)
    broken = [told for told in lines if told.startswith("✗")]
    assert [told.split(":")[0] for told in broken] == [f"✗ {one.parent}", f"✗ {other.parent}"]


def test_a_warning_alone_passes(tongxing: Tongxing, library: Path) -> None:
    """What a lead should look at does not stop them."""
    edit(library / "demonstration" / "pathway.yaml", "        due: 5s\n        ladder: urgent\n", "        due: 5s\n")
    ran = tongxing("check", library / "demonstration")
    assert ran.status == 0
    assert ": warning: " in ran.out


@pytest.mark.parametrize("command", ["check", "rehearse", "publish"])
def test_where_there_is_no_pathway_that_is_said(command: str, tongxing: Tongxing, tmp_path: Path) -> None:
    """A wrong path is refused in words, with what to name instead."""
    for path in (tmp_path / "nowhere", tmp_path):
        ran = tongxing(command, path)
        assert ran.status == 2
        assert ran.err.startswith("找不到: ")
        assert str(path) in ran.err
        assert "pathway.yaml" in ran.err
        assert "Traceback" not in ran.err


def test_files_that_editors_leave_are_not_read(tongxing: Tongxing, library: Path) -> None:
    """A hidden file or a backup beside a form is no part of the pathway."""
    forms = library / "demonstration" / "forms"
    (forms / ".demonstration-call.yaml.swp").write_bytes(b"\xff")
    (forms / "demonstration-call.yaml~").write_text("form: [")
    assert tongxing("check", library / "demonstration").status == 0


def test_the_library_keeps_its_scenarios(tongxing: Tongxing, library: Path) -> None:
    """Every scenario of the product is met by its pathway."""
    ran = tongxing("rehearse", library)
    assert ran.status == 0
    count = len(list(library.glob("*/scenarios/*.yaml")))
    assert ran.out.splitlines()[-1] == f"情景 {count} 个，未通过 0 个 · scenarios: {count}, failed: 0"


def test_a_line_that_is_not_met_fails(tongxing: Tongxing, library: Path) -> None:
    """Its place, what was expected and what was got are told; one scenario may be named alone."""
    scenario = library / "demonstration" / "scenarios" / "climb.yaml"
    edit(scenario, "escalated_to: head-nurse", "escalated_to: quality-office")
    ran = tongxing("rehearse", scenario)
    assert ran.status == 1
    assert f"{scenario}:9: expected" in ran.out
    assert "head-nurse" in ran.out
    assert "scenarios: 1, failed: 1" in ran.out


def test_a_durable_rehearsal_tells_the_same(tongxing: Tongxing, library: Path) -> None:
    """Through workflows, a server and a store the same lines fail in the same words; its progress is told beside."""
    edit(library / "demonstration" / "scenarios" / "climb.yaml", "escalated_to: head-nurse", "escalated_to: nobody")
    pure, durable = (
        tongxing("rehearse", library / "demonstration"),
        tongxing("rehearse", library / "demonstration", "--durable"),
    )
    assert (durable.status, durable.out) == (pure.status, pure.out) == (1, pure.out)
    assert "climb.yaml:9: expected" in durable.out
    assert durable.err.splitlines() == ["情景 1/2 · scenario 1 of 2", "情景 2/2 · scenario 2 of 2"]
    assert pure.err == ""


def test_a_rehearsal_is_explained(tongxing: Tongxing, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole timeline is the same whoever plays, in Chinese or in English."""
    scenario = library / "diabetes-management" / "scenarios" / "low-at-night.yaml"
    pure, durable = (tongxing("rehearse", scenario, "--explain", *how) for how in ((), ("--durable",)))
    assert durable.out == pure.out
    assert "      → 打开任务 call-patient 角色=diabetes-nurse 紧急 期限=day 3 22:10 attempts=3 glucose=2.8" in pure.out
    assert "false (条件不成立)" in pure.out
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    explained = re.findall(
        r"<!-- explained -->\n```text\n(.*?)```", Path("docs/scenarios.md").read_text("utf-8"), re.DOTALL
    )
    assert explained
    assert explained[0] in tongxing("rehearse", scenario, "--explain").out


def test_a_scenario_that_cannot_be_read_fails_beside_the_others(tongxing: Tongxing, library: Path) -> None:
    """Its problems are told, and the others are played all the same."""
    edit(library / "demonstration" / "scenarios" / "climb.yaml", "play:", "plays:")
    ran = tongxing("rehearse", library / "demonstration")
    assert ran.status == 1
    assert "plays" in ran.out
    assert "scenarios: 2, failed: 1" in ran.out


def test_a_pathway_that_does_not_check_is_not_played(tongxing: Tongxing, library: Path) -> None:
    """Its errors are told instead."""
    file = library / "demonstration" / "pathway.yaml"
    edit(file, "ladder: urgent", "ladder: urgnet")
    ran = tongxing("rehearse", library / "demonstration")
    assert ran.status == 1
    assert f"{file}:" in ran.err


def test_no_scenario_is_not_a_success(tongxing: Tongxing, library: Path) -> None:
    """Where nothing was played, nothing was shown."""
    for file in (library / "demonstration" / "scenarios").iterdir():
        file.unlink()
    assert tongxing("rehearse", library / "demonstration").status == 2


def test_publishing_needs_a_current_database(tongxing: Tongxing, library: Path) -> None:
    """It is said what to run; nothing is half made."""
    ran = tongxing("publish", library / "demonstration")
    assert ran.status == 2
    assert "tongxing migrate" in ran.err


def test_an_edited_file_is_a_new_release(tongxing: Tongxing, library: Path) -> None:
    """The checksum is of the contents: the same files are the same release, other files another one."""
    folder = library / "demonstration"
    assert tongxing("migrate").status == 0
    first, again = tongxing("publish", folder), tongxing("publish", folder)
    assert first.status == 0
    assert first.out == again.out
    assert "DEMONSTRATION" not in first.out
    edit(folder / "pathway.yaml", "{after: 10s, to: attending-doctor", "{after: 12s, to: attending-doctor")
    edited = tongxing("publish", folder)
    assert edited.out.splitlines()[-1] != first.out.splitlines()[-1]
    assert "release 2" in edited.out
    database = open_database(read_settings().database_url)
    with database.read() as session:
        assert [row.checksum for row in releases.list_(session)] == [
            ran.out.splitlines()[-1] for ran in (edited, first)
        ]
    database.close()


def test_unconfirmed_parameters_are_not_published_for_patients(tongxing: Tongxing, library: Path) -> None:
    """They are named; for demonstration data alone the release goes out under a banner."""
    folder = library / "diabetes-management"
    assert tongxing("migrate").status == 0
    refused = tongxing("publish", folder)
    assert refused.status == 2
    assert "urgent_low" in refused.err
    shown = tongxing("publish", folder, "--demonstration")
    assert shown.status == 0
    assert "仅供演示，勿用于患者 · DEMONSTRATION DATA ALONE" in shown.out
    assert "urgent_low" in shown.out
    assert tongxing("publish", folder).status == 2


def test_a_pathway_that_does_not_check_is_not_published(tongxing: Tongxing, library: Path) -> None:
    """One wrong pathway of several keeps all of them out."""
    edit(library / "diabetes-management" / "pathway.yaml", "owner: diabetes-nurse", "owner: nobody")
    assert tongxing("migrate").status == 0
    assert tongxing("publish", library, "--demonstration").status == 1
    database = open_database(read_settings().database_url)
    with database.read() as session:
        assert releases.list_(session) == []
    database.close()


def test_the_schema_is_printed(tongxing: Tongxing) -> None:
    """What editors check files with is plain JSON on the output."""
    assert json.loads(tongxing("schema").out) == json_schema()
