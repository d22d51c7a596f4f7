"""Each safeguard is there for a reason: with it left out, one well-placed kill is found by the same checks."""

from pathlib import Path
from typing import Any

import pytest

from tests.proof.ledger import Ledger, lost_results, settle, told_twice
from tests.proof.pathway import Person, open_ward, text_of
from tests.proof.site import Site, running_site, until
from tests.proof.trouble import enrol, report

SETTLED_WITHIN = 90.0
LONG_ENOUGH = 10.0
"""Several times as long as the sweeper takes; other results arrive all the while."""
FIRST, HELD, LATER, STRONG_PAIN = 1, 3, 5, 103


def _live(site: Site, ledger: Ledger) -> Person:
    """One journey to which a result came in as it should."""
    (person,) = open_ward(site.database, 1)
    enrol(site, ledger, person)
    settle(site, ledger, within=SETTLED_WITHIN)
    return person


def _kill_between_commit_and_signal(site: Site, ledger: Ledger, person: Person, *without: str) -> str:
    """Leave these out at the intake and kill it when a result is accepted and not signalled; the result's id.

    What is left out does no harm by itself, and another result comes in afterwards.
    """
    site.restart(site.intake, "--sweeper", "off", *without)
    report(site, ledger, person, FIRST)
    settle(site, ledger, within=SETTLED_WITHIN)
    held = report(site, ledger, person, HELD, hold=True)
    site.intake.kill()
    site.intake.start()
    site.intake.wait_ready()
    report(site, ledger, person, LATER)
    until(
        lambda: not any(f"-{LATER}:" in lost for lost in lost_results(site, ledger)),
        within=SETTLED_WITHIN,
        what="a later result is taken in",
    )
    return held.id


def test_a_result_whose_signal_was_lost_still_arrives(tmp_path: Path) -> None:
    """The intake dies between its commit and its signal: the worker's sweeper finds the row."""
    with running_site(tmp_path, honours_keys=True, seed=1) as site:
        ledger = Ledger()
        _kill_between_commit_and_signal(site, ledger, _live(site, ledger))
        settle(site, ledger, within=SETTLED_WITHIN)


@pytest.mark.parametrize(
    ("intake_without", "worker_without"),
    [pytest.param(("--inbox", "off"), (), id="inbox-off"), pytest.param((), ("--sweeper", "off"), id="sweeper-off")],
)
def test_without_it_a_result_is_lost(
    tmp_path: Path, intake_without: tuple[str, ...], worker_without: tuple[str, ...]
) -> None:
    """Negative controls: the same kill, without the inbox or without the sweeper, loses the result for good."""
    with running_site(tmp_path, honours_keys=True, seed=1) as site:
        ledger = Ledger()
        person = _live(site, ledger)
        if worker_without:
            site.restart(site.worker, *worker_without)
        held = _kill_between_commit_and_signal(site, ledger, person, *intake_without)
        with pytest.raises(AssertionError, match=f"result {held}: 0 times taken in"):
            settle(site, ledger, within=LONG_ENOUGH)
        assert len(lost_results(site, ledger)) == 1


@pytest.mark.parametrize(
    ("worker_without", "told"),
    [pytest.param((), 1, id="keys-kept"), pytest.param(("--keys", "fresh"), 2, id="keys-off")],
)
def test_without_keys_somebody_is_told_twice(tmp_path: Path, worker_without: tuple[str, ...], told: int) -> None:
    """Negative control: the worker dies between a send and its record; only the key lets the provider see a repeat."""
    with running_site(tmp_path, honours_keys=True, seed=1) as site:
        ledger = Ledger()
        person = _live(site, ledger)
        if worker_without:
            site.restart(site.worker, *worker_without)
        site.hold_provider()
        report(site, ledger, person, STRONG_PAIN)
        until(site.sending, within=SETTLED_WITHIN, what="a send is under way")
        site.worker.kill()
        site.release_provider()
        site.worker.start()
        text = text_of("heard", person.name, STRONG_PAIN)
        until(lambda: len(_about(site, text)) == 2, within=SETTLED_WITHIN, what="it is sent again")
        settle(site, ledger, within=SETTLED_WITHIN)
        assert sum(request["told"] for request in _about(site, text)) == told
        assert told_twice(site) == ([] if told == 1 else [f"told 2 times: {text}"])


def _about(site: Site, text: str) -> list[dict[str, Any]]:
    return [request for request in site.requests() if request["text"] == text]
