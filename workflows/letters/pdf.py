"""A letter as PDF/UA-1 on the unit's letterhead, set by typst."""

import re
from pathlib import Path
from typing import Any, Final

from portal import glyphs
from portal.i18n import LANGUAGES
from portal.typesetting import PDI, REGIONS, RLI, code
from portal.typesetting import pdf as typeset
from portal.typesetting import shown as words_shown
from workflows.letters.models import Letter
from workflows.letters.presenting import Document, plain_text, present

TEMPLATE: Final = Path(__file__).with_name("letter.typ")
ATTACHMENT: Final = "letter.txt"
# What is spelt from left to right without a space: words, e-mail and web addresses, codes. Among
# right-to-left words the parts of an address would change places.
_SPELT: Final = re.compile(r"[A-Za-zÀ-ɏ0-9@._:/+?&=#%~*'’-]+")
_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ]")
_EDGES: Final = "@._:/+?&=#%~*'’-"
# Between two words of one Latin phrase, perhaps with numbers in it. Parted, they would be read from
# the last to the first.
_WITHIN: Final = re.compile(
    r"[ ,;:.!?()\"'“”’–&/+-]{1,4}"
    r"(?:[0-9۰-۹٠-٩][0-9۰-۹٠-٩.,:/-]*[ ,;:.!?()\"'“”’–&/+-]{1,4}){0,8}"
)
_NUMBER_AT_END: Final = re.compile(r"[ \u00a0]\d{1,5}(?=[.,;:!?)]|$)")
_RIGHT: Final = r"[\u0590-\u065f\u066e-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]"
# Right-to-left words in a left-to-right letter, with the number that ends them.
_RIGHT_RUN: Final = re.compile(
    rf"{_RIGHT}(?:[^A-Za-zÀ-ɏ\n]*{_RIGHT})?(?:[ \u00a0]\d{{1,5}}(?=[»)\].,;]|$))?"
)
_LONG: Final = re.compile(r"[^\s\u200c]{49,}")
_BREAK: Final = "\u200b"
"""A place where a line may end; nothing is printed."""


def render(letter: Letter) -> bytes:
    """The PDF's bytes; same letter and letterhead, same bytes."""
    return draw(present(letter))


def draw(document: Document) -> bytes:
    return typeset(TEMPLATE, _inputs(document))


def shown(text: str, *, rtl: bool = True) -> str:
    """Words as the font can draw them, those of the other direction kept together in their own."""
    found, last = [], 0
    for start, end in _phrases(text) if rtl else (m.span() for m in _RIGHT_RUN.finditer(text)):
        inner = text[start:end]
        found += [words_shown(text[last:start])]
        found += [code(inner) if rtl else f"{RLI}{words_shown(inner)}{PDI}"]
        last = end
    return _LONG.sub(_with_breaks, "".join([*found, words_shown(text[last:])]))


def _phrases(text: str) -> list[tuple[int, int]]:
    """Where Latin words and what belongs between them begin and end."""
    found: list[tuple[int, int]] = []
    for match in _SPELT.finditer(text):
        if not _LATIN.search(match[0]):
            continue
        start = match.end() - len(match[0].lstrip(_EDGES))
        end = match.start() + len(match[0].rstrip(_EDGES))
        if found and _WITHIN.fullmatch(text, found[-1][1], start):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return [_whole(text, start, end) for start, end in found]


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """A bracket whose other half lies in the phrase belongs to it, and the number that ends it."""
    if number := _NUMBER_AT_END.match(text, end):
        end = number.end()
    inner = text[start:end]
    if inner.count("(") > inner.count(")") and text[end : end + 1] == ")":
        end += 1
    elif inner.count(")") > inner.count("(") and start and text[start - 1] == "(":
        start -= 1
    return start, end


def _with_breaks(word: re.Match[str]) -> str:
    """Something longer than half a line would run over the edge of the paper."""
    parts = re.sub(r"[/?&=_.-](?=[^/])", f"\\g<0>{_BREAK}", word[0])
    return _BREAK.join(
        _BREAK.join(part[i : i + 24] for i in range(0, len(part), 24))
        for part in parts.split(_BREAK)
    )


def _inputs(document: Document) -> dict[str, Any]:
    if document.language not in LANGUAGES:
        raise ValueError(f"No such language: {document.language}")
    referring = None
    if document.referring:
        said, number, day = document.referring
        referring = glyphs.drawn(said) % {"number": code(number), "date": code(day)}

    def own(text: str) -> str:
        return shown(text, rtl=document.rtl)

    return {
        "font": glyphs.FAMILY,
        "lang": document.language,
        "region": REGIONS[document.language],
        "rtl": document.rtl,
        # Metadata: readers of it print controls.
        "title": glyphs.drawn(document.subject),
        "author": glyphs.drawn(document.city),
        "city": own(document.city),
        "unit": own(document.unit),
        "emblem": list(document.emblem) if document.emblem else None,
        "invocation": glyphs.drawn(document.invocation),
        "labels": {key: own(text) for key, text in document.labels.items()},
        "reference": _LONG.sub(_with_breaks, code(number))
        if (number := document.reference)
        else "",
        "date": code(document.date) if document.date else "",
        "page": glyphs.drawn(document.page),
        "digits": document.digits,
        "enclosed": own(document.enclosed),
        "mark": own(document.draft or document.cancelled),
        "redacted": own(document.redacted),
        "addressee": [own(line) for line in document.addressee],
        "referring": referring,
        "subject": own(document.subject),
        "paragraphs": [own(text) for text in document.paragraphs],
        "signatory": [own(line) for line in document.signatory],
        "copies": [own(line) for line in document.copies],
        "enclosures": [own(line) for line in document.enclosures],
        "address": own(document.address),
        "attachment": ATTACHMENT,
        "text": plain_text(document),
    }
