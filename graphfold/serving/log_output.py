"""Sends log lines to stderr: as JSON for machines, in colour on a terminal. Standard output is for answers."""

from __future__ import annotations

import logging
import sys

import orjson
import structlog

__all__ = ["configure_logging"]


def configure_logging() -> None:
    """Set up logging for this process."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    # Strawberry logs every error with its query, whose literals must not get into a log.
    logging.getLogger("strawberry.execution").disabled = True
    processors: list[structlog.types.Processor]
    if sys.stderr.isatty():
        processors = [
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            _show_traceback_below,
            # The plain traceback formatter: the others show local variables, which may be secrets.
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
            lambda _logger, _name, line: line.encode() if isinstance(line, str) else line,
        ]
    else:
        processors = [
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _order_fields,
            structlog.processors.JSONRenderer(serializer=lambda line, **_: orjson.dumps(line, default=str)),
        ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # orjson makes bytes; writing them to the buffer saves decoding and encoding each line.
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


def _show_traceback_below(_logger: object, _name: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """Rename `traceback` to `exception`, which the console prints below the line with its line breaks."""
    return {"exception" if name == "traceback" else name: value for name, value in line.items()}


def _order_fields(_logger: object, _name: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """Put time, level and event first, for people who read the lines as they pass."""
    return {name: line[name] for name in ("timestamp", "level", "event")} | dict(line)
