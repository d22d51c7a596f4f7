"""The product's API in a process of its own, whole or, for a negative control, with a part left out.

python -m tests.proof.serving [--look-ahead off] [--sweeper off]
"""

import argparse
import asyncio
import sys
from datetime import datetime

from server import run_api
from settings import read_settings
from store import foresights
from store.database import Session
from store.facts import Policy
from workflows.delivery import Delivery


def _see_nothing(session: Session, journey: str, policy: Policy, *, now: datetime) -> bool:
    return False


async def _deliver_nothing(self: Delivery) -> None:
    await asyncio.Event().wait()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main() -> None:
    """Run until killed."""
    options = argparse.ArgumentParser()
    options.add_argument("--look-ahead", choices=["on", "off"], default="on")
    options.add_argument("--sweeper", choices=["on", "off"], default="on")
    given = options.parse_args()
    if given.look_ahead == "off":
        foresights.look_ahead = foresights.fire_rungs = _see_nothing
    if given.sweeper == "off":
        Delivery.run = _deliver_nothing
    run_api(read_settings(), _say)


if __name__ == "__main__":
    main()
