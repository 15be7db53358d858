"""Refusals with words for a person."""

from typing import Any


class BallotError(ValueError):
    """Something that cannot be done; `code` for programs, `messages` for people."""

    def __init__(self, code: str, *messages: Any, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages
        self.field = field
