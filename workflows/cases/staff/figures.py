"""Figures of the dashboard's cards."""

from workflows.cases import queries


def open_cases() -> int:
    return queries.counts().open


def overdue() -> int:
    return queries.counts().late


def urgent_open() -> int:
    return queries.counts().urgent
