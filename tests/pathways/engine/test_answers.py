"""Answers: what they score and say, and what becomes of a track when they are corrected, withdrawn or late."""

from typing import Any

import pytest

from pathways.language.lexicons import plain, tier_of
from tests.pathways.engine.build import Player, release

ITEMS = """
epds:
  - {code: a, type: choice, options: [{code: x, score: 0}, {code: y, score: 3}]}
  - {code: b, type: choice, options: [{code: x, score: 0}, {code: y, score: 10}]}
  - {code: remarks, type: text}
  - {code: hours, type: number}
  - {code: since, type: date}
  - {code: tired, type: boolean}
  - {code: where, type: choice, options: [{code: home}, {code: ward}]}
other: [{code: n, type: number}]
"""
MORE = """
parameters: {cut: {value: 10, evidence: made up, source: product, confirmed: yes}}
values: {level: {type: number}, word: {type: text}}
lexicons: {words: {grave: [想死, "want to die"], mild: [难过]}}
"""
CALL = "steps: [{task: call, role: diabetes-nurse, clock: elapsed, due: 30m, ladder: urgent}]"


def player(condition: str | None, *, more: str = "", steps: str = CALL) -> Player:
    """A journey with one safety track that answers start."""
    if_ = "" if condition is None else f', if: "{condition}"'
    return Player(release(f"t: {{safety: yes, when: {{answered: epds{if_}}}, {more}{steps}}}", more=MORE, items=ITEMS))


@pytest.mark.parametrize(
    ("condition", "items", "why"),
    [
        (None, {}, "started"),
        ("score('epds') >= cut", {"a": "x", "b": "y"}, "started"),
        ("score('epds') >= cut", {"a": "y", "b": "x"}, "false"),
        ("score('epds') >= cut", {"b": "y"}, "unknown"),
        ("score('epds') >= cut", {"a": "no option", "b": "y"}, "unknown"),
        ("score('epds') >= cut || item('epds', 'b') == 'y'", {"b": "y"}, "started"),
        ("item('epds', 'hours') < 3", {"hours": 2}, "started"),
        ("item('epds', 'hours') < 3", {"hours": "2"}, "unknown"),
        ("item('epds', 'hours') < 3", {"hours": True}, "unknown"),
        ("item('epds', 'since') == '2026-01-01'", {"since": "2026-01-01"}, "started"),
        ("item('epds', 'tired')", {"tired": True}, "started"),
        ("item('epds', 'tired')", {"tired": "yes"}, "unknown"),
        ("item('epds', 'where') == 'ward'", {"where": "home"}, "false"),
        ("item('epds', 'remarks') == 'x'", {"remarks": " "}, "unknown"),
        ("tier('words', 'epds', 'remarks') == 'grave'", {"remarks": "我 想死"}, "started"),
        ("tier('words', 'epds', 'remarks') == 'grave'", {"remarks": "有点难过"}, "false"),
        ("tier('words', 'epds', 'remarks') == 'none'", {"remarks": "很好"}, "started"),
        ("tier('words', 'epds', 'remarks') == 'grave'", {}, "unknown"),
        ("score('epds') >= cut && item('other', 'n') > 1", {"a": "x", "b": "y"}, "unknown"),
    ],
)
def test_a_condition_looks_at_the_answers(condition: str | None, items: dict[str, Any], why: str) -> None:
    """A score needs every item that counts, an item is what was answered, and what was not answered is unknown."""
    play = player(condition)
    play.answer("epds", **items)
    assert play.why == [f"t {why}"]
    assert play.open == (["call"] if why == "started" else [])


@pytest.mark.parametrize(
    ("answer", "tier"),
    [
        ("我想死", "grave"),
        ("我 想\n死", "grave"),
        ("Ｗａｎｔ　ＴＯ ＤＩＥ", "grave"),
        ("wantto die", "none"),
        ("难过,想死", "grave"),
        ("难 过", "mild"),
        ("好", "none"),
    ],
)
def test_the_gravest_tier_counts(answer: str, tier: str) -> None:
    """Words are found whatever their width, case or spacing; the first tier with one of them is the answer's."""
    assert tier_of({"grave": ("想死", "want to die"), "mild": ("难过",)}, answer) == tier
    assert plain("") == ""


