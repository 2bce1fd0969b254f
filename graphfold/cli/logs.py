"""Where log lines go: to stderr, as JSON for machines, readable on a terminal. Standard output is for answers."""

from __future__ import annotations

import logging
import sys

import orjson
import structlog

__all__ = ["configure"]


def configure() -> None:
    """Set logging up for this process."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    # Strawberry logs every error with the query it came from, and that holds what must not be in a log.
    logging.getLogger("strawberry.execution").disabled = True
    structlog.configure(
        processors=_readable() if sys.stderr.isatty() else _json(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


def _json() -> list[structlog.types.Processor]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _heading,
        structlog.processors.JSONRenderer(serializer=lambda line, **_: orjson.dumps(line, default=str)),
    ]


def _readable() -> list[structlog.types.Processor]:
    # The plain formatter: the others show local variables, which may be secrets.
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        _below,
        console,
        lambda _logger, _name, line: line.encode() if isinstance(line, str) else line,
    ]


def _below(_logger: object, _name: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """A traceback stands under its line, as the console shows what is called `exception`."""
    return {"exception" if name == "traceback" else name: value for name, value in line.items()}


def _heading(_logger: object, _name: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """When, how bad and what stand first, so that lines can be read as they pass."""
    return {name: line[name] for name in ("timestamp", "level", "event")} | dict(line)
