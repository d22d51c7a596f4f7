"""`docs/architecture.md` says of exits what the engine does."""

from pathways.engine.exits import EXITS
from tests.docs.markdown import ROOT, rows, sections

EXITS_SECTION = sections((ROOT / "docs" / "architecture.md").read_text())["Exits"]


def test_the_table_of_exits_is_that_of_the_engine() -> None:
    """One row a reason, one column a kind of open thing, in the order of the code."""
    written = {row[0]: tuple(row[1:]) for row in rows(EXITS_SECTION)}
    assert written == {reason: tuple(row.values()) for reason, row in EXITS.items()}
    head = next(line for line in EXITS_SECTION.splitlines() if line.startswith("|"))
    columns = [cell.strip().replace(" ", "-") for cell in head.split("|")[2:-1]]
    assert all(columns == [*row] for row in EXITS.values())