def test_a_correction_is_judged_again() -> None:
    """A later version of the same answers annotates what is still true, undoes what is not, starts what newly is."""
    play = player("score('epds') >= cut")
    assert play.answer("epds", id="a", a="x", b="y") == ["open call"]
    assert play.answer("epds", id="a", version=2, a="y", b="y") == ["note call annotated"]
    assert play.answer("epds", id="a", version=2, a="x", b="x") == []
    assert play.why == ["t duplicate"]
    assert play.answer("epds", id="a", version=1, a="x", b="x") == []
    assert play.why == ["t superseded"]
    assert play.answer("epds", id="a", version=3, a="y", b="x") == ["close call cancelled undone"]
    assert play.answer("epds", id="a", version=4, a="y", b="y") == ["open call"]
    assert play.answer("epds", id="a", version=5, withdrawn=True, a="y", b="y") == ["close call cancelled undone"]


def test_answers_join_what_runs_and_losing_one_of_them_keeps_it() -> None:
    """Two answers behind one task: it stays until the last of them is taken back."""
    play = player("score('epds') >= cut")
    play.answer("epds", id="a", a="x", b="y")
    assert play.answer("epds", id="b", a="x", b="y") == ["note call joined"]
    assert play.answer("epds", id="a", version=2, withdrawn=True) == ["note call re-based flag"]
    assert play.answer("epds", id="b", version=2, withdrawn=True) == ["close call cancelled undone"]


def test_a_person_who_has_begun_is_told() -> None:
    """A begun task is flagged, not cancelled; what is said again of it still reaches its holder."""
    play = player("score('epds') >= cut")
    play.answer("epds", id="a", a="x", b="y")
    play.claim("call")
    assert play.answer("epds", id="a", version=2, a="x", b="x") == ["note call undone flag"]
    assert play.answer("epds", id="a", version=3, a="x", b="y") == ["note call annotated"]


@pytest.mark.parametrize(
    ("later", "opened"),
    [
        ({"id": "b", "version": 2, "a": "x", "b": "x"}, False),
        ({"id": "b", "version": 2, "withdrawn": True}, False),
        ({"id": "c", "a": "x", "b": "x"}, False),
        ({"id": "c", "given": "2026-01-05 08:00", "a": "x", "b": "x"}, True),
        ({"id": "c"}, True),
    ],
)
def test_capped_answers_start_when_they_still_hold(later: dict[str, Any], opened: bool) -> None:
    """At the end of the window what is still true starts, unless later answers say otherwise."""
    play = player("score('epds') >= cut", more="at_most: once per 4h, ")
    play.answer("epds", id="a", a="x", b="y")
    play.complete("call")
    play.after("1h")
    play.answer("epds", id="b", a="x", b="y")
    assert play.why == ["t capped"]
    play.after("1h")
    play.answer("epds", **later)
    assert play.open == []
    play.after("3h")
    assert play.open == (["call"] if opened else [])


def test_a_question_is_closed_by_the_answers_and_leads_on() -> None:
    """Answers that were asked for close the question, whose branch looks at them, and start what watches the form."""
    of = release(
        """
        ask:
          when: enrolment
          steps:
            - ask: epds
              message: m
              answered:
                - choose: how
                  cases: [{if: "score('epds') >= cut", steps: [{task: call, role: diabetes-nurse}]}]
                  otherwise: []
                  unknown: [{task: check, role: diabetes-nurse}]
        watch:
          when: {answered: epds}
          steps: [{set: level, to: "score('epds')"}, {set: word, to: "item('epds', 'a')"}]
        """,
        more=MORE,
        items=ITEMS,
    )
    play = Player(of)
    assert play.answer("epds", id="a", a="x", b="y") == ["close epds done", "open call"]
    assert play.journey.values == {"level": 10.0, "word": "x"}
    # The same again answers nothing, and a correction is not an answer to another question.
    assert play.answer("epds", id="a", a="x", b="y") == []
    assert play.answer("epds", id="a", version=2, a="x", b="x") == ["open review-decision"]
    assert play.answer("epds", id="a", version=3, a="x", b="x") == []


def test_what_nothing_watches_is_said_to_be_so() -> None:
    """Answers to a form that no track watches and nobody asked for change nothing, nor do those to no form at all."""
    play = Player(release("t: {when: by-hand, steps: [{ask: epds, message: m}]}", more=MORE, items=ITEMS))
    for form, why in (("epds", "not-watched"), ("nothing", "not-watched")):
        assert play.answer(form, id="a") == []
        assert play.why == [why]
    play.answer("epds", id="a")
    assert play.why == ["duplicate"]
    play.answer("epds", id="a", version=2)
    play.answer("epds", id="a", version=1)
    assert play.why == ["superseded"]


