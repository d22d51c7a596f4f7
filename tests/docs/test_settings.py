"""`docs/settings.md` says the same as the settings themselves."""

import re
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_json

from settings import PREFIX, Settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def row(name: str, field: FieldInfo) -> str:
    default = field.default
    shown = "" if default is PydanticUndefined or default is None else f"`{to_json(default).decode().strip(chr(34))}`"
    return f"| `{PREFIX}{name.upper()}` | {shown} | {field.description} |"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    """A setting stands in the table under its environment name, with its default and its description."""
    assert row(name, Settings.model_fields[name]) in DOCUMENT.read_text().splitlines()


def test_nothing_is_documented_that_does_not_exist() -> None:
    """The table holds no setting that is gone."""
    documented = re.findall(rf"^\| `{PREFIX}(\w+)`", DOCUMENT.read_text(), re.MULTILINE)
    assert documented == [name.upper() for name in Settings.model_fields]
