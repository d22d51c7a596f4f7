"""The one table of HTTP statuses, and the problem documents (RFC 9457) that callers get.

A problem holds what happened and what to do, and nothing of a patient: never a value that was sent.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from api import outcomes
from api.languages import Language, language_of
from api.outcomes import (
    Itemised,
    MediaTypeRefused,
    NotAcceptable,
    ResourceMissing,
    ResourceRefused,
    ResourceUnreadable,
    SearchRefused,
    SeveralMatch,
    VersionChanged,
)
from api.sentences import said
from pathways.errors import (
    Conflict,
    EngineUnavailable,
    Forbidden,
    Invalid,
    Misconfigured,
    NotFound,
    NotReady,
    PathwayProblems,
    Refused,
    StoreUnavailable,
    TongxingError,
    Unavailable,
)
from pathways.language.texts import Text

RETRY_AFTER_SECONDS = 2
MEDIA_TYPE = "application/problem+json"
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,40}")

_log = structlog.get_logger(__name__)


class ForeignHost(Refused):
    """The request was sent to a name that is not of this machine."""

    code = "foreign-host"


class NobodyActs(Refused):
    """The request does not say who acts."""

    code = "nobody-acts"


class StaffUnknown(Forbidden):
    """Whoever acts does not work here."""

    code = "staff-unknown"


class NotYourTask(Forbidden):
    """This task has not come to a role of this person."""

    code = "not-your-task"


class ChangedMeanwhile(Refused):
    """It was changed since it was read."""

    code = "changed-meanwhile"


class KeyReused(Invalid):
    """This Idempotency-Key came with another request."""

    code = "key-reused"


class TaskClosed(Conflict):
    """The task is closed already."""

    code = "task-closed"


class OutcomeUndeclared(Invalid):
    """The task has no such outcome; it stays open."""

    code = "outcome-undeclared"


class AnswersDoNotFit(Invalid):
    """The answers do not fit the form."""

    code = "answers-do-not-fit"


class InTheFuture(Invalid):
    """The time lies in the future."""

    code = "in-the-future"


class TaskHeld(Conflict):
    """Another person holds the task."""

    code = "task-held"


class JourneyEnded(Conflict):
    """The journey has ended."""

    code = "journey-ended"


class Kind(NamedTuple):
    """What callers are told of a class of errors."""

    status: int
    title: Text


def _kind(status: int, zh: str, en: str) -> Kind:
    return Kind(status, Text(zh=zh, en=en))


KINDS: Mapping[type[TongxingError], Kind] = {
    TongxingError: _kind(500, "系统内部错误", "Something went wrong inside"),
    Refused: _kind(409, "请求被拒绝", "The request was refused"),
    Invalid: _kind(422, "请求内容有误", "The request is not valid"),
    KeyReused: _kind(422, "该幂等键已用于另一个请求", "The Idempotency-Key belongs to another request"),
    OutcomeUndeclared: _kind(422, "该任务没有这个结果选项", "The task has no such outcome"),
    AnswersDoNotFit: _kind(422, "填写的内容与表单不符", "The answers do not fit the form"),
    InTheFuture: _kind(422, "时间不能在将来", "The time lies in the future"),
    PathwayProblems: _kind(422, "路径文件未通过检查", "The pathway does not check"),
    ResourceRefused: _kind(422, "资源无法接受", "The resource cannot be taken in"),
    ResourceUnreadable: _kind(400, "无法识别为 FHIR 资源", "It is not a FHIR resource"),
    SearchRefused: _kind(400, "不支持这样检索", "The search cannot be run"),
    MediaTypeRefused: _kind(415, "不支持的内容类型", "The content type is not supported"),
    NotAcceptable: _kind(406, "无法以所要求的格式回答", "The answer cannot be given in that format"),
    SeveralMatch: _kind(412, "有多个资源符合条件", "Several resources fit the condition"),
    ResourceMissing: _kind(404, "没有这个资源", "There is no such resource"),
    VersionChanged: _kind(412, "资源已是其他版本", "The resource is at another version"),
    ForeignHost: _kind(400, "该地址不属于本机", "The address is not that of this machine"),
    NobodyActs: _kind(401, "未说明操作人员", "It is not said who acts"),
    Forbidden: _kind(403, "没有权限", "This person may not do it"),
    StaffUnknown: _kind(403, "操作人员不在册", "Whoever acts does not work here"),
    NotYourTask: _kind(403, "该任务不在您的角色名下", "The task has not come to your role"),
    NotFound: _kind(404, "找不到", "It does not exist"),
    Conflict: _kind(409, "与现有状态冲突", "It clashes with what is already so"),
    TaskClosed: _kind(409, "任务已经结束", "The task is closed already"),
    TaskHeld: _kind(409, "任务已由他人领取", "Another person holds the task"),
    JourneyEnded: _kind(409, "该患者的路径已经结束", "The journey has ended"),
    ChangedMeanwhile: _kind(412, "内容已被他人更新", "It was changed meanwhile"),
    NotReady: _kind(503, "尚未就绪，请稍后再试", "Not ready yet; try again in a moment"),
    Unavailable: _kind(503, "系统暂时不可用", "A part of the system is away"),
    StoreUnavailable: _kind(503, "数据库暂时不可用", "The database is away"),
    EngineUnavailable: _kind(503, "流程引擎暂时不可用", "The engine is away"),
    Misconfigured: _kind(500, "系统配置有误", "The system is not configured well"),
}
"""An error of a class that is not here counts as its nearest base."""

_OF_STATUS: Mapping[int, Kind] = {
    kind.status: kind
    for kind in (
        _kind(400, "请求无法处理", "The request cannot be read"),
        _kind(404, "没有这个地址", "There is nothing at this address"),
        _kind(405, "该地址不支持这种操作", "The address does not take this method"),
        _kind(413, "请求内容过大", "The request is too large"),
        _kind(415, "不支持的内容类型", "The content type is not supported"),
        _kind(500, "系统内部错误", "Something went wrong inside"),
    )
}


class FieldProblem(BaseModel):
    """A field of the request and what it takes; never what was sent."""

    field: str
    problem: str


class Problem(BaseModel):
    """What went wrong, as RFC 9457 writes it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:tongxing:problem:not-found",
                "title": "找不到",
                "status": 404,
                "detail": "没有这个任务。",
                "hint": "GET /api/v1/tasks 可查看列表。",
                "code": "not-found",
            }
        }
    )

    type: str = Field(description="Stands for the code; `urn:tongxing:problem:<code>`.")
    title: str = Field(description="In the language of Accept-Language: Chinese unless English is wanted.")
    status: int
    detail: str = Field(description="What happened, in that language; what is rarely met is told in English alone.")
    hint: str | None = Field(default=None, description="What to do.")
    code: str = Field(description="Stays the same; branch on this.")
    errors: list[FieldProblem] | None = None
    problems: list[str] | None = Field(default=None, description="Of a pathway: `file:line:column: what is wrong`.")


