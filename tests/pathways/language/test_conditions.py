"""Conditions: true, false or unknown, and a precise problem for everything else."""

import copy
import itertools
import math
import pickle
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.language.condition_text import LONGEST
from pathways.language.conditions import (
    RESERVED,
    Condition,
    ConditionProblem,
    Feature,
    FeatureKind,
    Interval,
    Known,
    Truth,
    Vocabulary,
    compile_condition,
)

VOCABULARY = Vocabulary(
    data={
        "glucose": "number",
        "hba1c": "number",
        "sbp": "number",
        "dbp": "number",
        "mood": "text",
        "ketones": "boolean",
    },
    parameters=frozenset({"urgent_low", "urgent_high"}),
    values={"risk": "text", "tries": "number", "insulin": "boolean"},
)
T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
BELOW_1_1 = Interval(low=None, high=1.1, high_open=True)
ABOVE_33_3 = Interval(low=33.3, high=None, low_open=True)
BELOW_3_9 = Interval(low=None, high=3.9, high_open=True)
UP_TO_3_9 = Interval(low=None, high=3.9)


def feature(kind: FeatureKind, name: str, window: str | None = None) -> Feature:
    return Feature(kind=kind, name=name, window=window)


def compiled(text: str) -> Condition:
    return compile_condition(text, VOCABULARY)


def truth(text: str, **known: Known) -> Truth:
    """The truth of a text whose names stand for themselves."""
    condition = compiled(text)
    return condition.evaluate({wanted: known[wanted.name] for wanted in condition.features if wanted.name in known})


def problem(text: str) -> ConditionProblem:
    with pytest.raises(ConditionProblem) as caught:
        compiled(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("glucose <= urgent_low", {feature("value", "glucose"), feature("parameter", "urgent_low")}),
        ("sbp >= 180 || dbp >= 110", {feature("value", "sbp"), feature("value", "dbp")}),
        ("age < 18 && sex == 'female' && inpatient", {feature("patient", n) for n in ("age", "sex", "inpatient")}),
        ("diagnosed('E11')", {feature("diagnosed", "E11")}),
        ("latest(glucose) > previous(glucose)", {feature("latest", "glucose"), feature("previous", "glucose")}),
        ("mean(glucose, 7d) > 7", {feature("mean", "glucose", "7d")}),
        (
            "min(glucose,1 w) < 3 || max(glucose , 2 weeks)>9",
            {feature("min", "glucose", "1 week"), feature("max", "glucose", "2 weeks")},
        ),
        ("count(mood, 14 days) == 0", {feature("count", "mood", "14d")}),
        ("risk == 'high' && tries > 2 && insulin", {feature("set", n) for n in ("risk", "tries", "insulin")}),
        ('latest(mood) == "it\'s (glucose)"', {feature("latest", "mood")}),
        ("previous(ketones)", {feature("previous", "ketones")}),
        ("glucose > 3 && glucose < 7", {feature("value", "glucose")}),
        ("true", set[Feature]()),
    ],
)
def test_a_condition_names_the_facts_that_it_needs(text: str, expected: set[Feature]) -> None:
    """The engine supplies exactly these; a text in quotes is no name."""
    assert compiled(text).features == expected


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("glucose <= urgent_low", {"glucose": 3.9, "urgent_low": 3.9}, T),
        ("glucose < urgent_low", {"glucose": 3.9, "urgent_low": 3.9}, F),
        ("glucose <= urgent_low", {"glucose": 3.9}, U),
        ("glucose >= 13", {"glucose": 13}, T),
        ("13 <= glucose", {"glucose": 13.0}, T),
        ("glucose > -3", {"glucose": -2.0}, T),
        ("sbp >= 180 || dbp >= 110", {"sbp": 180}, T),
        ("sbp >= 180 || dbp >= 110", {"dbp": 110}, T),
        ("sbp >= 180 || dbp >= 110", {"sbp": 179}, U),
        ("age < 18", {"age": 17}, T),
        ("sex == 'female'", {"sex": "female"}, T),
        ("sex in ['male', 'other']", {"sex": "female"}, F),
        ("glucose in [1, 2]", {"glucose": 2}, T),
        ("inpatient", {"inpatient": True}, T),
        ("!inpatient", {"inpatient": True}, F),
        ("!inpatient", {}, U),
        ("diagnosed('E11') && !diagnosed('O24')", {"E11": True, "O24": False}, T),
        ("diagnosed('E11') && !diagnosed('O24')", {"E11": True}, U),
        ("inpatient ? sbp > 180 : sbp > 160", {"inpatient": False, "sbp": 170}, T),
        ("glucose / 2 + 1 > 3", {"glucose": 5}, T),
        ("glucose * 18 >= 70.2", {"glucose": 3.9}, T),
        ("glucose - urgent_low > 1", {"glucose": 5.0, "urgent_low": 3.9}, T),
        ("mood == '高'", {"mood": "高"}, T),
        ("true", {}, T),
    ],
)
def test_a_condition_is_true_false_or_unknown(text: str, known: Mapping[str, Known], expected: Truth) -> None:
    """Missing makes unknown only what depends on it."""
    assert truth(text, **known) is expected


