"""Messages: texts with named places, and nothing that computes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pathways.errors import Invalid
from pathways.language.messages import KNOWN_VARIABLES, MessageTemplate, problems_of, render

EXPECTED = "expected text with {{ variable }} in it"


def template(zh: str, en: str = "Hello", *variables: str) -> MessageTemplate:
    return MessageTemplate.model_validate({"message": "recheck", "variables": variables, "text": {"zh": zh, "en": en}})


RECHECK = template(
    "{{ patient_name }}您好，请于 {{ visit_date }} 复查。",
    "Dear {{ patient_name }},\nplease come on {{visit_date}}.",
    "patient_name",
    "visit_date",
)
VALUES = {"patient_name": "王芳", "visit_date": "2026-01-19", "hospital": "未声明"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh-CN", "王芳您好，请于 2026-01-19 复查。"),
        ("en", "Dear 王芳,\nplease come on 2026-01-19."),
    ],
)
def test_a_message_is_written_in_the_reader_s_language(language: str, text: str):
    """The declared variables are filled in, in the language asked for."""
    assert problems_of(RECHECK) == ()
    assert render(RECHECK, language, VALUES) == text


def test_values_are_escaped_and_the_text_is_not():
    """A value cannot bring markup or a placeholder of its own into a message."""
    written = render(
        template("<b>{{ value }}</b>", "{{ value }}", "value"), "zh", {"value": "<i>{{ hospital }}</i> & 3"}
    )
    assert written == "<b>&lt;i&gt;{{ hospital }}&lt;/i&gt; &amp; 3</b>"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("{{ value }}", "line 1: 'value' is not declared; add it to the variables"),
        ("好\n{{ patient_nam }}", "line 2: 'patient_nam' is not declared; did you mean 'patient_name'?"),
        ("{{ range }}", f"line 1: 'range' is not declared; expected one of: {', '.join(sorted(KNOWN_VARIABLES))}"),
        ("好\n{{ value", f"line 2: unexpected end of template, expected 'end of print statement'; {EXPECTED}"),
        ("好\n\n{{ }}", f"line 3: Expected an expression, got 'end of print statement'; {EXPECTED}"),
        ("{{ value.__class__ }}", f"line 1: more than a variable; {EXPECTED}"),
        ("{{ value['x'] }}", f"line 1: more than a variable; {EXPECTED}"),
        ("{{ value() }}", f"line 1: more than a variable; {EXPECTED}"),
        ("{{ value | safe }}", f"line 1: more than a variable; {EXPECTED}"),
        ("{{ 'x' * 999999999 }}", f"line 1: more than a variable; {EXPECTED}"),
        ("好\n{% for x in value %}{{ x }}{% endfor %}", f"line 2: more than a variable; {EXPECTED}"),
        ("{% set value = 1 %}", f"line 1: more than a variable; {EXPECTED}"),
        ("{% if value %}x{% endif %}", f"line 1: more than a variable; {EXPECTED}"),
        ("{% include 'other' %}", f"line 1: more than a variable; {EXPECTED}"),
        ("{{ " + "(" * 5000 + " }}", f"a placeholder that cannot be read; {EXPECTED}"),
        ("{{ " + "9" * 5000 + " }}", f"a placeholder that cannot be read; {EXPECTED}"),
    ],
)
def test_a_text_holds_declared_variables_alone(body: str, problem: str):
    """Whatever computes, branches, calls or is not declared is a problem with its language and line."""
    assert problems_of(template(body)) == (f"zh text, {problem}",)
    assert problems_of(template("好", body)) == (f"en text, {problem}",)


@pytest.mark.parametrize(
    ("variables", "problems"),
    [
        (
            ("valeu",),
            (
                "variable 'valeu' is not known; did you mean 'value'?",
                "zh text, line 1: 'value' is not declared; add it to the variables",
                "zh text, variable 'valeu' is declared and not used; use it in both texts or do not declare it",
                "en text, line 1: 'value' is not declared; add it to the variables",
                "en text, variable 'valeu' is declared and not used; use it in both texts or do not declare it",
            ),
        ),
        (("value", "value"), ("variable 'value' is declared twice; declare it once",)),
    ],
)
def test_variables_are_known_declared_once_and_used(variables: tuple[str, ...], problems: tuple[str, ...]):
    """A declaration names, once, something that can be filled in."""
    assert problems_of(template("{{ value }}", "{{ value }}", *variables)) == problems


def test_a_variable_that_one_language_leaves_out_is_a_problem():
    """Both texts say the same: a date in Chinese alone is a slip of the translation."""
    said = "en text, variable 'visit_date' is declared and not used; use it in both texts or do not declare it"
    assert problems_of(template("{{ visit_date }}", "Come soon", "visit_date")) == (said,)


def test_a_missing_value_is_refused_by_name_alone():
    """What is missing is named; what was given is not."""
    with pytest.raises(Invalid) as refused:
        render(RECHECK, "zh", {"patient_name": "王芳"})
    assert str(refused.value) == "Message 'recheck' needs visit_date. Give a value for each."


def test_a_template_with_problems_is_not_written():
    """A template that would compute is refused before anything of it runs."""
    with pytest.raises(Invalid, match="'recheck' cannot be written: zh text, line 1: more than a variable"):
        render(template("{{ 'x' * 999999999999 }}"), "zh", {})


@given(st.text(alphabet="{}%# \nvalue()'9.|-", max_size=30))
def test_every_text_is_checked_or_written(body: str):
    """Whatever a lead writes gives problems or a message, never another error."""
    written = template(f"x{body}", f"x{body}", "value")
    if not problems_of(written):
        assert isinstance(render(written, "zh", {"value": "5"}), str)


def test_a_template_has_a_name_and_both_texts():
    """An unknown key is refused."""
    with pytest.raises(ValidationError, match="Extra inputs"):
        MessageTemplate.model_validate({"message": "x", "text": {"zh": "好", "en": "Hi"}, "kind": "routine"})


def test_a_template_survives_json():
    """A template is part of a release, which travels as JSON."""
    assert MessageTemplate.model_validate_json(RECHECK.model_dump_json()) == RECHECK
