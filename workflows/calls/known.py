"""What we know of a number while it rings, and what an operator has just done."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import current_language
from workflows.calls.models import Callback, CentreCall
from workflows.cases import explain, queries
from workflows.cases.models import Case

EARLIER = 5
OWN = 8


@dataclass(frozen=True)
class Known:
    """About one number; all empty for a withheld one."""

    contact: Contact | None = None
    cases: Sequence[Case] = ()
    """Open ones first, then the newest."""
    clocks: dict[int, str] | None = None
    """case id -> its clock in words."""
    calls: Sequence[CentreCall] = ()
    """Newest first."""
    callback: Callback | None = None
    """It asked to be called and waits."""

    @property
    def open_cases(self) -> int:
        return sum(case.stage != "closed" for case in self.cases)

    @property
    def name(self) -> str:
        if self.contact is not None and self.contact.name:
            return self.contact.name
        return next((call.name for call in self.calls if call.name), "")

    @property
    def language(self) -> str | None:
        if self.contact is not None:
            return self.contact.language
        return self.calls[0].language if self.calls else None


def about(e164: str | None) -> Known:
    """In five statements."""
    if not e164:
        return Known()
    cases = sorted(queries.of_number(e164, 10), key=lambda case: case.stage == "closed")
    return Known(
        contact=db.session.scalars(select(Contact).where(Contact.e164 == e164)).first(),
        cases=cases,
        clocks=explain.explain_many(cases, current_language()),
        calls=db.session.scalars(
            select(CentreCall)
            .where(CentreCall.e164 == e164)
            .order_by(CentreCall.id.desc())
            .limit(EARLIER)
        ).all(),
        callback=db.session.scalars(
            select(Callback).where(Callback.e164 == e164, Callback.state == "waiting")
        ).first(),
    )


def own(operator_id: int) -> Sequence[tuple[CentreCall, str | None]]:
    """An operator's last calls with the codes of their cases."""
    rows = db.session.execute(
        select(CentreCall, Case.code)
        .outerjoin(Case, Case.id == CentreCall.case_id)
        .where(CentreCall.operator_id == operator_id)
        .order_by(CentreCall.id.desc())
        .limit(OWN)
    )
    return [(call, code) for call, code in rows]
