"""How a process writes its log: one JSON object a line on stderr."""

import logging
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_MOST_FRAMES = 40


def write_logs(level: str) -> None:
    """Write our lines from `level` (`info`) on; those of libraries from there on too, but warnings at the least.

    Of an exception, its class and place are written, and of those that led to it; never what it says.
    """
    ours = logging.getLevelNamesMapping()[level.upper()]
    alike: tuple[Processor, ...] = (
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_its_words,
    )
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(ours),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[structlog.processors.add_log_level, *alike[1:], structlog.processors.JSONRenderer()],
    )
    theirs = logging.StreamHandler(sys.stderr)
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=(structlog.stdlib.add_logger_name, *alike),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[theirs], level=max(ours, logging.WARNING), force=True)
    sys.excepthook = _on_crash


def without_its_words(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Put classes and places in the stead of an exception: its message may hold a value or a name."""
    told: object = line.pop("exc_info", None)
    if isinstance(told, tuple):
        told = cast(tuple[object, ...], told)[1]
    error = sys.exc_info()[1] if told is True else told
    if isinstance(error, BaseException):
        line["exception"] = [_place(one) for one in _chain(error)]
    return line


def _chain(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__


def _place(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    return {
        "class": type(error).__qualname__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _on_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("tongxing").critical("the process ends on a defect", exc_info=error)
