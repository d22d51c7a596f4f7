"""The formats of FHIR requests and answers: JSON, under its own name or FHIR's."""

from fastapi import Request

from api.outcomes import FHIR_TYPE, Issue, MediaTypeRefused, NotAcceptable
from pathways.language.texts import Text

READ = (FHIR_TYPE, "application/json", "json")
_WRITTEN = (*READ, "application/*", "*/*", "text/json")
FORM_TYPE = "application/x-www-form-urlencoded"
_SEND_JSON = Text(zh="请以 application/fhir+json（UTF-8）发送。", en="Send it as application/fhir+json in UTF-8.")
_SEND_FORM = Text(
    zh="检索条件请以 application/x-www-form-urlencoded 发送。",
    en="Send the parameters of a search as application/x-www-form-urlencoded.",
)
_ONLY_JSON = Text(zh="只能以 application/fhir+json 回答。", en="Answers are written as application/fhir+json alone.")


def check_sent(request: Request) -> None:
    """MediaTypeRefused where the body is said to be anything but JSON in UTF-8."""
    type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    told = charset if parameters.strip().lower().startswith("charset=") else ""
    if type.strip().lower() not in READ[:2] or told not in ("", "utf-8", "utf8"):
        raise MediaTypeRefused(Issue(code="not-supported", what=_SEND_JSON))


def check_form(request: Request) -> None:
    """MediaTypeRefused where a search does not come as a form."""
    type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if type not in ("", FORM_TYPE):
        raise MediaTypeRefused(Issue(code="not-supported", what=_SEND_FORM))


def check_wanted(request: Request) -> None:
    """NotAcceptable where the answer is wanted in another format; `_format` comes before `Accept`."""
    format = request.query_params.get("_format")
    wanted = [format.replace(" ", "+")] if format is not None else _accepted(request.headers.get("accept", ""))
    if wanted and not any(one in _WRITTEN for one in wanted):
        raise NotAcceptable(Issue(code="not-supported", what=_ONLY_JSON))


def _accepted(header: str) -> list[str]:
    parts = [one.partition(";") for one in header.split(",") if one.strip()]
    return [type.strip().lower() for type, _, parameters in parts if parameters.replace(" ", "") != "q=0"]
