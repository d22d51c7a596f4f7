"""Calls to hospital systems and enrolments on other pathways: answered, failed, too late, and taken back."""

import pytest

from pathways.engine.actions import CallSystem, EnrolPatient
from pathways.engine.binding import bound_of
from pathways.engine.journey import Scalar
from pathways.language.written import BoundType
from tests.pathways.engine.build import Player, local

BOOK = """
t:
  safety: no
  when: {observed: glucose, if: "glucose <= low"}
  steps:
    - call: book-home-visit
      with: {days: 2, level: "latest(glucose)", urgent: true, place: "'home'"}
      bind: {booking: text, room: number}
      undo: cancel-home-visit
      within: 2h
      answered: [{notify: head-nurse, message: booked}]
      failed: [{task: phone, role: ward-nurse}]
    - call: confirm
      with: {booking: booking}
      failed: []
    - {notify: head-nurse, message: after}
"""


def call(play: Player) -> CallSystem:
    """The call that was made last."""
    return [action for action in play.actions if isinstance(action, CallSystem)][-1]


def test_a_call_carries_what_is_known_and_its_answer_is_bound() -> None:
    """It goes out with its arguments, and later steps use what was answered."""
    play = Player(BOOK)
    assert play.result(3.0) == ["call book-home-visit"]
    assert call(play).arguments == {"days": 2, "level": 3.0, "urgent": True, "place": "home"}
    assert play.reply("book-home-visit", booking="b7", room="no number", other=1.0) == [
        "notify head-nurse booked",
        "call confirm",
    ]
    assert call(play).arguments == {"booking": "b7"}
    assert play.reply("confirm") == ["notify head-nurse after"]
    (activation,) = play.journey.activations.values()
    assert (activation.bound, activation.state) == ({"booking": "b7"}, "done")


@pytest.mark.parametrize(
    ("value", "kind", "bound"),
    [
        (2.0, "number", True),
        (2, "number", True),
        (float("nan"), "number", False),
        (True, "number", False),
        ("2", "number", False),
        ("x", "text", True),
        (2.0, "text", False),
        (False, "boolean", True),
        (0.0, "boolean", False),
        ("2026-01-05", "date", True),
        ("2026-01-05T09:00:00+08:00", "date", True),
        ("soon", "date", False),
        (5.0, "date", False),
    ],
)
def test_what_is_of_another_type_is_unknown(value: Scalar, kind: BoundType, bound: bool) -> None:
    """A name is bound to a value of its type alone; a date is an ISO text."""
    assert bound_of({"x": kind}, {"x": value}) == ({"x": value} if bound else {})
    assert bound_of({"x": kind}, {}) == {}


def test_a_call_of_what_is_not_known_fails() -> None:
    """Nothing is asked of a system with a hole in it."""
    play = Player(BOOK)
    play.result(3.0)
    assert play.reply("book-home-visit") == ["notify head-nurse booked", "notify head-nurse after"]
    assert play.why == ["t unknown confirm"]


def test_a_call_that_failed_goes_its_way() -> None:
    """The system could not do it: the steps under `failed` come, and nothing is left to take back."""
    play = Player(BOOK)
    play.result(3.0)
    assert (play.refuse("book-home-visit"), play.why) == (["open phone"], ["t failed book-home-visit"])
    assert play.stop("t") == ["close phone cancelled stopped"]


def test_without_an_answer_a_call_has_failed() -> None:
    """After `within` the steps under `failed` come; an answer after that takes back what nobody has begun."""
    play = Player(BOOK)
    play.result(3.0)
    assert play.until("2026-01-05 10:59") == []
    assert (play.until("2026-01-05 11:00"), play.why) == (["open phone"], ["t failed book-home-visit"])
    assert play.reply("book-home-visit", booking="b7") == [
        "close phone cancelled undone",
        "notify head-nurse booked",
        "call confirm",
    ]


def test_a_late_answer_leaves_what_was_begun() -> None:
    """A person who has begun what the failure led to is told, and goes on."""
    play = Player(BOOK)
    play.result(3.0)
    play.after("2h")
    play.claim("phone")
    assert play.reply("book-home-visit", booking="b7") == [
        "note phone undone flag",
        "notify head-nurse booked",
        "call confirm",
    ]
    assert play.complete("phone") == ["close phone done"]


def test_an_answer_twice_changes_nothing() -> None:
    """The same answer again, another one, or one to a call that nobody made, is only noted."""
    play = Player(BOOK)
    play.result(3.0)
    play.reply("book-home-visit", booking="b7")
    assert (play.reply("book-home-visit", booking="b8"), play.why) == ([], ["t duplicate book-home-visit"])
    assert (play.refuse("book-home-visit"), play.why) == ([], ["t duplicate book-home-visit"])
    assert (play.reply("strange"), play.why) == ([], ["not-watched"])


