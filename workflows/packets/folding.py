"""The one folding after which a packet's text and what `pdftotext` finds in its PDF are equal.

A PDF holds glyphs where they stand on paper, not letters in the order of reading. Whoever copies
text out of it gets it back with these differences, and no others: presentation forms, bidi
controls that the extractor adds, the place of ZWNJ (it comes back a letter too late), spaces
around numbers, and the side of a number on which a bracket or a full stop stands. docs/packets.md
says the same in words.
"""

import re
import unicodedata

from portal.text import BIDI_CONTROLS

_DROPPED = dict.fromkeys(map(ord, BIDI_CONTROLS + "\u200c\u200d\u0640\ufeff\u00ad\f"))
_TOKEN = re.compile(r"\d+(?:[.,:/٫٬]\d+)*[%٪]?(?![A-Za-z])|[A-Za-z0-9]+|[^\W\d_]+|\d+")


def fold(text: str) -> str:
    """Words and numbers, each parted from the next by one space.

    NFKC; ZWNJ, ZWJ, tatweel and bidi controls dropped; «هٔ» as «ۀ»; punctuation dropped, but for
    what stands inside a number or ends it as its percent sign.
    """
    text = text.replace("\f", "\n").translate(_DROPPED).replace("ه\u0654", "ۀ")
    return " ".join(_TOKEN.findall(unicodedata.normalize("NFKC", text)))
