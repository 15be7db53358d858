"""The poster of an open link: a print-ready PDF with 3 mm bleed and crop marks.

The QR code (ISO/IEC 18004) has error correction Q, a quarter of it may be lost to rain and paint,
and is one vector path, so that it stays sharp on a billboard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import qrcode
from flask import current_app
from qrcode.constants import ERROR_CORRECT_Q

from portal import glyphs, typesetting
from portal.config import Settings
from portal.i18n import LANGUAGES, RIGHT_TO_LEFT, _, digits, pick, use_language
from surveys.openlinks.services import OpenLink
from surveys.questionnaires.services import load_version
from surveys.ways.models import UNVERIFIED

TEMPLATE: Final = Path(__file__).with_name("poster.typ")
BLEED_MM: Final = 3
SLUG_MM: Final = 7
"""Room for the crop marks outside the bleed."""
QUIET: Final = 4
"""Modules of white around a code, as the standard asks."""


@dataclass(frozen=True)
class Size:
    """The trimmed sheet, millimetres."""

    width: int
    height: int


SIZES: Final = {"a4": Size(210, 297), "a3": Size(297, 420), "billboard": Size(4000, 3000)}


def url(link: OpenLink, language: str) -> str:
    """The public address; with its language where that is not the one readers get anyway."""
    settings: Settings = current_app.extensions["pasokh_settings"]
    return f"{settings.public_url}/o/{link.code}?lang={language}"


def short_address(link: OpenLink) -> str:
    """As a person types it."""
    settings: Settings = current_app.extensions["pasokh_settings"]
    bare = settings.public_url.removeprefix("https://").removeprefix("http://")
    return f"{bare}/o/{link.code}"


def matrix(text: str) -> list[list[bool]]:
    """The modules of a code, without the quiet zone."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    code.add_data(text)
    code.make(fit=True)
    return [[bool(module) for module in row] for row in code.get_matrix()]


def svg(modules: Sequence[Sequence[bool]]) -> str:
    """One path over all dark modules, rows of them joined, with the quiet zone."""
    side = len(modules) + 2 * QUIET
    steps = []
    for y, row in enumerate(modules, QUIET):
        x = 0
        while x < len(row):
            run = 0
            while x + run < len(row) and row[x + run]:
                run += 1
            if run:
                steps.append(f"M{x + QUIET} {y}h{run}v1h-{run}z")
            x += run or 1
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path d="{"".join(steps)}"/></svg>'
    )


def render(link: OpenLink, languages: Sequence[str], size: str) -> bytes:
    """The PDF in these languages, the first one large. KeyError for a size that is none."""
    sheet = SIZES[size]
    first = languages[0]
    settings: Settings = current_app.extensions["pasokh_settings"]
    texts = [_texts(link, code) for code in languages]
    address = short_address(link)
    with use_language(first):
        alt = _("QR code of the address %(address)s", address=address)
        phone = digits(str(current_app.config.get("CITY_PHONE", "137")), first)
        foot = _("Municipal service centre: %(phone)s", phone=phone)
    title = texts[0]["title"]
    return typesetting.pdf(
        TEMPLATE,
        {
            "font": glyphs.FAMILY,
            "lang": first,
            "region": typesetting.REGIONS[first],
            "rtl": first in RIGHT_TO_LEFT,
            "title": title,
            "city": typesetting.shown(pick(settings.city_names, first)),
            "width": sheet.width,
            "height": sheet.height,
            "wide": sheet.width > sheet.height,
            "bleed": BLEED_MM,
            "slug": SLUG_MM,
            "texts": texts,
            "qr": svg(matrix(url(link, first))),
            "qr_alt": alt,
            "address": address,
            "address-scale": min(1.0, 24 / len(address)),
            "foot": typesetting.shown(foot),
        },
    )


def _texts(link: OpenLink, language: str) -> dict[str, Any]:
    """What the poster says in one language."""
    if language not in LANGUAGES:
        raise KeyError(language)
    title = pick(load_version(link.campaign.version_id).title, language)
    with use_language(language):
        notes = (
            _("Unverifiable: nobody checks who answers here, or how often."),
            _("Please answer once."),
        )
        if link.kind != UNVERIFIED:
            notes = (
                _("You need your mobile telephone: a code comes by SMS."),
                _("One person, one answer. Your number is used for this survey only."),
            )
        return {
            "lang": language,
            "region": typesetting.REGIONS[language],
            "rtl": language in RIGHT_TO_LEFT,
            "title": typesetting.shown(title),
            # A long title in smaller letters: three lines at most.
            "scale": min(1.0, 34 / max(len(title), 1)) if len(title) > 34 else 1.0,
            "lead": _("What do you think? Scan the code or type the address."),
            "notes": [typesetting.shown(note) for note in notes],
        }
