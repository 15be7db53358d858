"""PDF/UA-1 set by typst, the same bytes for the same contents.

No time and no chance enter: the document's date is left out, its moment is 0, fonts come from the
package alone. What goes in are finished texts, never markup, so nobody's words can run as code.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from portal import glyphs
from portal.text import strip_controls

LRI, RLI, FSI, PDI, LRM = "\u2066", "\u2067", "\u2068", "\u2069", "\u200e"
REGIONS: Final = {"fa": "ir", "ar": "iq", "en": "gb"}

# A number with everything that is spelt along with it, a telephone number in groups, or a word
# mixed of Latin letters and digits.
_IN_GROUPS = (
    r"\+\d[\d \u00a0-]{6,18}\d(?![\dA-Za-z])"
    r"|(?<!\d)[0۰٠]\d{2,3}[ \u00a0-]\d[\d \u00a0-]{4,12}\d(?![\dA-Za-z])"
)
_NUMBER = re.compile(
    rf"{_IN_GROUPS}|[+#]?(?:(?<![A-Za-z])[A-Za-z]++-?)?\d(?:[A-Za-z\d]|[.,:/٫٬\u00a0-](?=\d))*[%٪]?"
)


# Unlike all others, Arabic-Indic digits count as right-to-left for what stands between two of them:
# even in an isolate their groups would change places.
_ARABIC_GROUPS = re.compile(r"(?<=[٠-٩])[ \u00a0-](?=[٠-٩])")


def isolated(text: str) -> str:
    """Every number kept left to right, so that none prints or comes back reversed."""
    plain = strip_controls(text).replace("\u200e", "").replace("\u200f", "")
    return _NUMBER.sub(lambda match: f"{LRI}{in_groups(match[0])}{PDI}", plain)


def telephones(text: str) -> str:
    """For a page: only telephone numbers in groups need it there."""
    return re.sub(_IN_GROUPS, lambda match: f"{LRI}{in_groups(match[0])}{PDI}", text)


def in_groups(spelt: str) -> str:
    """Groups of Arabic-Indic digits kept in their order inside an isolate."""
    return _ARABIC_GROUPS.sub(f"\\g<0>{LRM}", spelt)


def code(text: str) -> str:
    """Something that is spelt from left to right whatever stands around it."""
    return f"{LRI}{in_groups(glyphs.drawn(text))}{PDI}"


def shown(text: str) -> str:
    """Words as the font can draw them, numbers isolated."""
    return isolated(glyphs.drawn(text))


def pdf(template: Path, document: Mapping[str, Any], *, root: Path | None = None) -> bytes:
    """The PDF of a typst template that reads `document` from sys.inputs.doc. `root`: the folder,
    around the template's own, from which it may read pictures."""
    compiler = typst.Compiler(
        input=str(template),
        root=str(root or template.parent),
        font_paths=_fonts(),
        sys_inputs={"doc": json.dumps(document, ensure_ascii=False)},
    )
    made = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=0)
    if not isinstance(made, bytes):
        raise TypeError("typst gave no single document")
    return made


@cache
def _fonts() -> Any:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(glyphs.FOLDER)],
    )
