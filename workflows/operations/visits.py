"""Records of field visits, from a phone that was without a network or from a plain form.

The phone is believed in nothing but its words and photos: whose visit it is and what may still be
changed is looked up under the lock of the case. Flushes, never commits.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select

from portal import audit, clock
from portal.db import db
from portal.i18n import _, _l, current_language, format_datetime
from portal.photos import Photo
from portal.text import fold
from workflows.cases import flow, moves, stages, work
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused
from workflows.operations import proofs, services
from workflows.operations.models import FINDINGS, CaseProof, FieldEntry, Visit

MOST_WORDS: Final = 2_000
LONGEST: Final = dt.timedelta(days=30)
"""Between a record and its arrival, as far as it is believed."""


@dataclass(frozen=True)
class Record:
    """One record. Moments are what the clock of the phone said."""

    uuid: uuid.UUID
    visit_id: int
    kind: str
    """arrival | finding."""
    at: dt.datetime
    sent: dt.datetime
    finding: str = ""
    reason: str = ""
    words: str = ""
    answer: str = ""
    """What the citizen is told of a settled matter; empty: the centre answers."""
    latitude: float | None = None
    longitude: float | None = None
    accuracy_m: float | None = None
    before: Sequence[Photo] = field(default_factory=tuple)
    after: Sequence[Photo] = field(default_factory=tuple)


@dataclass(frozen=True)
class Receipt:
    """What came of a record: state taken | note. `stored`: files to discard if the commit fails."""

    state: str
    text: str = ""
    stored: tuple[str, ...] = ()


def take(record: Record, user_id: int) -> Receipt:
    """Take a record of one's own visit; sent again it changes nothing and gets the same answer.

    Raises LookupError (no such visit of this person) and InputRefused.
    """
    case_id = db.session.scalar(
        select(Visit.case_id).where(Visit.id == record.visit_id, Visit.supervisor_id == user_id)
    )
    if case_id is None:
        raise LookupError(f"No visit {record.visit_id} of {user_id}")
    case = moves.lock(case_id)
    visit = db.session.get_one(Visit, record.visit_id, populate_existing=True)
    known = db.session.scalars(select(FieldEntry).where(FieldEntry.uuid == record.uuid)).first()
    if known is not None:
        if (known.user_id, known.visit_id, known.kind) != (user_id, visit.id, record.kind):
            raise InputRefused("uuid", _l("This record belongs to another visit."))
        return Receipt(known.state, _words(known))
    entry = FieldEntry(
        uuid=record.uuid,
        visit_id=visit.id,
        user_id=user_id,
        kind=record.kind,
        state="taken",
        device_at=record.at,
        device_sent_at=record.sent,
    )
    if record.kind == "arrival":
        _arrive(visit, record, entry)
        rows: list[CaseProof] = []
    else:
        rows = _found(case, visit, record, entry)
    try:
        db.session.add(entry)
        db.session.flush()
    except BaseException:
        proofs.discard(row.stored_path for row in rows)
        raise
    return Receipt(entry.state, _words(entry), tuple(row.stored_path for row in rows))


def moment_of(record: Record, not_before: dt.datetime) -> dt.datetime:
    """When it was made, by the clock of the server: as long ago as the phone says it was when it
    sent it, never before the order and never in the future."""
    ago = min(max(record.sent - record.at, dt.timedelta()), LONGEST)
    now = clock.now()
    return min(max(now - ago, not_before), now)


def _arrive(visit: Visit, record: Record, entry: FieldEntry) -> None:
    if visit.state == "cancelled":
        entry.state, entry.why, entry.why_at = "note", "cancelled", visit.ended_at
    if visit.arrived_at is not None:
        return
    visit.arrived_at = moment_of(record, visit.ordered_at)
    _place(visit, record)
    moves.add_event(
        visit.case_id,
        "visit_arrived",
        by=visit.supervisor_id,
        visit=visit.id,
        said=record.at.isoformat(),
        arrived_at=visit.arrived_at.isoformat(),
    )
    audit.record("visit.arrived", "visit", visit.id, case=visit.case_id)


def _found(case: Case, visit: Visit, record: Record, entry: FieldEntry) -> list[CaseProof]:
    words, reason, answer = _checked(record, case.language)
    at = moment_of(record, visit.ordered_at)
    _note_conflict(case, visit, entry)
    if visit.state == "ordered":
        visit.state, visit.ended_at, visit.finding = "done", at, record.finding
        visit.reason, visit.words = reason, words
        visit.arrived_at = visit.arrived_at or at
        _place(visit, record)
    rows = _photos(case.id, visit, record)
    try:
        kind = "visited" if entry.state == "taken" else "visit_note"
        moves.add_event(
            case.id,
            kind,
            by=visit.supervisor_id,
            text="\n".join(part for part in (reason, words) if part),
            visit=visit.id,
            finding=record.finding,
            at=at.isoformat(),
        )
        action = "visit.recorded" if entry.state == "taken" else "visit.noted"
        facts = {"case": case.id, "finding": record.finding, "photos": [row.id for row in rows]}
        audit.record(action, "visit", visit.id, **facts)
        db.session.flush()
        if entry.state == "taken":
            _act(case, record, said=words or reason, answer=answer, at=at)
    except BaseException:
        proofs.discard(row.stored_path for row in rows)
        raise
    return rows


def _act(case: Case, record: Record, *, said: str, answer: str, at: dt.datetime) -> None:
    """What a finding does to the case: who is there has begun; who settles it may answer it."""
    by = db.session.scalar(select(Visit.supervisor_id).where(Visit.id == record.visit_id))
    if case.first_action_at is None and _may(case, "first_action", by):
        text = said or _("A field supervisor was there.")
        work.first_action(case.id, by=by, text=text, public=False)
        # It was done there, not when the phone found a network again.
        case.first_action_at = max(at, case.received_at)
    if record.finding == "settled" and answer:
        try:
            with db.session.begin_nested():
                work.finish(case.id, by=by, outcome="done", text=answer)
        except (stages.StageError, InputRefused):
            # Something else is still open, or the citizen objected to this person's last answer:
            # a phone would be refused for good, so the words stay here for whoever answers.
            proposed = _("Proposed answer to the citizen: %(text)s", text=answer)
            moves.add_event(case.id, "note", by=by, text=proposed, unit_id=case.unit_id)
            audit.record("case.noted", "case", case.id, text=proposed, public=False)


def _may(case: Case, action: str, by: int | None) -> bool:
    try:
        flow.check(case, action, by=by)
    except stages.StageError:
        return False
    return True


def _checked(record: Record, language: str) -> tuple[str, str, str]:
    own = current_language()
    words = fold(moves.clean(record.words, "words", MOST_WORDS), own)
    reason = fold(moves.clean(record.reason, "reason", 500), own)
    answer = fold(moves.clean(record.answer, "answer", MOST_WORDS), language)
    if record.finding not in FINDINGS:
        raise InputRefused("finding", _l("Choose what you found."))
    if record.finding != "settled" and not reason:
        raise InputRefused("reason", _l("Write why it is not settled, or what else is needed."))
    if record.finding == "settled" and not (words or record.before or record.after):
        raise InputRefused("words", _l("Write what you saw, or add a photo."))
    if len(record.before) + len(record.after) > proofs.MOST:
        raise InputRefused("photos", _l("These are too many photos."))
    return words, reason, answer if record.finding == "settled" else ""


def _note_conflict(case: Case, visit: Visit, entry: FieldEntry) -> None:
    """Somebody was quicker: what was found is kept, and changes nothing of what has been done."""
    if visit.state == "cancelled":
        entry.state, entry.why, entry.why_at = "note", "cancelled", visit.ended_at
    elif visit.state == "done":
        entry.state, entry.why, entry.why_at = "note", "recorded", visit.ended_at
    elif case.stage not in stages.WORKING:
        entry.state, entry.why, entry.why_at = "note", "settled", case.done_at or case.stage_at


def _photos(case_id: int, visit: Visit, record: Record) -> list[CaseProof]:
    rows: list[CaseProof] = []
    try:
        for kind, drawn in (("before", record.before), ("after", record.after)):
            rows += proofs.add(case_id, kind, drawn, by=visit.supervisor_id, visit_id=visit.id)
        if rows:
            services.note_photos(case_id, rows, by=visit.supervisor_id)
    except BaseException:
        proofs.discard(row.stored_path for row in rows)
        raise
    return rows


def _place(visit: Visit, record: Record) -> None:
    if record.latitude is not None and record.longitude is not None:
        visit.latitude, visit.longitude = record.latitude, record.longitude
        visit.accuracy_m = record.accuracy_m


def _words(entry: FieldEntry) -> str:
    """For whoever sent it."""
    when = format_datetime(entry.why_at, "day") if entry.why_at else ""
    match entry.why:
        case "settled":
            return _(
                "Somebody else settled it at %(when)s; your record is kept as a note.", when=when
            )
        case "cancelled":
            return _(
                "The visit was called off at %(when)s; your record is kept as a note.", when=when
            )
        case "recorded":
            return _(
                "A record of this visit was there since %(when)s; this one is kept as a note.",
                when=when,
            )
        case _:
            return ""