def not_(value: Truth) -> Truth:
    return {T: F, F: T, U: U}[value]


@pytest.mark.parametrize(("left", "right"), list(itertools.product(Truth, Truth)))
def test_and_or_not_follow_the_three_valued_tables(left: Truth, right: Truth) -> None:
    """False decides an and, true decides an or, whichever side is unknown."""
    known: dict[str, Known] = {
        name: value is T for name, value in (("inpatient", left), ("insulin", right)) if value is not U
    }
    both = F if F in (left, right) else (T if (left, right) == (T, T) else U)
    either = T if T in (left, right) else (F if (left, right) == (F, F) else U)
    assert truth("inpatient && insulin", **known) is both
    assert truth("inpatient || insulin", **known) is either
    assert truth("!inpatient", **known) is not_(left)
    assert truth("!(inpatient && insulin)", **known) is truth("!inpatient || !insulin", **known)


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("glucose <= 3.9", {"glucose": BELOW_3_9}, T),
        ("glucose < 3.9", {"glucose": BELOW_3_9}, T),
        ("glucose < 3.9", {"glucose": UP_TO_3_9}, U),
        ("glucose <= 3.9", {"glucose": UP_TO_3_9}, T),
        ("glucose > 3.9", {"glucose": UP_TO_3_9}, F),
        ("glucose >= 3.9", {"glucose": BELOW_3_9}, F),
        ("glucose <= 3.8", {"glucose": BELOW_3_9}, U),
        ("glucose <= urgent_low", {"glucose": BELOW_1_1, "urgent_low": 3.9}, T),
        ("glucose <= urgent_low", {"glucose": BELOW_1_1}, U),
        ("glucose < 1.1", {"glucose": BELOW_1_1}, T),
        ("glucose < 1", {"glucose": BELOW_1_1}, U),
        ("glucose == 0.6", {"glucose": BELOW_1_1}, U),
        ("glucose != 0.6 || true", {"glucose": BELOW_1_1}, T),
        ("glucose > 0", {"glucose": Interval(low=0, high=1.1, low_open=True, high_open=True)}, T),
        ("glucose > 0", {"glucose": Interval(low=0, high=1.1)}, U),
        ("glucose >= urgent_high", {"glucose": ABOVE_33_3, "urgent_high": 16.7}, T),
        ("glucose > 33.3", {"glucose": ABOVE_33_3}, T),
        ("glucose > 33.4", {"glucose": ABOVE_33_3}, U),
        ("glucose <= 3.9", {"glucose": ABOVE_33_3}, F),
        ("glucose == 5", {"glucose": Interval(low=5, high=5)}, T),
        ("glucose > 3 && glucose < 9", {"glucose": Interval(low=4, high=8)}, T),
        ("glucose < 5 || glucose > 6", {"glucose": Interval(low=4, high=8)}, U),
        ("glucose in [5]", {"glucose": Interval(low=4, high=8)}, U),
        ("glucose in [-5]", {"glucose": Interval(low=-6, high=-4)}, U),
        ("glucose > 30 || sbp > 180", {"glucose": BELOW_1_1}, U),
        ("glucose > 30 || sbp > 180", {"glucose": ABOVE_33_3}, T),
        ("latest(glucose) > 7 && inpatient", {"glucose": ABOVE_33_3, "inpatient": True}, T),
        ("sbp > dbp", {"sbp": Interval(low=5, high=9), "dbp": Interval(low=1, high=4)}, T),
        ("sbp > dbp", {"sbp": Interval(low=5, high=9), "dbp": Interval(low=1, high=5)}, U),
        ("sbp > dbp || sbp <= dbp", {"sbp": Interval(low=1, high=9), "dbp": Interval(low=1, high=9)}, T),
        ("sbp > 1 && dbp > 1 && tries > 1", {"sbp": ABOVE_33_3, "dbp": ABOVE_33_3, "tries": ABOVE_33_3}, U),
        ("glucose + 1 > 3", {"glucose": ABOVE_33_3}, U),
        ("glucose + 1 > 3 || inpatient", {"glucose": ABOVE_33_3, "inpatient": True}, T),
        ("glucose > 30 || sbp - dbp > 60", {"glucose": ABOVE_33_3}, T),
        ("inpatient ? glucose > 30 : sbp - dbp > 60", {"glucose": ABOVE_33_3, "inpatient": True}, U),
        ("-glucose < -3", {"glucose": ABOVE_33_3}, U),
        ("glucose > 3", {"glucose": Interval(low=9, high=4)}, U),
        ("glucose > 3", {"glucose": Interval(low=math.nan, high=None)}, U),
        ("mood == 'x'", {"mood": ABOVE_33_3}, U),
    ],
)
def test_a_bounded_value_decides_where_all_within_its_bounds_agree(
    text: str, known: Mapping[str, Known], expected: Truth
) -> None:
    """A "<1.1" is below every threshold from 1.1 on and says nothing of one at 1.0."""
    assert truth(text, **known) is expected


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("glucose > 3", {"glucose": math.nan}),
        ("glucose > 3", {"glucose": math.inf}),
        ("glucose > 3", {"glucose": 10**400}),
        ("glucose > 3", {"glucose": True}),
        ("glucose > 3", {"glucose": "4"}),
        ("inpatient", {"inpatient": 1}),
        ("inpatient", {"inpatient": "true"}),
        ("mood != 'x'", {"mood": 4.0}),
        ("mood != 'x'", {"mood": False}),
        ("mood != 'x'", {"mood": "a\0"}),
        ("mood != 'x'", {"mood": "\ud800"}),
    ],
)
def test_a_value_that_is_not_of_its_type_is_unknown(text: str, known: Mapping[str, Known]) -> None:
    """An error of CEL is a truthy value: it must never start a track."""
    assert truth(text, **known) is U


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("glucose + 1", 4.0, 5.0),
        ("glucose", 4, 4.0),
        ("glucose", None, None),
        ("glucose > 7 ? 'high' : 'normal'", 8.0, "high"),
        ("glucose > 7 ? 'high' : 'normal'", ABOVE_33_3, "high"),
        ("glucose > 40 ? 'high' : 'normal'", ABOVE_33_3, None),
        ("glucose", ABOVE_33_3, None),
        ("glucose > 7", 8.0, True),
        ("glucose * 1e308 * 10", 8.0, None),
        ("'high'", None, "high"),
        ("3", None, 3.0),
    ],
)
def test_an_expression_gives_a_value_or_nothing(
    text: str, known: Known | None, expected: float | bool | str | None
) -> None:
    """A step that sets a value gets one, or None where it is unknown."""
    expression = compile_condition(text, VOCABULARY, result="any")
    value = expression.value({} if known is None else {feature("value", "glucose"): known})
    assert value == expected
    assert type(value) is type(expected)