def kind_of(error: TongxingError) -> Kind:
    """The status and title of an error."""
    return next(KINDS[base] for base in type(error).__mro__ if base in KINDS)


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem document."""
    app.add_exception_handler(TongxingError, _on_ours)
    app.add_exception_handler(RequestValidationError, _on_malformed)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_defect)


def respond(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response of a problem."""
    told = dict(headers or {}) | {"Content-Language": language_of(request), "Cache-Control": "no-store"}
    if problem.status == 503:
        told["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if outcomes.is_fhir(request.url.path):
        content, media_type = _as_outcome(problem), outcomes.FHIR_TYPE
    else:
        content, media_type = problem.model_dump(exclude_none=True), MEDIA_TYPE
    return JSONResponse(content, status_code=problem.status, media_type=media_type, headers=told)


def _as_outcome(problem: Problem) -> dict[str, Any]:
    said_of_it = " ".join(part for part in (problem.detail, problem.hint) if part)
    return outcomes.of_problem(problem.status, problem.code, problem.title, said_of_it)


def problem_of(error: TongxingError, language: Language) -> Problem:
    """The problem document of an error; an error of ours inside tells nothing of the inside."""
    kind = kind_of(error)
    hidden = kind.status == 500
    detail = "The request could not be served; nothing is known of why." if hidden else error.message
    hint = "Ask an operator to look at the log." if hidden else error.hint
    return Problem(
        type=_type(error.code),
        title=kind.title.in_(language),
        status=kind.status,
        detail=said(detail, language),
        hint=None if hint is None else said(hint, language),
        code=error.code,
        problems=[str(problem) for problem in error.problems] if isinstance(error, PathwayProblems) else None,
    )


async def _on_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TongxingError)
    if isinstance(error, Itemised) and error.issues:
        return _itemised(request, error)
    problem = problem_of(error, language_of(request))
    if problem.status == 500:
        _log.error("request failed", error=type(error).__name__, code=error.code)
    return respond(request, problem)


