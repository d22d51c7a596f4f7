"""A role may be looked for in one department, and a task may be one person's of the patient's team."""

from dataclasses import replace

from pathways.engine.actions import EscalateTask
from tests.pathways.engine.build import FACTS, Player, release

KNOWN = replace(FACTS, department="endocrinology", team={"surgeon": "s1"})
LADDER = """
ladders:
  urgent: [{after: 30m, to: head-nurse, of: visit.department}]
  routine: [{after: 1 working day, to: head-nurse, of: patient.department}, {after: 3 working days, to: clinical-lead}]
"""
TRACKS = """
t:
  when: {event: seen}
  while_running: parallel
  steps:
    - {visit: v, window: {late: 9d}, kept: [{task: inside, role: ward-nurse, of: visit.department, due: 1d}]}
after:
  when: {event: fell}
  while_running: parallel
  steps: [{task: call, role: ward-nurse, of: OF, to: patient.surgeon, due: 1d, ladder: routine}]
"""


def test_the_departments_of_the_patient_and_of_visits() -> None:
    """A task under a visit is of that visit's department; elsewhere it is the visit that was told of last."""
    play = Player(release(TRACKS.replace("OF", "visit.department"), more=LADDER), facts=KNOWN)
    play.happen("fell")
    assert play.task("call").department is None
    play.happen("seen")
    play.happen("seen")
    play.visit("v", "kept", department="surgery")
    assert play.task("inside").department == "surgery"
    play.after("1h")
    play.visit("v", "kept", department="dentistry")
    assert play.task("inside").department == "dentistry"
    play.happen("fell")
    assert play.task("call").department == "dentistry"


def test_a_rung_has_a_department_of_its_own() -> None:
    """The rung names where its role is looked for; one that names none is everywhere."""
    play = Player(release(TRACKS.replace("OF", "patient.department"), more=LADDER), facts=KNOWN)
    play.happen("fell")
    assert play.task("call").department == "endocrinology"
    play.after("9d")
    passed = [(a.to, a.department) for a in play.actions if isinstance(a, EscalateTask)]
    assert passed == [("head-nurse", "endocrinology"), ("clinical-lead", None)]


def test_a_task_is_the_teams_person_where_there_is_one() -> None:
    """Without such a person in the team it is the whole role's."""
    tracks = TRACKS.replace("OF", "patient.department")
    for known, person in ((KNOWN, "s1"), (FACTS, None)):
        play = Player(release(tracks), facts=known)
        play.happen("fell")
        assert play.task("call").person == person


def test_a_department_that_an_event_brought() -> None:
    """A bound name is the department that the event told; without it the role is looked for everywhere."""
    tracks = """
t:
  when: {event: fell, bind: {ward: text}}
  steps: [{task: call, role: ward-nurse, of: ward, due: 1d, ladder: routine}]
"""
    play = Player(
        release(tracks, more=LADDER.replace("patient.department", "ward").replace("visit.department", "ward"))
    )
    play.happen("fell")
    assert play.task("call").department is None
    ((key, activation),) = play.journey.activations.items()
    bound = replace(activation, bound={"ward": "w3"})
    play.journey = replace(play.journey, activations={key: bound})
    play.after("2d")
    assert [a.department for a in play.actions if isinstance(a, EscalateTask)] == ["w3"]


def test_a_department_that_a_step_set() -> None:
    """A text value of the journey names the department once it is set."""
    play = Player("""
t:
  when: {event: fell}
  steps:
    - {task: first, role: ward-nurse, of: word, due: 1d, ladder: routine}
    - {set: word, to: "'surgery'"}
    - {task: second, role: ward-nurse, of: word, due: 1d, ladder: routine}
""")
    play.happen("fell")
    assert play.task("first").department is None
    play.complete("first")
    assert play.task("second").department == "surgery"
