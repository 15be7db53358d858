"""«31 or 33?»: whether the citizen agrees with the end. One open question a number. No commits.

A case's lock is taken before its number's. A question that waits for another to be answered is
opened under the number's lock alone: that changes the question, never its case.
"""

import datetime as dt
from typing import Final

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import aliased

from portal import audit, clock
from portal.db import db
from portal.i18n import digits, use_language
from portal.messaging.models import InboundMessage, Message
from workflows.cases import attempts, codes, flow, moves, stages
from workflows.cases.matter import answers, heads
from workflows.cases.models import Case, CaseEvent, FeedbackQuestion
from workflows.cases.redaction import hiding
from workflows.cases.reply_words import ACCEPT, MOST_WORDS, OBJECT, Reply, read

__all__ = [
    "ACCEPT",
    "MOST_WORDS",
    "OBJECT",
    "Reply",
    "answer_by_call",
    "answer_by_link",
    "answer_by_sms",
    "ask",
    "read",
    "withdraw",
]

LATE: Final = dt.timedelta(days=30)
"""So long after a question an answer still belongs to it."""
BREATH: Final = dt.timedelta(minutes=1)
"""Between an answer and the next question to a number: who sends 31 twice in haste means the
question on the phone, not one that is still to come."""
CLOCKS_DIFFER: Final = dt.timedelta(seconds=2)
"""Of the gateway, which says when an SMS arrived (in whole seconds), and ours."""
BATCH: Final = 50


def ask(case: Case) -> FeedbackQuestion | None:
    """Ask about a locked case that has been answered, and all who follow it, each number once.

    None where its own number is not known.
    """
    others = heads.told(case)
    moves.lock_numbers(one.e164 for one in (case, *others))
    question = _ask(case) if case.e164 is not None else None
    for one in others:
        _ask(one)
    return question


def ask_follower(leading: Case, case: Case) -> None:
    """Ask one who has just joined a case that has been answered already."""
    case.outcome_text = leading.outcome_text
    if any(one.id == case.id for one in heads.told(leading)):
        _ask(case)


def ask_again(case: Case, question_id: int | None) -> None:
    """After a case was split off: what it was being asked before is asked once more."""
    question = db.session.get(FeedbackQuestion, question_id) if question_id else None
    if question is None or case.e164 is None:
        return
    others = heads.told(case)
    moves.lock_numbers(one.e164 for one in (case, *others))
    question.state, question.asked_at = "waiting", None
    db.session.flush()
    open_next(case.e164)
    for one in others:
        _ask(one)


def _ask(case: Case) -> FeedbackQuestion:
    if case.e164 is None:
        raise ValueError("A case without a number cannot be asked")
    moves.lock_number(case.e164)
    last = db.session.scalar(
        select(func.max(FeedbackQuestion.round)).where(FeedbackQuestion.case_id == case.id)
    )
    question = FeedbackQuestion(
        case_id=case.id,
        round=max(case.reopened, last or 0) + 1,
        e164=case.e164,
        state="waiting",
        created_at=clock.now(),
    )
    db.session.add(question)
    db.session.flush()
    open_next(case.e164)
    return question


def answer_by_sms(e164: str, text: str, *, at: dt.datetime | None = None) -> bool:
    """Take an SMS that answers a question; False where it is something else.

    `at`: when it arrived; it answers no question whose own SMS was not yet with the gateway then.
    An answer that comes again is taken and changes nothing; an objection that comes after the
    end opens the case again, for 30 days.
    """
    reply = read(text)
    if reply is None:
        return False
    question = _question_of(e164, at)
    if question is None:
        return False
    matter = answers.matter_of(question.case_id)
    objects = reply.verdict == "object"
    _lock_numbers(matter, e164, objects=objects)
    db.session.refresh(question)
    try:
        with db.session.begin_nested():
            counts = _take_sms(matter, question, reply)
    except stages.StageError:
        # The workflow has no such step there: whoever looks at the case reads the words.
        counts = False
    if not counts:
        moves.add_event(matter.own.id, "sms", text=text[:MOST_WORDS], about="answered_again")
    db.session.flush()
    return True


def _take_sms(matter: answers.Matter, question: FeedbackQuestion, reply: Reply) -> bool:
    """False for an answer that changes nothing any more."""
    objects = reply.verdict == "object"
    if question.state == "open":
        _answer(matter, question, not objects, reply.words, channel="sms", by=None)
    elif objects and (
        matter.leading.stage == "closed"
        # The others who follow the matter have not all answered yet.
        or (matter.leading.stage == "feedback" and question.state == "accepted")
    ):
        _object(matter, question, reply.words, channel="sms", by=None)
    else:
        return False
    return True


