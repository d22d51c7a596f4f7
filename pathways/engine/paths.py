"""Paths of steps: made of names, `#2` for a repetition, `08-00` for a time of day, `again` for another try."""

from collections.abc import Mapping

from pathways.engine.journey import Node
from pathways.language.step import AnyStep, ForEach, Repeat, Steps, branches, step_names

AGAIN = "/again"
"""What the path of a step ends with that is done once more."""
BESIDE = frozenset({"together", "for_each"})
"""Kinds of nodes whose branches are walked beside each other."""


def trace(steps: Steps, path: str) -> list[tuple[str, AnyStep]]:
    """The steps on the way to a path with the path of each, the outermost first; none where the path names none.

    The path of a single repetition (`measure/#2`) or time of day (`each-pills/08-00`) leads to the step that repeats.
    """
    found: list[tuple[str, AnyStep]] = []
    parts, here = path.split("/"), ""
    while parts:
        step = dict(zip(step_names(steps), steps, strict=True)).get(parts[0])
        if step is None:
            return []
        here, parts = here + parts[0], parts[1:]
        while parts and f"/{parts[0]}" == AGAIN:
            here, parts = here + AGAIN, parts[1:]
        found.append((here, step))
        if parts:
            repeats = isinstance(step, Repeat | ForEach)
            steps = step.steps if repeats else branches(step).get(parts[0], ())
            if len(parts) == 1:
                return [*found, (f"{here}/{parts[0]}", step)] if repeats else []
            here, parts = f"{here}/{parts[0]}/", parts[1:]
    return found


def times_again(path: str) -> int:
    """How often the step at the path was done before."""
    count = 0
    while path.endswith(AGAIN):
        path, count = path.removesuffix(AGAIN), count + 1
    return count


def choosers(nodes: Mapping[str, Node], path: str) -> list[str]:
    """The tasks whose outcome, chosen by a person, led to the path; what is done again was led to by its `again`."""
    led = [path, *(other for other, node in nodes.items() if node.kind == "again" and _leads(node, path))]
    chosen = [(other, f"{other}/{node.way}/") for other, node in nodes.items() if node.chosen and node.way is not None]
    return [other for other, under in chosen if any(one.startswith(under) for one in led)]


def _leads(node: Node, path: str) -> bool:
    return node.way is not None and f"{path}/".startswith(f"{node.way}/")


def parallel(nodes: Mapping[str, Node], path: str, other: str) -> bool:
    """Whether the two stand beside each other, so that neither follows the other."""
    shared: list[str] = []
    for one, two in zip(path.split("/"), other.split("/"), strict=False):
        if one != two:
            break
        shared.append(one)
    above = nodes.get("/".join(shared))
    return above is not None and above.kind in BESIDE


def at_own_hour(nodes: Mapping[str, Node], path: str) -> bool:
    """Whether the patient chose the hour at which the step comes: it stands under a time of their list."""
    return any(node.kind == "for_each" and path.startswith(f"{place}/") for place, node in nodes.items())
