"""The calendar feed, RFC 5545: text/calendar with folded lines, escaped texts and UTC times."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_OCTETS = 75


@dataclass(frozen=True)
class Event:
    """One VEVENT; texts are plain, in one language."""

    uid: str
    sequence: int
    changed_at: dt.datetime
    starts_at: dt.datetime
    ends_at: dt.datetime
    summary: str
    description: str
    location: str
    url: str
    cancelled: bool = False


def escape(text: str) -> str:
    """A TEXT value (3.3.11)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


def fold(line: str) -> str:
    """A content line in pieces of at most 75 octets (3.1), never through a character."""
    pieces, piece, size = [], "", 0
    for char in line:
        octets = len(char.encode())
        if size + octets > MAX_OCTETS:
            pieces.append(piece)
            # The space that begins a continuation counts too.
            piece, size = " ", 1
        piece, size = piece + char, size + octets
    return "\r\n".join([*pieces, piece]) + "\r\n"


def stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def calendar(name: str, language: str, events: Iterable[Event]) -> str:
    """The whole feed."""
    lines: list[str] = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Pasokh//Call-ins//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{escape(name)}",
        f"X-WR-CALNAME:{escape(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ]
    for event in events:
        lines += _event(event, language)
    return "".join(fold(line) for line in [*lines, "END:VCALENDAR"])


def _event(event: Event, language: str) -> Sequence[str]:
    return (
        "BEGIN:VEVENT",
        f"UID:{event.uid}",
        f"DTSTAMP:{stamp(event.changed_at)}",
        f"LAST-MODIFIED:{stamp(event.changed_at)}",
        f"SEQUENCE:{event.sequence}",
        f"DTSTART:{stamp(event.starts_at)}",
        f"DTEND:{stamp(event.ends_at)}",
        f"SUMMARY;LANGUAGE={language}:{escape(event.summary)}",
        f"DESCRIPTION;LANGUAGE={language}:{escape(event.description)}",
        f"LOCATION;LANGUAGE={language}:{escape(event.location)}",
        f"URL:{event.url}",
        f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    )
