"""How a process writes its log: one JSON object a line on stderr."""

import logging
import sys

import structlog
from structlog.typing import Processor

_ALIKE: tuple[Processor, ...] = (
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


def write_logs(level: str) -> None:
    """Write our lines from `level` (`info`) on; those of libraries from there on too, but warnings at the least."""
    ours = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(ours),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[structlog.processors.add_log_level, *_ALIKE[1:], structlog.processors.JSONRenderer()],
    )
    theirs = logging.StreamHandler(sys.stderr)
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=(structlog.stdlib.add_logger_name, *_ALIKE),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[theirs], level=max(ours, logging.WARNING), force=True)
