"""A release: what it is made of, its address, and whom it may serve."""

from typing import Any

from pathways.language.release import Contents, load_release, make_release


def contents(confirmed: bool) -> Contents:
    """A pathway with one parameter."""
    pathway: dict[str, Any] = {
        "pathway": "checks",
        "title": {"zh": "检查", "en": "Checks"},
        "evidence": ["test"],
        "owner": "nurse",
        "parameters": {"low": {"value": 3.9, "evidence": "test", "source": "primary", "confirmed": confirmed}},
        "tracks": {"call": {"when": "by-hand", "steps": [{"task": "call", "role": "nurse"}]}},
    }
    return Contents.model_validate({"pathway": pathway, "forms": {}, "messages": {}})


def test_a_release_is_addressed_by_its_contents() -> None:
    """The same contents have the same checksum, others another; its text gives the release back."""
    one, same, other = (make_release(contents(confirmed)) for confirmed in (True, True, False))
    assert one.checksum == same.checksum != other.checksum
    assert load_release(one.text).contents == one.contents


def test_parameters_that_nobody_confirmed_are_named() -> None:
    """A release with unconfirmed parameters may serve demonstration data alone, so it names them."""
    assert make_release(contents(False)).unconfirmed == ("low",)
    assert make_release(contents(True)).unconfirmed == ()
