"""The mapping file of a site: what it says, what is wrong with it, and that a change is taken in by itself."""

import os
from pathlib import Path

import pytest

from api.mapping import CodeRule, IdentifierRule, SenderRule
from api.mapping_reading import DEFAULT, MappingFile, is_loinc, problems_of, read_mapping
from pathways.errors import Misconfigured
from pathways.language.units import KNOWN_CODES

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "docs" / "mapping.example.yaml"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_sample_is_in_order() -> None:
    """Every part of the sample is read as it is written."""
    mapping = MappingFile(SAMPLE)()
    assert mapping.priorities == ("his", "national-id")
    assert mapping.identifiers[0] == IdentifierRule(
        system="his", authority=("HIS", "医院信息系统"), type=("PI", "MR"), uri=("urn:oid:1.2.156.999.1",)
    )
    assert mapping.senders["LIS@HOSPITAL"] == SenderRule(
        system="lis", zone="Asia/Shanghai", charset="GBK", origin="laboratory"
    )
    assert mapping.senders["WARD-LIS"] == SenderRule(system="ward-lis", numbers="daily")
    assert mapping.codes["GLU"] == CodeRule(loinc="14749-6", unit="mmol/L", name="随机血糖")
    assert mapping.codes["lis:HBA1C"] == CodeRule(loinc="4548-4")
    assert mapping.units["毫摩每升"] == "mmol/L"
    assert mapping.departments["0312"] == "maternity"
    assert mapping.doctors["1001"] == "zhou-ming"
    assert mapping.visits["RECHECK"] == "recheck"
    assert mapping.processing == ("P",)


def test_what_a_file_leaves_out_is_as_without_one() -> None:
    """A file of codes alone keeps the identifiers that hold without a file."""
    assert read_mapping("m.yaml", "codes: {X: 4548-4}").identifiers == DEFAULT.identifiers
    assert MappingFile(None)() is DEFAULT


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("codes: {GLU: 14749-7}", "m.yaml:1:14: '14749-7' is no LOINC code"),
        ("codes: {GLU: glucose}", "m.yaml:1:14: 'glucose' is no LOINC code"),
        ("codes:\n  GLU: {loinc: 14749-6, unit: furlong}", "m.yaml:2:31: 'furlong' is not known"),
        ("codes:\n  GLU: {unit: mmol/L}", "m.yaml:2:8: 'loinc' is missing"),
        ("units: {x: furlong}", "m.yaml:1:12: 'furlong' is not known"),
        ("units: {x: mmol/L, x: mg/dL}", "m.yaml:1:20: key 'x' stands here a second time"),
        ("unit: {}", "m.yaml:1:1: unknown key 'unit'"),
        ("senders: {L: {zone: Mars, system: l}}", "m.yaml:1:21: 'Mars' is not known"),
        ("senders: {L: {charset: EBCDIC, system: l}}", "m.yaml:1:24: 'EBCDIC' is not known"),
        ("senders: {L: {origin: moon, system: l}}", "m.yaml:1:23: 'moon' is not known"),
        ("senders: {L: l}", "m.yaml:1:14: this has no keys"),
        ("senders: {L: {}}", "m.yaml:1:14: 'system' is missing"),
        ("identifiers: his", "m.yaml:1:14: this is no list"),
        ("identifiers: [{system: a}, {system: a}]", "m.yaml:1:37: 'a' stands here a second time"),
        ("identifiers: [{system: a, uri: [u]}, {system: b, uri: [u]}]", "m.yaml:1:56: 'u' stands here a second time"),
        ("identifiers: [{system: a, typ: [PI]}]", "m.yaml:1:27: unknown key 'typ'"),
        ("departments: {1: x}", "m.yaml:1:15: this key is not a text"),
        ("departments: {a: 1}", "m.yaml:1:18: this is no text"),
        ("", "m.yaml:1:1: the file is empty"),
        ("- a", "m.yaml:1:1: this has no keys"),
        ("a: [", "m.yaml:1:5: this is not YAML"),
    ],
)
def test_a_problem_is_told_at_its_place(text: str, problem: str) -> None:
    """What is wrong is told with file, line and column, and a file with a problem is not used."""
    assert any(str(one).startswith(problem) for one in problems_of("m.yaml", text)), problems_of("m.yaml", text)
    with pytest.raises(Misconfigured, match=r"m\.yaml:"):
        read_mapping("m.yaml", text)


def test_every_problem_is_told() -> None:
    """One start tells all of them."""
    with pytest.raises(Misconfigured) as told:
        read_mapping("m.yaml", "codes: {A: 1-1, B: 2-2}\nfoo: 1")
    assert str(told.value).count("m.yaml:") == 3


@pytest.mark.parametrize("code", KNOWN_CODES)
def test_the_codes_of_pathways_have_right_check_digits(code: str) -> None:
    """A check digit that is wrong for a code in use would keep its results out."""
    assert is_loinc(code)


@pytest.mark.parametrize("code", ["14749-5", "14749", "-6", "x-1", "14749-66", "１４７４９-6", ""])
def test_what_is_no_loinc_code(code: str) -> None:
    """A slip of the keyboard is no code."""
    assert not is_loinc(code)


def test_a_changed_file_is_taken_in_and_a_broken_one_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At most once a second it is looked at; a broken version leaves the last one in force, and is shown."""
    file, clock = tmp_path / "mapping.yaml", Clock()
    file.write_text("codes: {A: 4548-4}")
    mapping = MappingFile(file, seconds=clock)

    def change(text: str) -> None:
        file.write_text(text)
        os.utime(file, ns=(int(clock.now * 10**9), int(clock.now * 10**9)))

    clock.now = 0.5
    change("codes: {B: 4548-4}")
    assert set(mapping().codes) == {"A"}
    clock.now = 1.5
    assert set(mapping().codes) == {"B"}
    change("codes: {SECRET: 4548-5}")
    clock.now = 3
    assert set(mapping().codes) == {"B"}
    assert mapping.broken
    assert "SECRET" not in "".join(capsys.readouterr())
    file.unlink()
    clock.now = 5
    assert set(mapping().codes) == {"B"}
    assert mapping.broken
    change("codes: {C: 4548-4}")
    clock.now = 7
    assert set(mapping().codes) == {"C"}
    assert not mapping.broken


def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    """What is named in the settings must be there."""
    with pytest.raises(Misconfigured, match="cannot be read"):
        MappingFile(tmp_path / "nowhere.yaml")
