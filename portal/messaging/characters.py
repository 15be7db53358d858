"""Names of characters that people do not see or cannot tell apart."""

import unicodedata
from collections.abc import Mapping
from typing import Final

from portal.i18n import LazyText, _, _l, isolate

_NAMES: Final[Mapping[str, LazyText]] = {
    **dict.fromkeys("‘’‚‛", _l("typographic apostrophe")),
    **dict.fromkeys("“”„‟", _l("typographic quotation mark")),
    **dict.fromkeys("–—―", _l("long dash")),
    "…": _l("ellipsis in one character"),
    "•": _l("bullet"),
    "\u00a0": _l("non-breaking space"),
    "\u200c": _l("zero-width non-joiner"),
    "\u200d": _l("zero-width joiner"),
    "\ufe0f": _l("sign that makes an emoji coloured"),
}


def name_of(char: str) -> str:
    """What to call one character, in the reader's language where we know a word."""
    known = _NAMES.get(char)
    if known is not None:
        return str(known)
    if "\u06f0" <= char <= "\u06f9":
        return _("Persian digit")
    if "\u0600" <= char <= "\u06ff":
        return _("Persian or Arabic letter or mark")
    if "\U0001f000" <= char <= "\U0001faff" or "\u2600" <= char <= "\u27bf":
        return _("emoji or symbol")
    return isolate(unicodedata.name(char, _("unnamed character")).lower())


def code_of(char: str) -> str:
    """Its number as Unicode writes it."""
    return isolate(f"U+{ord(char):04X}")
