"""Names that a person wrote and the name that was probably meant."""

from collections.abc import Collection
from difflib import get_close_matches


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that looks most like `name`; None where none comes near."""
    return next(iter(get_close_matches(name, sorted(known), n=1)), None)


def did_you_mean(name: str, known: Collection[str]) -> str:
    """`; did you mean 'x'?` with the nearest known name, or else `; expected one of` the known ones."""
    near = nearest(name, known)
    if near is not None:
        return f"; did you mean '{near}'?"
    return f"; expected one of: {', '.join(sorted(known)) or 'none'}"
