"""A letter as PDF/UA-1 on the unit's letterhead, set by typst."""

import re
from pathlib import Path
from typing import Any, Final

from portal import glyphs
from portal.i18n import LANGUAGES
from portal.typesetting import REGIONS, code
from portal.typesetting import pdf as typeset
from portal.typesetting import shown as words_shown
from workflows.letters.models import Letter
from workflows.letters.presenting import Document, plain_text, present

TEMPLATE: Final = Path(__file__).with_name("letter.typ")
ATTACHMENT: Final = "letter.txt"
# E-mail and web addresses and codes: among right-to-left words their parts would change places.
_SPELT: Final = re.compile(
    r"(?=[A-Za-z0-9@._:/+-]*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9@._:/+-]*[A-Za-z0-9])?"
)


def render(letter: Letter) -> bytes:
    """The PDF's bytes; same letter and letterhead, same bytes."""
    return draw(present(letter))


def draw(document: Document) -> bytes:
    return typeset(TEMPLATE, _inputs(document))


def shown(text: str) -> str:
    """Words as the font can draw them; what is spelt from left to right stays together."""
    parts, last = [], 0
    for found in _SPELT.finditer(text):
        parts += [words_shown(text[last : found.start()]), code(found[0])]
        last = found.end()
    return "".join([*parts, words_shown(text[last:])])


def _inputs(document: Document) -> dict[str, Any]:
    if document.language not in LANGUAGES:
        raise ValueError(f"No such language: {document.language}")
    referring = None
    if document.referring:
        said, number, day = document.referring
        referring = glyphs.drawn(said) % {"number": code(number), "date": code(day)}
    return {
        "font": glyphs.FAMILY,
        "lang": document.language,
        "region": REGIONS[document.language],
        "rtl": document.rtl,
        # Metadata: readers of it print controls.
        "title": glyphs.drawn(document.subject),
        "author": glyphs.drawn(document.city),
        "city": shown(document.city),
        "unit": shown(document.unit),
        "emblem": list(document.emblem) if document.emblem else None,
        "invocation": glyphs.drawn(document.invocation),
        "labels": {key: shown(text) for key, text in document.labels.items()},
        "reference": code(document.reference) if document.reference else "",
        "date": code(document.date) if document.date else "",
        "enclosed": shown(document.enclosed),
        "mark": shown(document.draft or document.cancelled),
        "redacted": shown(document.redacted),
        "addressee": [shown(line) for line in document.addressee],
        "referring": referring,
        "subject": shown(document.subject),
        "paragraphs": [shown(text) for text in document.paragraphs],
        "signatory": [shown(line) for line in document.signatory],
        "copies": [shown(line) for line in document.copies],
        "enclosures": [shown(line) for line in document.enclosures],
        "address": shown(document.address),
        "attachment": ATTACHMENT,
        "text": plain_text(document),
    }
