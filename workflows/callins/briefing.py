"""One page to print before a session: what was promised and not kept, then who has registered."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from portal import glyphs
from portal.db import db
from portal.i18n import (
    RIGHT_TO_LEFT,
    _,
    current_language,
    digits,
    format_date,
    format_time,
    ngettext,
    pick,
)
from portal.typesetting import FSI, PDI, REGIONS, code, shown
from portal.typesetting import pdf as typeset
from workflows.callins import labels, promises, services
from workflows.callins.models import Call, CallinSession
from workflows.callins.promises import Promise
from workflows.cases import explain
from workflows.cases.models import Case

TEMPLATE: Final = Path(__file__).with_name("briefing.typ")
MOST_PROMISES: Final = 8
MOST_CALLERS: Final = 10
"""What fits on one page; what does not is counted under it."""
MOST_CASES: Final = 2
EXCERPT: Final = 90


@dataclass(frozen=True)
class Caller:
    """Somebody who registered. `open_count` of their cases are open, the newest are listed."""

    call: Call
    open_count: int
    cases: Sequence[Case]


@dataclass(frozen=True)
class Briefing:
    session: CallinSession
    unkept: Sequence[Promise]
    """Overdue first, then by the promised day."""
    unkept_count: int
    kept: int
    made: int
    """Of all promises of this official so far."""
    callers: Sequence[Caller]
    callers_count: int
    sentences: dict[int, str]
    """case id -> its clock in words"""


def read(session_id: int) -> Briefing:
    """The same number of queries for any session. Raises LookupError."""
    session = services.get_session(session_id)
    made = promises.of_official(session)
    unkept = [p for p in made if p.state in {"overdue", "open"}]
    unkept.sort(key=lambda p: (p.state != "overdue", p.call.due_at, p.call.id))
    calls = db.session.scalars(
        select(Call)
        .where(Call.session_id == session_id, Call.state.in_(("queued", "in_call", "waiting")))
        .order_by(Call.state == "waiting", Call.id)
        .limit(MOST_CALLERS)
    ).all()
    count = db.session.scalar(
        select(func.count()).where(
            Call.session_id == session_id, Call.state.in_(("queued", "in_call", "waiting"))
        )
    )
    cases = _open_cases([call.e164 for call in calls if call.e164])
    callers = [
        Caller(call, len(found := cases.get(call.e164 or "", [])), found[:MOST_CASES])
        for call in calls
    ]
    shown_cases = [case for caller in callers for case in caller.cases]
    return Briefing(
        session=session,
        unkept=unkept[:MOST_PROMISES],
        unkept_count=len(unkept),
        kept=sum(p.state == "kept" for p in made),
        made=len(made),
        callers=callers,
        callers_count=count or 0,
        sentences=explain.explain_many(
            [*shown_cases, *(p.case for p in unkept[:MOST_PROMISES])], current_language()
        ),
    )


def _open_cases(numbers: list[str]) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in db.session.scalars(
        select(Case)
        .where(Case.e164.in_(numbers), Case.stage != "closed")
        .order_by(Case.id.desc())
        .limit(MOST_CALLERS * 20)
    ):
        found.setdefault(case.e164 or "", []).append(case)
    return found


def pdf(found: Briefing) -> bytes:
    """The page as PDF/UA-1, in the reader's language."""
    language, session = current_language(), found.session
    title = _("Briefing")
    more = found.unkept_count - len(found.unkept)
    others = found.callers_count - len(found.callers)
    return typeset(
        TEMPLATE,
        {
            "font": glyphs.FAMILY,
            "lang": language,
            "region": REGIONS[language],
            "rtl": language in RIGHT_TO_LEFT,
            "title": glyphs.drawn(f"{title}: {pick(session.titles)}"),
            "heading": _text(pick(session.titles)),
            "when": shown(
                _(
                    "%(date)s, %(start)s to %(end)s",
                    date=format_date(session.starts_at, "full"),
                    start=format_time(session.starts_at),
                    end=format_time(session.ends_at),
                )
            ),
            "who": _text(" · ".join(filter(None, (pick(session.officials), pick(session.places))))),
            "promises_title": shown(_("Promises not kept yet")),
            "kept": shown(
                _(
                    "Kept in time so far: %(kept)s of %(made)s",
                    kept=digits(found.kept),
                    made=digits(found.made),
                )
            ),
            "promises": [_promise(p) for p in found.unkept],
            "no_promises": shown(_("No promise is open.")),
            "more_promises": shown(
                ngettext("and %(num)s more promise", "and %(num)s more promises", more)
            )
            if more
            else "",
            "callers_title": shown(_("Registered")),
            "callers": [_caller(c, found.sentences) for c in found.callers],
            "no_callers": shown(_("Nobody has registered.")),
            "more_callers": shown(ngettext("and %(num)s more", "and %(num)s more", others))
            if others
            else "",
        },
    )


def excerpt(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"


def _text(words: str) -> str:
    """What somebody wrote, in its own direction."""
    return f"{FSI}{shown(words)}{PDI}"


def _promise(promise: Promise) -> dict[str, Any]:
    facts = [
        shown(f"{labels.PROMISE_STATES[promise.state]}"),
        shown(_("Promised by %(date)s", date=format_date(promise.call.due_at))),
        _text(pick(promise.unit_names)) if promise.unit_names else "",
        code(promise.case.code),
    ]
    return {
        "late": promise.state == "overdue",
        "head": _text(excerpt(f"{promise.call.subject}: {promise.call.answer}")),
        "facts": " · ".join(filter(None, facts)),
    }


def _caller(caller: Caller, sentences: dict[int, str]) -> dict[str, Any]:
    call = caller.call
    name = call.name or _("Name not known")
    if call.medium:
        name = f"{name} ({call.medium})"
    facts = [
        _text(call.neighbourhood) if call.neighbourhood else "",
        shown(str(labels.CALL_STATES["waiting"])) if call.state == "waiting" else "",
        shown(ngettext("%(num)s open message", "%(num)s open messages", caller.open_count)),
    ]
    return {
        "head": f"{_text(name)}: {_text(excerpt(call.subject))}",
        "facts": " · ".join(filter(None, facts)),
        "cases": [
            f"{code(case.code)} {_text(excerpt(case.text)[:60])}. "
            f"{_text(excerpt(sentences.get(case.id, '')))}"
            for case in caller.cases
        ],
    }