def test_an_expression_that_is_not_boolean_never_holds() -> None:
    """A number is not true."""
    assert compile_condition("1", VOCABULARY, result="any").evaluate({}) is F


@pytest.mark.parametrize(
    ("text", "thresholds"),
    [
        ("glucose > 7", (7.0,)),
        ("-3 < glucose", (-3.0,)),
        ("(glucose) > 7", (7.0,)),
        ("glucose - previous(glucose) > -3", (-3.0,)),
        ("urgent_high + 2 < glucose", (2.0,)),
        ("glucose * 18 > 200", (200.0,)),
        ("tries > 2", (2.0,)),
        ("glucose <= urgent_low", ()),
        ("urgent_low > 3 && glucose > urgent_low", ()),
        ("age < 18 && glucose > 7", (7.0,)),
        ("count(glucose, 7d) > 3", ()),
        ("count(glucose, 7d) > 3 && glucose > 7", (7.0,)),
        ("age in [18] || glucose > urgent_low", ()),
        ("age < 18", ()),
    ],
)
def test_numbers_compared_with_observed_values_are_thresholds(text: str, thresholds: tuple[float, ...]) -> None:
    """A clinical number in the text needs evidence; an age, a count, a parameter and a factor are none."""
    assert compiled(text).thresholds == thresholds


