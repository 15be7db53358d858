"""Writing calls down. Nothing commits."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.db import db
from portal.formats import local
from portal.i18n import _l
from workflows.calls.models import RESULTS, CentreCall
from workflows.cases.moves import InputRefused, clean

LONGEST = dt.timedelta(hours=12)
"""A page may lie open over lunch; a call that began earlier is taken to begin now."""
CORRECTABLE = dt.timedelta(hours=24)
MOST_NAME = 120
MOST_SUBJECT = 200
MOST_NOTE = 2_000


def record(
    *,
    operator_id: int,
    result: str,
    language: str,
    e164: str | None = None,
    key: str | None = None,
    line: str = "",
    name: str = "",
    subject: str = "",
    note: str = "",
    category_id: int | None = None,
    transferred_to: str = "",
    started_at: dt.datetime | None = None,
    answered_at: dt.datetime | None = None,
) -> int:
    """A call that has ended now, unless its `key` was recorded before; returns its id.

    Raises InputRefused.
    """
    _check(result, transferred_to)
    now = clock.now()
    began = _within(started_at, now) or now
    answered = _within(answered_at, now)
    if answered is None and result != "dropped":
        answered = began
    wall = local(began)
    call_id: int | None = db.session.scalar(
        insert(CentreCall)
        .values(
            key=key,
            line=clean(line, "line", 40),
            e164=e164,
            name=clean(name, "name", MOST_NAME),
            started_at=began,
            answered_at=answered,
            ended_at=now,
            day=wall.date(),
            hour=wall.hour,
            operator_id=operator_id,
            result=result,
            transferred_to=_transferred(result, transferred_to),
            language=language,
            category_id=category_id,
            subject=clean(subject, "subject", MOST_SUBJECT),
            note=clean(note, "note", MOST_NOTE),
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(CentreCall.id)
    )
    if call_id is None:
        known = db.session.scalar(select(CentreCall.id).where(CentreCall.key == key))
        if known is None:  # pragma: no cover (a row never goes)
            raise LookupError(f"No call {key}")
        return known
    audit.record("call.recorded", "call", call_id, result=result, line=line)
    return call_id


def correct(call_id: int, *, by: int, result: str, transferred_to: str = "") -> bool:
    """Another result of an own call of the last day that is no case; says whether it differs.

    Raises LookupError, InputRefused.
    """
    call = lock(call_id)
    if call.operator_id != by:
        raise LookupError(f"No call {call_id} of {by}")
    if call.case_id is not None:
        raise InputRefused("result", _l("This call has become a case."))
    if call.ended_at < clock.now() - CORRECTABLE:
        raise InputRefused("result", _l("A call can be corrected on the same day only."))
    _check(result, transferred_to)
    words = _transferred(result, transferred_to)
    if (call.result, call.transferred_to) == (result, words):
        return False
    audit.record("call.corrected", "call", call.id, before=call.result, after=result, by=by)
    call.result, call.transferred_to = result, words
    db.session.flush()
    return True


def link(call_id: int, case_id: int) -> None:
    """The registration of a call was finished. Raises LookupError."""
    call = lock(call_id)
    if call.case_id is not None:
        # Registered twice from one call: it stays with the first.
        return
    call.case_id, call.result, call.transferred_to = case_id, "registered", ""
    audit.record("call.linked", "call", call.id, case=case_id)
    db.session.flush()


def lock(call_id: int) -> CentreCall:
    call = db.session.scalars(
        select(CentreCall)
        .where(CentreCall.id == call_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if call is None:
        raise LookupError(f"No call {call_id}")
    return call


def _check(result: str, transferred_to: str) -> None:
    if result not in RESULTS:
        raise InputRefused("result", _l("Choose how the call ended."))
    if result == "transferred" and not transferred_to.strip():
        raise InputRefused("transferred_to", _l("Write whom the call was put through to."))


def _transferred(result: str, words: str) -> str:
    return clean(words, "transferred_to", MOST_NAME) if result == "transferred" else ""


def _within(moment: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    return moment if moment is not None and now - LONGEST <= moment <= now else None
