"""What must hold of maternity-to-day-42 beyond its scenarios."""

import re
from functools import cache
from pathlib import Path

from pathways.language.reading import read
from pathways.language.release import Release
from pathways.language.step import AnyStep, Ask, Send, Steps, Visit, branches
from pathways.language.trigger import Answered

FOLDER = Path("pathways/library/maternity-to-day-42")
_OF_A_BABY = re.compile(r"宝宝|婴|新生儿|哺乳|母乳|\b(bab(y|ies)|newborn|infant|feed)", re.IGNORECASE)


@cache
def release() -> Release:
    return read({path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in FOLDER.rglob("*.yaml")})


def _messages(steps: Steps) -> set[str]:
    """Every message to her that the steps may send."""
    found: set[str] = set()
    for step in steps:
        found |= _of_step(step)
        for below in branches(step).values():
            found |= _messages(below)
    return found


def _of_step(step: AnyStep) -> set[str]:
    match step:
        case Send(send=message) | Ask(message=message):
            return {message}
        case Visit(reminder=str(reminder)):
            return {reminder}
        case _:
            return set()


def test_no_message_that_may_go_after_a_loss_speaks_of_a_baby() -> None:
    """A message that does is sent by one track alone, which a loss stops and excludes."""
    speaking = {
        name
        for name, message in release().contents.messages.items()
        if _OF_A_BABY.search(message.text.zh) or _OF_A_BABY.search(message.text.en)
    }
    senders = {name: track for name, track in release().pathway.tracks.items() if _messages(track.steps) & speaking}
    assert speaking == {"home-with-baby", "home-with-babies", "home-without-baby"}
    assert list(senders) == ["advice-at-discharge"]
    assert not senders["advice-at-discharge"].safety
    assert "loss" in str(senders["advice-at-discharge"].unless)


def test_a_screening_sends_nothing_about_its_result() -> None:
    """What she answered reaches a person; no message tells her of it, or stands for the person."""
    answered = {
        name: _messages(track.steps)
        for name, track in release().pathway.tracks.items()
        if isinstance(track.when, Answered) and track.when.answered == "epds"
    }
    assert answered == {"epds-self-harm": set(), "epds-screen": set()}


def test_every_item_of_the_check_in_is_a_red_flag() -> None:
    """Whatever she may tick reaches a midwife; the note is read with the call."""
    (track,) = (track for name, track in release().pathway.tracks.items() if name == "red-flags")
    assert isinstance(track.when, Answered)
    looked_at = set(re.findall(r"item\('check-in','([a-z]+)'\)", str(track.when.if_)))
    assert looked_at == {item.code for item in release().contents.forms["check-in"].items} - {"note"}


def test_the_scores_of_the_epds_are_those_of_the_scale() -> None:
    """Ten items, 30 at most; items 1, 2 and 4 score upwards, the others downwards; a code is its score."""
    form = release().contents.forms["epds"]
    assert [item.code for item in form.items] == [str(number) for number in range(1, 11)]
    for item in form.items:
        scores = [option.score for option in item.options]
        assert scores == ([0, 1, 2, 3] if item.code in {"1", "2", "4"} else [3, 2, 1, 0])
        assert [option.code for option in item.options] == [str(score) for score in scores]


def test_no_text_of_the_epds_is_shipped() -> None:
    """Its texts are licensed to each site: what stands in their places says so."""
    for item in release().contents.forms["epds"].items:
        for text in (item.text, *(option.text for option in item.options)):
            assert text.zh.endswith("（条目文字由医院取得授权后载入）")
            assert text.en.endswith("(text loaded by the site under licence)")
