"""Public minutes: per call the subject and the answer or promise; no name, no number."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal import audit, clock
from portal.db import db
from portal.i18n import _l, digits
from portal.text import ZWNJ, ascii_digits, fold, search_key
from workflows.callins import services
from workflows.callins.models import Call, CallinSession
from workflows.callins.services import CallinError

IN_MINUTES = ("answered", "promised", "transferred")
# Digits with what people put between them, and what cannot be seen at all.
_BETWEEN = r"[\s\-.·•*/_()‐-―\u200b-\u200f\u202a-\u202e\u2060-\u2069]"
_LONG_NUMBER = re.compile(rf"\+?\d(?:{_BETWEEN}{{0,4}}\d){{6,}}")
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:1[34]\d\d|20\d\d)"
_DATE = re.compile(
    rf"(?<![\d+])(?:{_YEAR}([/.-]){_MONTH}\1{_DAY}|{_DAY}([/.-]){_MONTH}\2{_YEAR})(?![\d/.-]*\d)"
)
HIDDEN = "…"
_SAME = {"ی": "یيىې", "ک": "کكڪ", "ه": "هەہةۀ", "ا": "اآأإٱ", "و": "وؤ", "ئ": "ئیي"}
_MARKS = r"[\u064b-\u0655\u0670\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069]*"


def draft(call: Call) -> None:
    """The first wording, from what was written during the call."""
    call.public_subject = without_person(call.subject, call.name)
    call.public_text = without_person(call.answer, call.name)


def without_person(text: str, name: str) -> str:
    """`text` without long numbers (telephones, identity cards) and the caller's own name.

    A help for whoever edits the minutes, not a promise: they read them before they publish.
    """
    for found in reversed(list(_LONG_NUMBER.finditer(_without_dates(text)))):
        text = text[: found.start()] + HIDDEN + text[found.end() :]
    for part in sorted({name, *name.split()}, key=len, reverse=True):
        if len(part) > 2:
            text = _spelt(part).sub(HIDDEN, text)
    return re.sub(rf"{HIDDEN}(?:\s*{HIDDEN})+", HIDDEN, text)


def _without_dates(text: str) -> str:
    """With ASCII digits, but none in dates; of the same length, so that positions hold."""
    return _DATE.sub(lambda found: "x" * len(found[0]), ascii_digits(text))


def _spelt(name: str) -> re.Pattern[str]:
    """A name however a keyboard writes it: ي or ی, with or without joiner, vowels, capitals."""
    letters = []
    for char in fold(name, diacritics=False).replace(ZWNJ, ""):
        same = "".join({*_SAME.get(char, char), char})
        letters.append(r"\s+" if char.isspace() else f"[{re.escape(same)}]")
    return re.compile(rf"(?<!\w){_MARKS.join(letters)}{_MARKS}(?!\w)", re.IGNORECASE)


def lines(session_id: int, *, public_only: bool) -> Sequence[Call]:
    """The calls that minutes can hold, in the order they were made."""
    statement = select(Call).where(Call.session_id == session_id, Call.state.in_(IN_MINUTES))
    if public_only:
        statement = statement.where(Call.public)
    return db.session.scalars(statement.order_by(Call.started_at, Call.id)).all()


def edit(session_id: int, texts: Mapping[int, tuple[bool, str, str]]) -> None:
    """call id -> (shown, subject, text). Raises CallinError, LookupError."""
    session = services.locked(session_id)
    if session.state != "closed":
        raise CallinError(_l("The minutes are written when the session has ended."))
    changed = []
    for call in lines(session_id, public_only=False):
        if call.id in texts:
            wanted = texts[call.id]
            if wanted != (call.public, call.public_subject, call.public_text):
                call.public, call.public_subject, call.public_text = wanted
                changed.append(call.id)
    db.session.flush()
    if changed:
        audit.record("callin.minutes_edited", "callin_session", session_id, calls=changed)


@dataclass(frozen=True)
class Leak:
    """Something in the public wording of a call by which a person might be known."""

    number: int
    """Which call of the minutes, from 1."""
    kind: str
    """number: a long number; name: part of the caller's name, or another caller's whole name."""


def leaks(session_id: int) -> list[Leak]:
    """What still stands in the wording that everybody would read."""
    calls = lines(session_id, public_only=False)
    names = db.session.scalars(
        select(Call.name).where(Call.session_id == session_id, Call.name != "")
    ).all()
    whole = {key for name in names if len(name.split()) > 1 for key in _keys(name)}
    found: list[Leak] = []
    for place, call in enumerate(calls, start=1):
        if not call.public:
            continue
        text = f"{call.public_subject}\n{call.public_text}"
        if _LONG_NUMBER.search(_without_dates(text)):
            found.append(Leak(place, "number"))
        own = {key for part in call.name.split() if len(part) > 2 for key in _keys(part)}
        said = _keys(text)
        if any(f" {name} " in f" {one} " for name in own | whole for one in said):
            found.append(Leak(place, "name"))
    return found


def _keys(text: str) -> set[str]:
    """Words as a search compares them; a joiner parts them or does not."""
    return {search_key(text), search_key(text.replace(ZWNJ, ""))} - {""}


def check(session_id: int, *, names_are_none: bool = False) -> None:
    """Refuse wording by which a caller might be known. Raises CallinError.

    A long number never gets out. `names_are_none`: somebody has read it, and what looks like a
    caller's name is none (a street, the mayor).
    """
    for leak in leaks(session_id):
        if leak.kind == "number":
            raise CallinError(
                _l("Call %(n)s still holds a long number.", n=digits(leak.number)), "number"
            )
        if not names_are_none:
            raise CallinError(
                _l("Call %(n)s still holds what may be a caller's name.", n=digits(leak.number)),
                "name",
            )


def publish(session_id: int, *, names_are_none: bool = False) -> CallinSession:
    """Show them to everybody, once somebody has taken names and numbers out. Again: nothing
    happens. Raises CallinError, LookupError."""
    session = services.locked(session_id)
    if session.state != "closed":
        raise CallinError(_l("The minutes are written when the session has ended."))
    check(session_id, names_are_none=names_are_none)
    if session.minutes_published_at is None:
        session.minutes_published_at = clock.now()
        db.session.flush()
        audit.record("callin.minutes_published", "callin_session", session_id)
    return session
