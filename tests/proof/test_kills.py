"""Processes are killed in the middle of their work; nothing is lost, nothing is stuck, and nobody is told twice."""

import os
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.proof.ledger import Ledger, differing, settle, told_twice
from tests.proof.pathway import open_ward
from tests.proof.recording import record
from tests.proof.site import Site, running_site
from tests.proof.trouble import Killer, living
from workflows.contracts import DispatcherInput
from workflows.nudges import dispatcher_id
from workflows.runs import workflow_id

FULL = os.environ.get("PROOF_SIZE") == "full"
JOURNEYS, KILLS = (100, 40) if FULL else (10, 5)
SEED = int(os.environ.get("PROOF_SEED", "20260105"))
SETTLED_WITHIN = 600.0 if FULL else 180.0


@pytest.mark.parametrize("honours_keys", [True, False], ids=["keys-honoured", "keys-ignored"])
async def test_what_was_accepted_survives_kills(
    tmp_path: Path, honours_keys: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Temporal, worker and intake die at seeded points, mostly with a turn, a send or a request in flight."""
    with running_site(tmp_path, honours_keys=honours_keys, seed=SEED, slow=0.2, drop=0.05) as site:
        ledger = Ledger()
        killer = Killer(site=site, ledger=ledger, chance=random.Random(SEED + honours_keys))
        victims = [site.worker, site.temporal, site.intake] * (KILLS // 3 + 1)
        with living(site, ledger, open_ward(site.database, JOURNEYS), SEED):
            for victim in victims[:KILLS]:
                killer.strike(victim)
        settle(site, ledger, within=SETTLED_WITHIN)
        client = await site.connect()
        differ = await differing(site, client, ledger)
        twice = told_twice(site)
        with capsys.disabled():
            sys.stdout.write(_figures(site, ledger, killer))
        await record(client, dispatcher_id(DispatcherInput(channel="http")), "dispatcher-killed")
        await record(client, workflow_id(next(iter(ledger.journeys))), "journey-killed")
    assert differ == []
    assert twice == []
    assert killer.in_flight * 2 >= len(killer.kills) == KILLS
    assert len(ledger.journeys) == JOURNEYS


def _figures(site: Site, ledger: Ledger, killer: Killer) -> str:
    requests = site.requests()
    repeats = len(requests) - len({request["key"] for request in requests})
    hits = Counter(f"{victim} during {what}" for victim, what in killer.kills)
    return (
        f"\nseed {SEED}: {len(ledger.journeys)} journeys, {len(ledger.results)} results,"
        f" {len(ledger.completed)} completions; {len(killer.kills)} kills,"
        f" {killer.in_flight / len(killer.kills):.0%} with something in flight"
        f" ({', '.join(f'{what}: {times}' for what, times in sorted(hits.items()))});"
        f" {len(requests)} physical requests, {repeats} of them repeats\n"
    )
