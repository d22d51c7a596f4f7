"""What a page of ours sends: who the person is, and the fields of a form."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Cookie, Depends, Request
from fastapi.responses import RedirectResponse

from api.house import House, check_staff
from api.pages.rendering import ACTOR_COOKIE

Actor = Annotated[str | None, Cookie(alias=ACTOR_COOKIE, max_length=64)]


async def _sent(request: Request) -> Mapping[str, str]:
    """The fields of a form; files are left out."""
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


Sent = Annotated[Mapping[str, str], Depends(_sent)]


def person_of(house: House, actor: str | None) -> str:
    """Who acts; StaffUnknown where nobody such works here."""
    with house.database.read() as session:
        check_staff(session, actor or "")
    return actor or ""


def go_to(path: str) -> RedirectResponse:
    """Go to a page of ours."""
    return RedirectResponse(path, status_code=303)
