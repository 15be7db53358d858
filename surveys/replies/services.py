"""An SMS that answers a poll. Runs in the transaction of the inbound handler; only writes rows.

The answer goes the way of the personal link: the same lock, the same check, the same one answer.
"""

import datetime as dt
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import db
from portal.i18n import digits, format_datetime, pick, use_language
from portal.messaging import wording
from portal.messaging.models import InboundMessage, Message
from portal.messaging.services import reply_automatically
from surveys.campaigns import invitations
from surveys.campaigns import texts as sms
from surveys.campaigns.models import Campaign, Invitation
from surveys.questionnaires.services import load_version
from surveys.replies import choices
from surveys.replies.choices import Poll
from surveys.replies.models import PollReply
from surveys.responses import services as responses
from surveys.responses.link import Link
from surveys.ways.models import CampaignWays

NAME: Final = "poll_reply"
ORDER: Final = 30
"""Behind opt-out (0), rejoin (1) and the verdict on a case (20), before a new message (90)."""
_KNOWN: Final = frozenset({"open", "answered", "screened", "not_open"})
"""What a link may be good for where a reply is for us."""
CLOCKS_DIFFER: Final = dt.timedelta(seconds=2)
"""Of the gateway, which says when an SMS arrived (in whole seconds), and ours."""
_MAYBE_SENT: Final = ("claimed", "unknown", "expired")
LONGEST_ATTEMPT: Final = 30
"""Characters of an SMS that may be a clumsy answer; whoever writes more writes to the city."""


def take_inbound(message: InboundMessage, normalised: str) -> bool:
    """Take an SMS as the answer to the poll that was sent last to its number.

    Two polls at once: a reply belongs to the newer one, as a person sees it on the phone. An SMS
    that is no choice is answered once with help if it is short; all others fall through.
    """
    if message.e164 is None or not normalised:
        return False
    invitation = _newest(message.e164, message.received_at)
    if invitation is None:
        return False
    link = responses.find(invitations.token_of(invitation.id))
    if link is None or (status := link.status(clock.now())) not in _KNOWN:
        return False
    poll = choices.poll_of(load_version(link.version_id))
    if poll is None:
        return False
    choice = choices.read(poll, normalised)
    if choice is None:
        return status == "open" and _help(message, normalised, invitation, poll)
    if status == "not_open":
        _too_early(message, invitation, link)
        return True
    outcome: str = status
    if status == "open":
        outcome = _answer(link, poll, choice, invitation.language)
    if outcome == "done":
        answer = _answer_in_words(poll, choice, invitation.language)
        _say(message, invitation, "replies.thanks", answer=answer)
        return True
    if outcome == "errors":
        return False
    if outcome == "screened":
        _turned_away(message, invitation)
        return True
    _repeated(message, invitation)
    return True


def _newest(e164: str, at: dt.datetime) -> Invitation | None:
    """The invitation to a poll, answered or not, whose SMS was the last on this phone `at` that
    moment: not one that still waits, was held back or was sent since.

    Where a gateway denies every SMS, or its clock is wrong, the last one that it took.
    """
    left = case(
        (Message.state.in_(_MAYBE_SENT), func.coalesce(Message.accepted_at, Message.claimed_at)),
        else_=Message.accepted_at,
    )
    return db.session.scalars(
        select(Invitation)
        .join(Message, Message.link_id == Invitation.id)
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .join(CampaignWays, CampaignWays.campaign_id == Campaign.id)
        .where(
            Message.e164 == e164,
            Message.link_purpose == sms.PURPOSE,
            left.is_not(None),
            CampaignWays.takes_replies,
            Campaign.state.in_(("launched", "paused")),
        )
        .order_by(
            (left <= at + CLOCKS_DIFFER).desc(),
            Message.state.in_(("failed", "blocked")),
            left.desc(),
            Invitation.id.desc(),
        )
        .limit(1)
    ).first()


def _answer(link: Link, poll: Poll, choice: str, language: str) -> str:
    """done, errors, screened (the group is full), or stopped (somebody answered in between)."""
    q = load_version(link.version_id)
    token = invitations.token_of(link.invitation_id)
    number = responses.page_number(q, poll.page)
    raw = {poll.question.name: [choice]}
    # Pages of notes may follow; each is turned once.
    for _each in q.pages:
        outcome = responses.submit(
            token,
            page_number=number,
            raw=raw,
            shown=None,
            lang=language,
            version=link.version_number,
            mode="sms",
        )
        if outcome is None:
            return "stopped"
        if outcome.kind != "page" or outcome.page is None:
            return outcome.kind
        number, raw = responses.page_number(q, outcome.page), {}
    return "errors"


def _answer_in_words(poll: Poll, choice: str, language: str) -> str:
    found = poll.question.choice(choice)
    return " ".join((pick(found.label, language) if found else "").split()) or choice


def _repeated(message: InboundMessage, invitation: Invitation) -> None:
    """Say once that the first answer counts; further ones are taken in silence."""
    if _first_time(invitation.id, "repeated_at"):
        _say(message, invitation, "replies.repeated")


def _turned_away(message: InboundMessage, invitation: Invitation) -> None:
    """Say once that the group of this person is full; nothing was kept."""
    if _first_time(invitation.id, "repeated_at"):
        _say(message, invitation, "replies.full")


def _too_early(message: InboundMessage, invitation: Invitation, link: Link) -> None:
    """Say once from when on answers count."""
    if _first_time(invitation.id, "helped_at"):
        with use_language(invitation.language):
            date = format_datetime(link.opens_at)
        _say(message, invitation, "replies.early", date=date)


def _help(message: InboundMessage, normalised: str, invitation: Invitation, poll: Poll) -> bool:
    """Say once how to answer. False: it is not for us."""
    if len(normalised) > LONGEST_ATTEMPT or not _first_time(invitation.id, "helped_at"):
        return False
    numbers = [digits(str(number), invitation.language) for number in poll.numbers]
    _say(message, invitation, "replies.help", first=numbers[0], last=numbers[-1])
    return True


def _first_time(invitation_id: int, column: str) -> bool:
    """Note that something was said; False where it was said before."""
    now = clock.now()
    statement = insert(PollReply).values(invitation_id=invitation_id, **{column: now})
    noted = db.session.scalar(
        statement.on_conflict_do_update(
            index_elements=["invitation_id"],
            set_={column: now},
            where=getattr(PollReply, column).is_(None),
        ).returning(PollReply.invitation_id)
    )
    return noted is not None


def _say(message: InboundMessage, invitation: Invitation, purpose: str, **values: str) -> None:
    words = wording.render(purpose, invitation.language, **values)
    reply_automatically(
        message.id,
        words.body,
        language=invitation.language,
        contact_id=invitation.contact_id,
        template_version_id=words.version_id,
    )
