"""What the case page shows and offers of its clocks: pausing, going on, the explanation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.i18n import _l
from portal.security import may
from workflows.callins.fields import LocalDay, LocalTime
from workflows.cases import pauses, standing
from workflows.cases.clock_models import BY_HAND, ClockSpan
from workflows.cases.explain import PAUSE_NAMES
from workflows.cases.models import Case, CaseClock
from workflows.cases.staff import detail
from workflows.cases.staff.forms import MOST_TEXT, ActionForm, _options, _text


class PauseForm(ActionForm):
    action = "pause"
    reason = RadioField(
        _l("For whom the city waits"),
        choices=lambda: _options({one: PAUSE_NAMES[one] for one in BY_HAND}),
        validators=[InputRequired(_l("Choose for whom it waits."))],
    )
    text = _text(_l("What is waited for"), _l("Write what is waited for"), rows=2)
    until = LocalDay(
        _l("Until"),
        description=_l("year/month/day. Then the deadlines go on by themselves; empty: by hand"),
        validators=[Optional()],
    )
    until_time = LocalTime(
        _l("At"), description=_l("Empty: when the day begins"), validators=[Optional()]
    )


class ResumeForm(ActionForm):
    action = "resume"
    text = TextAreaField(
        _l("Note"),
        validators=[Length(max=MOST_TEXT)],
        render_kw={"rows": 2, "maxlength": MOST_TEXT},
    )


@dataclass(frozen=True)
class Panel:
    pause_form: ActionForm | None
    resume_form: ActionForm | None
    paused: Sequence[CaseClock]
    pause: ClockSpan | None
    """The pause that the clocks are in; one made by hand before that of a state."""
    reasons: dict[str, Any]


def panel(case: Case, bound: ActionForm | None = None, *, changed: bool = False) -> Panel:
    """`bound`: the form that was sent and is shown again."""
    paused = standing.paused(case)
    spans = standing.present([row.id for row in paused]) if paused else {}
    by_hand = [span for span in spans.values() if span.reason in BY_HAND]
    pause_form = resume_form = None
    if may("cases.work"):
        version = str(detail.version(case.id))
        if pauses.may_pause(case):
            pause_form = _form(PauseForm, bound, version, changed)
        if by_hand:
            resume_form = _form(ResumeForm, bound, version, changed)
    return Panel(
        pause_form,
        resume_form,
        paused,
        next(iter(by_hand or spans.values()), None),
        dict(PAUSE_NAMES),
    )


def possible(case: Case, action: str) -> bool:
    """Whether a step of this panel can still be taken."""
    return (action == "pause" and pauses.may_pause(case)) or (
        action == "resume" and bool(standing.paused_by_hand(case))
    )


def _form(
    kind: type[ActionForm], bound: ActionForm | None, version: str, changed: bool
) -> ActionForm:
    if bound is not None and bound.action == kind.action:
        if changed:
            bound.version.data = version
        return bound
    form = kind(formdata=None, prefix=f"{kind.action}-")
    form.version.data = version
    return form