def test_an_undo_takes_the_call_back() -> None:
    """Answered or not, a call is taken back by the one that it declares, with what was bound; a step without asks."""
    play = Player(BOOK)
    play.result(3.0)
    made = call(play)
    play.reply("book-home-visit", booking="b7")
    play.reply("confirm")
    play.result(5.0, version=2, status="corrected")
    assert [told for told in play.brought if told != "open correct-message"] == [
        "recall after",
        "open undo-by-hand",
        "recall booked",
        "call cancel-home-visit",
    ]
    assert (call(play).undoes, call(play).arguments) == (made.call, {"booking": "b7"})
    assert call(play).call != made.call
    assert play.reply("cancel-home-visit") == []
    assert play.why == ["t undone book-home-visit"]


def test_an_undo_that_failed_becomes_work() -> None:
    """What could not be taken back is a person's to take back, however late it is told."""
    play = Player(BOOK)
    play.result(3.0)
    play.stop("t")
    assert play.brought == ["call cancel-home-visit"]
    assert (play.reply("book-home-visit", booking="b7"), play.why) == ([], ["t undone book-home-visit"])
    assert play.refuse("cancel-home-visit") == ["open undo-by-hand"]
    task = play.task("undo-by-hand")
    assert (task.about, task.role, task.urgent) == ("book-home-visit", "ward-nurse", False)


def test_an_undo_is_told_failed_after_the_exit() -> None:
    """What could not be taken back is not forgotten with the journey."""
    play = Player(BOOK)
    play.result(3.0)
    play.stop("t")
    play.withdraw()
    assert play.refuse("cancel-home-visit") == ["open undo-by-hand"]


def test_a_visit_that_could_not_be_cancelled_becomes_work() -> None:
    """The hospital tells it under the visit's id."""
    play = Player("t: {when: {event: fell}, steps: [{visit: v, window: {late: 3d}}]}")
    play.happen("fell")
    (visit,) = play.visits
    play.stop("t")
    assert play.refuse(visit) == ["open undo-by-hand"]
    assert play.task("undo-by-hand").about == "v"


def test_a_call_that_came_anew_is_another() -> None:
    """A call that was taken back with the step before it is made again under an id of its own."""
    play = Player("""
t:
  when: {event: fell}
  steps:
    - visit: v
      window: {late: 9d}
      satisfied_by: {data: glucose}
    - {call: report, undo: unreport, failed: []}
""")
    play.happen("fell")
    play.after("1h")
    assert play.result(5.0) == ["close v done", "call report"]
    first = call(play).call
    assert play.result(5.0, version=2, status="entered-in-error") == ["call unreport", "book v 2026-01-05 09:00"]
    assert play.result(5.0, id="r2") == ["close v done", "call report"]
    assert call(play).call != first
    assert (play.reply(first), play.why) == ([], ["t undone report"])
    assert play.refuse("unreport") == ["open undo-by-hand"]


ENROL = """
t:
  when: {event: fell}
  steps:
    - enrol: foot-care
      anchors: {started: enrolled + 2 weeks, surgery: surgery}
      with: {level: "latest(glucose)", seen: true}
      episode: "latest(pulse)"
    - {notify: head-nurse, message: after}
"""


def enrolled(play: Player) -> EnrolPatient:
    """The enrolment that was asked for last."""
    return [action for action in play.actions if isinstance(action, EnrolPatient)][-1]


def test_a_patient_is_enrolled_with_what_is_carried_over() -> None:
    """Dates, values and the episode go along; a date that is not known does not."""
    play = Player(ENROL)
    play.result(6.5)
    play.result(70.0, id="p", data="pulse")
    assert play.happen("fell") == ["enrol foot-care", "notify head-nurse after"]
    asked = enrolled(play)
    assert {name: local(date) for name, date in asked.anchors.items()} == {"started": "2026-01-19 09:00"}
    assert (asked.values, asked.episode) == ({"level": 6.5, "seen": True}, "70")


@pytest.mark.parametrize("known", ["glucose", "pulse", ""])
def test_what_cannot_be_known_is_left_to_a_person(known: str) -> None:
    """With a value or the episode unknown nobody is enrolled, and staff see to it."""
    play = Player(ENROL)
    if known:
        play.result(6.0, data=known)
    assert play.happen("fell") == ["open enrol-by-hand", "notify head-nurse after"]
    assert play.task("enrol-by-hand").about == "foot-care"


@pytest.mark.parametrize(("episode", "written"), [("'d36'", "d36"), ("inpatient", "false"), ("age", "64")])
def test_an_episode_is_written_as_a_name(episode: str, written: str) -> None:
    """Texts stay, numbers lose their fraction."""
    play = Player(f't: {{when: {{event: fell}}, steps: [{{enrol: foot-care, episode: "{episode}"}}]}}')
    play.happen("fell")
    assert enrolled(play).episode == written


def test_a_refused_enrolment_becomes_work() -> None:
    """Once; nothing is left to take back."""
    play = Player("t: {when: {event: fell}, steps: [{enrol: foot-care}, {wait: 1d}]}")
    play.happen("fell")
    asked = enrolled(play).enrolment
    assert play.decline(asked) == ["open enrol-by-hand"]
    assert play.why == ["t failed enrol-foot-care", "t asked"][:1]
    assert play.decline(asked) == []
    assert play.stop("t") == []
    assert (play.decline("strange"), play.why) == ([], ["not-watched"])