def answer_by_call(case_id: int, *, by: int | None, accepted: bool, words: str = "") -> Case:
    """What a citizen said on the telephone. Raises LookupError, StageError, InputRefused."""
    return _answer_of_case(case_id, accepted, words, channel="call", by=by)


def answer_by_link(case_id: int, *, accepted: bool, words: str = "") -> Case:
    """What a citizen chose on the tracking page. Raises LookupError, StageError, InputRefused."""
    return _answer_of_case(case_id, accepted, words, channel="link", by=None)


def _answer_of_case(
    case_id: int, accepted: bool, words: str, *, channel: str, by: int | None
) -> Case:
    matter = answers.matter_of(case_id)
    flow.check(matter.leading, "accept" if accepted else "object", by=by)
    words = moves.clean(words, "words", MOST_WORDS, required=not accepted)
    _lock_numbers(matter, matter.own.e164, objects=not accepted)
    question = question_of_case(case_id)
    if channel == "call":
        result = "accepted" if accepted else "objected"
        attempts.note(matter.own, question, result, by=by, words=words)
    _answer(matter, question, accepted, words, channel=channel, by=by)
    db.session.flush()
    return matter.leading


def _lock_numbers(matter: answers.Matter, e164: str | None, *, objects: bool) -> None:
    """Of whoever answers; an objection takes back what the others of the matter are asked."""
    others = heads.numbers([matter.leading.id]) if objects else ()
    moves.lock_numbers([e164, *others])


def withdraw(case: Case) -> None:
    """Whatever was asked about a locked case is asked no longer, of its followers neither."""
    rows = [case, *heads.followers(case.id)]
    moves.lock_numbers(one.e164 for one in rows)
    for one in rows:
        withdraw_follower(one)


def withdraw_follower(case: Case) -> None:
    """The same for one case alone."""
    if case.e164 is None:
        return
    moves.lock_number(case.e164)
    question = question_of_case(case.id)
    if question is not None:
        question.state = "withdrawn"
        db.session.flush()
        open_next(case.e164)


def message_of(question: FeedbackQuestion) -> Message | None:
    """The SMS that asks it."""
    sent = db.session.scalar(
        select(CaseEvent.data["message_id"].as_integer())
        .where(
            CaseEvent.case_id == question.case_id,
            CaseEvent.kind == "sms",
            CaseEvent.data["about"].astext == "feedback",
            CaseEvent.at >= question.asked_at,
        )
        .order_by(CaseEvent.id)
        .limit(1)
    )
    if sent is None:
        return None
    return db.session.get(Message, sent, populate_existing=True)


def waiting_numbers() -> Select[str]:
    """Numbers of which a question waits and none is open."""
    other = aliased(FeedbackQuestion)
    return (
        select(FeedbackQuestion.e164)
        .where(
            FeedbackQuestion.state == "waiting",
            # So it costs by what was never asked, not by all that ever was.
            FeedbackQuestion.asked_at.is_(None),
            ~exists().where(other.e164 == FeedbackQuestion.e164, other.state == "open"),
        )
        .distinct()
    )


def open_waiting(limit: int = BATCH) -> int:
    """Ask what waits for no other question any more (nothing, unless something went wrong)."""
    numbers = db.session.scalars(waiting_numbers().limit(limit)).all()
    for e164 in sorted(numbers):
        moves.lock_number(e164)
        open_next(e164)
    return len(numbers)


def question_of_case(case_id: int) -> FeedbackQuestion | None:
    """The question about a case that is open or waits."""
    return db.session.scalars(
        select(FeedbackQuestion)
        .where(
            FeedbackQuestion.case_id == case_id,
            FeedbackQuestion.state.in_(["open", "waiting"]),
        )
        .execution_options(populate_existing=True)
    ).first()


def _question_of(e164: str, at: dt.datetime | None) -> FeedbackQuestion | None:
    """What an answer that arrived `at` is about: the open question of a number, else the one asked
    last, if not too long ago.

    One whose SMS the gateway had not taken by then cannot be meant where an earlier one can.
    """
    found = db.session.scalars(
        select(FeedbackQuestion)
        .where(
            FeedbackQuestion.e164 == e164,
            FeedbackQuestion.asked_at > clock.now() - LATE,
            FeedbackQuestion.state != "withdrawn",
        )
        .order_by((FeedbackQuestion.state == "open").desc(), FeedbackQuestion.asked_at.desc())
        .limit(5)
    ).all()
    if at is None or not found:
        return found[0] if found else None
    messages = [message_of(question) for question in found]
    for question, message in zip(found, messages, strict=True):
        if message is None or _was_sent(message, at):
            return question
    # Not seen leaving by anybody, but nothing else can be meant by it.
    first = messages[0]
    waits = first is not None and (first.accepted_at or first.not_before)
    return None if waits else found[0]


