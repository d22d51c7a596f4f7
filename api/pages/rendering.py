"""How pages are made: templates that escape everything, strict headers, and errors in words."""

from collections.abc import Callable, Coroutine
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.errors import Problem, problem_of
from api.languages import Language, language_of
from api.pages.phrases import PHRASES
from pathways.errors import Forbidden, Invalid, TongxingError
from pathways.language.texts import Text

LANGUAGE_COOKIE = "tongxing-language"
ACTOR_COOKIE = "tongxing-actor"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(str(files("api"))) / "pages" / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page_language(request: Request) -> Language:
    """The language that was chosen on the page, else the browser's."""
    match request.cookies.get(LANGUAGE_COOKIE):
        case "en":
            return "en"
        case "zh-CN":
            return "zh-CN"
        case _:
            return language_of(request)


def render(
    request: Request, template: str, *, status: int = 200, here: str | None = None, **values: object
) -> HTMLResponse:
    """A page in the language of the person who reads it; `here` is where it is found again."""
    language = page_language(request)

    def say(text: Text) -> str:
        return text.in_(language)

    def phrase(name: str) -> str:
        return PHRASES[name].in_(language)

    if here is None:
        here = request.url.path if request.method == "GET" else "/"
    shown = {"language": language, "say": say, "t": phrase, "here": here, "member": None}
    content = _ENVIRONMENT.get_template(template).render(shown | values)
    return HTMLResponse(content, status_code=status, headers=HEADERS | {"Content-Language": language})


class PageRoute(APIRoute):
    """A route whose errors are pages, and which takes forms from our own pages alone."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                _check_origin(request)
                return await handler(request)
            except TongxingError as error:
                problem = problem_of(error, page_language(request))
            except RequestValidationError:
                problem = problem_of(Invalid(), page_language(request))
            return render_problem(request, problem)

        return handle


def render_problem(request: Request, problem: Problem) -> HTMLResponse:
    """A page that says what went wrong."""
    return render(request, "problem.html", status=problem.status, problem=problem)


def _check_origin(request: Request) -> None:
    # The cookie is not sent from other sites; this also keeps out other ports of this machine.
    if request.method == "POST" and request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("The form was sent from another site.")
