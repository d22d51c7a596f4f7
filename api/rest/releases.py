"""Releases: the published versions of pathways, and the check of files before they become one."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from api import fields
from api.fields import Given
from api.house import HouseOf, Person
from api.idempotency import Answer, OnceOf
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page_of, read_number_cursor
from pathways.language.reading import examine, read
from pathways.language.texts import Text
from store import audit, releases, tables

router = APIRouter(prefix="/api/v1/releases", tags=["releases"])

FileName = Annotated[str, StringConstraints(pattern=r"^[\w-]+(/[\w-]+)*\.yaml$", max_length=200)]
FileText = Annotated[str, StringConstraints(max_length=300_000)]
_FILES: JsonDict = {
    "pathway.yaml": "pathway: demonstration\ntitle: {zh: 演示, en: Demonstration}\n…",
    "forms/call.yaml": "form: call\n…",
    "messages/received.yaml": "message: received\n…",
}


class Files(Given):
    """The files of a pathway by their path in its folder: `pathway.yaml`, `forms/NAME.yaml`, `messages/NAME.yaml`."""

    model_config = ConfigDict(json_schema_extra={"example": {"files": _FILES}})

    files: dict[FileName, FileText] = Field(min_length=1, max_length=200)


class NewRelease(Files):
    """Files that become a release."""

    model_config = ConfigDict(json_schema_extra={"example": {"files": _FILES, "demonstration": True}})

    demonstration: fields.YesNo = Field(
        False, description="Serves demonstration data alone; needed where parameters are unconfirmed."
    )


class Problem(Given):
    """One thing that must be corrected (an error) or looked at (a warning)."""

    file: str
    line: int
    column: int
    what: str
    expected: str
    severity: str


class Checked(Given):
    """What a check found."""

    ok: bool = Field(description="No errors; there may be warnings.")
    checksum: str | None = Field(description="Of the release that the files make.")
    problems: list[Problem]
    unconfirmed: list[str] = Field(description="Parameters that no clinician has confirmed.")


class Release(Given):
    """A published version of a pathway; it never changes."""

    checksum: str
    pathway: str
    title: Text
    number: int
    published_at: datetime
    by: str
    demonstration: bool
    unconfirmed: list[str]


class ReleaseInFull(Release):
    """A release with all that it is made of."""

    contents: dict[str, Any] = Field(description="Pathway, forms and messages, as the published JSON Schema has them.")


@router.get("", summary="List releases")
def list_releases(
    house: HouseOf,
    pathway: Annotated[str | None, fields.wanted("Of this pathway.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Release]:
    """Releases, the last published first."""
    with house.database.read() as session:
        rows = releases.list_(session, pathway=pathway, after=read_number_cursor(cursor), limit=limit + 1)
    return page_of(rows, limit, show, lambda row: (str(row.number),))


@router.post("/check", summary="Check the files of a pathway")
def check(given: Files) -> Checked:
    """Everything that is wrong with the files, each at its line and column. Nothing is kept."""
    reading = examine(given.files)
    return Checked(
        ok=reading.release is not None,
        checksum=None if reading.release is None else reading.release.checksum,
        problems=[
            Problem(
                file=one.file,
                line=one.line,
                column=one.column,
                what=one.what,
                expected=one.expected,
                severity=one.severity,
            )
            for one in reading.problems
        ],
        unconfirmed=[] if reading.release is None else list(reading.release.unconfirmed),
    )


@router.post("", status_code=201, summary="Publish a release")
def publish(given: NewRelease, house: HouseOf, actor: Person, once: OnceOf, response: Response) -> Release:
    """Publish the files as a release; the same files again are the release that is there. Journeys keep theirs."""
    release = read(given.files)
    now = house.clock()
    with house.database.write() as session:
        if (answer := once.recall(session)) is None:
            row = releases.publish(session, release, by=actor, now=now, demonstration=given.demonstration)
            answer = Answer(status=201, body=show(row).model_dump(mode="json"))
            once.remember(session, answer, now=now)
            audit.record(session, at=now, actor=actor, action="release-published", subject=row.checksum)
    shown = Release.model_validate(answer.body)
    response.headers["Location"] = f"{router.prefix}/{shown.checksum}"
    return shown


@router.get("/{checksum}", summary="Read a release")
def read_release(checksum: fields.IdInPath, house: HouseOf) -> ReleaseInFull:
    """The release with its pathway, forms and messages."""
    with house.database.read() as session:
        row = releases.read(session, checksum)
    contents = releases.load(row).contents.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return ReleaseInFull(**show(row).model_dump(), contents=contents)


def show(row: tables.Release) -> Release:
    """The release as callers see it."""
    release = releases.load(row)
    return Release(
        checksum=row.checksum,
        pathway=row.pathway,
        title=release.pathway.title,
        number=row.number,
        published_at=row.published_at,
        by=row.by,
        demonstration=row.demonstration,
        unconfirmed=list(release.unconfirmed),
    )
