"""What the citizen's pages do and show. Flushes, never commits."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from limits import RateLimitItemPerDay
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from portal.db import db
from portal.i18n import LazyText, pick
from portal.ratelimit import over_limit
from workflows.cases import channels, feedback, flow, intake, once, photos, queries, stages
from workflows.cases.models import CaseEvent, Category
from workflows.cases.public.forms import MessageForm
from workflows.cases.questions import asking, showing
from workflows.cases.redaction import hiding
from workflows.cases.stages import StageError

CODES_A_DAY: Final = RateLimitItemPerDay(5)
"""Tracking codes by SMS to one number: anybody can type the number of somebody else."""
NOT_FOR_CITIZENS: Final = frozenset(
    {"received", "accepted", "objected", "reopened", "assigned", "step"}
    | {"letter_issued", "letter_answered"}
)
"""Events whose text the page that opens with the code alone does not repeat: the citizen's own
words may hold names and numbers, a note for the next unit is for the unit, and the subject of a
letter is between the city and its addressee."""


# Sending


@dataclass(frozen=True)
class Choice:
    code: str
    name: str


@dataclass(frozen=True)
class Sent:
    """A message that became a case, or had become one before."""

    code: str
    stored: Sequence[str] = ()
    """Files kept for it just now, to be thrown away if the change fails."""


def categories() -> list[Choice]:
    """What a message can be about, in Persian order."""
    return [Choice(row.code, pick(row.names)) for row in queries.categories()]


def send(form: MessageForm, language: str, questions: asking.Questions) -> Sent:
    """Make a case of a valid form with valid answers. The same form sent twice, even at once, is
    one case. Raises moves.InputRefused."""
    form.more = questions.digest()
    key = form.form_key()
    if (known := once.case_of(key)) is not None:
        return Sent(known.code)
    e164 = form.e164
    case = intake.receive(
        channel="portal",
        text=form.text.data or "",
        language=language,
        e164=e164,
        citizen_name=form.citizen_name.data or "",
        category_id=questions.category_id,
        place=form.place.data or "",
        neighbourhood=form.neighbourhood.data or "",
        details=channels.read("portal", {"district": form.district.data or ""}),
        **form.point_values(),
        notify=e164 is not None and not over_limit(CODES_A_DAY, "case-code-sms", e164),
    )
    case.form_key = key
    db.session.flush()
    asking.store(case.id, asking.values(questions), by=None)
    stored: list[str] = []
    sent = Sent(case.code, stored)
    try:
        for photo in form.drawn:
            stored.append(photos.attach(case.id, photo).stored_path)
    except BaseException:
        discard(sent)
        raise
    return sent


def discard(sent: Sent) -> None:
    """The change failed: what was kept for it goes."""
    for stored in sent.stored:
        photos.discard(stored)


def questions(code: str | None, sent: MultiDict[str, str] | None = None) -> asking.Questions:
    """What the category of a code asks citizens, with what a form brought."""
    return asking.of_form(_category_id(code), sent, staff=False)


def _category_id(code: str | None) -> int | None:
    if not code:
        return None
    return db.session.scalar(select(Category.id).where(Category.code == code, Category.active))


# Following


@dataclass(frozen=True)
class Step:
    """One public event."""

    at: dt.datetime
    title: LazyText | str
    text: str
    who: str


@dataclass(frozen=True)
class Tracking:
    """What whoever holds the code may know: nothing of who wrote, nor of what was written."""

    code: str
    language: str
    category: str
    unit: str
    stage: str
    is_closed: bool
    is_agreed: bool
    """Whether it is closed because the citizen agreed."""
    clock: str
    outcome: LazyText | str
    outcome_text: str
    is_done: bool
    """Whether the city says that it was carried out; else the answer alone can be agreed with."""
    is_urgent: bool
    is_asked: bool
    """Whether the citizen's word is awaited."""
    has_number: bool
    is_joined: bool
    """Whether it is followed with another message about the same matter."""
    received_at: dt.datetime
    steps: list[Step]
    answers: list[showing.Given]
    """To the questions of the category; none in free words."""


def language_of(typed: str) -> str | None:
    """The language of the case of a code however it was typed; None for a code that is none."""
    case = queries.by_code(typed)
    return case.language if case is not None else None


def find(typed: str) -> Tracking | None:
    """The case of a code as its citizen sees it, in the reader's language."""
    view = queries.tracking_view(typed)
    if view is None:
        return None
    case = view.case
    state = view.leading or case
    unseen, no_answer = hiding.hidden([case.id, state.id], view.events)
    return Tracking(
        code=case.code,
        language=case.language,
        category=pick(case.category.names) if case.category else "",
        unit=view.units.get(state.unit_id or 0, ""),
        stage=flow.state_title(state),
        is_closed=state.stage == "closed",
        is_agreed=state.stage == "closed" and state.confirmation == "accepted",
        clock=view.sentence,
        outcome=stages.OUTCOME_NAMES.get(state.outcome or "", ""),
        outcome_text="" if no_answer & {case.id, state.id} else state.outcome_text,
        is_done=state.outcome == "done",
        is_urgent=case.urgency is not None,
        is_asked=view.may_answer,
        has_number=case.e164 is not None,
        is_joined=view.leading is not None,
        received_at=case.received_at,
        steps=[
            Step(
                event.at,
                _title(event),
                "" if event.kind in NOT_FOR_CITIZENS or event.id in unseen else event.text,
                view.units.get(event.unit_id or 0, ""),
            )
            for event in view.events
        ],
        answers=showing.of_case(case.id, public=True),
    )


def _title(event: CaseEvent) -> LazyText | str:
    titles = event.data.get("state_titles") if event.kind == "step" else None
    return pick(titles) if titles else stages.EVENT_NAMES[event.kind]


def say(code: str, *, accepted: bool, words: str) -> bool:
    """The citizen's word on the end. False where it is not awaited (any more). InputRefused."""
    case = queries.by_code(code)
    if case is None:
        return False
    try:
        feedback.answer_by_link(case.id, accepted=accepted, words=words)
    except StageError:
        return False
    return True
