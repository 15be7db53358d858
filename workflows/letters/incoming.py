"""Letters that come in: replies, and others. Nothing commits."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal import audit, clock, formats
from portal.db import db
from portal.i18n import LANGUAGES, _l
from portal.units.models import Unit
from workflows.cases import moves
from workflows.cases.moves import InputRefused
from workflows.letters import deadlines, files, heads, numbering, services
from workflows.letters.models import Letter


@dataclass(frozen=True)
class Incoming:
    """What is written down of an incoming letter. `their_*`: as its sender numbered and dated it;
    `register_number`: the secretariat's, where the unit's letters are numbered by it."""

    unit_id: int
    language: str
    their_reference: str
    their_date: dt.date | None
    party_name: str
    party_position: str
    party_organisation: str
    subject: str
    body: str
    case_ids: Sequence[int] = ()
    register_number: str = ""


def register(
    given: Incoming,
    scans: Sequence[files.Sent],
    *,
    by: int,
    reply_to_id: int | None = None,
) -> tuple[Letter, list[str]]:
    """Write an incoming letter into the register, with its scan; a reply ends the waiting.

    Returns the letter and where its files lie, to be discarded if the change fails. Raises
    LookupError, InputRefused.
    """
    # The reply belongs to the cases of the letter it answers; all are locked in order, then it.
    answered_cases = deadlines.case_ids(reply_to_id) if reply_to_id is not None else []
    every = sorted({*given.case_ids, *answered_cases})
    for case_id in every:
        moves.lock(case_id)
    answered = services.lock(reply_to_id) if reply_to_id is not None else None
    if answered is not None and answered.state not in {"issued", "sent", "answered", "closed"}:
        raise InputRefused("", _l("A reply to this letter cannot be registered."))
    letter = _row(given, by, answered)
    db.session.add(letter)
    db.session.flush()
    services.link(letter.id, every)
    stored = files.attach(letter.id, "scan", scans)
    try:
        _tell(letter, answered, by)
    except BaseException:
        files.discard(stored)
        raise
    return letter, stored


def _row(given: Incoming, by: int, answered: Letter | None) -> Letter:
    unit = db.session.get(Unit, given.unit_id)
    if unit is None or not unit.active:
        raise InputRefused("unit_id", _l("There is no such unit."))
    if given.language not in LANGUAGES:
        raise InputRefused("language", _l("There is no such language."))
    today = formats.today()
    if given.their_date is not None and given.their_date > today:
        raise InputRefused("their_date", _l("This day lies in the future."))
    line = services.MOST_LINE
    if not (given.party_organisation.strip() or given.party_name.strip()):
        raise InputRefused("party_organisation", _l("Write who sent it."))
    letter = Letter(
        direction="in",
        state="registered",
        unit_id=given.unit_id,
        language=given.language,
        year=numbering.persian_year(today),
        dated_on=today,
        their_reference=moves.clean(given.their_reference, "their_reference", 60, required=True),
        their_date=given.their_date,
        party_name=moves.clean(given.party_name, "party_name", line),
        party_position=moves.clean(given.party_position, "party_position", line),
        party_organisation=moves.clean(given.party_organisation, "party_organisation", line),
        subject=moves.clean(given.subject, "subject", line, required=True),
        body=moves.clean(given.body, "body", services.MOST_BODY),
        copies=[],
        enclosures=[],
        refers_to_id=answered.id if answered else None,
        relation="reply" if answered else None,
        owner_id=by,
        issued_at=clock.now(),
        issued_by=by,
        search_key="",
    )
    head = heads.of(given.unit_id)
    year = letter.year or 0
    if head.numbering != "secretariat" and given.register_number:
        raise InputRefused("register_number", _l("This unit numbers its letters itself."))
    if head.numbering == "secretariat":
        letter.reference = services.as_number(given.register_number, "register_number")
        try:
            services.refuse_used(letter)
        except InputRefused as refused:
            raise InputRefused("register_number", refused.message) from None
    else:
        letter.number = numbering.next_number(given.unit_id, year, "in")
        letter.reference = numbering.reference(
            f"{head.prefix or unit.code}-in", year, letter.number
        )
    _refuse_known(letter)
    letter.search_key = services.search_text(letter)
    return letter


def _refuse_known(letter: Letter) -> None:
    """The same letter twice, by a second press of the button or by a colleague.

    Of two at once the second waits for the counter, or for the index of the secretariat's numbers.
    """
    same = (
        Letter.unit_id == letter.unit_id,
        Letter.direction == "in",
        Letter.their_reference == letter.their_reference,
        Letter.their_date == letter.their_date,
        Letter.party_organisation == letter.party_organisation,
        Letter.party_name == letter.party_name,
        Letter.subject == letter.subject,
    )
    if known := db.session.scalar(select(Letter.reference).where(*same).limit(1)):
        raise InputRefused(
            "their_reference",
            _l("This letter is in the register already, as number %(number)s.", number=known),
        )


def _tell(letter: Letter, answered: Letter | None, by: int) -> None:
    audit.record(
        "letter.registered",
        "letter",
        letter.id,
        reference=letter.reference,
        theirs=letter.their_reference,
    )
    kind = "letter_answered" if answered else "letter_received"
    deadlines.note_on_cases(letter, kind, by=by, public=answered is not None)
    if answered is not None and answered.state != "answered":
        answered.state, answered.ended_at = "answered", clock.now()
        deadlines.stop(answered)
        audit.record("letter.answered", "letter", answered.id, reply=letter.id)
    db.session.flush()
