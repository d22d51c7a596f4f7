"""Where work is: the department that a task or rung names, as far as it is known."""

from pathways.engine.journey import Node
from pathways.engine.turn import Turn


def department_of(turn: Turn, key: str, path: str, of: str | None) -> str | None:
    """The department that `of` means for the step at the path; None where it names none or it is not known.

    `visit.department` is that of the visit above the step, else of the visit of the journey that was told of last; any
    other name is what the activation was given by it, else a value of the journey.
    """
    match of:
        case None:
            return None
        case "patient.department":
            return turn.facts.department
        case "visit.department":
            return _of_visit(turn, key, path)
        case _:
            named = turn.activation(key).bound.get(of, turn.journey.values.get(of))
            return named if isinstance(named, str) else None


def _of_visit(turn: Turn, key: str, path: str) -> str | None:
    above = [node for other, node in turn.activation(key).nodes.items() if path.startswith(f"{other}/")]
    everywhere = [node for activation in turn.journey.activations.values() for node in activation.nodes.values()]
    for nodes in (above, everywhere):
        told = [node for node in nodes if node.kind == "visit" and node.department is not None]
        if told:
            return max(told, key=_when_told).department
    return None


def _when_told(node: Node) -> tuple[object, int]:
    return (node.ended or node.entered, node.order)
