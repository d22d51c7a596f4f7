"""The mapping file of a site: read and checked, every problem at its place, and read again when it has changed."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast, get_args

import structlog

from api.charsets import codec_named
from api.mapping import CodeRule, IdentifierRule, Numbers, SenderRule, SiteMapping
from pathways.engine.journey import Origin
from pathways.errors import Misconfigured
from pathways.language.documents import Document, read_document
from pathways.language.documents import Path as Place
from pathways.language.problems import Problem
from pathways.language.schedule import known_zone
from pathways.language.units import normalise_unit

LOOK_SECONDS = 1.0
"""A changed file is noticed this late at most."""
DEFAULT = SiteMapping(
    identifiers=(
        IdentifierRule(system="his", type=("PI", "MR")),
        IdentifierRule(system="national-id", type=("NI", "NNCHN", "身份证", "身份证号", "IDCARD", "SFZ")),
    )
)
"""What holds where a site has no file, and for what its file leaves out."""

_LOINC = re.compile(r"[0-9]{1,7}-[0-9]")
_TABLES = ("departments", "doctors", "visits")
_KEYS = ("identifiers", "senders", "codes", "units", *_TABLES, "processing")

_log = structlog.get_logger(__name__)


def read_mapping(file: str, content: str | bytes) -> SiteMapping:
    """The mapping that a file says.

    Raises:
        Misconfigured: it does not check; every problem stands there with its file, line and column.
    """
    mapping, problems = _read(file, content)
    if problems:
        told = "\n".join(map(str, problems))
        raise Misconfigured(
            f"The mapping file does not check.\n{told}\n", hint="docs/hl7.md says what may stand there."
        )
    return mapping


def problems_of(file: str, content: str | bytes) -> list[Problem]:
    """Everything that is wrong with a file, in its order."""
    return _read(file, content)[1]


def _read(file: str, content: str | bytes) -> tuple[SiteMapping, list[Problem]]:
    reading = _Reading(read_document(file, content))
    mapping = reading.mapping()
    return mapping, sorted(set(reading.document.problems))


def is_loinc(code: str) -> bool:
    """Whether it has the shape of a LOINC code and its check digit (Luhn's) is right."""
    if not _LOINC.fullmatch(code):
        return False
    digits = [int(digit) for digit in reversed(code.replace("-", ""))]
    doubled = [digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits)]
    return sum(doubled) % 10 == 0


class MappingFile:
    """The mapping in force: called, it looks whether the file has changed; a broken version leaves the last one."""

    def __init__(self, path: Path | None, *, seconds: Callable[[], float] = time.monotonic) -> None:
        """Reads the file; without one the default holds.

        Raises:
            Misconfigured: it cannot be read or does not check.
        """
        self._path = path
        self._seconds = seconds
        self._lock = threading.Lock()
        self._looked = seconds()
        self._seen = None if path is None else _stamp(path)
        self._mapping = DEFAULT if path is None else read_mapping(str(path), _content(path))
        self.broken = False
        """Whether the file as it stands cannot be used, and an earlier version is in force."""

    def __call__(self) -> SiteMapping:
        """The mapping in force."""
        if self._path is not None and self._seconds() - self._looked >= LOOK_SECONDS:
            with self._lock:
                if self._seconds() - self._looked >= LOOK_SECONDS:
                    self._looked = self._seconds()
                    self._look(self._path)
        return self._mapping

    def _look(self, path: Path) -> None:
        stamp = _stamp(path)
        if stamp == self._seen:
            return
        try:
            self._mapping = read_mapping(str(path), _content(path))
        except Misconfigured as broken:
            # Its problems hold words of the file: `tongxing hl7 check` tells them to whoever asks.
            _log.error("mapping file does not check; the last one stays in force", problems=str(broken).count("\n"))
            self.broken = True
        else:
            _log.info("mapping file read again")
            self.broken = False
        self._seen = stamp


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as refused:
        raise Misconfigured(
            f"The mapping file {path} cannot be read: {refused.strerror}.", hint="Correct TONGXING_MAPPING_FILE."
        ) from None


