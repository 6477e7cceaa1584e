"""Structured logs, one JSON line each; never a comment's text, an address or a secret."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import structlog


def configure(level: str = "info") -> None:
    """Send our logs and those of libraries to standard error, as JSON lines."""
    number = logging.getLevelNamesMapping()[level.upper()]
    steps: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _where_it_broke,
    ]
    structlog.configure(
        processors=[*steps, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=steps,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


def _where_it_broke(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    # The message of an exception may quote what a stranger wrote, so only its kind and places are kept.
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event["error"] = type(error).__name__
        event["trace"] = [f"{f.filename}:{f.lineno} {f.name}" for f in frames[-8:]]
    return event