def _was_sent(message: Message, at: dt.datetime) -> bool:
    return message.accepted_at is not None and message.accepted_at <= at + CLOCKS_DIFFER


def _answer(
    matter: answers.Matter,
    question: FeedbackQuestion | None,
    accepted: bool,
    words: str,
    *,
    channel: str,
    by: int | None,
) -> None:
    if not accepted:
        _object(matter, question, words, channel=channel, by=by)
        return
    own, leading = matter.own, matter.leading
    _note_answer(question, "accepted", words, channel)
    moves.add_event(own.id, "accepted", by=by, text=words, public=True, channel=channel)
    if own.id != leading.id:
        moves.add_event(leading.id, "accepted", by=by, channel=channel, follower=own.code)
    audit.record("case.accepted", "case", own.id, channel=channel)
    if not answers.awaited(leading):
        flow.take(leading, "accept", by=by)
        moves.close(leading, "accepted", by=by)
    _say(own, "accepted")
    if own.e164 is not None:
        open_next(own.e164, after=BREATH)


def _object(
    matter: answers.Matter,
    question: FeedbackQuestion | None,
    words: str,
    *,
    channel: str,
    by: int | None,
) -> None:
    own, leading = matter.own, matter.leading
    _note_answer(question, "objected", words, channel)
    moves.add_event(own.id, "objected", by=by, text=words, public=True, channel=channel)
    if own.id != leading.id:
        moves.add_event(
            leading.id, "objected", by=by, text=words, channel=channel, follower=own.code
        )
    audit.record("case.objected", "case", own.id, channel=channel, words=words)
    # One objection opens the matter again, so nobody else need answer now.
    withdraw(leading)
    # An objection that comes after the end opens the case again.
    flow.take(leading, "reopen" if leading.stage == "closed" else "object", by=by)
    moves.send_back(leading, by=by, text=words, objection=True)
    for one in heads.followers(leading.id):
        one.outcome_text = ""
    _say(own, "objected")
    if own.e164 is not None:
        open_next(own.e164, after=BREATH)


def _note_answer(question: FeedbackQuestion | None, state: str, words: str, channel: str) -> None:
    if question is None:
        return
    question.state, question.channel, question.words = state, channel, words
    question.answered_at = clock.now()
    db.session.flush()


def _say(case: Case, what: str) -> None:
    """Tell the citizen what became of the answer."""
    moves.write_to_citizen(case, f"cases.{what}", what, url=codes.url(case.code))


def open_next(e164: str, *, after: dt.timedelta | None = None) -> None:
    """Ask the question that has waited longest, if none is open; under the number's lock.

    `after`: its SMS does not leave sooner.
    """
    rows = db.session.scalars(
        select(FeedbackQuestion)
        .where(
            FeedbackQuestion.e164 == e164,
            FeedbackQuestion.state.in_(["open", "waiting"]),
        )
        .order_by(FeedbackQuestion.state, FeedbackQuestion.id)
        .execution_options(populate_existing=True)
    ).all()
    if not rows or rows[0].state == "open":
        return
    question = rows[0]
    question.state, question.asked_at = "open", clock.now()
    case = db.session.get_one(Case, question.case_id)
    moves.write_to_citizen(
        case,
        "cases.feedback",
        "feedback",
        not_before=clock.now() + after if after else None,
        text=_answer_words(case),
        accept=digits(ACCEPT, case.language),
        object=digits(OBJECT, case.language),
    )
    moves.add_event(case.id, "feedback_asked", round=question.round)
    db.session.flush()


def _answer_words(case: Case) -> str:
    """The answer; of one that was hidden meanwhile only how it ended."""
    if not hiding.no_answer([case.id]):
        return moves.shortened(case.outcome_text)
    leading = db.session.get_one(Case, heads.head_id(case.id))
    with use_language(case.language):
        return str(stages.OUTCOME_NAMES.get(leading.outcome or "", ""))


def take_inbound(message: InboundMessage, _normalised: str) -> bool:
    """The handler of SMS that arrive."""
    return message.e164 is not None and answer_by_sms(
        message.e164, message.text, at=message.received_at
    )
