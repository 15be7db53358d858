"""An SMS that is nothing else is a message to the city: it becomes a case, and is answered."""

import datetime as dt

from sqlalchemy import func, select

from portal import audit
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import default_language as site_language
from portal.messaging import wording
from portal.messaging.models import InboundMessage
from portal.messaging.services import reply_automatically
from workflows.cases import codes, intake, moves, searchable, stages
from workflows.cases.languages import guess
from workflows.cases.models import Case

ORDER = 90
ORIGIN = "inbound_sms"
PARTS_WITHIN = dt.timedelta(minutes=1)
"""Parts of a long SMS that the gateway did not join come one after the other."""
PART = 60
"""Characters of an SMS that may be a part of a longer one: 66 or 70 fill one."""
LEAST_LETTERS = 2
"""Of a text to be a message: a lone «?» or «7» stays in the inbox for a person."""


def take_inbound(message: InboundMessage, normalised: str) -> bool:
    """Handler of last resort. Runs in the transaction that marks the SMS as handled, so that an
    SMS that is offered twice is one case.

    Left in the inbox is what nobody wrote to us: senders that are no mobile number (shops, banks)
    and texts without words. The answer with the code goes on the line that was written to, and
    is left out towards robots (portal.messaging.services.reply_automatically).
    """
    if message.e164 is None or sum(char.isalpha() for char in normalised) < LEAST_LETTERS:
        return False
    if (begun := _begun(message)) is not None:
        _go_on(begun, message.text)
        return True
    language = language_of(message.e164, message.text)
    case = intake.receive(
        channel="sms",
        text=message.text[: moves.MOST_TEXT],
        language=language,
        e164=message.e164,
        origin_type=ORIGIN,
        origin_id=message.id,
        received_at=message.received_at,
        notify=False,
    )
    words = wording.render("cases.received", language, code=case.code, url=codes.url(case.code))
    reply = reply_automatically(
        message.id,
        words.body,
        language=language,
        contact_id=case.contact_id,
        template_version_id=words.version_id,
    )
    if reply is not None:
        moves.add_event(case.id, "sms", text=words.body, message_id=reply.id, about="received")
    db.session.flush()
    return True


def _begun(message: InboundMessage) -> Case | None:
    """The case that this SMS goes on with: begun within a minute by an SMS of the same number to
    the same line, where one of the two is as long as a part. Locked."""
    at = message.received_at
    # Of two parts that are handled at once the second waits and finds the first's case.
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"message:{message.e164}", 0))
    db.session.execute(select(lock))
    query = (
        select(Case.id)
        .join(InboundMessage, InboundMessage.id == Case.origin_id)
        .where(
            Case.e164 == message.e164,
            Case.origin_type == ORIGIN,
            Case.stage.in_(stages.WORKING),
            InboundMessage.line == message.line,
            InboundMessage.received_at.between(at - PARTS_WITHIN, at + PARTS_WITHIN),
        )
        .order_by(Case.id.desc())
        .limit(1)
    )
    if len(message.text) < PART:
        query = query.where(func.char_length(InboundMessage.text) >= PART)
    found = db.session.scalars(query).first()
    return moves.lock(found) if found is not None else None


def _go_on(case: Case, text: str) -> None:
    part = moves.clean(text[: max(0, moves.MOST_TEXT - len(case.text) - 1)], "text")
    if part:
        case.text = f"{case.text}\n{part}"
        searchable.keep(case)
        moves.add_event(case.id, "received", text=part, public=True, channel="sms")
        audit.record("case.continued", "case", case.id, text=part)
    db.session.flush()


def language_of(e164: str, text: str) -> str:
    """Of the contact if the bank knows the number, else of the letters."""
    known = db.session.scalar(select(Contact.language).where(Contact.e164 == e164))
    return known or guess(text, site_language())
