"""How many statements a page sends to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event


@dataclass
class Count:
    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.statements)


@contextmanager
def count_queries() -> Iterator[Count]:
    """Count every statement of every engine while the block runs.

    Compare two sizes of the same page, or hold the count under a number:

        with count_queries() as queries:
            client.get("/staff/contacts")
        assert queries.count <= 6, queries.statements
    """
    seen = Count()

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
