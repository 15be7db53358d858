"""Factories work with or without an application context of the caller's."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, has_app_context

_app: list[Flask] = []


def use(app: Flask) -> None:
    """Called by the `app` fixture: where factories write when the test holds no context."""
    _app[:] = [app]


@contextmanager
def application() -> Iterator[None]:
    """The context that is open, or one of the test's application."""
    if has_app_context():
        yield
        return
    with _app[0].app_context():
        yield
