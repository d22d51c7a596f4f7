"""The worklist for nurses, as plain pages: what is mine to do, why, and how it ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from api import fields
from api import tasks as work
from api.acts import Act
from api.errors import problem_of
from api.house import House, HouseOf, check_staff
from api.idempotency import Once
from api.pages import view
from api.pages.forms import Actor, Sent, go_to, person_of
from api.pages.rendering import ACTOR_COOKIE, LANGUAGE_COOKIE, PageRoute, page_language, render
from api.words import local
from pathways.engine.journey import Scalar
from pathways.errors import Invalid, Refused
from pathways.language.forms import Form as Questions
from pathways.language.forms import Item, check_answers
from store.ids import new_id

router = APIRouter(route_class=PageRoute, include_in_schema=False)

OUR_PAGE = r"^/(?:[A-Za-z0-9-]+(?:/[A-Za-z0-9-]+)*)?$"
YEAR_SECONDS = 365 * 24 * 3600

Key = Annotated[str, Form(max_length=64, pattern=fields.ID_PATTERN)]


@router.get("/")
def worklist(request: Request, house: HouseOf, actor: Actor = None) -> Response:
    """The tasks of the person's roles in clinical priority; who they are is asked first."""
    language, now, zone = page_language(request), house.clock(), house.settings.zone
    with house.database.read() as session:
        member = view.member_of(session, actor)
        if member is None:
            return render(request, "who.html", staff=view.members_of(session))
        cards, more = view.work_of(session, member.id, now=now, zone=zone, language=language)
    return render(request, "worklist.html", member=member, cards=cards, more=more, key=new_id, as_of=local(now, zone))


@router.post("/who")
def chooseperson_of(house: HouseOf, staff: Annotated[str, Form(max_length=64)]) -> Response:
    """Remember who the person is."""
    with house.database.read() as session:
        check_staff(session, staff)
    return _remember(go_to("/"), ACTOR_COOKIE, staff)


@router.post("/leave")
def leave() -> Response:
    """Forget who the person is."""
    answer = go_to("/")
    answer.delete_cookie(ACTOR_COOKIE, samesite="strict", httponly=True)
    return answer


@router.post("/language")
def switch_language(request: Request, here: Annotated[str, Form(pattern=OUR_PAGE)] = "/") -> Response:
    """Change to the other language, on the page where one is."""
    return _remember(go_to(here), LANGUAGE_COOKIE, "en" if page_language(request) == "zh-CN" else "zh-CN")


@router.get("/messages")
def message_list(request: Request, house: HouseOf, actor: Actor = None) -> Response:
    """What patients and staff were told, with the texts of the preview channel."""
    with house.database.read() as session:
        member = view.member_of(session, actor)
        notes = view.notes_of(session, zone=house.settings.zone)
    return render(request, "messages.html", member=member, notes=notes)


@router.get("/tasks/{task}")
def task_page(task: fields.IdInPath, request: Request, house: HouseOf, actor: Actor = None) -> Response:
    """A task: why it is there, its history, and the form that ends it."""
    return _task_page(request, house, task, actor)


@router.post("/tasks/{task}/claim")
def claim(task: fields.IdInPath, request: Request, house: HouseOf, key: Key, actor: Actor = None) -> Response:
    """Take a task on."""
    act = work.claim(house, _once(request, key), task, person_of(house, actor))
    return _done(request, act, to=f"/tasks/{task}")


@router.post("/tasks/{task}/release")
def release(task: fields.IdInPath, request: Request, house: HouseOf, key: Key, actor: Actor = None) -> Response:
    """Give a task back."""
    return _done(request, work.release(house, _once(request, key), task, person_of(house, actor)), to="/")


@router.post("/tasks/{task}/attempts")
def attempt(task: fields.IdInPath, request: Request, house: HouseOf, sent: Sent, actor: Actor = None) -> Response:
    """Record that the patient was not reached, or asked to be called back."""
    staff = person_of(house, actor)
    try:
        result = "call-back" if sent.get("result") == "call-back" else "no-answer"
        tried = work.Attempt(result=result, at=None, again=_instant(sent, "again"))
        act = work.attempt(house, _once(request, sent.get("key", new_id())), task, staff, tried=tried)
    except Refused as refused:
        return _task_page(request, house, task, actor, refused=refused, sent=sent)
    return _done(request, act, to=f"/tasks/{task}")


