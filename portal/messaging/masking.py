"""Texts as staff may see them again: exactly as sent, but for what opens somebody's own page."""

import re
from typing import Final

from portal.i18n import _
from portal.messaging.services import CODE, LINK

FSI: Final = "\u2068"
PDI: Final = "\u2069"
_LATE: Final = re.compile(re.escape(LINK) + "|" + re.escape(CODE))


def masked(body: str) -> str:
    """A stored body with words in the place of its personal link and its code."""

    def words(found: re.Match[str]) -> str:
        stands_for = _("personal link") if found[0] == LINK else _("code")
        # The reader's words may run against the direction of the text that they stand in.
        return f"{FSI}[{stands_for}]{PDI}"

    return _LATE.sub(words, body)
