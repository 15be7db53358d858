"""Find an invitation by its token, keep the draft, take the final answer. Content is not logged.

All writing happens under a lock on the invitation, so that double clicks, two tabs and two
devices follow each other: one invitation has one response, and it is complete once.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import Select, delete, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert

from portal import clock, links
from portal.contacts.models import Contact
from portal.db import db
from surveys.campaigns.launching import stop_reminding
from surveys.campaigns.models import Campaign, Invitation
from surveys.questionnaires import flow
from surveys.questionnaires.models import SurveyVersion
from surveys.questionnaires.schema import Page, Questionnaire
from surveys.questionnaires.services import load_version
from surveys.questionnaires.state import SEED
from surveys.quotas import services as quotas
from surveys.responses import anonymity, travelling
from surveys.responses.link import Direction, Link, Outcome
from surveys.responses.models import Response
from surveys.secrecy import services as secrecy
from surveys.secrecy.envelope import Contents


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
    return replace(_link(row), seed=_seed(token)) if row else None


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
    link = _lock(token)
    if link is None:
        return None
    link = replace(link, mode=mode)
    now = clock.now()
    if link.status(now) != "open":
        return Outcome("stopped", link)
    if link.is_anonymous:
        link = anonymity.with_luggage(link, luggage, now)
    if link.response_state is None and version is not None and version != link.version_number:
        link = _as_begun(link, version)
    q = load_version(link.version_id)
    page = q.page_at(page_number) or q.pages[0]
    before = answers_of(q, link)
    found = flow.validate_page(q, page, raw, before, lang, shown=shown, at=now)
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
        return Outcome(
            complete(link, flow.prune(q, answers, anonymity.told_moment(link, now)), lang), link
        )
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


def _as_begun(link: Link, number: int) -> Link:
    """The link with the version of the same survey that the form shows, where there is one."""
    survey = select(SurveyVersion.survey_id).where(SurveyVersion.id == link.version_id)
    found = db.session.scalar(
        select(SurveyVersion.id).where(
            SurveyVersion.survey_id == survey.scalar_subquery(), SurveyVersion.number == number
        )
    )
    return replace(link, version_id=found, version_number=number) if found else link


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
        db.session.execute(
            delete(Response).where(
                Response.invitation_id == link.invitation_id, Response.state == "draft"
            )
        )
        _mark(link.invitation_id, "screened")
    stop_reminding(link.invitation_id)
    return "screened"


def _seal(link: Link, contents: Contents) -> bool:
    q = load_version(link.version_id)
    stored = secrecy.put(link.campaign_id, link.version_id, q, contents)
    if not stored:
        db.session.rollback()  # what a quota has counted for it, too
    return stored


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


def _digest(token: str) -> bytes | None:
    plain = links.normalise(token)
    return links.digest(plain) if plain else None


def _seed(token: str) -> str:
    plain = links.normalise(token) or token
    return hashlib.sha256(b"order of choices\n" + plain.encode()).hexdigest()


def _links(digest: bytes) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Invitation.id.label("invitation_id"),
            Invitation.campaign_id,
            Invitation.language,
            Invitation.state.label("invitation_state"),
            Campaign.state.label("campaign_state"),
            Campaign.closes_at,
            Campaign.opens_at,
            Campaign.launched_at,
            Campaign.secrecy,
            Campaign.counter_key,
            Campaign.version_id,
            SurveyVersion.number.label("version_number"),
        )
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .join(SurveyVersion, SurveyVersion.id == Campaign.version_id)
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
    link = replace(_link(row), seed=_seed(token))
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
        opens_at=row.opens_at,
        launched_at=row.launched_at,
        secrecy=row.secrecy,
        counter_key=row.counter_key,
        response_state=row.response_state,
        answers=row.answers or {},
        reached=row.reached or "",
        version_number=row.version_number,
    )


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