@pytest.mark.parametrize(
    ("text", "offset", "printed"),
    [
        ("glucos > 3", 0, "unknown name 'glucos'; did you mean 'glucose'?"),
        ("sbp > 1 && Urgent_Lo > 3", 11, "unknown name 'Urgent_Lo'; did you mean 'urgent_low'?"),
        ("sex == '中' && glucos > 'x'", 14, "unknown name 'glucos'; did you mean 'glucose'?"),
        ("latest(gluc) > 3", 7, "'latest' takes the name of data, not 'gluc'; did you mean 'glucose'?"),
        ("lastest(glucose) > 3", 0, "there is no call 'lastest'; did you mean 'latest'?"),
        ("size(mood) > 3", 0, "there is no call 'size'; expected one of: count, days_since, diagnosed"),
        ("null == null", 0, "unknown name 'null'; expected one of: age, dbp"),
        ("mean(glucose) > 3", 12, "unexpected ')'; expected a window, such as 'mean(glucose, 7d)'"),
        ("latest(glucose, 7d) > 3", 14, "unexpected ','; expected 'latest(glucose)'"),
        ("mean(glucose, 7x) > 3", 14, "'x' is not a unit of time"),
        ("mean(glucose, 2 working days) > 3", 14, "'2 working days' is no window"),
        ("mean(glucose, 0d) > 3", 14, "'0d' is no window"),
        ("mean(mood, 7d) > 3", 5, "'mood' is not a number; 'mean' needs numbers"),
        ("mean(glucose,", 13, "the condition ends too early; expected 'mean(glucose, 7d)'"),
        ("latest > 3", 7, "unexpected '>'; expected 'latest(glucose)'"),
        ("diagnosed(E11)", 10, "a diagnosis is named by its code; expected 'diagnosed('E11')'"),
        ("diagnosed(' ')", 10, "a diagnosis is named by its code"),
        ("glucose > 7 d", 10, "'7 d' cannot stand here"),
        ("glucose = 3", 8, "unexpected '='; expected '=='"),
        ("glucose > 3 and sbp > 3", 12, "unexpected 'and'; expected '&&'"),
        ("not inpatient", 0, "unexpected 'not'; expected '!'"),
        ("glucose ＞ 3", 8, "unexpected '＞'; expected a comparison"),
        ("glucose > 3\u200b", 11, "unexpected '\\u200b'"),
        ("glucose > ", 10, "the condition ends too early; expected a comparison"),
        ("", 0, "the condition ends too early"),
        ("(glucose > 3", 12, "the condition ends too early"),
        ("glucose > 3)", 11, "the condition cannot be read from ')' on"),
        ("glucose > 3 == ) 4", 15, "the condition cannot be read from ') 4' on"),
        ("glucose > 1 > 2", 12, "'>' does not work on true or false and a number; expected values of the same type"),
        ("sex == '中' && glucose > 'x'", 22, "'>' does not work on a number and a text"),
        ("sbp > 1 && glucose", 8, "'&&' does not work on true or false and a number"),
        ("!glucose", 0, "'!' does not work on a number"),
        ("inpatient ? 1 : 'a'", 10, "'?:' does not work on true or false and a number and a text"),
        ("glucose in ['a']", 8, "'in' does not work on a number and a list; expected a list"),
        ("glucose + 1", 0, "this gives a number; expected true or false"),
        ("mood", 0, "this gives a text; expected true or false"),
        ("glucose / 0 > 1", 10, "only a number other than 0 can divide"),
        ("glucose / sbp > 1", 10, "only a number other than 0 can divide"),
        ("glucose > 3 // more", 13, "only a number other than 0 can divide"),
        ("glucose > 1e999", 10, "'1e999' is too large"),
        ("glucose[0] > 1", 7, "unexpected '['"),
        ("mood == 'a", 8, "a text that does not end"),
        ("mood == 'a\\n'", 8, "a text that does not end, or has a character it cannot have"),
        ("mood == '\ud800'", 8, "a text that does not end, or has a character it cannot have"),
        ("mood == '''a'''", 10, "the condition cannot be read from"),
        ("[1].all(x, x > 0)", 3, "unexpected '.'"),
        ("glucose in [1].map(x, x)", 14, "unexpected '.'"),
        ("exists(glucose)", 0, "there is no call 'exists'"),
        ("mood.matches('(a+)+$')", 4, "unexpected '.'"),
        ("duration('14d') > 1", 0, "there is no call 'duration'"),
        ("glucose > 13u", 10, "'13u' cannot stand here"),
        ("glucose > 13U", 10, "unexpected '1'"),
        ("glucose > 1 <", 13, "the condition ends too early"),
        ("(" * 200 + "true" + ")" * 200, 0, "the condition is nested too deeply or too long; expected fewer parts"),
        (" + ".join(["glucose"] * 60) + " > 3", 0, "the condition is nested too deeply or too long"),
        ("x" * (LONGEST + 1), LONGEST, f"the condition has {LONGEST + 1} characters"),
    ],
)
def test_what_cannot_be_used_is_a_problem_at_its_place(text: str, offset: int, printed: str) -> None:
    """The lead reads what is wrong, where, and what was expected; nothing of CEL's own reaches out."""
    found = problem(text)
    assert str(found).startswith(printed)
    assert found.offset == offset
    assert found.expected.startswith(("expected ", "did you mean ", "'mean' needs"))


