"""Structured logs: one JSON object a line on stderr, without secrets."""

import logging
import re
import sys
from typing import Any

import structlog
from flask import g, has_request_context, request

from portal.config import Settings

_SECRET_NAMES = re.compile(r"(?i)(pass(word|wd)?|secret|token|api[_-]?key|authorization|cookie)$")
_SECRET_PLACES = (
    # Kavenegar's key, our hook secret, personal links and tracking codes stand in addresses.
    re.compile(r"(/v1/)[^/\s\"']{8,}(/)"),
    re.compile(r"(/hooks/sms/[^/\s]+/)[^/\s\"']+"),
    re.compile(r"(/callins/(?:check|registrations)/)[^/\s\"']+"),
    re.compile(r"(/hooks/exchange/)[^/\s\"']+"),
    re.compile(r"(/[bcpst]/)[0-9A-Za-z-]{6,}"),
    re.compile(r"(/[a-z]{2}/message/)[0-9A-Za-z-]{6,}"),
    re.compile(r"(://[^/:@\s]+:)[^@/\s]+(@)"),
)

_DETAIL = re.compile(r"DETAIL:.*?(?=\n(?:\[SQL|CONTEXT|HINT|The above|Traceback)|\Z)", re.DOTALL)
"""PostgreSQL quotes the row that it refused: a citizen's words, which a log must not keep."""


def redact(text: str) -> str:
    """The text with keys, hook secrets, link tokens and URL passwords replaced by ***."""
    for pattern in _SECRET_PLACES:
        text = pattern.sub(
            lambda m: m.group(1) + "***" + (m.group(2) if m.re.groups > 1 else ""), text
        )
    return _DETAIL.sub("DETAIL: ***", text)


def _redact_event(
    _logger: Any, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    for key, value in event.items():
        if _SECRET_NAMES.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = redact(value)
    return event


def _request_facts(
    _logger: Any, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if has_request_context():
        event["request_id"] = getattr(g, "request_id", None)
        event["method"] = request.method
        event["endpoint"] = request.endpoint
    return event


NOISY = ("alembic", "urllib3", "rq.worker", "rq", "passlib", "_granian", "granian", "werkzeug")
OURS = ("portal", "surveys", "workflows")


def configure(settings: Settings, *, mounted: bool = False) -> None:
    """Send everything that is logged through one JSON handler. Safe to call again.

    `mounted` in somebody else's site: only our own loggers; the host's stay as they are.
    """
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _request_facts,
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.is_pasokh = True  # type: ignore[attr-defined]
    for name in OURS if mounted else ("",):
        logger = logging.getLogger(name)
        for old in [h for h in logger.handlers if getattr(h, "is_pasokh", False)]:
            logger.removeHandler(old)
        logger.addHandler(handler)
        logger.setLevel(settings.log_level)
        # The host's own handlers would print each of our lines once more.
        logger.propagate = not mounted
    if not mounted:
        quiet = max(logging.WARNING, logging.getLogger().level)
        for noisy in NOISY:
            logging.getLogger(noisy).setLevel(quiet)