def outcome_of(error: TongxingError, language: Language) -> dict[str, Any]:
    """The OperationOutcome of an error."""
    if isinstance(error, Itemised) and error.issues:
        return outcomes.outcome(error.issues, language, problem=error.code)
    return _as_outcome(problem_of(error, language))


def _itemised(request: Request, error: Itemised) -> JSONResponse:
    language = language_of(request)
    content = outcome_of(error, language)
    headers = {"Content-Language": language, "Cache-Control": "no-store"}
    return JSONResponse(content, kind_of(error).status, headers, outcomes.FHIR_TYPE)


async def _on_malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    language = language_of(request)
    told = [_field_problem(one, language) for one in error.errors()]
    problem = Problem(
        type=_type("malformed"),
        title=KINDS[Invalid].title.in_(language),
        status=422,
        detail=said("The request does not have the expected shape; nothing changed.", language),
        hint=said("Correct the fields named in `errors`; /docs shows the shape.", language),
        code="malformed",
        errors=told,
    )
    return respond(request, problem)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return of_status(request, error.status_code, error.headers)


def of_status(request: Request, status: int, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer to a request that reached no route, or only just."""
    language = language_of(request)
    title = _OF_STATUS.get(status, _OF_STATUS[400]).title.in_(language)
    if status == 413:
        hint = "Send it in parts."
    elif outcomes.is_fhir(request.url.path):
        hint = "GET /fhir/R4/metadata shows what is served."
    else:
        hint = "/docs shows the addresses and what they take."
    problem = Problem(
        type=_type(f"http-{status}"),
        title=title,
        status=status,
        detail=title + Text(zh="。", en=".").in_(language),
        hint=said(hint, language),
        code=f"http-{status}",
    )
    return respond(request, problem, headers)


def on_foreign_host(request: Request) -> JSONResponse:
    """The answer to a page from elsewhere that had its own name point to this machine."""
    error = ForeignHost(hint="Use http://127.0.0.1 or http://localhost with the port of the server.")
    return respond(request, problem_of(error, language_of(request)))


async def _on_defect(request: Request, error: Exception) -> JSONResponse:
    # The message of an error that nobody foresaw may hold anything, so its class and place alone are written down.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = None if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    _log.error("request failed", error=type(error).__name__, place=place)
    return respond(request, problem_of(TongxingError(), language_of(request)))


def _field_problem(error: Mapping[str, Any], language: Language) -> FieldProblem:
    where: Sequence[object] = error["loc"]
    # A key that the caller made up can be anything, a telephone number too.
    parts = [str(part) if isinstance(part, int) or _FIELD.fullmatch(str(part)) else "…" for part in where]
    message = str(error["msg"]).removeprefix("Value error, ")
    problem = said("This is not JSON." if "JSON decode" in message else message, language)
    return FieldProblem(field=".".join(parts), problem=problem)


def _type(code: str) -> str:
    return f"urn:tongxing:problem:{code}"
