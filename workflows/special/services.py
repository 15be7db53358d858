"""A special message, from the mark to the end of the last way. Everything locks the case first.

Done it is only when every way that was begun, and every council member who was asked, has come to
an end; until then the case cannot be answered. Flushes, never commits. All raise LookupError,
StageError and InputRefused; `by` is the id of a member of staff, None the system.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import func, select

from portal import audit, clock
from portal.accounts.models import Role, User
from portal.db import db
from portal.i18n import _l
from portal.units.models import Unit
from workflows.cases import flow, guards, moves
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused
from workflows.cases.stages import StageError
from workflows.special.models import WAYS, Referral, SpecialCase, SpecialWay

MOST_LINE: Final = 200
MOST_LINK: Final = 1_000
MOST_WORDS: Final = 4_000
MOST_REACH: Final = 10**10
BATCH: Final = 50
_STEPS: Final[tuple[type[SpecialWay | Referral], ...]] = (SpecialWay, Referral)


def mark(case_id: int, *, why: str, by: int | None) -> SpecialCase:
    """From now on it is special; marking twice is marking once."""
    case = moves.lock(case_id)
    known = db.session.scalars(select(SpecialCase).where(SpecialCase.case_id == case_id)).first()
    if known is not None:
        return known
    if case.stage == "closed":
        raise StageError(_l("The case is closed. Open it again first."))
    why = moves.clean(why, "why", 1_000, required=True)
    case.special = True
    if flow.definition_of(case).name == flow.ORDINARY:
        flow.change(case, flow.SPECIAL)
    row = SpecialCase(case_id=case_id, why=why, marked_by=by)
    db.session.add(row)
    db.session.flush()
    moves.add_event(case_id, "special", by=by, text=why)
    audit.record("special.marked", "special", row.id, case=case_id, why=why)
    db.session.flush()
    return row


@dataclass(frozen=True)
class Way:
    """A way as it is begun; the last three only where the kind has them."""

    kind: str
    unit_id: int | None
    owner_id: int | None
    due_at: dt.datetime
    task: str = ""
    network: str = ""
    addressee: str = ""
    subject: str = ""


def begin_way(special_id: int, way: Way, *, by: int | None) -> SpecialWay:
    """Begin one of the three ways; one of a kind at a time."""
    special = _working(special_id)
    if way.kind not in WAYS:
        raise InputRefused("kind", _l("There is no such way."))
    _check_owner(way)
    if way.due_at <= clock.now():
        raise InputRefused("due_on", _l("This day has passed."))
    is_open = select(SpecialWay.id).where(
        SpecialWay.special_id == special.id,
        SpecialWay.kind == way.kind,
        SpecialWay.state == "open",
    )
    if db.session.scalar(is_open) is not None:
        raise StageError(_l("This way is under way already."))
    row = SpecialWay(
        special_id=special.id,
        kind=way.kind,
        unit_id=way.unit_id,
        owner_id=way.owner_id,
        due_at=way.due_at,
        task=moves.clean(way.task, "task", 1_000),
        network=moves.clean(way.network, "network", MOST_LINE, required=way.kind == "social"),
        addressee=moves.clean(way.addressee, "addressee", MOST_LINE, required=way.kind == "letter"),
        subject=moves.clean(way.subject, "subject", MOST_LINE, required=way.kind == "letter"),
        started_by=by,
    )
    db.session.add(row)
    db.session.flush()
    words = (row.task, row.network, row.addressee, row.subject)
    moves.add_event(
        special.case_id,
        "special_way",
        by=by,
        text="\n".join(word for word in words if word),
        unit_id=way.unit_id,
        way=row.id,
        kind_of_way=way.kind,
        due_at=way.due_at.isoformat(),
    )
    facts: dict[str, Any] = {"way": row.id, "kind": way.kind, "unit": way.unit_id}
    audit.record("special.way_begun", "special", special.id, owner=way.owner_id, **facts)
    _settle(special)
    return row


@dataclass(frozen=True)
class Outcome:
    """How a way ended. `dropped`: it was given up, and `text` says why."""

    text: str
    dropped: bool = False
    link: str = ""
    reach: int | None = None
    reply: str = ""
    replied_on: dt.date | None = None
    external_number: str = ""
    external_date: dt.date | None = None


def end_way(way_id: int, outcome: Outcome, *, by: int | None) -> SpecialWay:
    """Record the end of an open way."""
    row = db.session.get(SpecialWay, way_id)
    if row is None:
        raise LookupError(f"No way {way_id}")
    special = _locked(row.special_id)
    db.session.refresh(row)
    if row.state != "open":
        raise StageError(_l("This way has ended already."))
    text = moves.clean(outcome.text, "outcome", MOST_WORDS, required=True)
    row.link = _link(outcome.link)
    if outcome.reach is not None and not 0 <= outcome.reach <= MOST_REACH:
        raise InputRefused("reach", _l("Write a whole number"))
    if row.kind == "social" and not outcome.dropped and not row.link:
        raise InputRefused("link", _l("Write the address of the post."))
    row.reach, row.reply = outcome.reach, moves.clean(outcome.reply, "reply", MOST_WORDS)
    row.replied_on = outcome.replied_on
    row.external_number = moves.clean(outcome.external_number, "external_number", MOST_LINE)
    row.external_date = outcome.external_date
    row.outcome = text
    row.state = "dropped" if outcome.dropped else "ended"
    row.ended_at, row.ended_by = clock.now(), by
    moves.add_event(
        special.case_id,
        "special_way_ended",
        by=by,
        text=text,
        way=row.id,
        kind_of_way=row.kind,
        dropped=outcome.dropped,
    )
    audit.record(
        "special.way_ended", "special", special.id, way=row.id, state=row.state, outcome=text
    )
    _settle(special)
    return row


def refer(
    special_id: int,
    *,
    member_id: int,
    request: str,
    letter_number: str,
    letter_date: dt.date | None,
    due_at: dt.datetime,
    by: int | None,
) -> Referral:
    """Ask a council member by letter to step in."""
    special = _working(special_id)
    if member_id not in {one for one, _name in members()}:
        raise InputRefused("member_id", _l("There is no such council member."))
    if due_at <= clock.now():
        raise InputRefused("due_on", _l("This day has passed."))
    is_open = select(Referral.id).where(
        Referral.special_id == special.id,
        Referral.member_id == member_id,
        Referral.state == "open",
    )
    if db.session.scalar(is_open) is not None:
        raise StageError(_l("This member has been asked already."))
    row = Referral(
        special_id=special.id,
        member_id=member_id,
        request=moves.clean(request, "request", 2_000, required=True),
        letter_number=moves.clean(letter_number, "letter_number", MOST_LINE),
        letter_date=letter_date,
        due_at=due_at,
        asked_by=by,
    )
    db.session.add(row)
    db.session.flush()
    moves.add_event(
        special.case_id, "referred", by=by, text=row.request, referral=row.id, member=member_id
    )
    audit.record(
        "special.referred",
        "special",
        special.id,
        referral=row.id,
        member=member_id,
        letter=row.letter_number,
    )
    _settle(special)
    return row


def report(referral_id: int, member_id: int, *, report: str, proposal: str, done: bool) -> Referral:
    """What a member writes of what was done and what is proposed; `done` ends the referral.

    Raises LookupError for anybody else's referral.
    """
    row, special = _own(referral_id, member_id)
    if row.state != "open":
        raise StageError(_l("This referral has ended already."))
    row.report = moves.clean(report, "report", MOST_WORDS, required=done)
    row.proposal = moves.clean(proposal, "proposal", MOST_WORDS)
    if done:
        row.state, row.ended_at = "reported", clock.now()
        moves.add_event(
            special.case_id,
            "reported",
            by=member_id,
            text="\n".join(word for word in (row.report, row.proposal) if word),
            referral=row.id,
        )
        audit.record("special.reported", "special", special.id, referral=row.id, report=row.report)
    _settle(special)
    return row


def withdraw(referral_id: int, *, by: int | None) -> Referral:
    """The member is asked no longer."""
    row, special = _own(referral_id, None)
    if row.state != "open":
        raise StageError(_l("This referral has ended already."))
    row.state, row.ended_at = "withdrawn", clock.now()
    moves.add_event(special.case_id, "referral_withdrawn", by=by, referral=row.id)
    audit.record("special.withdrawn", "special", special.id, referral=row.id)
    _settle(special)
    return row


def members() -> list[tuple[int, str]]:
    """(id, name) of the active council members."""
    rows = db.session.execute(
        select(User.id, User.name, User.email)
        .where(User.active, User.roles.any(Role.name == "council_member"))
        .order_by(User.name, User.id)
        .limit(500)
    )
    return [(row.id, row.name or row.email) for row in rows]


def note_overdue(limit: int = BATCH) -> int:
    """Write down once what has passed its due time, at most `limit` rows; returns how many.

    The caller commits and calls again until it gives 0. Rows of others are left to them.
    """
    now, found = clock.now(), 0
    for model in _STEPS:
        rows: Sequence[Any] = db.session.execute(
            select(model, SpecialCase.case_id)
            .join(SpecialCase, SpecialCase.id == model.special_id)
            .where(model.state == "open", model.overdue_at.is_(None), model.due_at <= now)
            .order_by(model.due_at, model.id)
            .limit(limit)
            .with_for_update(of=model, skip_locked=True)
        ).all()
        for row, case_id in rows:
            row.overdue_at = now
            facts = {"row": row.id, "due_at": row.due_at.isoformat()}
            facts["kind_of_way"] = getattr(row, "kind", "member")
            unit_id = getattr(row, "unit_id", None)
            moves.add_event(case_id, "special_overdue", unit_id=unit_id, **facts)
            audit.record("special.overdue", "special", row.special_id, **facts)
        found += len(rows)
    db.session.flush()
    return found


def _own(referral_id: int, member_id: int | None) -> tuple[Referral, SpecialCase]:
    row = db.session.get(Referral, referral_id)
    if row is None or (member_id is not None and row.member_id != member_id):
        raise LookupError(f"No referral {referral_id} of {member_id}")
    special = _locked(row.special_id)
    db.session.refresh(row)
    return row, special


def _locked(special_id: int) -> SpecialCase:
    row = db.session.get(SpecialCase, special_id)
    if row is None:
        raise LookupError(f"No special message {special_id}")
    moves.lock(row.case_id)
    db.session.refresh(row)
    return row


def _working(special_id: int) -> SpecialCase:
    """One for which something can still be begun."""
    row = _locked(special_id)
    if db.session.get_one(Case, row.case_id).stage == "closed":
        raise StageError(_l("The case is closed. Open it again first."))
    return row


def _open_dues(special_id: int) -> list[dt.datetime]:
    db.session.flush()
    found: list[dt.datetime] = []
    for model in _STEPS:
        query = select(model.due_at).where(model.special_id == special_id, model.state == "open")
        found += db.session.scalars(query).all()
    return found


def _settle(special: SpecialCase) -> None:
    """Done when nothing is open any more; open again when another way is begun."""
    dues = _open_dues(special.id)
    special.next_due_at = min(dues, default=None)
    if dues:
        special.state, special.done_at = "open", None
    elif special.state == "open" and _begun(special.id):
        special.state, special.done_at = "done", clock.now()
        moves.add_event(special.case_id, "special_done")
        audit.record("special.done", "special", special.id, case=special.case_id)
    db.session.flush()


def _begun(special_id: int) -> bool:
    return any(
        db.session.scalar(
            select(func.count()).select_from(model).where(model.special_id == special_id)
        )
        for model in _STEPS
    )


def _check_owner(way: Way) -> None:
    if way.unit_id is None and way.owner_id is None:
        raise InputRefused("unit_id", _l("Choose a unit or a person."))
    if way.unit_id is not None:
        unit = db.session.get(Unit, way.unit_id)
        if unit is None or not unit.active:
            raise InputRefused("unit_id", _l("There is no such unit."))
    if way.owner_id is not None and not db.session.scalar(
        select(User.active).where(User.id == way.owner_id)
    ):
        raise InputRefused("owner_id", _l("There is no such person."))


def _link(typed: str) -> str:
    """An address that a browser may be sent to."""
    link = moves.clean(typed, "link", MOST_LINK)
    if link:
        try:
            parts = urlsplit(link)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            usable = False
        if not usable or len(link.split()) != 1:
            raise InputRefused("link", _l("Write an address that begins with https://"))
    return link


def _nothing_is_open(case: Case) -> None:
    """A special message is answered, or followed with another, when all its ways have ended."""
    is_open = select(SpecialCase.id).where(
        SpecialCase.case_id == case.id, SpecialCase.state == "open"
    )
    special_id = db.session.scalar(is_open)
    if special_id is not None and _open_dues(special_id):
        raise StageError(
            _l("This is a special message: end all its ways first, or give them up with a reason.")
        )


guards.before("finish", _nothing_is_open)
guards.before("join", _nothing_is_open)
