"""The SMS of a campaign: what is wrong with a text, what it costs and why."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portal import links
from portal.i18n import _, format_number, isolate, ngettext
from portal.messaging import account, characters, lines, lint, segments
from portal.messaging.lint import NEAR
from portal.messaging.segments import Segments
from portal.messaging.services import LINK
from portal.messaging.suffixes import with_suffix
from portal.text import strip_controls

PURPOSE: Final = "survey"
SAMPLE_TOKEN: Final = "TEST0000000"  # noqa: S105 (stands where a token will: as long, opens nothing)
MAX_SEGMENTS: Final = 10
MAX_CHARACTERS: Final = 1000

_PLACEHOLDER = re.compile(r"\{[^{}\n]{0,40}\}")


@dataclass(frozen=True)
class TextCost:
    """What one SMS in one language takes. `shown` is the text as the phone will show it."""

    language: str
    shown: str
    found: Segments
    reasons: tuple[str, ...]

    @property
    def segments(self) -> int:
        return self.found.segments


def normalise(text: str) -> str:
    """A text as it is kept: one kind of line end, no control characters, no blanks around it."""
    return segments.clean(strip_controls(text[: MAX_CHARACTERS * 2])).strip()


def kept(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts that are not empty, normalised."""
    found = {language: normalise(text) for language, text in texts.items()}
    return {language: text for language, text in found.items() if text}


def placement(text: str, placeholder: str) -> str | None:
    """What is wrong with the number of times a placeholder stands in a text: once is right."""
    times = text.count(placeholder)
    if times == 1:
        return None
    if times:
        return _("%(placeholder)s stands more than once; leave it once.", placeholder=placeholder)
    if placeholder == LINK:
        return _("Write {link} where the personal link of each person is to stand.")
    return _(
        "Write %(placeholder)s where the numbered choices are to stand.", placeholder=placeholder
    )


def problem(text: str, *, is_link_needed: bool = True) -> str | None:
    """What must be changed before this text can be sent, in the reader's language."""
    if (is_link_needed or LINK in text) and (wrong := placement(text, LINK)):
        return wrong
    others = [found for found in _PLACEHOLDER.findall(text) if found != LINK]
    if others:
        return _(
            "%(placeholder)s would be sent as it is: only {link} is replaced.",
            placeholder=isolate(others[0]),
        )
    if len(text) > MAX_CHARACTERS or cost("", text).segments > MAX_SEGMENTS:
        return _(
            "This text is too long: at most %(count)s parts.", count=format_number(MAX_SEGMENTS)
        )
    return None


def sample(text: str, purpose: str = PURPOSE) -> str:
    """The text as a phone would show it, with a link as long as the real ones."""
    return with_suffix(text).replace(LINK, links.url_for_token(purpose, SAMPLE_TOKEN))


def cost(language: str, text: str, purpose: str = PURPOSE) -> TextCost:
    """Exact segments of what will be sent, link and ending included, and the reasons."""
    text = normalise(text)
    shown = sample(text, purpose)
    own = len(text.replace(LINK, links.url_for_token(purpose, SAMPLE_TOKEN)))
    found = lines.usual(shown)
    reasons = [*_reasons(language, shown, own, found), *lines.differences(shown)]
    return TextCost(language, shown, found, tuple(reasons))


def _reasons(language: str, shown: str, own: int, found: Segments) -> list[str]:
    said: list[str] = []
    if found.encoding == "UCS-2":
        said.append(_why_short_parts(shown, own, found))
        if language == "en" and (found.first_non_gsm_at or 0) < own:
            said.append(_where(found))
    if found.segments > 1:
        over = _over(found)
        if over <= NEAR:
            said.append(
                ngettext(
                    "%(num)s character fewer saves one part.",
                    "%(num)s characters fewer save one part.",
                    over,
                )
            )
        if cheaper := _without_odd_characters(shown, found):
            said.append(cheaper)
    return said


def _where(found: Segments) -> str:
    """Which character does it, by name, for many cannot be told apart, and where it stands."""
    first = found.first_non_gsm or ""
    return _(
        "The first that is not Latin is “%(character)s” (%(name)s, %(code)s), at place %(place)s.",
        character=isolate(first),
        name=characters.name_of(first),
        code=characters.code_of(first),
        place=format_number((found.first_non_gsm_at or 0) + 1),
    )


def _why_short_parts(shown: str, own: int, found: Segments) -> str:
    plan = account.plan()
    single, multi = plan.ucs2_single, plan.ucs2_multi
    if (found.first_non_gsm_at or 0) >= own:
        return _(
            "The ending “%(ending)s” is in Persian letters, so a part holds %(few)s characters "
            "instead of %(many)s.",
            ending=shown[own:].strip(),
            few=format_number(single),
            many=format_number(plan.gsm_single),
        )
    odd = _odd_characters(shown[:own])
    if len(odd) <= 3:
        return _(
            "Because of “%(characters)s” a part holds %(few)s characters instead of %(many)s.",
            characters=" ".join(odd),
            few=format_number(single),
            many=format_number(plan.gsm_single),
        )
    return _(
        "Persian and Arabic letters: %(single)s characters fit in one part, %(multi)s in each of "
        "several.",
        single=format_number(single),
        multi=format_number(multi),
    )


def _odd_characters(text: str) -> list[str]:
    """The different characters that no GSM-7 message holds, in order of their appearance."""
    return list(dict.fromkeys(c for c in text if segments.count(c).encoding == "UCS-2"))


def _over(found: Segments) -> int:
    """Units to cut until the text takes one part less."""
    return lint.over(found, account.plan())


def _without_odd_characters(shown: str, found: Segments) -> str | None:
    odd = _odd_characters(shown) if found.encoding == "UCS-2" else []
    if not 0 < len(odd) <= 3:
        return None
    without = "".join(c for c in shown if c not in odd)
    plain = lines.usual(without)
    if plain.segments >= found.segments:
        return None
    return ngettext(
        "Without “%(characters)s” the message takes %(num)s part.",
        "Without “%(characters)s” the message takes %(num)s parts.",
        plain.segments,
        characters=" ".join(odd),
    )
