"""Reading long lists: how far an inbox is read, and whether a list was read far enough."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Row = Mapping[str, object]
Page = tuple[Sequence[Row], int]
"""Rows, and the number of the page after them."""

_MARK: Final = re.compile(
    r"(?P<since>[0-9]{1,19})"
    r"(?: (?P<newest>[0-9]{1,19}) (?P<page>[0-9]{1,9})(?: (?P<part>[a-z]+))?)?"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far an inbox is read, as a cursor: up to `since`, a time or an identifier. In the middle
    of a reading also the pages before `page`, of the `part` that is being read; `newest` is the
    newest seen in it.

    A page that was read moves behind its place when more arrives, so going on at a page leaves
    nothing out.
    """

    since: int
    newest: int
    page: int = 1
    part: str = ""

    @staticmethod
    def read(cursor: str, default: int, most: int = 10**19) -> "Mark":
        """What `str` of a mark said, but nothing beyond `most`; of anything else `default`."""
        found = _MARK.fullmatch(cursor)
        if found is None:
            return Mark(default, default)
        since = min(int(found["since"]), most)
        if found["newest"] is None:
            return Mark(since, since)
        newest = min(int(found["newest"]), most)
        return Mark(since, newest, int(found["page"]), found["part"] or "")

    @property
    def is_cut(self) -> bool:
        """Whether it is in the middle of a reading."""
        return (self.page, self.part) != (1, "")

    def __str__(self) -> str:
        if not self.is_cut:
            return str(self.newest)
        return f"{self.since} {self.newest} {self.page} {self.part}".rstrip()


@dataclass(frozen=True, slots=True)
class Listing:
    """`next_page`: where to go on; None where the list was read to its end, or was sorted by time
    and went back far enough."""

    rows: Sequence[Row]
    next_page: int | None = None


def read(
    pages: Iterable[Page], when: Callable[[Row], int | None], since: float, first: int = 1
) -> Listing:
    """The rows of these pages that are not older than `since`; an empty page is the end."""
    found: list[Row] = []
    last, following = float("inf"), first
    is_sorted, falls = True, False  # the newest first, and that was seen
    for rows, after in pages:
        if not rows:
            return Listing(found)
        following = after
        for row in rows:
            at = when(row)
            is_sorted = is_sorted and at is not None and at <= last
            falls = falls or (at or 0) < last < float("inf")
            last = at or 0
            if at is None or at >= since:
                found.append(row)
        if is_sorted and falls and last < since:
            return Listing(found)
    return Listing(found, following)
