"""Who may be written to: the standing opt-outs, and the history that never changes.

`line` is a sending line's number, or None for all messages. Every function may be called twice
and at the same time by several: a decision that changes nothing writes nothing.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, any_, delete, exists, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert
from sqlalchemy.orm import InstrumentedAttribute

from portal import audit, clock, signals
from portal.contacts.models import ConsentRecord, Contact, OptOut
from portal.db import db

CHANNELS = frozenset({"sms", "import", "staff", "link", "gateway"})
MAX_EVIDENCE = 1000
EVERY_LINE = ""
"""The line of a stop of all messages, as it is stored."""


def opt_out(
    e164: str, *, line: str | None, channel: str, evidence: str, user_id: int | None = None
) -> bool:
    """Stop messages to a number, known to the bank or not. False: it had stopped already.

    `evidence` is what proves it: the words received or the officer's note.
    """
    stopped = _stop([e164], line, channel)
    if not stopped:
        return False
    record = _record(
        e164, "withdrawn", line=line, channel=channel, evidence=evidence, user_id=user_id
    )
    contact_id = _contact_id(e164)
    _audit("contact.opted_out", record, contact_id)
    signals.opted_out.send(None, contact_id=contact_id, e164=e164, line=line)
    return True


def rejoin(
    e164: str, *, line: str | None, channel: str, evidence: str, user_id: int | None = None
) -> bool:
    """Allow messages again; False where nothing was stopped.

    Without a line every stop is lifted; with one, the stop of that line and a stop of all lines:
    the person's newest word is yes.
    """
    condition = OptOut.e164 == e164
    if line is not None:
        condition &= OptOut.line.in_([line, EVERY_LINE])
    lifted = db.session.scalars(delete(OptOut).where(condition).returning(OptOut.id)).all()
    if not lifted:
        return False
    record = _record(e164, "given", line=line, channel=channel, evidence=evidence, user_id=user_id)
    contact_id = _contact_id(e164)
    _audit("contact.opted_in", record, contact_id)
    signals.opted_in.send(None, contact_id=contact_id, e164=e164, line=line)
    return True


def is_opted_out(e164: str, line: str | None) -> bool:
    """Must nothing be sent to this number over `line` (None: any line)?"""
    return bool(suppressed([e164], line))


def suppressed(e164s: Iterable[str], line: str | None) -> set[str]:
    """Those of the numbers that nothing may be sent to over `line`.

    A stop of all lines always counts; with `line` None any stop does.
    """
    numbers = list(e164s)
    if not numbers:
        return set()
    query = select(OptOut.e164).where(_among(OptOut.e164, numbers))
    if line is not None:
        query = query.where(OptOut.line.in_([line, EVERY_LINE]))
    return set(db.session.scalars(query))


def stopped_lines(e164s: Iterable[str]) -> dict[str, set[str]]:
    """number -> the lines it stopped, EVERY_LINE for all of them; those without a stop are left
    out. One query."""
    found: dict[str, set[str]] = {}
    numbers = list(e164s)
    if numbers:
        query = select(OptOut.e164, OptOut.line).where(_among(OptOut.e164, numbers))
        for e164, line in db.session.execute(query):
            found.setdefault(e164, set()).add(line)
    return found


def refuse_many(
    e164s: Iterable[str], *, channel: str, evidence: str, user_id: int | None = None
) -> list[str]:
    """`opt_out` of all messages for many at once; returns those newly stopped. No audit rows:
    the caller's change has one of its own."""
    stopped = _stop(sorted(set(e164s)), None, channel)
    _record_many(stopped, "withdrawn", channel, evidence, user_id)
    if not stopped:
        return []
    ids = dict(
        db.session.execute(
            select(Contact.e164, Contact.id).where(_among(Contact.e164, stopped))
        ).all()
    )
    for e164 in stopped:
        signals.opted_out.send(None, contact_id=ids.get(e164), e164=e164, line=None)
    return stopped