@pytest.mark.parametrize(("reason", "brought"), [("withdraw", ["open enrol-by-hand"]), ("die", [])])
def test_a_refusal_after_the_exit_reaches_staff_while_there_is_somebody_to_enrol(
    reason: str, brought: list[str]
) -> None:
    """It was asked for before; after a death nobody is enrolled."""
    play = Player("t: {when: {event: fell}, steps: [{enrol: foot-care}, {wait: 1d}]}")
    play.happen("fell")
    asked = enrolled(play).enrolment
    getattr(play, reason)()
    assert play.decline(asked) == brought


@pytest.mark.parametrize("failed", ["[{task: phone, role: ward-nurse}]", "[]"])
def test_a_call_that_an_exit_kept_and_that_fails_reaches_staff(failed: str) -> None:
    """After the end its steps do not come by themselves."""
    play = Player(f"""
t: {{when: {{event: fell}}, steps: [{{call: book, undo: cancel, failed: {failed}}}]}}
u: {{when: {{event: rose}}, steps: [{{end: completed}}]}}
""")
    play.happen("fell")
    play.happen("rose")
    assert play.refuse("book") == (["open follow-up-outcome"] if "task" in failed else [])


def test_an_enrolment_is_taken_back_by_hand() -> None:
    """The other journey is its own: a person decides what becomes of it; refused later, nothing more is asked."""
    play = Player("t: {when: {event: fell}, steps: [{enrol: foot-care}, {wait: 1d}]}")
    play.happen("fell")
    asked = enrolled(play).enrolment
    assert play.stop("t") == ["open undo-by-hand"]
    assert play.decline(asked) == []


def test_calls_wait_for_a_pause() -> None:
    """What is routine calls no system in a pause; an answer is taken in."""
    play = Player("t: {when: {event: fell}, steps: [{call: a, undo: b, failed: []}, {call: c, undo: d, failed: []}]}")
    play.happen("fell")
    play.pause()
    assert play.reply("a") == []
    assert play.resume() == ["call c"]


def test_a_call_after_an_outage_has_its_time_for_an_answer() -> None:
    """`within` counts from when the system was called."""
    play = Player("t: {when: {event: fell}, steps: [{wait: 1h}, {call: a, undo: b, failed: []}]}")
    play.happen("fell")
    assert play.outage("2026-01-08 09:00") == ["call a"]
    assert local(play.wakeup) == "2026-01-08 10:00"


@pytest.mark.parametrize(
    ("undo", "answered", "brought"),
    [
        ("undo: cancel, ", False, ["call cancel", "end died"]),
        ("undo: cancel, ", True, ["call cancel", "end died"]),
        ("", False, ["end died"]),
        ("", True, ["end died"]),
    ],
)
def test_a_death_takes_back_the_calls_of_what_ran(undo: str, answered: bool, brought: list[str]) -> None:
    """A booking of the dead is cancelled, answered or not, where the call says how; taken back too, it is made anew."""
    play = Player(f"t: {{when: {{event: fell}}, steps: [{{call: book, {undo}failed: []}}, {{wait: 9d}}]}}")
    play.happen("fell")
    if answered:
        play.reply("book")
    assert play.die() == brought
    again = play.reinstate()
    assert again[:1] == ["reopen"]
    assert ("call book" in again) == (bool(undo) or not answered)


def test_a_system_that_had_refused_has_nothing_to_take_back() -> None:
    """Of a call that failed nothing is left at the exit."""
    play = Player("t: {when: {event: fell}, steps: [{call: book, undo: cancel, failed: [{wait: 9d}]}]}")
    play.happen("fell")
    play.refuse("book")
    assert play.withdraw() == ["end withdrawn"]


def test_an_enrolment_of_an_earlier_time_that_is_refused_changes_nothing() -> None:
    """It was taken back by hand already."""
    play = Player("""
t:
  when: {event: fell}
  steps: [{visit: v, window: {late: 9d}, satisfied_by: {data: glucose}}, {enrol: foot-care}, {wait: 9d}]
""")
    play.happen("fell")
    play.after("1h")
    play.result(5.0)
    first = enrolled(play).enrolment
    assert "open undo-by-hand" in play.result(5.0, version=2, status="entered-in-error")
    assert (play.decline(first), play.why) == ([], ["t failed enrol-foot-care"])


def test_a_repetition_ends_by_what_was_answered() -> None:
    """Its condition knows what the answers to the calls of its track are bound to."""
    play = Player("""
t:
  when: {event: fell}
  steps:
    - repeat: ask-laboratory
      every: 1d
      times: 5
      until: ready
      steps: [{call: look-up, bind: {ready: boolean}, failed: []}]
    - {notify: head-nurse, message: after}
""")
    play.happen("fell")
    play.reply("look-up", ready=False)
    assert play.after("1d") == ["call look-up"]
    assert play.reply("look-up", ready=True) == ["notify head-nurse after"]
