"""The worklist in a terminal, read through the public API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pathways.errors import Invalid, Unavailable
from pathways.language.texts import Text

PATIENCE_SECONDS = 10.0
MOST = 200
_HEADINGS = (
    Text(zh="任务", en="Task"),
    Text(zh="到期", en="Due"),
    Text(zh="状态", en="Status"),
    Text(zh="角色", en="Role"),
    Text(zh="持有人", en="Holder"),
    Text(zh="编号", en="Id"),
)
_WHOLE = ("Due", "Role")
_WORDS: Mapping[str, Text] = {
    "open": Text(zh="待领取", en="open"),
    "held": Text(zh="已领取", en="held"),
    "urgent": Text(zh="紧急", en="urgent"),
    "overdue": Text(zh="逾期", en="overdue"),
    "flagged": Text(zh="需复核", en="flagged"),
}


class ServerAway(Unavailable):
    """The server does not answer."""

    code = "server-away"


def show_tasks(console: Console, url: str, *, role: str | None, overdue: bool, english: bool) -> None:
    """Print the open tasks of the server at `url` in clinical priority, times in the zone of this machine.

    Raises:
        ServerAway: it does not answer, or not as Tongxing does.
        Invalid: it refused the question.
    """
    page = _get(url, {"limit": str(MOST), "overdue": str(overdue).lower()} | ({} if role is None else {"role": role}))
    items: list[Mapping[str, Any]] = page["items"]
    language = "en" if english else "zh"
    table = Table(box=SIMPLE_HEAD, highlight=False)
    for heading in _HEADINGS:
        table.add_column(heading.in_(language), overflow="fold", no_wrap=heading.en in _WHOLE)
    for one in items:
        words = [one["status"], *(mark for mark in ("urgent", "overdue", "flagged") if one[mark])]
        table.add_row(
            escape(one["title"][language]),
            f"{datetime.fromisoformat(one['due']).astimezone():%m-%d %H:%M}" if one["due"] else "-",
            " ".join(_WORDS[word].in_(language) for word in words),
            one["role"],
            one["holder"] or "-",
            one["id"],
            style="bold" if one["urgent"] else None,
        )
    console.print(table)
    console.print(f"任务 {len(items)} 项 · tasks: {len(items)}{' …' if page['next'] else ''}", markup=False)


def _get(url: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
    hint = "Start it with `tongxing up`, or name another one with --url."
    try:
        answer = httpx.get(f"{url.rstrip('/')}/api/v1/tasks", params=asked, timeout=PATIENCE_SECONDS, trust_env=False)
        content: Mapping[str, Any] = answer.json()
    except httpx.InvalidURL:
        raise Invalid(f"{url} is not an address.", hint="Write it as http://127.0.0.1:8000.") from None
    except httpx.HTTPError:
        raise ServerAway(f"The server at {url} does not answer.", hint=hint) from None
    except ValueError:
        raise ServerAway(f"What answers at {url} is not Tongxing.", hint=hint) from None
    if answer.is_error:
        raise Invalid(f"The server refused: {content.get('detail', answer.status_code)}", hint=content.get("hint"))
    return content
