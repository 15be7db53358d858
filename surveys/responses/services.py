"""Find an invitation by its token, keep the draft, take the final answer. Content is not logged.

All writing happens under a lock on the invitation, so that double clicks, two tabs and two
devices follow each other: one invitation has one response, and it is complete once.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Select, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert

from portal import clock, links
from portal.contacts.models import Contact
from portal.db import db
from surveys.campaigns.launching import stop_reminding
from surveys.campaigns.models import Campaign, Invitation
from surveys.questionnaires import flow
from surveys.questionnaires.schema import Page, Questionnaire
from surveys.questionnaires.services import load_version
from surveys.responses.models import Response

Status = Literal["open", "answered", "not_begun", "over", "cancelled"]


@dataclass(frozen=True)
class Link:
    """What stands behind a token: the invitation, its campaign, and the draft if there is one."""

    invitation_id: int
    campaign_id: int
    version_id: int
    language: str
    """Of the draft, which may be another than the invitation's."""
    invitation_state: str
    campaign_state: str
    closes_at: dt.datetime | None
    response_state: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    reached: str = ""
    """Name of the page to go on with."""
    mode: str = "link"
    """How the answers that are being stored come: see Response.mode."""

    def status(self, at: dt.datetime) -> Status:
        """What the link is good for. Answered stays answered when the campaign is over.

        A paused campaign sends nothing but takes answers; somebody who opted out of messages and
        opens the link all the same may answer.
        """
        if self.invitation_state == "answered" or self.response_state == "complete":
            return "answered"
        if self.campaign_state == "draft":
            return "not_begun"
        if self.campaign_state == "cancelled":
            return "cancelled"
        if self.campaign_state == "closed" or (self.closes_at and self.closes_at <= at):
            return "over"
        return "open"


@dataclass(frozen=True)
class Outcome:
    """What came of a submission.

    kind `page`: stored, go to `page`; `done`: complete; `stopped`: nothing was stored, see
    `link.status()`; `errors`: show `page` again with `errors`, what stands is stored.
    """

    kind: Literal["page", "done", "stopped", "errors"]
    link: Link
    page: Page | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    more: str = ""
    """The first question that the answers brought onto the page: the same page again."""


def find(token: str) -> Link | None:
    """The link of a token as a person typed it, in one indexed read; changes nothing."""
    digest = _digest(token)
    if digest is None:
        return None
    row = db.session.execute(
        _links(digest)
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .add_columns(
            Response.state.label("response_state"),
            Response.version_id.label("begun_version_id"),
            Response.answers,
            Response.reached,
            Response.language.label("begun_language"),
        )
    ).first()
    return _link(row) if row else None


def submit(
    token: str,
    *,
    page_number: int,
    raw: Mapping[str, Sequence[str]],
    shown: Collection[str] | None,
    lang: str,
    direction: Literal["next", "back", "stay"] = "next",
    mode: str = "link",
) -> Outcome | None:
    """Take a submitted page (counted from 1 in the questionnaire). None: no such token.

    `back` and `stay` (a change of language) keep what can be kept and complain of nothing but,
    for `stay`, of answers that would be lost.
    """
    link = _lock(token)
    if link is None:
        return None
    link = replace(link, mode=mode)
    now = clock.now()
    if link.status(now) != "open":
        return Outcome("stopped", link)
    q = load_version(link.version_id)
    page = page_at(q, page_number) or q.pages[0]
    before = answers_of(q, link)
    found = flow.validate_page(q, page, raw, before, lang, shown=shown, at=now)
    answers = {**before, **found.values}
    errors = found.errors
    if direction != "next":
        typed = {name for name, values in raw.items() if any(value.strip() for value in values)}
        errors = {name: e for name, e in errors.items() if name in typed and direction == "stay"}
    target: Page | None = page
    if direction == "back":
        target = flow.previous_page(q, page, answers, now) or page
    elif direction == "next" and found.ok:
        target = flow.next_page(q, page, answers, now)
        if target is None and (unfinished := flow.unfinished(q, answers, lang, now)):
            target, errors = unfinished
    if target is None:
        complete(link, flow.prune(q, answers, now), lang)
        return Outcome("done", link)
    save(link, answers, target.name, lang)
    link = replace(link, response_state="draft", answers=answers, reached=target.name)
    if errors:
        return Outcome("errors", link, target, errors)
    more = found.revealed[0] if direction == "next" and found.revealed else ""
    return Outcome("page", link, target, more=more)