def test_a_pathway_without_data_says_so() -> None:
    """The known names are listed even where there are none."""
    with pytest.raises(ConditionProblem, match="expected one of: none"):
        compile_condition("latest(glucose) > 3", Vocabulary(data={}, values={}))


def test_a_problem_travels_between_processes() -> None:
    """It keeps its place and its words."""
    found = problem("glucos > 3")
    copied = pickle.loads(pickle.dumps(found))
    assert (copied.message, copied.offset, copied.expected) == (found.message, found.offset, found.expected)


def test_a_condition_is_plain_data() -> None:
    """It compares by what it says, copies and pickles, and still evaluates."""
    condition = compiled("glucose <= urgent_low")
    values: dict[Feature, Known] = {feature("value", "glucose"): 3.9, feature("parameter", "urgent_low"): 3.9}
    for twin in (copy.deepcopy(condition), pickle.loads(pickle.dumps(condition)), compiled("glucose <= urgent_low")):
        assert twin == condition
        assert hash(twin) == hash(condition)
        assert twin.evaluate(values) is T
    assert condition != compiled("glucose <= urgent_high")


def test_names_of_the_language_are_reserved() -> None:
    """A pathway cannot take them for its own."""
    assert {"age", "sex", "inpatient", "latest", "mean", "diagnosed", "in", "true"} <= RESERVED


WORDS = st.sampled_from(
    [
        *(
            "glucose",
            "mood",
            "inpatient",
            "urgent_low",
            "latest",
            "(",
            ")",
            "mean",
            ",",
            "7d",
            "diagnosed",
            "'E11'",
            "3.9",
        ),
        *("-", "+", "/", "*", "<", "<=", "==", "&&", "||", "!", "?", ":", "[", "]", "in", "true", "1e400", "'", "中"),
    ]
)
KNOWN = st.one_of(
    st.floats(),
    st.booleans(),
    st.text(),
    st.integers(),
    st.builds(
        Interval,
        low=st.none() | st.floats(),
        high=st.none() | st.floats(),
        low_open=st.booleans(),
        high_open=st.booleans(),
    ),
)


@given(text=st.text() | st.lists(WORDS, max_size=12).map(" ".join), data=st.data())
def test_any_text_is_a_condition_or_a_problem(text: str, data: st.DataObject) -> None:
    """Neither compiling nor evaluating raises anything else, and the same values give the same answer."""
    try:
        condition = compile_condition(text, VOCABULARY, result="any")
    except ConditionProblem as found:
        offset = found.offset
    else:
        values = {wanted: data.draw(KNOWN) for wanted in sorted(condition.features, key=repr)}
        assert condition.evaluate(values) is condition.evaluate(dict(reversed(values.items())))
        offset = 0
    assert 0 <= offset <= len(text)


