"""What can go wrong with an expression."""


class ExpressionError(Exception):
    """The text is not an expression we understand.

    `position` counts characters from 0; `message` is a (lazy) translated sentence that says what
    to do; `kind` is one of "syntax", "function", "unsupported", "pattern", "too_long".
    """

    def __init__(self, position: int, message: object, kind: str = "syntax") -> None:
        super().__init__(position, message, kind)
        self.position = position
        self.message = message
        self.kind = kind

    def __str__(self) -> str:
        return str(self.message)


class EvaluationError(Exception):
    """A well-formed expression has no value here (a text grew too long, a pattern is unusable)."""
