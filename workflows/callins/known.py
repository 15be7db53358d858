"""What we know of a number when it rings."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.orm import joinedload

from portal.contacts.models import Contact
from portal.db import db
from workflows.callins.models import Call, CallinSession
from workflows.cases import explain
from workflows.cases.models import Case

EARLIER = 5
CASES = 8


@dataclass(frozen=True)
class Known:
    """About one number; all empty for a withheld one."""

    contact: Contact | None
    cases: Sequence[Case]
    """Open ones first, then the newest."""
    clocks: dict[int, str]
    """case id -> its clock in words."""
    calls: Sequence[Row[Call, CallinSession]]
    """Earlier calls to call-ins, newest first."""


def about(e164: str | None, *, but_call: int) -> Known:
    if not e164:
        return Known(None, (), {}, ())
    cases = db.session.scalars(
        select(Case)
        .options(joinedload(Case.category))
        .where(Case.e164 == e164)
        .order_by(Case.stage == "closed", Case.id.desc())
        .limit(CASES)
    ).all()
    return Known(
        contact=db.session.scalars(select(Contact).where(Contact.e164 == e164)).first(),
        cases=cases,
        clocks=explain.explain_many(cases),
        calls=db.session.execute(
            select(Call, CallinSession)
            .join(CallinSession, CallinSession.id == Call.session_id)
            .where(
                Call.e164 == e164,
                Call.id != but_call,
                Call.state.in_(("answered", "promised", "transferred", "dropped", "no_show")),
            )
            .order_by(Call.id.desc())
            .limit(EARLIER)
        ).all(),
    )
