"""Messages to patients: texts with a few named places for what is known when they are sent."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from pathways.errors import Invalid
from pathways.language.names import did_you_mean
from pathways.language.texts import Text
from pathways.language.written import Name, Written

KNOWN_VARIABLES = frozenset(
    {"patient_name", "visit_title", "visit_date", "task_title", "form_title", "value", "unit", "hospital"}
)
"""What can be filled in; all of it is known when a message is sent."""

_ENVIRONMENT = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
_ENVIRONMENT.globals.clear()

# Text with `{{ variable }}` in it, and nothing that computes, branches or calls.
_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name)
_EXPECTED = "expected text with {{ variable }} in it"


class MessageTemplate(Written):
    """A named message and the variables that its texts use."""

    message: Name
    variables: tuple[str, ...] = ()
    text: Text


def problems_of(template: MessageTemplate) -> tuple[str, ...]:
    """What is wrong with the template, one sentence a problem; a template without problems can be rendered."""
    return (
        *_problems_of_variables(template.variables),
        *(f"zh text, {problem}" for problem in _problems_of_body(template.text.zh, template.variables)),
        *(f"en text, {problem}" for problem in _problems_of_body(template.text.en, template.variables)),
    )


def _problems_of_variables(variables: tuple[str, ...]) -> Iterator[str]:
    for place, name in enumerate(variables):
        if name not in KNOWN_VARIABLES:
            yield f"variable '{name}' is not known{did_you_mean(name, KNOWN_VARIABLES)}"
        if name in variables[:place]:
            yield f"variable '{name}' is declared twice; declare it once"


@lru_cache(maxsize=1024)
def _problems_of_body(body: str, variables: tuple[str, ...]) -> tuple[str, ...]:
    try:
        tree = _ENVIRONMENT.parse(body)
    except TemplateSyntaxError as error:
        return (f"line {error.lineno}: {(error.message or '').rstrip('.')}; {_EXPECTED}",)
    except (RecursionError, ValueError):  # brackets nested too deep, a number too long
        return (f"a placeholder that cannot be read; {_EXPECTED}",)
    strange = [node.lineno for node in tree.find_all(nodes.Node) if not isinstance(node, _ALLOWED)]
    if strange:
        return (f"line {min(strange)}: more than a variable; {_EXPECTED}",)
    used = {node.name: node.lineno for node in tree.find_all(nodes.Name)}
    undeclared = (
        f"line {line}: '{name}' is not declared{_remedy(name, variables)}"
        for name, line in used.items()
        if name not in variables
    )
    unused = (
        f"variable '{name}' is declared and not used; use it in both texts or do not declare it"
        for name in variables
        if name not in used
    )
    return (*undeclared, *unused)


def _remedy(name: str, variables: tuple[str, ...]) -> str:
    if name in KNOWN_VARIABLES:
        return "; add it to the variables"
    return did_you_mean(name, variables or KNOWN_VARIABLES)


def render(template: MessageTemplate, language: str, values: Mapping[str, str]) -> str:
    """The message in that language; Invalid where a declared variable has no value or the template has problems.

    Values are escaped for HTML, and an error names variables, never values.
    """
    if problems := problems_of(template):
        raise Invalid(f"Message '{template.message}' cannot be written: {problems[0]}.", hint="Correct its template.")
    missing = [name for name in template.variables if name not in values]
    if missing:
        raise Invalid(f"Message '{template.message}' needs {', '.join(missing)}.", hint="Give a value for each.")
    return _compiled(template.text.in_(language)).render({name: values[name] for name in template.variables})


@lru_cache(maxsize=1024)
def _compiled(body: str) -> Template:
    return _ENVIRONMENT.from_string(body)


PAGE = "page"
"""The message that calls the staff of a rung with `page: yes`; a pathway may word its own under this name."""
BUILT_IN: Mapping[str, MessageTemplate] = {
    PAGE: MessageTemplate(
        message=PAGE,
        variables=("task_title",),
        text=Text(
            zh="【同行】任务已升级至您：{{ task_title }}。请立即处理。",
            en="[Tongxing] Escalated to you: {{ task_title }}. Please act now.",
        ),
    )
}