@router.post("/tasks/{task}/suspend")
def suspend(task: fields.IdInPath, request: Request, house: HouseOf, sent: Sent, actor: Actor = None) -> Response:
    """Let a task wait for what it declares."""
    staff = person_of(house, actor)
    try:
        once = _once(request, sent.get("key", new_id()))
        act = work.suspend(house, once, task, staff, until=_instant(sent, "until"))
    except Refused as refused:
        return _task_page(request, house, task, actor, refused=refused, sent=sent)
    return _done(request, act, to=f"/tasks/{task}")


@router.post("/tasks/{task}/continue")
def go_on(task: fields.IdInPath, request: Request, house: HouseOf, key: Key, actor: Actor = None) -> Response:
    """A task waits no more."""
    return _done(request, work.go_on(house, _once(request, key), task, person_of(house, actor)), to=f"/tasks/{task}")


@router.post("/tasks/{task}/complete")
def complete(task: fields.IdInPath, request: Request, house: HouseOf, sent: Sent, actor: Actor = None) -> Response:
    """End a task; what does not fit comes back with what was written."""
    staff = person_of(house, actor)
    with house.database.read() as session:
        questions = view.sheet_of(
            session, task, staff, now=house.clock(), zone=house.settings.zone, language=page_language(request)
        ).form
    answers = {} if questions is None else _answers(questions, sent)
    try:
        done = work.Done(
            outcome=sent.get("outcome", ""), answers=answers, note=sent.get("note", "")[:4000], at=_instant(sent, "at")
        )
        act = work.complete(house, _once(request, sent.get("key", new_id())), task, staff, done=done)
    except Refused as refused:
        wrong = [] if questions is None or not answers else _wrong_items(questions, answers)
        return _task_page(request, house, task, actor, refused=refused, sent=sent, wrong=wrong)
    return _done(request, act, to="/")


def _task_page(
    request: Request,
    house: House,
    task: str,
    actor: str | None,
    *,
    refused: Refused | None = None,
    sent: Mapping[str, str] | None = None,
    wrong: list[Item] | None = None,
) -> Response:
    staff = person_of(house, actor)
    language = page_language(request)
    with house.database.read() as session:
        member = view.member_of(session, staff)
        sheet = view.sheet_of(session, task, staff, now=house.clock(), zone=house.settings.zone, language=language)
    problem = None if refused is None else problem_of(refused, language)
    return render(
        request,
        "task.html",
        status=200 if problem is None else problem.status,
        here=f"/tasks/{task}",
        member=member,
        sheet=sheet,
        problem=problem,
        sent=sent or {},
        wrong=wrong or [],
        key=new_id,
    )


def _once(request: Request, key: str) -> Once:
    # The key stands in the page, so a form that is sent twice is done once.
    return Once(key=key, route=f"PAGE {request.url.path}", digest="")


def _done(request: Request, act: Act, *, to: str) -> Response:
    if act.state == "done":
        return go_to(to)
    return render(request, "kept.html", status=202)


def _answers(questions: Questions, sent: Mapping[str, str]) -> dict[str, Scalar | None]:
    """What was answered; nothing where every item was left empty."""
    given = {item.code: _answer(item, sent.get(f"item-{item.code}", "").strip()) for item in questions.items}
    return given if any(value is not None for value in given.values()) else {}


def _answer(item: Item, text: str) -> Scalar | None:
    if not text:
        return None
    match item.type:
        case "boolean":
            return {"yes": True, "no": False}.get(text, text)
        case "number":
            try:
                return float(text)
            except ValueError:
                return text
        case _:
            return text


def _wrong_items(questions: Questions, answers: Mapping[str, object]) -> list[Item]:
    def alone(item: Item) -> Questions:
        return questions.model_copy(update={"items": (item,)})

    return [item for item in questions.items if check_answers(alone(item), {item.code: answers.get(item.code)})]


def _instant(sent: Mapping[str, str], name: str) -> datetime | None:
    text = sent.get(name, "").strip()
    if not text:
        return None
    try:
        return fields.in_our_time(datetime.fromisoformat(text))
    except ValueError:
        raise Invalid("The time cannot be read.", hint="Write it as 2026-01-05T09:30.") from None


def _remember(answer: Response, cookie: str, value: str) -> Response:
    answer.set_cookie(cookie, value, max_age=YEAR_SECONDS, httponly=True, samesite="strict")
    return answer
