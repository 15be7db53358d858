"""A file of a definition, looked at in full: its form, its sense, each problem with its line."""

from dataclasses import dataclass

from . import checks, reader
from .model import Definition
from .problems import Problem


@dataclass(frozen=True)
class Review:
    """`definition` where the text has the form of one, even if it must not be published."""

    definition: Definition | None
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether it may be published: there may still be warnings."""
        return self.definition is not None and not any(
            problem.severity == "error" for problem in self.problems
        )


def review(text: str, known: checks.World | None = None) -> Review:
    definition, problems, lines = reader.read_lines(text)
    if definition is not None:
        problems = [*problems, *reader.locate(checks.check(definition, known), lines)]
    return Review(definition, tuple(problems[: reader.MOST_PROBLEMS]))
