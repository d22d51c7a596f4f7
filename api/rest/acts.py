"""What became of something that was done to a journey."""

from fastapi import APIRouter

from api import fields
from api.acts import Act, shown
from api.house import HouseOf
from pathways.errors import NotFound
from store import inbox

router = APIRouter(prefix="/api/v1/acts", tags=["acts"])


@router.get("/{act}", summary="Read how far an act got")
def read_act(act: fields.IdInPath, house: HouseOf) -> Act:
    """Where a 202 points to: whether the journey took it in, or why it refused it."""
    with house.database.read() as session:
        row = inbox.read(session, act)
        if row is None:
            raise NotFound("There is no such act.", hint="The Location of a 202 names it.")
        return shown(session, row)