def save(link: Link, answers: Mapping[str, Any], reached: str, lang: str) -> None:
    """Keep a draft. The invitation must be locked."""
    _store(link, _kept(answers), "draft", lang, reached=reached)
    if link.invitation_state == "open":
        _mark(link.invitation_id, "started")


def complete(link: Link, answers: Mapping[str, Any], lang: str) -> None:
    """Take the answers as final: they never change again. The invitation must be locked."""
    _store(link, _kept(answers), "complete", lang, reached="")
    _mark(link.invitation_id, "answered")
    stop_reminding(link.invitation_id)


def refuse_invitations(contact_id: int | None, e164: str) -> int:
    """Whoever wants no messages is not waited for: close open invitations. How many there were."""
    who = select(Contact.id).where(
        Contact.id == contact_id if contact_id is not None else Contact.e164 == e164
    )
    found = db.session.scalars(
        update(Invitation)
        .where(Invitation.contact_id.in_(who), Invitation.state.in_(("open", "started")))
        .values(state="refused", state_at=clock.now())
        .returning(Invitation.id)
    )
    return len(found.all())


def answers_of(q: Questionnaire, link: Link) -> Mapping[str, Any]:
    """What is stored, or what the form holds before anything is."""
    return link.answers if link.response_state else flow.initial_answers(q)


def page_at(q: Questionnaire, number: int) -> Page | None:
    """The page of a number counted from 1 over all pages: conditions never renumber them."""
    return q.pages[number - 1] if 1 <= number <= len(q.pages) else None


def page_number(q: Questionnaire, page: Page) -> int:
    return q.pages.index(page) + 1


def page_to_show(q: Questionnaire, link: Link, number: int = 1) -> Page:
    """The page asked for; where it has nothing to show, a visible one near it."""
    now = clock.now()
    answers = answers_of(q, link)
    wanted = page_at(q, number)
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
    visible = flow.visible_pages(q, link.answers, clock.now())
    return reached if reached in visible[1:] else None


def _digest(token: str) -> bytes | None:
    plain = links.normalise(token)
    return links.digest(plain) if plain else None


def _links(digest: bytes) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Invitation.id.label("invitation_id"),
            Invitation.campaign_id,
            Invitation.language,
            Invitation.state.label("invitation_state"),
            Campaign.state.label("campaign_state"),
            Campaign.closes_at,
            Campaign.version_id,
        )
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .where(Invitation.token_digest == digest)
    )


def _lock(token: str) -> Link | None:
    digest = _digest(token)
    if digest is None:
        return None
    # Two statements: whoever waited for the lock would, in one statement with a join, see the
    # response as it was before the wait, and overwrite what the other one stored.
    row = db.session.execute(
        _links(digest)
        .with_for_update(of=Invitation)
        .add_columns(
            null().label("response_state"),
            null().label("begun_version_id"),
            null().label("answers"),
            literal("").label("reached"),
            null().label("begun_language"),
        )
    ).first()
    if row is None:
        return None
    link = _link(row)
    begun = db.session.execute(
        select(
            Response.state,
            Response.version_id,
            Response.answers,
            Response.reached,
            Response.language,
        ).where(Response.invitation_id == link.invitation_id)
    ).first()
    if begun is None:
        return link
    return replace(
        link,
        response_state=begun.state,
        version_id=begun.version_id,
        answers=begun.answers,
        reached=begun.reached,
        language=begun.language,
    )


def _link(row: Any) -> Link:
    return Link(
        invitation_id=row.invitation_id,
        campaign_id=row.campaign_id,
        version_id=row.begun_version_id or row.version_id,
        language=row.begun_language or row.language,
        invitation_state=row.invitation_state,
        campaign_state=row.campaign_state,
        closes_at=row.closes_at,
        response_state=row.response_state,
        answers=row.answers or {},
        reached=row.reached or "",
    )


def _kept(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing for None: that a question stands unanswered is the absence of its name."""
    return {name: value for name, value in answers.items() if value is not None}


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
