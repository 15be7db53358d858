"""Find an invitation by its token, keep the draft, take the final answer. Content is not logged.

All writing happens under a lock on the invitation, so that double clicks, two tabs and two
devices follow each other: one invitation has one response, and it is complete once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import db
from surveys.campaigns.launching import stop_reminding
from surveys.campaigns.models import Invitation
from surveys.questionnaires import flow
from surveys.questionnaires.schema import Page, Questionnaire
from surveys.questionnaires.services import load_version
from surveys.questionnaires.state import SEED
from surveys.quotas import services as quotas
from surveys.responses import anonymity, photos, travelling, versions
from surveys.responses.link import Direction, Link, Outcome
from surveys.responses.lookup import find, lock
from surveys.responses.models import Response
from surveys.secrecy import services as secrecy
from surveys.secrecy.envelope import Contents

__all__ = [
    "answers_of", "complete", "find", "lock", "page_number", "page_to_resume", "page_to_show",
    "save", "submit", "turn_away",
]  # fmt: skip


def submit(
    token: str,
    *,
    page_number: int,
    raw: Mapping[str, Sequence[str]],
    shown: Collection[str] | None,
    lang: str,
    direction: Direction = "next",
    version: int | None = None,
    luggage: str = "",
    mode: str = "link",
) -> Outcome | None:
    """Take a submitted page (counted from 1 in the questionnaire). None: no such token.

    `version` is the number the form was made from: a campaign may have been switched to another
    one since, and whoever saw a version has begun it. `luggage`: of an anonymous survey, what
    travelled in the form (`travelling`).

    `add` goes on to one more round of the page's repeat, `remove` takes this round out. `back`,
    `remove` and `stay` (a change of language) keep what can be kept and complain of nothing but,
    for `stay`, of answers that would be lost.
    """
    link = lock(token)
    if link is None:
        return None
    link = replace(link, mode=mode)
    now = clock.now()
    if link.status(now) != "open":
        return _stopped(link, page_number, raw, shown, lang)
    if link.is_anonymous:
        link = anonymity.with_luggage(link, luggage, now)
    if version is not None and version != link.version_number:
        if link.response_state is None:
            link = versions.as_begun(link, version)
        # Of an anonymous survey the version travels with the answers.
        elif not link.is_anonymous and (
            changed := _from_other_version(
                link, version, page_number=page_number, raw=raw, shown=shown, lang=lang
            )
        ):
            return changed
    q = load_version(link.version_id)
    page = q.page_at(page_number) or q.pages[0]
    before = answers_of(q, link)
    told = anonymity.told_moment(link, now)
    found = flow.validate_page(q, page, raw, before, lang, shown=shown, at=now, told=told)
    answers = {**before, **found.values}
    errors = found.errors
    if direction not in {"next", "add"}:
        typed = {name for name, values in raw.items() if any(value.strip() for value in values)}
        errors = {name: e for name, e in errors.items() if name in typed and direction == "stay"}
    target: Page | None = page
    first = flow.next_page(q, None, before, now)
    is_lost = link.is_anonymous and link.response_state is None and page is not first
    if is_lost:
        target, errors = first or page, {}
    elif direction == "back":
        target = flow.previous_page(q, page, answers, now) or page
    elif direction == "remove":
        answers, target = flow.remove_round(q, page, answers, now)
    elif direction == "add" and found.ok:
        answers, target = flow.add_round(q, page, answers, now)
    elif direction == "next" and found.ok:
        if quotas.is_full(link.campaign_id, link.counter_key, q, page, answers):
            return Outcome(turn_away(link, lang), link)
        target = flow.next_page(q, page, answers, now)
        if target is None and (unfinished := flow.unfinished(q, answers, lang, now)):
            target, errors = unfinished
    if target is None:
        return _finish(link, q, before, answers, lang)
    save(link, answers, target.name, lang)
    link = replace(link, response_state="draft", answers=answers, reached=target.name)
    packed = ""
    if link.is_anonymous:
        try:
            packed = travelling.pack(link.invitation_id, link.version_id, answers, now)
        except travelling.TooLargeError:
            longest = max(found.values, key=lambda name: len(str(found.values[name])))
            errors, packed, target = {longest: anonymity.too_long()}, luggage, page
    if errors:
        return Outcome("errors", link, target, errors, luggage=packed)
    more = (
        found.revealed[0] if direction in {"next", "add"} and found.revealed and not is_lost else ""
    )
    return Outcome("page", link, target, more=more, luggage=packed, is_lost=is_lost)


def _finish(
    link: Link, q: Questionnaire, before: Mapping[str, Any], answers: Mapping[str, Any], lang: str
) -> Outcome:
    """The last page: what is relevant becomes the response, photos of all else go."""
    kept = flow.prune(q, answers, anonymity.told_moment(link, clock.now()))
    done = complete(link, kept, lang)
    if done != "done":
        return Outcome(done, link)
    unused = set(photos.names_in(before)) | set(photos.names_in(answers))
    photos.discard_after_commit(unused - set(photos.names_in(kept)))
    return Outcome(done, replace(link, answers=kept))


def _stopped(
    link: Link,
    page_number: int,
    raw: Mapping[str, Sequence[str]],
    shown: Collection[str] | None,
    lang: str,
) -> Outcome:
    """Nothing is stored any more. Whether the page holds what counts: then it was pressed twice;
    of an anonymous survey nobody knows, and it is taken for that."""
    now = clock.now()
    if link.status(now) != "answered" or link.is_anonymous:
        return Outcome("stopped", link, is_repeated=link.status(now) == "answered")
    q = load_version(link.version_id)
    page = q.page_at(page_number) or q.pages[0]
    found = flow.validate_page(
        q, page, raw, answers_of(q, link), lang, shown=shown, at=now, told=now
    )
    # Photos are stored under new names, and what is calculated may depend on the moment.
    others = {x.name for x in page.questions if x.type == "image" or not x.is_answered}
    same = not found.errors and all(
        (link.answers.get(name) or None) == (value or None)
        for name, value in found.values.items()
        if name not in others
    )
    return Outcome("stopped", link, is_repeated=same)


def _from_other_version(
    link: Link,
    version: int,
    *,
    page_number: int,
    raw: Mapping[str, Sequence[str]],
    shown: Collection[str] | None,
    lang: str,
) -> Outcome | None:
    """Take from the form of another version than the one begun what fits this one."""
    now, q = clock.now(), load_version(link.version_id)
    before = answers_of(q, link)
    found = versions.carry(
        link,
        version,
        page_number=page_number,
        raw=raw,
        before=before,
        lang=lang,
        shown=shown,
        at=now,
    )
    if found is None:
        return None
    link = replace(link, answers=found.answers)
    reached = q.page(link.reached)
    page = page_to_show(q, link, q.number_of(reached) if reached else 1)
    save(link, found.answers, page.name, lang)
    return Outcome("changed", replace(link, reached=page.name), page, left=found.left)


def save(link: Link, answers: Mapping[str, Any], reached: str, lang: str) -> None:
    """Keep a draft, or of an anonymous survey nothing. The invitation must be locked."""
    if not link.is_anonymous:
        _store(link, _kept(answers), "draft", lang, reached=reached)
    if link.invitation_state == "open":
        _mark(link.invitation_id, "started")


def complete(
    link: Link, answers: Mapping[str, Any], lang: str
) -> Literal["done", "stopped", "screened"]:
    """Take the answers as final: they never change again. The invitation must be locked.

    `screened`: the person's group is full, nothing was kept; `stopped`: the campaign ended at this
    moment, nothing was stored.
    """
    q = load_version(link.version_id)
    if not quotas.take(link.campaign_id, link.counter_key, q, answers):
        return turn_away(link, lang)
    if not link.is_anonymous:
        _store(link, _kept(answers), "complete", lang, reached="")
    elif not _seal(link, Contents(anonymity.without_orders(q, _kept(answers)), lang, link.mode)):
        return "stopped"
    _mark(link.invitation_id, "answered")
    stop_reminding(link.invitation_id)
    return "done"


def turn_away(link: Link, lang: str) -> Literal["screened", "stopped"]:
    """The person's group is full: keep nothing, ask no more. The invitation must be locked.

    In an anonymous survey it looks as if the person had answered: see `surveys.quotas.services`.
    """
    if link.is_anonymous:
        if not _seal(link, Contents({}, lang, link.mode, is_empty=True)):
            return "stopped"
        _mark(link.invitation_id, "answered")
    else:
        draft = delete(Response).where(
            Response.invitation_id == link.invitation_id, Response.state == "draft"
        )
        for answers in db.session.scalars(draft.returning(Response.answers)).all():
            photos.discard_after_commit(photos.names_in(answers))
        _mark(link.invitation_id, "screened")
    stop_reminding(link.invitation_id)
    return "screened"


def _seal(link: Link, contents: Contents) -> bool:
    q = load_version(link.version_id)
    stored = secrecy.put(link.campaign_id, link.version_id, q, contents)
    if not stored:
        db.session.rollback()  # what a quota has counted for it, too
    return stored


def note_opened(link: Link) -> None:
    """A person has opened the link: noted the first time, of an anonymous survey only the day.

    The only thing that looking at a page changes: a figure of the campaign.
    """
    if link.is_opened:
        return
    db.session.execute(
        update(Invitation)
        .where(Invitation.id == link.invitation_id, Invitation.opened_at.is_(None))
        .values(opened_at=anonymity.told_day(link, clock.now()))
        .execution_options(synchronize_session=False)
    )


def answers_of(q: Questionnaire, link: Link) -> Mapping[str, Any]:
    """What is stored, or what the form holds before anything is."""
    now = clock.now()
    found = (
        link.answers
        if link.response_state
        else flow.initial_answers(q, anonymity.told_moment(link, now))
    )
    return {**found, SEED: link.seed} if any(x.randomize for x in q.questions) else found


def page_number(q: Questionnaire, page: Page) -> int:
    return q.number_of(page)


def page_to_show(q: Questionnaire, link: Link, number: int = 1) -> Page:
    """The page asked for; where it has nothing to show, a visible one near it."""
    now = clock.now()
    answers = answers_of(q, link)
    wanted = q.page_at(number)
    visible = flow.visible_pages(q, answers, now)
    if wanted is not None and wanted in visible:
        return wanted
    near = flow.next_page(q, wanted, answers, now) or flow.previous_page(q, wanted, answers, now)
    return near or q.pages[0]


def page_to_resume(q: Questionnaire, link: Link) -> Page | None:
    """Where the respondent stopped, if that is further than the first page."""
    reached = q.page(link.reached)
    if link.response_state is None or reached is None:
        return None
    visible = flow.visible_pages(q, answers_of(q, link), clock.now())
    return reached if reached in visible[1:] else None


def _kept(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing for None: that a question stands unanswered is the absence of its name. Names with
    a dot before them are about the respondent and no answers."""
    return {
        name: value
        for name, value in answers.items()
        if value is not None and not name.startswith(".")
    }


def _store(link: Link, answers: dict[str, Any], state: str, lang: str, reached: str) -> None:
    now = clock.now()
    changed = {
        "state": state,
        "answers": answers,
        "language": lang,
        "submitted_at": now if state == "complete" else None,
        "reached": reached,
        "mode": link.mode,
    }
    statement = insert(Response).values(
        invitation_id=link.invitation_id,
        campaign_id=link.campaign_id,
        version_id=link.version_id,
        started_at=now,
        **changed,
    )
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["invitation_id"], set_=changed, where=Response.state == "draft"
        )
    )


def _mark(invitation_id: int, state: str) -> None:
    db.session.execute(
        update(Invitation)
        .where(Invitation.id == invitation_id)
        .values(state=state, state_at=clock.now())
        .execution_options(synchronize_session=False)
    )