def test_the_latest_answers_count_elsewhere() -> None:
    """Elsewhere a form's answers are those that were given last and not withdrawn."""
    of = release(
        """
        t:
          when: {event: fell}
          unless: "item('other', 'n') > 5"
          steps: [{task: call, role: diabetes-nurse}]
        """,
        more=MORE,
        items=ITEMS,
    )
    play = Player(of)
    play.answer("other", id="a", n=9)
    play.answer("other", id="b", n=1, given="2026-01-04 09:00")
    play.happen("fell")
    assert play.why == ["t excluded"]
    play.answer("other", id="a", version=2, withdrawn=True)
    play.happen("fell")
    assert play.why == ["t started"]


def test_answers_of_before_the_exit_reach_a_person() -> None:
    """After a withdrawal, earlier answers that a safety track would have acted on open a review; later ones do not."""
    play = player("score('epds') >= cut")
    play.answer("epds", id="a", a="x", b="y")
    play.after("1h")
    play.withdraw()
    assert play.answer("epds", id="a", version=2, a="y", b="y") == ["note call ended flag"]
    play.complete("call")
    play.answer("epds", id="a", version=3, a="y", b="y")
    assert play.why == ["t ended"]
    assert play.answer("epds", id="b", a="x", b="y") == []
    assert play.answer("epds", id="c", a="x", b="y", given="2026-01-05 09:30") == ["open review-result"]
    assert play.answer("epds", id="d", a="x", b="x", given="2026-01-05 09:30") == []


def test_old_answers_are_let_go() -> None:
    """The latest two of a form stay; a correction of older ones is beyond the horizon, and reviewed where used."""
    play = player("score('epds') >= cut")
    play.answer("epds", id="used", a="x", b="y")
    play.complete("call")
    for id in ("b", "c", "d"):
        play.after("1h")
        play.answer("epds", id=id, a="x", b="x")
    play.until("2026-03-05 09:00")
    play.outage("2026-03-05 09:00")
    assert sorted(play.journey.answers) == ["c", "d"]
    assert play.answer("epds", id="b", version=2, given="2026-01-05 09:00", a="x", b="y") == []
    assert play.why == ["t beyond-the-horizon"]
    assert play.answer("epds", id="used", version=2, given="2026-01-05 09:00", a="x", b="x") == ["open review-result"]
    assert play.why == ["t beyond-the-horizon"]


def test_a_held_answer_is_decided_at_resume() -> None:
    """What answers would start is held by a pause, and decided at its end if it is still true."""
    tracks = "t: {when: {answered: epds, if: \"score('epds') >= cut\"}, steps: [{task: call, role: diabetes-nurse}]}"
    play = Player(release(tracks, more=MORE, items=ITEMS))
    play.pause()
    play.answer("epds", id="a", a="x", b="y")
    play.answer("epds", id="b", a="x", b="y")
    play.answer("epds", id="b", version=2, a="x", b="x")
    play.answer("epds", id="a", version=2, a="x", b="y")
    play.resume()
    assert play.open == ["call"]


def test_a_question_whether_to_start_keeps_the_answers() -> None:
    """Where a person decides on answers, the track that they start looks at those answers."""
    tracks = """
    t:
      when: {answered: epds}
      unless: "level > 3"
      steps: [{set: word, to: "item('epds', 'a')"}]
    """
    play = Player(release(tracks, more=MORE, items=ITEMS))
    assert play.answer("epds", id="a", a="y") == ["open decide-start"]
    play.answer("epds", id="b", a="x")
    play.complete("decide-start", "start")
    assert play.journey.values["word"] == "x"


def test_a_task_shows_the_answers_that_caused_it() -> None:
    """What the condition looked at of the form, and nothing else of what was answered."""
    play = player("score('epds') >= cut || item('epds', 'where') == 'ward'")
    play.answer("epds", a="x", b="y", where="home", remarks="x")
    assert play.task("call").values == {"item('epds', 'where')": "home", "score('epds')": 10.0}


def test_a_task_without_a_condition_shows_no_answers() -> None:
    """Nothing was looked at."""
    play = player(None)
    play.answer("epds", a="x")
    assert play.task("call").values == {}
