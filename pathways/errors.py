"""The one tree of errors that Tongxing raises on purpose.

::

    TongxingError
    ├── Refused                  the caller asked for something that is not to be had; nothing changed
    │   ├── Invalid              the request itself is wrong
    │   ├── NotFound             what it names does not exist
    │   ├── Conflict             it clashes with what is already so
    │   ├── Forbidden            this person may not do it
    │   └── NotReady             not yet: the same request may succeed later
    ├── Unavailable              a neighbour is away; the same request may be tried again
    │   ├── StoreUnavailable
    │   └── EngineUnavailable
    ├── Misconfigured            an operator must act before it can run
    └── PathwayProblems          a pathway file that does not check, with every problem in it

Nothing branches on a message: code branches on the class, and a boundary (HTTP, Temporal, an exit status) on `code`.
A message never holds a name, an identifier, a diagnosis or a value of a patient.
"""

import inspect
from collections.abc import Iterable
from typing import ClassVar


class TongxingError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    """Whether the same request, unchanged, may succeed later."""

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        self.message = message or inspect.cleandoc(type(self).__doc__ or "").partition("\n")[0]
        self.hint = hint
        super().__init__(self.message, hint)

    def __str__(self) -> str:
        """What happened and, where there is something to do about it, what to do."""
        return f"{self.message} {self.hint}" if self.hint else self.message


class Refused(TongxingError):
    """The request was refused; nothing changed."""

    code = "refused"


class Invalid(Refused):
    """The request is not valid."""

    code = "invalid"


class NotFound(Refused):
    """It does not exist."""

    code = "not-found"


class Conflict(Refused):
    """It clashes with what is already so."""

    code = "conflict"


class Forbidden(Refused):
    """This person may not do it."""

    code = "forbidden"


class NotReady(Refused):
    """It is not ready yet; try again in a moment."""

    code = "not-ready"
    retryable = True


class Unavailable(TongxingError):
    """A part of the system is away; try again in a moment."""

    code = "unavailable"
    retryable = True


class StoreUnavailable(Unavailable):
    """The database is away; try again in a moment."""

    code = "store-unavailable"


class EngineUnavailable(Unavailable):
    """The Temporal server is away; try again in a moment."""

    code = "engine-unavailable"


class Misconfigured(TongxingError):
    """The configuration does not allow it to run."""

    code = "misconfigured"


class PathwayProblems(TongxingError):
    """The pathway does not check."""

    code = "pathway-problems"

    def __init__(self, problems: Iterable[object], message: str | None = None, *, hint: str | None = None) -> None:
        """Takes every problem found; each prints as `file:line:column: what is wrong; what was expected`."""
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        """The message, then one problem a line."""
        return "\n".join([super().__str__(), *map(str, self.problems)])
