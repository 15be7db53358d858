"""Whoever ended a case does not judge an objection to that end: who gets it instead.

Nothing commits.
"""

from sqlalchemy import select

from portal.accounts.models import User
from portal.db import db
from portal.units.services import escalation_chain
from workflows.cases.models import Case, CaseEvent


def who_ended(case_id: int) -> int | None:
    """The member of staff who answered the case last; None where it was the system, or nobody."""
    return db.session.scalar(
        select(CaseEvent.actor_id)
        .where(CaseEvent.case_id == case_id, CaseEvent.kind == "answered")
        .order_by(CaseEvent.id.desc())
        .limit(1)
    )


def is_judge_of_own_end(case: Case, user_id: int | None) -> bool:
    """Whether this person ended the case to which the citizen then objected."""
    return user_id is not None and case.confirmation == "objected" and who_ended(case.id) == user_id


def must_leave_it(case: Case, user_id: int | None) -> bool:
    """The same, where anybody else could look into it at all."""
    from workflows.cases.rules import absences

    others = select(User.id).where(User.active, absences.has_working_role(), User.id != user_id)
    return is_judge_of_own_end(case, user_id) and bool(db.session.scalar(select(others.exists())))


def route(case: Case) -> tuple[int | None, int | None]:
    """(unit, person) that look into a locked case again.

    The nearest unit above, and nobody of it in particular, unless whoever ended the case sits
    there too: then the least busy other person of that unit who is here (where all are away, who
    stands in for one of them), or of the next one above. Where no unit stands above, another
    person of the same unit; where there is none, the 137 centre.
    """
    ended_by = who_ended(case.id)
    chain = escalation_chain(case.unit_id) if case.unit_id is not None else []
    own = _unit_of(ended_by)
    places = chain or ([case.unit_id] if case.unit_id is not None else [])
    for unit_id in places:
        if chain and unit_id != own:
            return unit_id, None
        if (other := _other_person(unit_id, ended_by)) is not None:
            return unit_id, other
    from workflows.cases import intake

    centre = intake.centre_id(or_root=False)
    if centre is not None and centre != case.unit_id:
        return centre, _other_person(centre, ended_by) if centre == own else None
    return (places[0] if places else None), None


def _unit_of(user_id: int | None) -> int | None:
    if user_id is None:
        return None
    return db.session.scalar(select(User.unit_id).where(User.id == user_id))


def _other_person(unit_id: int, but: int | None) -> int | None:
    """Who is here, works on cases in a unit and has the fewest open ones; never `but`."""
    # Rules and absences refuse what was typed as `moves` does, which lies above this module.
    from workflows.cases.rules import services as rules

    if but is None:
        return rules.fewest(unit_id)
    return rules.fewest_or_stand_in(unit_id, but)
