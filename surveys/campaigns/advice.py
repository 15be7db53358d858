"""What is proposed for a text of a campaign, in words, and the text with a proposal taken."""

import re
from dataclasses import dataclass
from typing import Final

from portal.i18n import _, isolate, ngettext
from portal.messaging import account, lines, lint
from portal.messaging.lint import Finding, Measure
from surveys.campaigns import texts as sms
from surveys.campaigns.models import Campaign
from surveys.replies import texts as replies
from surveys.replies.choices import CHOICES

_TAKEN: Final = re.compile(r"take:((?:text|reminder)_(fa|ar|en)):([a-z]+)")


@dataclass(frozen=True)
class Advice:
    """`code` names the proposal; `said` why, in the reader's language."""

    code: str
    said: str
    proposed: str


def of(campaign: Campaign, language: str, text: str) -> list[Advice]:
    """Everything that could be written shorter or safer; `text` is normalised."""
    found = lint.findings(text, language, measure=_measure(campaign, language), plan=account.plan())
    return [
        Advice(each.code, _said(each, language), each.proposed)
        for each in found
        if each.proposed is not None
    ]


def wanted(action: str) -> tuple[str, str, str] | None:
    """(field, language, code) of a button that takes a proposal."""
    found = _TAKEN.fullmatch(action)
    return (found[1], found[2], found[3]) if found else None


def take(campaign: Campaign, language: str, code: str, typed: str) -> str:
    """The text with one proposal taken; as it was where it is not proposed any more."""
    return lint.proposal(
        sms.normalise(typed),
        language,
        code,
        measure=_measure(campaign, language),
        plan=account.plan(),
    )


def _measure(campaign: Campaign, language: str) -> Measure:
    choices = replies.filled(campaign, language, CHOICES)
    return lambda text: lines.usual(sms.sample(text.replace(CHOICES, choices)))


def _said(found: Finding, language: str) -> str:
    shown = isolate(" ".join(found.characters))
    match found.code:
        case "spaces":
            said = _("Blanks that nobody sees can go.")
        case "letters" if language == "ar":
            said = _("“%(characters)s” is not on an Arabic keyboard.", characters=shown)
        case "letters":
            said = _("“%(characters)s” is not on a Persian keyboard.", characters=shown)
        case "tatweel":
            said = _("Stretched letters cost a character for each stroke.")
        case "decoration":
            said = _("Without decoration: “%(characters)s”.", characters=shown)
        case "typography":
            said = _(
                "With plain marks instead of “%(characters)s” a part holds more.", characters=shown
            )
        case "digits":
            said = _(
                "With Latin digits instead of “%(characters)s” a part holds more.", characters=shown
            )
        case "link":
            said = _(
                "A link stands best at the end of a line: phones take what touches it for a part "
                "of it."
            )
        case "over":
            said = _("Without blank lines, repeated marks and full stops at the ends of lines.")
    if found.saves:
        said += " " + ngettext("Saves %(num)s part.", "Saves %(num)s parts.", found.saves)
    return said