def agree_many(
    e164s: Iterable[str], *, channel: str, evidence: str, user_id: int | None = None
) -> int:
    """Note a consent for many numbers; returns how many records were written.

    Left out are those whose last word was yes already, and those who stopped messages: only they
    themselves or an officer can lift that, never an old file.
    """
    numbers = set(e164s)
    if not numbers:
        return 0
    numbers -= suppressed(numbers, None)
    last = (
        select(ConsentRecord.e164, ConsentRecord.decision)
        .where(_among(ConsentRecord.e164, numbers), ConsentRecord.line.is_(None))
        .ext(distinct_on(ConsentRecord.e164))
        .order_by(ConsentRecord.e164, ConsentRecord.id.desc())
    )
    agreed = {e164 for e164, decision in db.session.execute(last) if decision == "given"}
    fresh = sorted(numbers - agreed)
    _record_many(fresh, "given", channel, evidence, user_id)
    return len(fresh)


def agree_to_survey(e164: str, campaign_id: int, *, evidence: str) -> None:
    """Note that somebody proved a number to answer one survey: a yes to messages about that
    survey and to nothing more, so it stands on a line of its own and lifts no opt-out."""
    line = f"survey:{campaign_id}"
    known = select(ConsentRecord.id).where(ConsentRecord.e164 == e164, ConsentRecord.line == line)
    if db.session.scalar(known.limit(1)) is None:
        _record(e164, "given", line=line, channel="link", evidence=evidence, user_id=None)


def history(e164: str, limit: int = 100) -> Sequence[ConsentRecord]:
    """Every yes and no of a number, the newest first."""
    return db.session.scalars(
        select(ConsentRecord)
        .where(ConsentRecord.e164 == e164)
        .order_by(ConsentRecord.id.desc())
        .limit(limit)
    ).all()


def withdrawn_since(e164: str, at: dt.datetime) -> bool:
    """Whether the person has said no since then to somebody of the city or on a page."""
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    ConsentRecord.e164 == e164,
                    ConsentRecord.decision == "withdrawn",
                    ConsentRecord.channel.in_(("staff", "link")),
                    ConsentRecord.at > at,
                )
            )
        )
    )


def stops(e164: str) -> Sequence[OptOut]:
    """The standing opt-outs of a number."""
    return db.session.scalars(select(OptOut).where(OptOut.e164 == e164).order_by(OptOut.line)).all()


def _stop(e164s: list[str], line: str | None, channel: str) -> list[str]:
    if channel not in CHANNELS:
        raise ValueError(f"No such channel of consent: {channel}")
    if not e164s:
        return []
    now = clock.now()
    rows = [
        {"e164": e164, "line": line or EVERY_LINE, "since": now, "channel": channel}
        for e164 in e164s
    ]
    # Waits for a concurrent insert of the same number, and then finds it done.
    statement = insert(OptOut).values(rows).on_conflict_do_nothing().returning(OptOut.e164)
    return sorted(db.session.scalars(statement))


def _record(
    e164: str, decision: str, *, line: str | None, channel: str, evidence: str, user_id: int | None
) -> ConsentRecord:
    record = ConsentRecord(
        e164=e164,
        decision=decision,
        line=line,
        channel=channel,
        evidence=evidence[:MAX_EVIDENCE],
        recorded_by=user_id,
        at=clock.now(),
    )
    db.session.add(record)
    db.session.flush()
    return record


def _record_many(
    e164s: list[str], decision: str, channel: str, evidence: str, user_id: int | None
) -> None:
    if not e164s:
        return
    common = {
        "decision": decision,
        "channel": channel,
        "evidence": evidence[:MAX_EVIDENCE],
        "recorded_by": user_id,
        "at": clock.now(),
    }
    db.session.execute(insert(ConsentRecord).values([{"e164": e164, **common} for e164 in e164s]))


def _among(column: InstrumentedAttribute[str], e164s: Iterable[str]) -> ColumnElement[bool]:
    # One array, not a parameter each: those are limited to 65,535.
    numbers: Any = literal(list(e164s), ARRAY(String))
    return column == any_(numbers)


def _contact_id(e164: str) -> int | None:
    return db.session.scalar(select(Contact.id).where(Contact.e164 == e164))


def _audit(action: str, record: ConsentRecord, contact_id: int | None) -> None:
    # The number itself only in the payload, which can be erased.
    subject = ("contact", contact_id) if contact_id else ("consent_record", record.id)
    audit.record(
        action, *subject, e164=record.e164, line=record.line, channel=record.channel,
        evidence=record.evidence, consent_record=record.id,
    )  # fmt: skip
