"""Who follows whom: reading only, so that everything else of a case may ask."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import select, text

from portal.db import db
from workflows.cases import moves
from workflows.cases.matter.models import CaseJoin
from workflows.cases.models import Case

MOST: Final = 500
"""Followers of one case, which one page or one answer takes; joining refuses one more. A matter of
more is one of the whole city."""

_UP = text(
    """
    WITH RECURSIVE up (id, depth) AS (
        SELECT CAST(:case_id AS bigint), 0
        UNION ALL
        SELECT j.into_id, up.depth + 1 FROM case_joins j JOIN up ON j.case_id = up.id
        WHERE j.undone_at IS NULL AND up.depth < 50
    )
    SELECT id FROM up ORDER BY depth DESC LIMIT 1
    """
)
_DOWN = text(
    """
    WITH RECURSIVE down (id, depth) AS (
        SELECT j.case_id, 1 FROM case_joins j WHERE j.into_id = :case_id AND j.undone_at IS NULL
        UNION ALL
        SELECT j.case_id, down.depth + 1 FROM case_joins j JOIN down ON j.into_id = down.id
        WHERE j.undone_at IS NULL AND down.depth < 50
    )
    SELECT id FROM down ORDER BY id LIMIT :most
    """
)


def head_id(case_id: int) -> int:
    """The case under which this one is worked on: itself where it is joined to none."""
    return int(db.session.execute(_UP, {"case_id": case_id}).scalar_one())


def follower_ids(case_id: int) -> list[int]:
    """All that are followed with this case, through others too."""
    return list(db.session.scalars(_DOWN, {"case_id": case_id, "most": MOST}))


def join_of(case_id: int) -> CaseJoin | None:
    """How a case is joined now; None where it stands alone or leads."""
    return db.session.scalars(
        select(CaseJoin).where(CaseJoin.case_id == case_id, CaseJoin.undone_at.is_(None))
    ).one_or_none()


def followers(case_id: int) -> Sequence[Case]:
    ids = follower_ids(case_id)
    if not ids:
        return []
    return db.session.scalars(
        select(Case)
        .where(Case.id.in_(ids))
        .order_by(Case.id)
        .execution_options(populate_existing=True)
    ).all()


def numbers(case_ids: Iterable[int]) -> set[str]:
    """Of these cases and of all that follow them."""
    ids = {one for case_id in case_ids for one in (case_id, *follower_ids(case_id))}
    return set(
        db.session.scalars(select(Case.e164).where(Case.id.in_(ids), Case.e164.is_not(None)))
    )


def told(case: Case) -> list[Case]:
    """The followers that hear of the answer: each number once in a matter, its own case first."""
    seen = {case.e164}
    found = []
    for one in followers(case.id):
        if one.e164 is not None and one.e164 not in seen:
            seen.add(one.e164)
            found.append(one)
    return found


def lock(case_id: int) -> Case:
    """The case under which a case is worked on, locked; it stays that while the lock is held.

    Joining and parting hold the lock of the leading case and of the joined one; whoever holds a
    leading case may change what follows it, never the other way round. Raises LookupError.
    """
    while True:
        attempt = db.session.begin_nested()
        leading = moves.lock(head_id(case_id))
        if head_id(case_id) == leading.id:
            attempt.commit()
            return leading
        # Joined meanwhile: let go of it before waiting for the one that leads now.
        attempt.rollback()
