"""A letter as it is read: one document from which the PDF and its HTML twin are drawn."""

import re
from dataclasses import dataclass
from typing import Final

from flask import current_app

from portal.db import db
from portal.formats import format_date, local
from portal.i18n import RIGHT_TO_LEFT, _, pick, use_language
from portal.text import localized_digits
from workflows.letters import files, heads, words
from workflows.letters.models import Letter, LetterFile

_PARAGRAPHS: Final = re.compile(r"\n\s*\n+")
_LATIN: Final = re.compile(r"[A-Za-z@]")


@dataclass(frozen=True)
class Document:
    """Everything in the language of the letter; `reference` is spelt from left to right."""

    language: str
    rtl: bool
    city: str
    unit: str
    emblem: bytes | None
    invocation: str
    labels: dict[str, str]
    reference: str
    date: str
    enclosed: str
    draft: str
    cancelled: str
    redacted: str
    addressee: tuple[str, ...]
    referring: tuple[str, str, str] | None
    """Words, the other letter's number, its date."""
    subject: str
    paragraphs: tuple[str, ...]
    signatory: tuple[str, ...]
    copies: tuple[str, ...]
    enclosures: tuple[str, ...]
    address: str
    page: str
    """Of how many it is one, with {number} and {total} in the places of the numbers."""
    digits: str


def present(letter: Letter, enclosed: list[LetterFile] | None = None) -> Document:
    """`enclosed`: the letter's files, if the caller has read them already."""
    language = letter.language
    other = db.session.get(Letter, letter.refers_to_id) if letter.refers_to_id else None
    head = heads.of(letter.unit_id)
    settings = current_app.extensions["pasokh_settings"]
    listed = [digits(one, language) for one in letter.enclosures]
    if enclosed is None:
        enclosed = [row for row in files.of_letter(letter.id) if row.kind == "enclosure"]
    with use_language(language):
        return Document(
            language=language,
            rtl=language in RIGHT_TO_LEFT,
            city=pick(settings.city_names, language),
            unit=heads.unit_name(letter.unit_id, language),
            emblem=heads.emblem_of(letter.unit_id),
            invocation=words.INVOCATION[language],
            labels={
                "number": _("Number"),
                "date": _("Date"),
                "enclosure": _("Enclosure"),
                "subject": _("Subject"),
                "copies": _("Copies to"),
                "enclosures": _("Enclosed"),
                "emblem": _("Emblem of the city"),
            },
            reference=digits(letter.reference or "", language),
            date=format_date(letter.dated_on, "short", language) if letter.dated_on else "",
            enclosed=_("Has enclosures") if listed or enclosed else _("Has no enclosures"),
            draft=_("Draft, not issued") if letter.state == "draft" else "",
            cancelled=_("Cancelled") if letter.state == "cancelled" else "",
            redacted=_redacted(letter),
            addressee=_lines(
                language, letter.party_name, letter.party_position, letter.party_organisation
            ),
            referring=_referring(letter, other),
            subject=digits(letter.subject, language),
            paragraphs=tuple(
                digits(part.strip(), language)
                for part in _PARAGRAPHS.split(letter.body)
                if part.strip()
            ),
            signatory=_lines(language, letter.signatory_name, letter.signatory_position),
            copies=tuple(digits(one, language) for one in letter.copies),
            enclosures=tuple(listed),
            address=digits(pick(head.address, language), language),
            page=_("Page %(number)s of %(total)s", number="{number}", total="{total}"),
            digits=localized_digits("0123456789", language),
        )


def _redacted(letter: Letter) -> str:
    if letter.redacted_at is None:
        return ""
    day = format_date(local(letter.redacted_at).date(), "short", letter.language)
    return _("Words were removed from this letter on %(date)s.", date=day)


def _referring(letter: Letter, other: Letter | None) -> tuple[str, str, str] | None:
    if other is None or letter.relation is None:
        return None
    said = {
        "correction": _("Correcting the letter number %(number)s of %(date)s"),
        "follow_up": _("Further to the letter number %(number)s of %(date)s"),
        "reply": _("In reply to the letter number %(number)s of %(date)s"),
    }[letter.relation]
    number, day = other.reference or "", other.dated_on
    if other.direction == "in":
        number, day = other.their_reference, other.their_date or other.dated_on
    language = letter.language
    shown = format_date(day, "short", language) if day else ""
    return said, digits(number, language), shown


def _lines(language: str, *texts: str) -> tuple[str, ...]:
    return tuple(digits(text, language) for text in texts if text)


def digits(text: str, language: str) -> str:
    """Digits in the script of the letter; what has Latin letters in it stays as typed."""
    parts = re.split(r"(\s+)", text)
    return "".join(
        part if _LATIN.search(part) else localized_digits(part, language) for part in parts
    )


def plain_text(document: Document) -> str:
    """The letter as text, in the order of reading; it is attached to the PDF."""
    labels = document.labels
    lines = [document.invocation, document.city, document.unit, ""]
    lines += [
        f"{labels['number']}: {document.reference}",
        f"{labels['date']}: {document.date}",
        f"{labels['enclosure']}: {document.enclosed}",
        "",
        *document.addressee,
        f"{labels['subject']}: {document.subject}",
    ]
    if document.referring:
        lines.append(referring_text(document))
    for paragraph in document.paragraphs:
        lines += ["", paragraph]
    if document.redacted:
        lines += ["", document.redacted]
    lines += ["", *document.signatory]
    for key in ("enclosures", "copies"):
        listed = getattr(document, key)
        if listed:
            lines += ["", f"{labels[key]}:", *listed]
    if document.address:
        lines += ["", document.address]
    return "\n".join(lines).strip() + "\n"


def referring_text(document: Document) -> str:
    if document.referring is None:
        return ""
    said, number, day = document.referring
    return said % {"number": number, "date": day}