class _Reading:
    """One pass over a document; problems are added to it on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def mapping(self) -> SiteMapping:
        """What it says, as far as it is right."""
        whole = self._mapping_at(self.document.value, ())
        self._known(whole, (), _KEYS)
        identifiers = tuple(self._identifiers(whole.get("identifiers")))
        return SiteMapping(
            identifiers=identifiers or DEFAULT.identifiers,
            senders=dict(self._senders(whole)),
            codes=dict(self._codes(whole)),
            units=dict(self._units(whole)),
            processing=self._texts(whole.get("processing"), ("processing",)) or DEFAULT.processing,
            **{table: dict(self._words(whole, table)) for table in _TABLES},
        )

    def _identifiers(self, given: object) -> Iterator[IdentifierRule]:
        seen: set[tuple[str, str]] = set()
        for number, one in enumerate(self._list_at(given, ("identifiers",))):
            path: Place = ("identifiers", number)
            rule = self._mapping_at(one, path)
            self._known(rule, path, ("system", "authority", "type", "uri"))
            system = self._text(rule.get("system"), (*path, "system"))
            lists = {
                name: self._texts(rule.get(name), (*path, name), once=seen) for name in ("authority", "type", "uri")
            }
            if system is None:
                continue
            if ("system", system) in seen:
                self._note((*path, "system"), f"'{system}' stands here a second time", "expected each system once")
            seen.add(("system", system))
            yield IdentifierRule(system=system, **lists)

    def _senders(self, whole: Mapping[str, object]) -> Iterator[tuple[str, SenderRule]]:
        for name, one in self._mapping_at(whole.get("senders"), ("senders",)).items():
            path: Place = ("senders", name)
            rule = self._mapping_at(one, path)
            self._known(rule, path, ("system", "zone", "charset", "origin", "numbers"))
            system = self._text(rule.get("system"), (*path, "system"))
            zone, charset, origin, numbers = (
                self._optional(rule.get(key), (*path, key), fits, expected)
                for key, (fits, expected) in _OF_SENDERS.items()
            )
            if system is not None:
                usual = SenderRule(system=system)
                yield (
                    name,
                    SenderRule(
                        system=system,
                        zone=zone,
                        charset=charset,
                        origin=cast(Origin, origin or usual.origin),
                        numbers=cast(Numbers, numbers or usual.numbers),
                    ),
                )

    def _codes(self, whole: Mapping[str, object]) -> Iterator[tuple[str, CodeRule]]:
        for name, one in self._mapping_at(whole.get("codes"), ("codes",)).items():
            path: Place = ("codes", name)
            short = not isinstance(one, dict)
            rule: Mapping[str, object] = {"loinc": one} if short else self._mapping_at(cast(object, one), path)
            self._known(rule, path, ("loinc", "unit", "name"))
            where = path if short else (*path, "loinc")
            loinc = self._text(rule.get("loinc"), where)
            if loinc is not None and not is_loinc(loinc):
                self._note(where, f"'{loinc}' is no LOINC code", "expected one whose check digit is right, as 14749-6")
            unit = self._unit(rule.get("unit"), (*path, "unit"))
            said = self._optional(rule.get("name"), (*path, "name"))
            if loinc is not None:
                yield name, CodeRule(loinc=loinc, unit=unit, name=said)

    def _units(self, whole: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        for name, one in self._mapping_at(whole.get("units"), ("units",)).items():
            unit = self._unit(self._text(one, ("units", name)), ("units", name))
            if unit is not None:
                yield name, unit

    def _words(self, whole: Mapping[str, object], table: str) -> Iterator[tuple[str, str]]:
        for name, one in self._mapping_at(whole.get(table), (table,)).items():
            word = self._text(one, (table, name))
            if word is not None:
                yield name, word

    def _unit(self, given: object, path: Place) -> str | None:
        text = self._optional(
            given, path, lambda text: normalise_unit(text) is not None, "expected a unit that is known here, as mmol/L"
        )
        return None if text is None else normalise_unit(text)

    def _optional(
        self, given: object, path: Place, fits: Callable[[str], bool] = bool, expected: str = "expected text"
    ) -> str | None:
        text = None if given is None else self._text(given, path)
        if text is not None and not fits(text):
            self._note(path, f"'{text}' is not known", expected)
            return None
        return text

    def _texts(self, given: object, path: Place, *, once: set[tuple[str, str]] | None = None) -> tuple[str, ...]:
        texts = [
            (number, text)
            for number, one in enumerate(self._list_at(given, path))
            if (text := self._text(one, (*path, number))) is not None
        ]
        for number, text in texts:
            # A type may belong to several authorities; an authority or a URI is one system's.
            key = (str(path[-1]), text)
            if once is not None and path[-1] != "type":
                if key in once:
                    self._note((*path, number), f"'{text}' stands here a second time", "expected it in one system")
                once.add(key)
        return tuple(text for _, text in texts)

    def _text(self, given: object, path: Place) -> str | None:
        if isinstance(given, str) and given.strip():
            return given
        if not self.document.is_unreadable(path):
            what = f"'{path[-1]}' is missing" if given is None else "this is no text"
            self._note(path, what, "expected text, in quotes where it looks like a number")
        return None

    def _mapping_at(self, given: object, path: Place) -> Mapping[str, Any]:
        if isinstance(given, dict):
            return cast(dict[str, Any], given)
        if given is not None and not self.document.is_unreadable(path):
            self._note(path, "this has no keys", "expected keys with their values below them")
        elif given is None and path not in ((), *((key,) for key in _KEYS)):
            self._note(path, "nothing stands here", "expected keys with their values below them")
        return {}

    def _list_at(self, given: object, path: Place) -> Sequence[object]:
        if isinstance(given, list):
            return cast(list[object], given)
        if given is not None and not self.document.is_unreadable(path):
            self._note(path, "this is no list", "expected a list, as [PI, MR]")
        return ()

    def _known(self, given: Mapping[str, object], path: Place, keys: Sequence[str]) -> None:
        for key in given:
            if key not in keys:
                self._note((*path, key), f"unknown key '{key}'", f"expected one of {', '.join(keys)}", key=True)

    def _note(self, path: Place, what: str, expected: str, *, key: bool = False) -> None:
        place = self.document.place(path, key=key)
        self.document.problems.append(
            Problem(file=self.document.file, line=place.line, column=place.column, what=what, expected=expected)
        )


def _is_zone(name: str) -> bool:
    try:
        known_zone(name)
    except ValueError:
        return False
    return True


def _is_origin(name: str) -> bool:
    return name in get_args(Origin)


def _are_numbers(name: str) -> bool:
    return name in get_args(Numbers)


def _is_charset(name: str) -> bool:
    return codec_named(name) is not None


_OF_SENDERS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "zone": (_is_zone, "expected an IANA time zone such as Asia/Shanghai"),
    "charset": (_is_charset, "expected UTF-8, GB18030, GBK, 8859/1 …"),
    "origin": (_is_origin, f"expected one of {', '.join(get_args(Origin))}"),
    "numbers": (_are_numbers, "expected 'unique', or 'daily' where they begin anew each day"),
}
