"""Figures of the dashboard's cards; each is counted in an index of its own."""

from flask_security import current_user

from workflows.cases.filters import mentions
from workflows.cases.staff import counting
from workflows.cases.staff.lists import Reader


def open_cases() -> int:
    return counting.open_cases()


def overdue() -> int:
    return counting.overdue(Reader(0, None, False))


def urgent_open() -> int:
    return counting.urgent_open()


def notes_for_me() -> int:
    return mentions.count(current_user.id)
