"""What FHIR callers are told of a request: OperationOutcome, with the element and what it takes, never a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pathways.errors import Invalid, NotFound, Refused, TongxingError
from pathways.language.texts import Text

FHIR_ROOT = "/fhir/R4"
FHIR_TYPE = "application/fhir+json"
PROBLEM_SYSTEM = "urn:tongxing:problem"

Severity = Literal["fatal", "error", "warning", "information"]
IssueCode = Literal[
    "invalid",
    "structure",
    "required",
    "value",
    "security",
    "login",
    "forbidden",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "too-long",
    "conflict",
    "transient",
    "exception",
    "informational",
    "incomplete",
]
OF_STATUS: Mapping[int, IssueCode] = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    500: "exception",
    503: "transient",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing that is so; `expression` is the FHIRPath of the element, made of names that FHIR knows."""

    code: IssueCode
    what: Text
    expression: str | None = None
    severity: Severity = "error"


class Itemised(TongxingError):
    """Something is wrong with parts of a resource."""

    def __init__(self, *issues: Issue) -> None:
        """Takes everything that was found."""
        super().__init__()
        self.issues = issues


class ResourceRefused(Itemised, Invalid):
    """The resource cannot be taken in as it is."""

    code = "resource-refused"


class ResourceUnreadable(Itemised, Invalid):
    """What was sent is no FHIR resource."""

    code = "resource-unreadable"


class SearchRefused(Itemised, Invalid):
    """The search cannot be run as it is."""

    code = "search-refused"


class MediaTypeRefused(Itemised, Invalid):
    """The content is not in a format that is read here."""

    code = "media-type-refused"


class NotAcceptable(Itemised, Invalid):
    """The answer is wanted in a format that is not written here."""

    code = "not-acceptable"


class SeveralMatch(Itemised, Refused):
    """Several resources fit the condition."""

    code = "several-match"


class ResourceMissing(Itemised, NotFound):
    """There is no such resource."""

    code = "resource-missing"


class VersionChanged(Itemised, Refused):
    """The resource is at another version."""

    code = "version-changed"


DONE = Issue(code="informational", what=Text(zh="已完成。", en="It is done."), severity="information")
"""What is told where there is nothing else to tell."""


def is_fhir(path: str) -> bool:
    """Whether an address is answered in FHIR."""
    return path == "/fhir" or path.startswith("/fhir/")


def outcome(issues: Sequence[Issue], language: str, *, problem: str | None = None) -> dict[str, Any]:
    """The OperationOutcome of the issues; `problem` is the code on which a program branches."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(one, language, problem) for one in issues]}


def of_problem(status: int, code: str, title: str, diagnostics: str) -> dict[str, Any]:
    """The OperationOutcome of an error that has no element."""
    told = {
        "severity": "fatal" if status == 500 else "error",
        "code": OF_STATUS.get(status, "processing"),
        "details": {"coding": [{"system": PROBLEM_SYSTEM, "code": code}], "text": title},
        "diagnostics": diagnostics,
    }
    return {"resourceType": "OperationOutcome", "issue": [told]}


def _issue(issue: Issue, language: str, problem: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "diagnostics": issue.what.in_(language)}
    if problem is not None:
        told["details"] = {"coding": [{"system": PROBLEM_SYSTEM, "code": problem}]}
    if issue.expression is not None:
        told["expression"] = [issue.expression]
    return told
