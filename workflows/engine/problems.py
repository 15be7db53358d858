"""What is wrong with a definition. The same record as for calendars: path, line, message."""

from portal.i18n import LazyText
from workflows.calendars.nodes import Problem

__all__ = ["Problem", "error", "warning"]


def error(path: str, message: LazyText) -> Problem:
    return Problem(path, None, message)


def warning(path: str, message: LazyText) -> Problem:
    return Problem(path, None, message, "warning")
