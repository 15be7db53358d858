"""Taking a number out of a case: it goes from the case and its SMS, not from the contact bank."""

from collections import Counter
from typing import Final

from sqlalchemy import select, update

from portal import clock
from portal.audit import queries as audits
from portal.audit.models import AuditEntry, AuditPayload
from portal.db import db
from portal.i18n import _l
from portal.messaging.models import InboundMessage, Message
from workflows.cases import feedback, intake, moves
from workflows.cases.inbound import ORIGIN
from workflows.cases.models import CaseEvent, FeedbackQuestion
from workflows.cases.redaction import places
from workflows.cases.redaction.models import CaseRedaction
from workflows.cases.redaction.passage import Passage
from workflows.cases.redaction.services import RedactionRefused, begin, end

GONE: Final = ""
"""What stands for the number where a column must hold something."""


def redact_phone(case_id: int, *, reason: str, by: int | None) -> CaseRedaction:
    """From now on nobody can be asked or told by SMS. Raises LookupError, RedactionRefused."""
    case = moves.lock(case_id)
    number = case.e164
    if number is None:
        raise RedactionRefused(_l("This case has no number."))
    sent = _messages(case_id)
    if any(message.state in {"claimed", "unknown"} for message in sent):
        raise RedactionRefused(_l("An SMS about this case is on its way. Try again in a minute."))
    row = begin(case, "phone", reason, by)
    counted: Counter[str] = Counter()
    feedback.withdraw_follower(case)
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
    db.session.execute(
        update(FeedbackQuestion).where(FeedbackQuestion.case_id == case_id).values(e164=GONE)
    )
    case = moves.lock(case_id)
    case.e164, case.contact_id = None, None
    counted["cases.e164"] += 1
    db.session.flush()
    case.search_key = intake.search_text(case)
    end(row, counted)
    return row


def _messages(case_id: int) -> list[Message]:
    ids = select(CaseEvent.data["message_id"].as_integer()).where(
        CaseEvent.case_id == case_id, CaseEvent.kind == "sms"
    )
    return list(db.session.scalars(select(Message).where(Message.id.in_(ids)).with_for_update()))


def _texts(case_id: int, passage: Passage, counted: Counter[str]) -> None:
    for table in places.tables():
        if not table.cases:
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
    entries = (
        select(AuditPayload.entry_id, AuditPayload.body)
        .join(AuditEntry, AuditEntry.id == AuditPayload.entry_id)
        .where(AuditEntry.subject_type == "case", AuditEntry.subject_id == str(case_id))
    )
    for entry_id, body in db.session.execute(entries).all():
        if passage.out_of(body, cut=False)[1]:
            audits.erase_payload(entry_id, "redaction")
            counted["audit_payloads.body"] += 1


def _inbound(inbound_id: int, passage: Passage, counted: Counter[str]) -> None:
    arrived = db.session.get(InboundMessage, inbound_id)
    if arrived is None:
        return
    arrived.text, _times = passage.out_of(arrived.text, cut=False)
    arrived.raw = dict(passage.out_of(arrived.raw, cut=False)[0])
    arrived.dedupe_key = f"redacted:{arrived.id}"
    arrived.e164 = None
    counted["inbound_messages.e164"] += 1
