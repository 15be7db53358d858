"""What a gateway's table of codes is."""

from collections.abc import Mapping
from typing import Final

from portal.i18n import LazyText

Table = Mapping[str, tuple[LazyText, LazyText | str]]
"""Code -> (what happened, what to do)."""
NOTHING: Final = ""