COMPARISON = st.builds(
    "{} {} {}".format,
    st.sampled_from(["glucose", "sbp"]),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    st.integers(1, 4),
)


@given(
    text=st.lists(COMPARISON, min_size=1, max_size=4).flatmap(
        lambda parts: st.sampled_from(["&&", "||"]).map(lambda joint: f" {joint} ".join(parts))
    ),
    low=st.integers(0, 5),
    width=st.integers(0, 3),
    share=st.floats(0, 1),
    sbp=st.none() | st.integers(0, 5),
)
def test_a_decided_interval_holds_for_each_value_in_it(
    text: str, low: int, width: int, share: float, sbp: int | None
) -> None:
    """What is answered for the bounds is answered for any value within them."""
    others: dict[str, Known] = {} if sbp is None else {"sbp": sbp}
    decided = truth(text, glucose=Interval(low=low, high=low + width), **others)
    assert decided in (U, truth(text, glucose=low + share * width, **others))


FORMS = Vocabulary(
    data={},
    values={},
    bound={"bed": "number", "at": "text"},
    forms={"epds": {"10": "text", "hours": "number", "said": "text"}, "plain": {"well": "boolean"}},
    scored=frozenset({"epds"}),
    written=frozenset({("epds", "said")}),
    anchors=frozenset({"enrolled"}),
    lexicons=frozenset({"words"}),
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("score('epds') >= 13", Feature(kind="score", name="epds")),
        ("item('epds', \"10\") == 'yes'", Feature(kind="item", name="epds", item="10")),
        ("item('epds', 'hours') < 4", Feature(kind="item", name="epds", item="hours")),
        ("item('plain', 'well')", Feature(kind="item", name="plain", item="well")),
        ("tier('words', 'epds', 'said') == 'grave'", Feature(kind="tier", name="epds", item="said", lexicon="words")),
        ("happened('visit-kept', 12 weeks) == 0", Feature(kind="happened", name="visit-kept", window="12 weeks")),
        ("unanswered('plain') >= 2", Feature(kind="unanswered", name="plain")),
        ("days_since('enrolled') > -3", Feature(kind="days_since", name="enrolled")),
        ("!known('enrolled')", Feature(kind="known", name="enrolled")),
        ("bed > 3", Feature(kind="bound", name="bed")),
        ("at == ''", Feature(kind="bound", name="at")),
    ],
)
def test_a_condition_asks_for_a_fact_of_the_journey(text: str, wanted: Feature) -> None:
    """Each function asks for one fact and has the type of what it gives."""
    condition = compile_condition(text, FORMS)
    assert condition.features == {wanted}
    assert condition.evaluate({}) is U


@pytest.mark.parametrize(
    ("text", "offset", "printed"),
    [
        ("score('plain') > 3", 6, "form 'plain' has no scores; expected a form with a 'score' at its options"),
        ("score(", 6, "the condition ends too early; expected 'score('epds')'"),
        ("score('epds'", 12, "the condition ends too early; expected 'score('epds')'"),
        ("item('epds') == 'x'", 11, "unexpected ')'; expected 'item('epds', '10')'"),
        ("item('epds', '11') == 'x'", 13, "unknown item '11' of form 'epds'; expected one of: 10, hours, said"),
        ("tier('words', 'epds', '10') == 'x'", 22, "item '10' of form 'epds' is not answered in words; expected"),
        ("tier('wrds', 'epds', '10') == 'x'", 5, "unknown lexicon 'wrds'; did you mean 'words'?"),
        ("happened('x', 2 working days) > 1", 14, "'2 working days' is no window; expected a time of at least 1"),
        ("happened('x') > 1", 12, "unexpected ')'; expected a window, such as 'happened('discharged', 90d)'"),
        ("score('epds') == 'x'", 14, "'==' does not work on a number and a text; expected values of the same type"),
    ],
)
def test_a_misspelt_form_or_item_is_told_at_its_place(text: str, offset: int, printed: str) -> None:
    """The lead reads which name there is not, and which was probably meant."""
    with pytest.raises(ConditionProblem) as raised:
        compile_condition(text, FORMS)
    assert str(raised.value).startswith(printed)
    assert raised.value.offset == offset
