"""What becomes of a letter that the city writes. Nothing commits.

Cases are locked first, in the order of their ids, then the letter. `by` is the id of a member of
staff. All raise LookupError and InputRefused; a refusal without a field is about the letter itself.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import delete, select

from portal import audit, clock, formats
from portal.db import db
from portal.i18n import LANGUAGES, _l
from portal.text import ascii_digits, search_key
from portal.units.models import Unit
from workflows.cases import moves
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused
from workflows.letters import deadlines, files, heads, numbering, pdf, words
from workflows.letters.models import (
    RELATIONS,
    SENT_BY,
    WAITING,
    Letter,
    LetterCase,
    LetterDocument,
)

MOST_BODY: Final = 20_000
MOST_LINE: Final = 300
MOST_LISTED: Final = 30
MOST_CASES: Final = 50


@dataclass(frozen=True)
class Draft:
    """What is typed of a letter. `calendar` None: no reply is expected."""

    unit_id: int
    language: str
    subject: str
    body: str
    party_name: str = ""
    party_position: str = ""
    party_organisation: str = ""
    copies: Sequence[str] = ()
    enclosures: Sequence[str] = ()
    signatory_name: str = ""
    signatory_position: str = ""
    calendar: str | None = None
    reply_days: int | None = None
    case_ids: Sequence[int] = field(default_factory=tuple)


def lock(letter_id: int) -> Letter:
    """The letter as it is now, held until the transaction ends, its cases before it."""
    for case_id in deadlines.case_ids(letter_id):
        moves.lock(case_id)
    letter = db.session.scalars(
        select(Letter)
        .where(Letter.id == letter_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if letter is None:
        raise LookupError(f"No letter {letter_id}")
    return letter


def write(
    draft: Draft, *, by: int, refers_to_id: int | None = None, relation: str | None = None
) -> Letter:
    """A new draft, perhaps one that corrects or answers another letter."""
    if refers_to_id is not None:
        other = db.session.get(Letter, refers_to_id)
        if other is None or other.state == "draft" or relation not in RELATIONS:
            raise InputRefused("", _l("There is no such letter to refer to."))
        if (other.direction == "in") != (relation == "reply"):
            raise InputRefused("", _l("There is no such letter to refer to."))
    _check(draft)
    letter = Letter(
        direction="out",
        state="draft",
        unit_id=draft.unit_id,
        language=draft.language,
        subject=draft.subject,
        their_reference="",
        owner_id=by,
        refers_to_id=refers_to_id,
        relation=relation if refers_to_id is not None else None,
        search_key="",
    )
    _fill(letter, draft)
    db.session.add(letter)
    db.session.flush()
    link(letter.id, draft.case_ids)
    audit.record("letter.drafted", "letter", letter.id, unit=draft.unit_id, subject=draft.subject)
    db.session.flush()
    return letter


def change(letter_id: int, draft: Draft, *, by: int) -> Letter:
    """Change a draft; an issued letter never changes."""
    letter = lock(letter_id)
    _only(letter, ("draft",))
    _check(draft)
    _fill(letter, draft)
    db.session.execute(delete(LetterCase).where(LetterCase.letter_id == letter_id))
    link(letter_id, draft.case_ids)
    audit.record("letter.changed", "letter", letter_id, subject=draft.subject, by=by)
    db.session.flush()
    return letter


def discard(letter_id: int) -> None:
    """Throw a draft away; it had no number."""
    letter = lock(letter_id)
    _only(letter, ("draft",))
    for row in files.of_letter(letter_id):
        files.remove(row)
    db.session.execute(delete(LetterCase).where(LetterCase.letter_id == letter_id))
    audit.record("letter.discarded", "letter", letter_id, subject=letter.subject)
    db.session.delete(letter)
    db.session.flush()


def issue(
    letter_id: int,
    *,
    by: int,
    external_number: str = "",
    external_date: dt.date | None = None,
) -> Letter:
    """Give the letter its number and date, print it, start the clock of its reply.

    `external_number` and `external_date` are the secretariat's, where the unit's letterhead says
    that it numbers; elsewhere they are refused.
    """
    letter = lock(letter_id)
    _only(letter, ("draft",))
    for name, value, missing in (
        ("body", letter.body, _l("Write the letter first.")),
        ("signatory_name", letter.signatory_name, _l("Write who signs.")),
    ):
        if not value.strip():
            raise InputRefused(name, missing)
    if not (letter.party_name or letter.party_position or letter.party_organisation):
        raise InputRefused("party_name", _l("Write to whom it goes."))
    head = heads.of(letter.unit_id)
    if head.numbering == "secretariat":
        reference = as_number(external_number, "external_number")
        if external_date is None or external_date > formats.today():
            raise InputRefused("external_date", _l("Write the date that the secretariat gave."))
        letter.dated_on, letter.year = external_date, numbering.persian_year(external_date)
        letter.reference = reference
        refuse_used(letter)
    else:
        if external_number or external_date:
            raise InputRefused("external_number", _l("This unit numbers its letters itself."))
        letter.dated_on = formats.today()
        letter.year = numbering.persian_year(letter.dated_on)
        letter.number = numbering.next_number(letter.unit_id, letter.year, "out")
        letter.reference = numbering.reference(
            head.prefix or _code(letter.unit_id), letter.year, letter.number
        )
    letter.state, letter.issued_at, letter.issued_by = "issued", clock.now(), by
    letter.search_key = search_text(letter)
    deadlines.start(letter)
    db.session.flush()
    content = pdf.render(letter)
    db.session.add(
        LetterDocument(
            letter_id=letter_id, content=content, digest=hashlib.sha256(content).digest()
        )
    )
    audit.record(
        "letter.issued",
        "letter",
        letter_id,
        reference=letter.reference,
        dated_on=letter.dated_on.isoformat(),
        due_at=letter.due_at.isoformat() if letter.due_at else None,
        pdf=hashlib.sha256(content).hexdigest(),
    )
    deadlines.note_on_cases(letter, "letter_issued", by=by, public=True)
    db.session.flush()
    return letter


def mark_sent(letter_id: int, *, how: str) -> Letter:
    letter = lock(letter_id)
    _only(letter, ("issued",))
    if how not in SENT_BY:
        raise InputRefused("how", _l("Choose how it was sent."))
    letter.state, letter.sent_at, letter.sent_by = "sent", clock.now(), how
    audit.record("letter.sent", "letter", letter_id, how=how)
    db.session.flush()
    return letter


def close(letter_id: int, *, by: int, why: str) -> Letter:
    """No reply is waited for any more."""
    letter = lock(letter_id)
    _only(letter, WAITING)
    _end(letter, "closed", why)
    audit.record("letter.closed", "letter", letter_id, why=letter.end_note)
    deadlines.note_on_cases(letter, "letter_closed", by=by)
    db.session.flush()
    return letter


def cancel(letter_id: int, *, by: int, why: str) -> Letter:
    """The letter does not hold any more; its number stays given."""
    letter = lock(letter_id)
    _only(letter, WAITING)
    _end(letter, "cancelled", why)
    audit.record("letter.cancelled", "letter", letter_id, why=letter.end_note)
    deadlines.note_on_cases(letter, "letter_cancelled", by=by)
    db.session.flush()
    return letter


def _end(letter: Letter, state: str, why: str) -> None:
    letter.end_note = moves.clean(why, "why", 1_000, required=True)
    letter.state, letter.ended_at = state, clock.now()
    deadlines.stop(letter)


def add_files(letter_id: int, sent: Sequence[files.Sent]) -> list[str]:
    """Enclosures of a draft; returns where they lie, to be discarded if the change fails."""
    letter = lock(letter_id)
    _only(letter, ("draft",))
    return files.attach(letter_id, "enclosure", sent)


def remove_file(letter_id: int, file_id: int) -> None:
    letter = lock(letter_id)
    _only(letter, ("draft",))
    row = files.find(letter_id, file_id)
    if row is None:
        raise LookupError(f"No file {file_id}")
    files.remove(row)


def link(letter_id: int, case_ids: Iterable[int]) -> None:
    """Tie a letter to cases that exist."""
    wanted = sorted(set(case_ids))
    if len(wanted) > MOST_CASES:
        raise InputRefused("cases", _l("These are too many cases."))
    known = set(db.session.scalars(select(Case.id).where(Case.id.in_(wanted))))
    if missing := set(wanted) - known:
        raise LookupError(f"No case {min(missing)}")
    db.session.add_all(LetterCase(letter_id=letter_id, case_id=case_id) for case_id in wanted)
    db.session.flush()


def as_number(typed: str, field: str) -> str:
    """A number as it is stored: two that differ in the script of their digits are one."""
    return ascii_digits(moves.clean(typed, field, 60, required=True))


def refuse_used(letter: Letter) -> None:
    """A number that another letter of the unit's year has. The index is the last word on it."""
    with db.session.no_autoflush:
        other = db.session.scalar(
            select(Letter.id).where(
                Letter.unit_id == letter.unit_id,
                Letter.year == letter.year,
                Letter.direction == letter.direction,
                Letter.reference == letter.reference,
                Letter.id != (letter.id or 0),
            )
        )
    if other is not None:
        letter.reference = None
        raise InputRefused("external_number", _l("Another letter has this number."))


