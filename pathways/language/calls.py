"""The functions of conditions: what each takes, and the fact that it asks for."""

import re
from collections.abc import Collection, Mapping

from pathways.language.names import nearest
from pathways.language.schedule import parse_duration
from pathways.language.tokens import ENDS_EARLY, ConditionProblem, Token
from pathways.language.vocabulary import WINDOWED, Call, Feature, ValueType, Vocabulary
from pathways.language.written import NAME_PATTERN

EXAMPLES: Mapping[Call, str] = {
    "latest": "latest(glucose)",
    "previous": "previous(glucose)",
    "mean": "mean(glucose, 7d)",
    "min": "min(glucose, 7d)",
    "max": "max(glucose, 7d)",
    "count": "count(glucose, 7d)",
    "diagnosed": "diagnosed('E11')",
    "score": "score('epds')",
    "item": "item('epds', '10')",
    "tier": "tier('complaints', 'survey', 'remarks')",
    "happened": "happened('discharged', 90d)",
    "unanswered": "unanswered('check-in')",
    "days_since": "days_since('birth')",
    "known": "known('birth')",
}
_NUMERIC = ("mean", "min", "max")


class Cursor:
    """Where the reading of the tokens stands."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> Token:
        """The token that comes."""
        return self._tokens[self._at]

    @property
    def last(self) -> Token:
        """The token that was taken last."""
        return self._tokens[self._at - 1]

    def step(self) -> Token:
        """Takes the token that comes."""
        self._at += 1
        return self.last

    def take(self, expected: str, *, exactly: str | None = None) -> Token:
        """Takes the next token of a call, which must be `exactly` that where it is given."""
        token = self.next
        if token.kind == "end":
            raise ConditionProblem(ENDS_EARLY, token.offset, expected)
        if exactly is not None and token.text != exactly:
            raise ConditionProblem(f"unexpected '{token.text}'", token.offset, expected)
        return self.step()


def read_call(cursor: Cursor, call: Call, vocabulary: Vocabulary) -> tuple[Feature, ValueType]:
    """The fact that the call behind its name asks for, and what that gives; ConditionProblem where it cannot be."""
    arguments = _Arguments(cursor, call, vocabulary)
    arguments.open()
    feature, value_type = arguments.read()
    arguments.close()
    return feature, value_type


class _Arguments:
    """The arguments of one call."""

    def __init__(self, cursor: Cursor, call: Call, vocabulary: Vocabulary) -> None:
        self._cursor = cursor
        self._call: Call = call
        self._known = vocabulary
        self._expected = f"expected '{EXAMPLES[call]}'"

    def open(self) -> None:
        self._cursor.take(self._expected, exactly="(")

    def close(self) -> None:
        self._cursor.take(self._expected, exactly=")")

    def read(self) -> tuple[Feature, ValueType]:
        match self._call:
            case "diagnosed":
                return Feature(kind="diagnosed", name=self._code()), "boolean"
            case "score":
                return Feature(kind="score", name=self._one_of("form", self._scored())), "number"
            case "item":
                form = self._one_of("form", self._known.forms)
                item = self._item(form)
                return Feature(kind="item", name=form, item=item), self._known.forms[form][item]
            case "tier":
                return self._tier(), "text"
            case "happened":
                name = self._event()
                return Feature(kind="happened", name=name, window=self._window()), "number"
            case "unanswered":
                return Feature(kind="unanswered", name=self._one_of("form", self._known.forms)), "number"
            case "days_since":
                return Feature(kind="days_since", name=self._one_of("anchor", self._known.anchors)), "number"
            case "known":
                return Feature(kind="known", name=self._one_of("anchor", self._known.anchors)), "boolean"
            case _:
                return self._series()

    def _series(self) -> tuple[Feature, ValueType]:
        data = self._data()
        window = self._window() if self._call in WINDOWED else None
        given = "number" if self._call == "count" else self._known.data[data]
        return Feature(kind=self._call, name=data, window=window), given

    def _code(self) -> str:
        token = self._cursor.take(self._expected)
        if token.kind != "text" or not token.text[1:-1].strip():
            raise ConditionProblem("a diagnosis is named by its code", token.offset, self._expected)
        return token.text[1:-1].strip()

    def _event(self) -> str:
        token = self._quoted("event")
        if re.fullmatch(NAME_PATTERN, token.text[1:-1]) is None:
            raise ConditionProblem(f"{token.text} is not the name of an event", token.offset, self._expected)
        return token.text[1:-1]

    def _data(self) -> str:
        token = self._cursor.take(self._expected)
        data = self._known.data
        if token.text not in data:
            raise ConditionProblem(
                f"'{self._call}' takes the name of data, not '{token.text}'",
                token.offset,
                suggestion(token.text, data),
            )
        if self._call in _NUMERIC and data[token.text] != "number":
            raise ConditionProblem(f"'{token.text}' is not a number", token.offset, f"'{self._call}' needs numbers")
        return token.text

    def _window(self) -> str:
        self._cursor.take(f"expected a window, such as '{EXAMPLES[self._call]}'", exactly=",")
        token = self._cursor.take(self._expected)
        try:
            window = parse_duration(token.text)
        except ValueError as problem:
            raise ConditionProblem(str(problem), token.offset, self._expected) from None
        if window.working or window.amount == 0:
            raise ConditionProblem(
                f"'{token.text}' is no window", token.offset, "expected a time of at least 1, not in working time"
            )
        return str(window)

    def _quoted(self, noun: str) -> Token:
        token = self._cursor.take(self._expected)
        if token.kind != "text":
            article = "an" if noun[0] in "aei" else "a"
            what = f"'{self._call}' takes the name of {article} {noun} in quotes, not '{token.text}'"
            raise ConditionProblem(what, token.offset, self._expected)
        return token

    def _one_of(self, noun: str, known: Collection[str], where: str = "") -> str:
        token = self._quoted(noun)
        name = token.text[1:-1]
        if name not in known:
            raise ConditionProblem(f"unknown {noun} '{name}'{where}", token.offset, suggestion(name, known), name)
        return name

    def _item(self, form: str) -> str:
        self._cursor.take(self._expected, exactly=",")
        return self._one_of("item", self._known.forms[form], f" of form '{form}'")

    def _next_of(self, noun: str, known: Collection[str]) -> str:
        self._cursor.take(self._expected, exactly=",")
        return self._one_of(noun, known)

    def _scored(self) -> Collection[str]:
        """The forms; the one that is named must have scores."""
        name = self._cursor.next.text[1:-1]
        if name in self._known.forms and name not in self._known.scored:
            what = f"form '{name}' has no scores"
            raise ConditionProblem(what, self._cursor.next.offset, "expected a form with a 'score' at its options")
        return self._known.forms

    def _tier(self) -> Feature:
        lexicon = self._one_of("lexicon", self._known.lexicons)
        form = self._next_of("form", self._known.forms)
        item = self._item(form)
        if (form, item) not in self._known.written:
            offset = self._cursor.last.offset
            what = f"item '{item}' of form '{form}' is not answered in words"
            raise ConditionProblem(what, offset, "expected an item of type 'text'")
        return Feature(kind="tier", name=form, item=item, lexicon=lexicon)


def suggestion(name: str, names: Collection[str]) -> str:
    """The known name that was probably meant, else all of them."""
    near = nearest(name.lower(), names)
    return f"did you mean '{near}'?" if near else f"expected one of: {', '.join(sorted(names)) or 'none'}"
