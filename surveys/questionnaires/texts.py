"""Checks of what respondents read."""

import re
from collections.abc import Iterator, Mapping

from portal.i18n import _l

from .columns import Record
from .problems import ProblemList

_LOST = re.compile(r"\?{3,}|\ufffd|^#(?:REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!)$")
"""Letters that became question marks; a formula that came to nothing."""
_TURNED = re.compile(r"(?<!\$)\{([^\W\d][\w.\-]*)\}\$")
"""A reference as it looks in a right-to-left cell, and as some therefore type it."""
REFERENCE = re.compile(r"\$\{\s*([^{}]*?)\s*\}")


def check_texts(
    record: Record,
    key: str,
    texts: Mapping[str, str],
    languages: list[str],
    problems: ProblemList,
) -> None:
    """Warn of languages without text and of texts that an encoding has destroyed."""
    if not texts:
        return
    for language in languages:
        if language not in texts:
            problems.warn(
                "missing_translation",
                _l(
                    "The text “%(text)s” is missing in the language “%(language)s”. Add it; "
                    "until then another language is shown.",
                    text=_short(next(iter(texts.values()))),
                    language=language,
                ),
                record.table.name,
                record.number,
                record.header(key, language),
                language=language,
            )
    for language, text in texts.items():
        if found := _TURNED.search(text):
            problems.warn(
                "reference_turned",
                _l(
                    "“%(text)s” is shown as it stands. If the answer to a question is meant, "
                    "write ${%(name)s}.",
                    text=found[0],
                    name=found[1],
                ),
                record.table.name,
                record.number,
                record.header(key, language),
                language=language,
            )
        if is_lost(text):
            problems.warn(
                "text_lost",
                _l(
                    "“%(text)s” seems to have lost letters. Type it again and save the file as "
                    ".xlsx or as CSV in UTF-8.",
                    text=_short(text),
                ),
                record.table.name,
                record.number,
                record.header(key, language),
                language=language,
            )


def is_lost(text: str) -> bool:
    """Whether an encoding has destroyed letters of a text: “????”."""
    return _LOST.search(text) is not None


def references(text: str) -> Iterator[str]:
    """The names in the `${name}` of a label."""
    return (found[1] for found in REFERENCE.finditer(text))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"