def search_text(letter: Letter) -> str:
    """What a search in the register looks in."""
    texts = (
        letter.reference or "",
        letter.their_reference,
        letter.party_name,
        letter.party_position,
        letter.party_organisation,
        letter.subject,
        *letter.copies,
        letter.body,
    )
    return "\n".join(key for one in texts if (key := search_key(one)))


def _only(letter: Letter, states: tuple[str, ...]) -> None:
    if letter.state not in states:
        state = words.STATES[letter.state]
        raise InputRefused(
            "", _l("This is not possible now; the letter is: %(state)s.", state=state)
        )


def _check(draft: Draft) -> None:
    unit = db.session.get(Unit, draft.unit_id)
    if unit is None or not unit.active:
        raise InputRefused("unit_id", _l("There is no such unit."))
    if draft.language not in LANGUAGES:
        raise InputRefused("language", _l("There is no such language."))
    if draft.calendar is not None:
        # What cannot be counted now cannot be counted at the issue either.
        deadlines.count(draft.calendar, formats.today(), draft.reply_days or 0)


def _fill(letter: Letter, draft: Draft) -> None:
    letter.unit_id, letter.language = draft.unit_id, draft.language
    letter.subject = moves.clean(draft.subject, "subject", MOST_LINE, required=True)
    letter.body = moves.clean(draft.body, "body", MOST_BODY)
    for name in (
        "party_name",
        "party_position",
        "party_organisation",
        "signatory_name",
        "signatory_position",
    ):
        setattr(letter, name, moves.clean(getattr(draft, name), name, MOST_LINE))
    for name in ("copies", "enclosures"):
        typed = [moves.clean(one, name, MOST_LINE) for one in getattr(draft, name)]
        if len(typed) > MOST_LISTED:
            raise InputRefused(name, _l("The list is too long."))
        setattr(letter, name, [one for one in typed if one])
    letter.calendar = draft.calendar
    letter.reply_days = draft.reply_days if draft.calendar else None
    letter.search_key = search_text(letter)


def _code(unit_id: int) -> str:
    return db.session.scalar(select(Unit.code).where(Unit.id == unit_id)) or ""
