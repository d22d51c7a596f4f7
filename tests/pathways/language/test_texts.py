"""What a person reads, in both languages."""

import pytest
from pydantic import ValidationError

from pathways.language.texts import Text


@pytest.mark.parametrize(
    ("language", "wording"),
    [
        ("zh", "血糖"),
        ("zh-CN", "血糖"),
        ("ZH_hant", "血糖"),
        ("en", "Glucose"),
        ("en-GB", "Glucose"),
        ("de", "Glucose"),
    ],
)
def test_a_text_is_read_in_the_reader_s_language(language: str, wording: str):
    """Every kind of Chinese reads Chinese; everyone else reads English."""
    assert Text(zh="血糖", en=" Glucose\n").in_(language) == wording


@pytest.mark.parametrize(
    "written",
    [
        {"zh": "血糖"},
        {"zh": "", "en": "Glucose"},
        {"zh": "血糖", "en": " "},
        {"zh": "血糖", "en": "Glucose", "de": "x"},
    ],
)
def test_a_text_has_exactly_both_languages(written: dict[str, str]):
    """A missing, an empty or a third language is refused."""
    with pytest.raises(ValidationError):
        Text.model_validate(written)
