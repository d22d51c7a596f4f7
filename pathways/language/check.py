"""What a release means beyond its shape: what cannot run is refused, what was probably not meant is warned of."""

from collections.abc import Callable, Iterator

from pathways.language.becoming import restless
from pathways.language.cautions import cautions
from pathways.language.draft import Draft, Places
from pathways.language.expressions import broken_expressions
from pathways.language.flow import dead_ends
from pathways.language.lexicons import ambiguous_words
from pathways.language.measures import unusable_values
from pathways.language.moments import impossible_dates
from pathways.language.problems import Problem
from pathways.language.qualities import unfit_qualities
from pathways.language.references import messages_and_forms, unknown_names
from pathways.language.release import Contents
from pathways.language.repeats import broken_repeats
from pathways.language.timing import impossible_times

_CHECKS: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    unknown_names,
    messages_and_forms,
    unusable_values,
    ambiguous_words,
    broken_expressions,
    impossible_times,
    impossible_dates,
    dead_ends,
    restless,
    unfit_qualities,
    broken_repeats,
    cautions,
)
_NEED_EVERYTHING = (cautions,)
_NEED_VALUES = (broken_expressions,)


def check(
    contents: Contents, places: Places, *, unread: frozenset[str] = frozenset(), values_read: bool = True
) -> tuple[Problem, ...]:
    """Every error and warning, in the order of the files.

    `unread` are the texts in parts that could not be read, which may well be what a name means; without `values_read`
    (data, parameters and values) conditions are not looked at.
    """
    draft = Draft(contents=contents, places=places, unread=unread)
    skipped = (*(_NEED_EVERYTHING if unread or not values_read else ()), *(() if values_read else _NEED_VALUES))
    found = {problem for check in _CHECKS if check not in skipped for problem in check(draft)}
    return tuple(sorted(found))
