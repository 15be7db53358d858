"""What could be written shorter or safer in an SMS, each finding with the text it proposes.

Pure functions. Nothing here changes a text by itself: a person takes a proposal or leaves it. A
zero-width non-joiner is a letter of Persian spelling and is never taken away. Digits of any script
are one unit, so they stay as they are but in an English text, which they make dear.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from portal import text as texts
from portal.messaging.segments import DEFAULT_PLAN, LinePlan, Segments, count

Code = Literal["spaces", "letters", "tatweel", "decoration", "typography", "digits", "link", "over"]
Measure = Callable[[str], Segments]
"""The parts of a text as it will be sent: with its link, its choices and its ending."""

NEAR: Final = 20
"""From how many units over a part it is worth saying how little is to be cut."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`proposed` is None where nobody but the writer can shorten it. `characters`: the ones that
    are meant, each once. `saves`: parts fewer. `over`: units to cut for one part less."""

    code: Code
    proposed: str | None
    characters: str = ""
    saves: int = 0
    over: int = 0


def findings(
    text: str, language: str, *, measure: Measure = count, plan: LinePlan = DEFAULT_PLAN
) -> list[Finding]:
    """Everything worth saying of a text; a proposal never takes more parts than the text."""
    now = measure(text)
    if not now.segments:
        return []
    found: list[Finding] = []
    for code, fix in _fixes(language).items():
        proposed = fix(text)
        if proposed == text:
            continue
        then = measure(proposed)
        if then.segments > now.segments or not _is_worth_it(code, text, language, measure):
            continue
        left = [char for char in dict.fromkeys(text) if char not in proposed and not char.isspace()]
        found.append(Finding(code, proposed, "".join(left), now.segments - then.segments))
    if now.segments > 1 and (units := over(now, plan)) <= NEAR:
        shorter = _squeezed(text, language)
        saves = now.segments - measure(shorter).segments
        found.append(Finding("over", shorter if saves > 0 else None, "", max(0, saves), units))
    return found


def proposal(
    text: str,
    language: str,
    code: str,
    *,
    measure: Measure = count,
    plan: LinePlan = DEFAULT_PLAN,
) -> str:
    """The text that the finding of this code proposes; the text itself where there is none."""
    for found in findings(text, language, measure=measure, plan=plan):
        if found.code == code and found.proposed is not None:
            return found.proposed
    return text


def over(found: Segments, plan: LinePlan = DEFAULT_PLAN) -> int:
    """Units to cut until a text of several parts takes one part less."""
    gsm = found.encoding == "GSM-7"
    single = plan.gsm_single if gsm else plan.ucs2_single
    multi = plan.gsm_multi if gsm else plan.ucs2_multi
    if found.segments == 2:
        return found.units - single
    return multi - found.units_left_in_last


# The fixes: each gives the same text when it is used again.

_BLANK: Final = " \\t\u00a0\u2000-\u200a\u202f\u3000"
_RUNS = re.compile(f"[{_BLANK}]{{2,}}")
_AROUND_LINES = re.compile(f"[{_BLANK}]+(?=\\n|$)|(?<=\\n)[{_BLANK}]+|^[{_BLANK}]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def _spaces(text: str) -> str:
    return _EMPTY_LINES.sub("\n\n", _AROUND_LINES.sub("", _RUNS.sub(" ", text)))


_PERSIAN = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک"})
_ARABIC = str.maketrans({"ک": "ك"})


def _persian_letters(text: str) -> str:
    return text.translate(_PERSIAN)


def _arabic_letters(text: str) -> str:
    return text.translate(_ARABIC)  # ی may stand for ي or ى: only the writer knows


_STRETCHED = re.compile("(\\bه)?\u0640+(\\w)?")


def _tatweel(text: str) -> str:
    # «هـ» alone is the abbreviation of the lunar year.
    return _STRETCHED.sub(
        lambda m: "ه\u0640" if m[1] and not m[2] else (m[1] or "") + (m[2] or ""), text
    )


_SYMBOLS: Final = (
    "\u2190-\u21ff\u2300-\u23ff\u2460-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff"
)
_DECORATION = re.compile(
    f"[{_SYMBOLS}](?:[{_SYMBOLS}\ufe0f\u20e3\U000e0020-\U000e007f]|\u200d(?=[{_SYMBOLS}]))*"
    "|[\ufe0f\u20e3]"
)
_DRAWN_LETTERS = re.compile("[\U0001d400-\U0001d7ff]+")


def _decoration(text: str) -> str:
    plain = _DRAWN_LETTERS.sub(lambda m: unicodedata.normalize("NFKC", m[0]), text)
    plain = _DECORATION.sub("", plain)
    return text if plain == text else _spaces(plain)


_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−•·", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f", " "),
        "…": "...",
    }
)


def _typography(text: str) -> str:
    return text.translate(_TYPOGRAPHY)


_AFTER_LINK = re.compile(r"(\{link\})[.…,،؛;:!?؟]+(?=\s|$)")
_ON_WITH_THE_LINE = re.compile(r"(\{link\}) +(?=\S)")
_STUCK_TO_LINK = re.compile(r"(?<=\w)(?=\{link\})")


def _link(text: str) -> str:
    """The link on a line of its own end, so that phones take nothing else for a part of it."""
    text = _AFTER_LINK.sub(r"\1", text)
    return _STUCK_TO_LINK.sub("\n", _ON_WITH_THE_LINE.sub("\\1\n", text))


Fix = Callable[[str], str]
_COMMON: Final[Mapping[Code, Fix]] = {
    "spaces": _spaces,
    "tatweel": _tatweel,
    "decoration": _decoration,
    "link": _link,
}
_OF_LANGUAGE: Final[Mapping[str, Mapping[Code, Fix]]] = {
    "fa": {"letters": _persian_letters},
    "ar": {"letters": _arabic_letters},
    "en": {"typography": _typography, "digits": texts.ascii_digits},
}


def _fixes(language: str) -> dict[Code, Fix]:
    return {**_COMMON, **_OF_LANGUAGE.get(language, {})}


def _is_worth_it(code: Code, text: str, language: str, measure: Measure) -> bool:
    """Whether characters that only cost where nothing else makes the message UCS-2 cost here."""
    if code not in ("typography", "digits"):
        return True
    for fix in _fixes(language).values():
        text = fix(text)
    return measure(text).encoding == "GSM-7"


_BEFORE_MARKS = re.compile(r" +(?=[،؛:؟!.,;?])")
_REPEATED = re.compile(r"([!؟?،,])\1+")
_LAST_STOPS = re.compile(r"\.+(?=\n|$)")


def _squeezed(text: str, language: str) -> str:
    """Everything that can go without a word being lost."""
    for fix in _fixes(language).values():
        text = fix(text)
    text = re.sub(r"\n{2,}", "\n", text)
    text = _REPEATED.sub(r"\1", _BEFORE_MARKS.sub("", text))
    return _spaces(_LAST_STOPS.sub("", text))
