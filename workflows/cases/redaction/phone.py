"""Taking a number out of a case: it goes from the case and its SMS, not from the contact bank."""

from collections import Counter
from typing import Any, Final

from sqlalchemy import select, update

from portal import clock, signals
from portal.db import db
from portal.i18n import _l
from portal.messaging.models import InboundMessage, Message
from workflows.callins.models import Call
from workflows.calls.models import Callback, CentreCall
from workflows.cases import feedback, moves, searchable, silence
from workflows.cases.inbound import ORIGIN
from workflows.cases.matter import answers
from workflows.cases.models import CaseEvent, FeedbackQuestion
from workflows.cases.redaction import letters, places, trail
from workflows.cases.redaction.models import CaseRedaction
from workflows.cases.redaction.passage import Passage
from workflows.cases.redaction.services import RedactionRefused, begin, end, lock

GONE: Final = ""
"""What stands for the number where a column must hold something."""


def redact_phone(case_id: int, *, reason: str, by: int | None) -> CaseRedaction:
    """From now on nobody can be asked or told by SMS. Raises LookupError, RedactionRefused."""
    case = lock(case_id)
    number = case.e164
    if number is None:
        raise RedactionRefused(_l("This case has no number."))
    sent = _messages(case_id)
    if any(message.state in {"claimed", "unknown"} for message in sent):
        raise RedactionRefused(_l("An SMS about this case is on its way. Try again in a minute."))
    row = begin(case, "phone", reason, by)
    counted: Counter[str] = Counter()
    # Before the case may end: whoever hears of that must not write to its citizen any more.
    case.contact_id = None
    db.session.flush()
    feedback.withdraw_follower(case)
    # Nobody can answer any more: the matter ends unless somebody else who follows it still may.
    silence.settle(answers.matter_of(case_id), "withdrawn", by=by)
    # Without the prefix of the country, which not everybody writes.
    passage = Passage.of(number.removeprefix("+98").removeprefix("+"))
    _texts(case_id, passage, counted)
    for message in sent:
        if message.state == "created":
            message.state, message.state_at = "cancelled", clock.now()
            message.reason = "redacted"
        message.body, found = passage.out_of(message.body)
        message.e164, message.contact_id = GONE, None
        counted["messages.e164"] += 1 + found
    if case.origin_type == ORIGIN and case.origin_id is not None:
        _inbound(case.origin_id, passage, counted)
    _numbers(case_id, number, counted)
    case = moves.lock(case_id)
    case.e164, case.contact_id = None, None
    counted["cases.e164"] += 1
    db.session.flush()
    searchable.keep(case)
    signals.case_unlinked.send(None, case_id=case_id)
    end(row, counted)
    return row


def _messages(case_id: int) -> list[Message]:
    ids = select(CaseEvent.data["message_id"].as_integer()).where(
        CaseEvent.case_id == case_id, CaseEvent.kind == "sms"
    )
    return list(db.session.scalars(select(Message).where(Message.id.in_(ids)).with_for_update()))


def _texts(case_id: int, passage: Passage, counted: Counter[str]) -> None:
    changed_letters: dict[int, tuple[str, ...]] = {}
    for table in places.tables():
        if not table.ways:
            continue
        for found in places.about(table, [case_id], []):
            changed = {}
            for name, value in found.values.items():
                clean, times = passage.out_of(value, cut=False)
                if times:
                    changed[name] = clean
                    counted[f"{table.name}.{name}"] += times
            if changed:
                places.write(table, found, changed)
                if table.name == "letters":
                    changed_letters[found.key["id"]] = tuple(changed)
    letters.anew(changed_letters)
    trail.clean([case_id], [], passage, counted, change=True, cut=False)


def _numbers(case_id: int, number: str, counted: Counter[str]) -> None:
    """Of calls and call-backs that led to the case; what was told beside it at Open311."""
    db.session.execute(
        update(FeedbackQuestion).where(FeedbackQuestion.case_id == case_id).values(e164=GONE)
    )
    gone: tuple[tuple[Any, str | None], ...] = ((CentreCall, None), (Call, None), (Callback, GONE))
    for model, value in gone:
        result = db.session.execute(
            update(model)
            .where(model.case_id == case_id, model.e164 == number)
            .values(e164=value)
            .returning(model.id)
        )
        if found := len(result.all()):
            counted[f"{model.__tablename__}.e164"] += found


def _inbound(inbound_id: int, passage: Passage, counted: Counter[str]) -> None:
    arrived = db.session.get(InboundMessage, inbound_id)
    if arrived is None:
        return
    arrived.text, _times = passage.out_of(arrived.text, cut=False)
    arrived.raw = dict(passage.out_of(arrived.raw, cut=False)[0])
    arrived.dedupe_key = f"redacted:{arrived.id}"
    arrived.e164 = None
    counted["inbound_messages.e164"] += 1
