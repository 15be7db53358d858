"""What of a case is published: released by a person, and taken back. Nothing commits.

The text of a message may hold names, numbers and accusations, so none is published before somebody
has read it. What is released is a copy, which may be shorter than the message. Whoever redacts or
hides a case calls `withhold`: it erases the copy.
"""

from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from workflows.cases import moves
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused
from workflows.open311.models import Open311Key, Open311Request, Open311Service

MOST_DESCRIPTION = 4_000


def _row(case_id: int) -> Open311Request:
    db.session.execute(
        insert(Open311Request)
        .values(
            case_id=case_id,
            **dict.fromkeys(
                (
                    "email",
                    "phone",
                    "device_id",
                    "account_id",
                    "address_id",
                    "media_url",
                    "description",
                    "answer",
                ),
                "",
            ),
            answer_round=0,
            with_place=False,
            withheld=False,
        )
        .on_conflict_do_nothing(index_elements=["case_id"])
    )
    return db.session.get_one(Open311Request, case_id, populate_existing=True)


def release(
    case_id: int, *, by: int, description: str, answer: str = "", with_place: bool = False
) -> Open311Request:
    """Publish a text, perhaps the city's answer and the place. Raises LookupError, InputRefused."""
    case = moves.lock(case_id)
    description = moves.clean(description, "description", MOST_DESCRIPTION)
    answer = moves.clean(answer, "answer", MOST_DESCRIPTION)
    if answer and case.outcome is None:
        raise InputRefused("answer", _l("The case has no answer yet."))
    row = _row(case_id)
    row.description, row.answer, row.with_place = description, answer, with_place
    row.answer_round = case.reopened
    row.released_at, row.released_by, row.withheld = clock.now(), by, False
    audit.record(
        "open311.released",
        "case",
        case_id,
        description=description,
        answer=answer,
        with_place=with_place,
    )
    moves.add_event(case_id, "open311_released", by=by)
    db.session.flush()
    return row


def withhold(case_id: int, *, by: int | None) -> None:
    """Nothing of the case is listed any more, and nothing of its text is kept here."""
    moves.lock(case_id)
    row = _row(case_id)
    row.description = row.answer = row.media_url = ""
    row.with_place, row.withheld = False, True
    row.released_at = row.released_by = None
    audit.record("open311.withheld", "case", case_id)
    moves.add_event(case_id, "open311_withheld", by=by)
    db.session.flush()


def state_of(case: Case) -> tuple[Open311Request | None, bool, str]:
    """(what is published, whether the case is listed at all, which application sent it)."""
    row = db.session.get(Open311Request, case.id)
    service = db.session.get(Open311Service, case.category_id) if case.category_id else None
    listed = case.channel == "open311" or (service is not None and service.public)
    sender = db.session.get(Open311Key, row.key_id) if row and row.key_id else None
    return row, listed and not (row and row.withheld), sender.name if sender else ""
