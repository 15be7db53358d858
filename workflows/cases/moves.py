"""What every change of a case is made of: the lock, the history, the stage. Nothing commits.

Whoever changes a case holds its row lock first and the lock of its number second; whoever needs
several takes all cases by their ids first, and then all numbers in order.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, text

from portal import audit, clock, signals
from portal.accounts.models import User
from portal.db import db
from portal.i18n import LazyText, _l
from portal.messaging import wording
from portal.messaging.services import send_one
from portal.text import strip_controls
from workflows.cases import clocks, somebody_else
from workflows.cases.models import Case, CaseEvent

MOST_TEXT = 5_000
MOST_IN_SMS = 200


class InputRefused(ValueError):  # noqa: N818
    """What was typed cannot be used; `field` names it, `message` is for people."""

    def __init__(self, field: str, message: LazyText) -> None:
        super().__init__(str(message))
        self.field = field
        self.message = message


def lock(case_id: int) -> Case:
    """The case as it is now, held until the transaction ends. Raises LookupError.

    The lock leaves the key alone, so a row of history of this case waits for nobody.
    """
    case = db.session.scalars(
        select(Case)
        .where(Case.id == case_id)
        .with_for_update(key_share=True, of=Case)
        .execution_options(populate_existing=True)
    ).first()
    if case is None:
        raise LookupError(f"No case {case_id}")
    return case


def lock_number(e164: str) -> None:
    """One change of the questions to a number at a time."""
    db.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:number, 137))"), {"number": e164}
    )


def lock_numbers(numbers: Iterable[str | None]) -> None:
    """The same for several; those of cases without a number are passed over."""
    for e164 in sorted({one for one in numbers if one is not None}):
        lock_number(e164)


def clean(typed: str, field: str, most: int = MOST_TEXT, *, required: bool = False) -> str:
    """Text as it is stored. Raises InputRefused."""
    found = strip_controls(typed).strip()
    if required and not found:
        raise InputRefused(field, _l("Write something here."))
    if len(found) > most:
        raise InputRefused(field, _l("The text is too long."))
    return found


def add_event(
    case_id: int,
    kind: str,
    *,
    by: int | None = None,
    text: str = "",
    public: bool = False,
    unit_id: int | None = None,
    **data: Any,
) -> CaseEvent:
    """A row of the history; `by` is the id of a member of staff, None the system or citizen."""
    user = db.session.get(User, by) if by is not None else None
    event = CaseEvent(
        case_id=case_id,
        at=clock.now(),
        kind=kind,
        actor_id=by,
        actor=(user.name or user.email) if user else "",
        unit_id=unit_id,
        text=text,
        public=public,
        data=data,
    )
    db.session.add(event)
    return event


def shortened(text: str) -> str:
    """As much of an answer as an SMS carries; the whole of it is on the tracking page."""
    words = " ".join(text.split())
    if len(words) <= MOST_IN_SMS:
        return words
    head = words[: MOST_IN_SMS - 1]
    return (head.rsplit(" ", 1)[0] if " " in head else head) + "…"


def write_to_citizen(
    case: Case,
    purpose: str,
    about: str,
    *,
    not_before: dt.datetime | None = None,
    **values: str,
) -> None:
    """An SMS about the case, in the citizen's language; nothing where no number is known.

    `purpose` is one of workflows.message_purposes, `values` what its placeholders stand for. The
    citizen asked for it by the message to the city, so a stop of the line does not hold it back.
    """
    if case.e164 is None:
        return
    found = wording.render(purpose, case.language, code=case.code, **values)
    message = send_one(
        case.e164,
        found.body,
        language=case.language,
        contact_id=case.contact_id,
        not_before=not_before,
        template_version_id=found.version_id,
        asked_for=True,
    )
    add_event(case.id, "sms", text=found.body, message_id=message.id, about=about)


def close(case: Case, confirmation: str, *, by: int | None = None) -> None:
    """What follows from the end of a locked case, which a step has brought to an end; tells the
    others."""
    clocks.stop_all(case, "closed")
    case.confirmation, case.closed_at = confirmation, clock.now()
    add_event(case.id, "closed", by=by, public=True, confirmation=confirmation)
    audit.record("case.closed", "case", case.id, outcome=case.outcome, confirmation=confirmation)
    db.session.flush()
    signals.case_closed.send(
        None, case_id=case.id, contact_id=case.contact_id, language=case.language
    )


def send_back(case: Case, *, by: int | None, text: str, objection: bool) -> None:
    """A locked case, which a step has opened again, is worked on by somebody else: whoever ended
    it does not judge that."""
    before = case.unit_id
    case.unit_id, case.assignee_id = somebody_else.route(case)
    case.reopened += 1
    case.confirmation = "objected" if objection else None
    case.outcome, case.outcome_text = None, ""
    case.done_at = case.closed_at = None
    if case.unit_id != before:
        clocks.passed_on(case, by)
    add_event(
        case.id,
        "reopened",
        by=by,
        text=text,
        public=True,
        unit_id=case.unit_id,
        assignee=case.assignee_id,
        from_unit=before,
        objection=objection,
    )
    audit.record(
        "case.reopened",
        "case",
        case.id,
        from_unit=before,
        unit=case.unit_id,
        assignee=case.assignee_id,
        objection=objection,
    )
    db.session.flush()
