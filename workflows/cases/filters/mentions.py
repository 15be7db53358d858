"""Colleagues that a note names with @. Nothing commits."""

from dataclasses import dataclass

from sqlalchemy import func, select, update

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.text import search_key
from workflows.cases.filters.models import Mention
from workflows.cases.models import Case, CaseEvent
from workflows.cases.rules.absences import has_working_role

MOST = 10
"""Colleagues of one note."""
MOST_LISTED = 100


@dataclass(frozen=True)
class Told:
    id: int
    event: CaseEvent
    case: Case


def tell(event: CaseEvent) -> int:
    """Tell everybody whom a note names; how many. The event is flushed.

    After the @ stands the name as it is written in the account, or the address before its own @.
    Where one name begins another («@رضا» and «@رضا صادقی»), the longer one counts.
    """
    # Two signs of an @: the ordinary one, and the wide one of some keyboards.
    parts = [search_key(part) for part in event.text.replace("\uff20", "@").split("@")[1:]]
    if not parts:
        return 0
    people: dict[str, int] = {}
    rows = db.session.execute(
        select(User.id, User.name, User.email)
        .where(User.active, has_working_role())
        .order_by(User.id.desc())
        .limit(500)
    )
    for row in rows:
        for name in (row.email.split("@")[0], row.name):
            if folded := search_key(name):
                people[folded] = row.id
    longest_first = sorted(people, key=len, reverse=True)
    named: list[int] = []
    for part in parts:
        key = next((one for one in longest_first if f"{part} ".startswith(f"{one} ")), "")
        if key and people[key] != event.actor_id and people[key] not in named:
            named.append(people[key])
    for user_id in named[:MOST]:
        db.session.add(Mention(user_id=user_id, event_id=event.id, at=clock.now()))
    db.session.flush()
    return len(named[:MOST])


def unseen(user_id: int) -> list[Told]:
    """What somebody has not marked as seen, newest first."""
    rows = db.session.execute(
        select(Mention.id, CaseEvent, Case)
        .join(CaseEvent, CaseEvent.id == Mention.event_id)
        .join(Case, Case.id == CaseEvent.case_id)
        .where(Mention.user_id == user_id, Mention.seen_at.is_(None))
        .order_by(Mention.id.desc())
        .limit(MOST_LISTED)
    )
    return [Told(*row) for row in rows]


def count(user_id: int) -> int:
    number = select(func.count()).select_from(Mention)
    return (
        db.session.scalar(number.where(Mention.user_id == user_id, Mention.seen_at.is_(None))) or 0
    )


def seen(user_id: int, up_to: int) -> None:
    """Everything up to a mention is seen; what came since then is not."""
    db.session.execute(
        update(Mention)
        .where(Mention.user_id == user_id, Mention.id <= up_to, Mention.seen_at.is_(None))
        .values(seen_at=clock.now())
    )
