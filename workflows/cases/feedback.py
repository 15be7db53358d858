"""«31 or 33?»: whether the citizen agrees with the end. One open question a number. No commits.

A case's lock is taken before its number's. A question that waits for another to be answered is
opened under the number's lock alone: that changes the question, never its case.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from portal import audit, clock
from portal.db import db
from portal.i18n import digits
from portal.messaging.models import FINAL_STATES, InboundMessage, Message
from portal.text import ascii_digits, fold, strip_controls
from workflows.cases import attempts, codes, moves, stages
from workflows.cases.call_models import FeedbackCall
from workflows.cases.models import Case, CaseEvent, FeedbackQuestion

TIMEOUT: Final = dt.timedelta(hours=72)
"""After so long without an answer a case is closed as not answered."""
LATE: Final = dt.timedelta(days=30)
"""So long after a question an answer still belongs to it."""
BREATH: Final = dt.timedelta(minutes=1)
"""Between an answer and the next question to a number: who sends 31 twice in haste means the
question on the phone, not one that is still to come."""
CLOCKS_DIFFER: Final = dt.timedelta(seconds=2)
"""Of the gateway, which says when an SMS arrived (in whole seconds), and ours."""
ACCEPT: Final = "31"
OBJECT: Final = "33"
MOST_WORDS: Final = 2_000
NEVER_READ: Final = FINAL_STATES - {"delivered"}
BATCH: Final = 50


@dataclass(frozen=True)
class Reply:
    """What an SMS says: yes or no, and the words behind the number."""

    verdict: Literal["accept", "object"]
    words: str


_REPLY = re.compile(r"[\W_]*(31|33)(?![0-9])(?:[\W_]*)(.*)", re.DOTALL)
_EITHER = re.compile(r"(?<![0-9])(?:31|33)(?![0-9])")


def read(text: str) -> Reply | None:
    """31 or 33 in digits of any script, with or without words; None for anything else."""
    plain = strip_controls(text[:MOST_WORDS]).strip()
    found = _REPLY.fullmatch(fold(ascii_digits(plain)))
    if found is None:
        return None
    number = found[1]
    other = OBJECT if number == ACCEPT else ACCEPT
    if other in _EITHER.findall(found[2]):
        # «31 or 33?» is a question, not an answer.
        return None
    # The words as they were typed: the folding was for finding the number.
    words = re.sub(r"^[\W_]*\d{2}[\W_]*", "", plain).strip()
    return Reply("accept" if number == ACCEPT else "object", words)


def ask(case: Case) -> FeedbackQuestion | None:
    """Ask about a locked case that has been answered; None where no number is known."""
    if case.e164 is None:
        return None
    moves.lock_number(case.e164)
    question = FeedbackQuestion(
        case_id=case.id,
        round=case.reopened + 1,
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
    case = moves.lock(question.case_id)
    moves.lock_number(e164)
    db.session.refresh(question)
    if question.state == "open":
        _answer(case, question, reply.verdict == "accept", reply.words, channel="sms", by=None)
    elif reply.verdict == "object" and case.stage == "closed":
        _object(case, question, reply.words, channel="sms", by=None)
    else:
        moves.add_event(case.id, "sms", text=text[:MOST_WORDS], about="answered_again")
    db.session.flush()
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
    case = moves.lock(case_id)
    stages.check(case, "accept" if accepted else "object")
    words = moves.clean(words, "words", MOST_WORDS, required=not accepted)
    if case.e164 is not None:
        moves.lock_number(case.e164)
    question = question_of_case(case.id)
    if channel == "call":
        result = "accepted" if accepted else "objected"
        attempts.note(case, question, result, by=by, words=words)
    _answer(case, question, accepted, words, channel=channel, by=by)
    db.session.flush()
    return case


def withdraw(case: Case) -> None:
    """Whatever was asked about a locked case is asked no longer."""
    if case.e164 is None:
        return
    moves.lock_number(case.e164)
    question = question_of_case(case.id)
    if question is not None:
        question.state = "withdrawn"
        db.session.flush()
        open_next(case.e164)


def unanswered(limit: int = BATCH, after: int = 0) -> list[int]:
    """Ids of questions beyond `after` that nobody has answered for 72 hours.

    Not those whose citizen asked to be called at an hour that is not long past.
    """
    chosen = exists().where(
        FeedbackCall.question_id == FeedbackQuestion.id,
        FeedbackCall.result == "later",
        FeedbackCall.again_at > clock.now() - attempts.GRACE,
    )
    statement = select(FeedbackQuestion.id).where(
        FeedbackQuestion.state == "open",
        FeedbackQuestion.asked_at <= clock.now() - TIMEOUT,
        FeedbackQuestion.id > after,
        ~chosen,
    )
    return list(db.session.scalars(statement.order_by(FeedbackQuestion.id).limit(limit)))


def time_out(question_id: int) -> bool:
    """Close the case of a question of `unanswered`; False where somebody was quicker.

    One a transaction: whoever holds a number's lock must not wait for another case.
    """
    question = db.session.get_one(FeedbackQuestion, question_id)
    case = moves.lock(question.case_id)
    moves.lock_number(question.e164)
    db.session.refresh(question)
    if question.state != "open":
        return False
    if _came_to_the_citizen(question):
        question.state = "timed_out"
        hours = int(TIMEOUT.total_seconds()) // 3600
        moves.add_event(case.id, "timed_out", public=True, hours=hours)
        moves.close(case, "timed_out")
    else:
        question.state = "withdrawn"
        moves.close(case, "not_asked")
    open_next(question.e164)
    db.session.flush()
    return True


def _came_to_the_citizen(question: FeedbackQuestion) -> bool:
    """Whether the SMS with the question may have been read.

    Who stopped all SMS of the city, or whose number takes none, did not keep silent.
    """
    message = _message_of(question)
    return message is None or message.state not in NEVER_READ


def _message_of(question: FeedbackQuestion) -> Message | None:
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


def open_waiting(limit: int = BATCH) -> int:
    """Ask what waits for no other question any more (nothing, unless something went wrong)."""
    other = aliased(FeedbackQuestion)
    numbers = db.session.scalars(
        select(FeedbackQuestion.e164)
        .where(
            FeedbackQuestion.state == "waiting",
            ~exists().where(other.e164 == FeedbackQuestion.e164, other.state == "open"),
        )
        .distinct()
        .limit(limit)
    ).all()
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
    messages = [_message_of(question) for question in found]
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
    case: Case,
    question: FeedbackQuestion | None,
    accepted: bool,
    words: str,
    *,
    channel: str,
    by: int | None,
) -> None:
    if not accepted:
        _object(case, question, words, channel=channel, by=by)
        return
    _note_answer(question, "accepted", words, channel)
    moves.add_event(case.id, "accepted", by=by, text=words, public=True, channel=channel)
    audit.record("case.accepted", "case", case.id, channel=channel)
    moves.close(case, "accepted", by=by)
    _say(case, "accepted")
    if case.e164 is not None:
        open_next(case.e164, after=BREATH)


def _object(
    case: Case, question: FeedbackQuestion | None, words: str, *, channel: str, by: int | None
) -> None:
    _note_answer(question, "objected", words, channel)
    moves.add_event(case.id, "objected", by=by, text=words, public=True, channel=channel)
    audit.record("case.objected", "case", case.id, channel=channel, words=words)
    moves.send_back(case, by=by, text=words, objection=True)
    _say(case, "objected")
    if case.e164 is not None:
        open_next(case.e164, after=BREATH)


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
        text=moves.shortened(case.outcome_text),
        accept=digits(ACCEPT, case.language),
        object=digits(OBJECT, case.language),
    )
    moves.add_event(case.id, "feedback_asked", round=question.round)
    db.session.flush()


def take_inbound(message: InboundMessage, _normalised: str) -> bool:
    """The handler of SMS that arrive."""
    return message.e164 is not None and answer_by_sms(
        message.e164, message.text, at=message.received_at
    )
