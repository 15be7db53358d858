"""The texts of a survey: HTML to plain text, and the answers that are woven into them."""

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from portal.i18n import _l

from .document import Place, Texts
from .expression_script import ScriptError, Variable, parse
from .plain_text import plain_text
from .reports import Reports, short
from .translation import Names, quoted, value


class Calculations(Protocol):
    """Makes a calculate row and returns the name under which texts can show its value."""

    def __call__(self, expression: str, place: Place, about: str) -> str: ...


_BRACES = re.compile(r"\{((?:[^{}\"']|\"[^\"{}]*\"|'(?:[^'{}\\]|\\.)*')*)\}")


class TextReader:
    """HTML texts to what XLSForm has; what is lost is said once per language."""

    def __init__(
        self,
        names: Names,
        languages: Mapping[str, str],
        reports: Reports,
        calculation: Calculations,
    ) -> None:
        self.names = names
        self.languages = languages
        self.reports = reports
        self.calculation = calculation
        self._known: dict[str, str] = {}

    def read(self, texts: Texts, place: Place, about: str, column: str = "question") -> Texts:
        """{language: plain text} with `${name}` for answers."""
        found: Texts = {}
        lost: dict[str, None] = {}
        for language, html in texts.items():
            if language not in self.languages:
                continue
            text = self._filled(self._plain(html, place, language), place, about, lost)
            if text:
                found[language] = text
        if lost:
            self.reports.say(
                "text_expression_lost",
                _l(
                    "These parts of the text cannot be filled in and are left out: %(parts)s. "
                    "Rewrite the sentence without them.",
                    parts=short(", ".join(f"{{{part}}}" for part in lost), 200),
                ),
                place,
                about=about,
                column=column,
            )
        return found

    def _plain(self, html: str, place: Place, language: str) -> str:
        text, media, script = plain_text(html)
        code = self.languages[language]
        if media:
            self.reports.once(
                "media_lost",
                _l(
                    "Pictures, sound or video in the texts of “%(language)s” are left out. "
                    "Say in words what they show.",
                    language=code,
                ),
                place,
                language=code,
            )
        if script:
            self.reports.once(
                "script_lost",
                _l(
                    "Scripts in the texts of “%(language)s” are left out. Make sure that the "
                    "questions can be answered without them.",
                    language=code,
                ),
                place,
                language=code,
            )
        return text

    def _filled(self, text: str, place: Place, about: str, lost: dict[str, None]) -> str:
        def answer(found: re.Match[str]) -> str:
            inner = found[1]
            # LimeSurvey takes a brace before a space for text; {2,3} is part of a pattern.
            if not inner or inner[0].isspace() or re.fullmatch(r"[0-9]+(?:,[0-9]*)?", inner):
                return found[0]
            try:
                return self._reference(inner.strip(), place, about)
            except ScriptError:
                lost[inner.strip()] = None
                return ""

        return _BRACES.sub(answer, text)

    def _reference(self, expression: str, place: Place, about: str) -> str:
        node = parse(expression)
        if isinstance(node, Variable):
            meaning = self.names.one(node.name)
            # Here a `${name}` in a text shows a choice by its label, as `.shown` does.
            if meaning and meaning.is_reference and ("shown" in node.suffixes or not meaning.label):
                return meaning.text
        found = value(expression, self.names)
        if found.text not in self._known:
            self._known[found.text] = self.calculation(found.text, place, about)
        return f"${{{self._known[found.text]}}}"


def concatenated(text: str, translate: Callable[[str], str]) -> str:
    """XPath of a text with expressions in braces; a text that is one expression is just that."""
    pieces: list[str] = []
    position = 0
    for found in _BRACES.finditer(text):
        if before := text[position : found.start()]:
            pieces.append(quoted(before))
        pieces.append(translate(found[1]))
        position = found.end()
    if after := text[position:]:
        pieces.append(quoted(after))
    if not pieces:
        return "''"
    return pieces[0] if len(pieces) == 1 else f"concat({', '.join(pieces)})"


def joined(*texts: Texts, by: str = "\n") -> Texts:
    """The texts of each language one after the other."""
    languages = dict.fromkeys(language for text in texts for language in text)
    return {
        language: by.join(text[language] for text in texts if text.get(language))
        for language in languages
    }
