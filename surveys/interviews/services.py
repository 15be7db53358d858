"""Interviews from a phone to one answer each. Flushes, never commits.

The phone is believed in nothing: every page goes through `flow` as if it were sent today by the
citizen. The audit trail says who sent in an interview, never what was answered.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import func, select

from portal import audit, clock
from portal.db import db
from portal.i18n import LazyText, _, _l, current_language, pick
from surveys.campaigns import invitations
from surveys.campaigns import services as campaigns
from surveys.campaigns.models import Campaign
from surveys.interviews import offline
from surveys.interviews.models import FULL, KEPT, Interview
from surveys.questionnaires import flow
from surveys.questionnaires.models import SurveyVersion
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.services import load_version
from surveys.responses import services as responses
from surveys.sampling import drawing

REFUSED: Final = "refused"
LONGEST: Final = dt.timedelta(days=90)
"""Between an interview and its arrival, as far as it is believed."""


@dataclass(frozen=True)
class Upload:
    """One interview as a phone sends it. Moments are what the clock of the phone said."""

    uuid: uuid.UUID
    campaign_id: int
    version_id: int
    language: str
    answers: Mapping[str, Sequence[str]]
    started_at: dt.datetime
    ended_at: dt.datetime
    sent_at: dt.datetime


@dataclass(frozen=True)
class Receipt:
    """What came of it: state `kept`, `full` or `refused`; a refused one has left no trace."""

    state: str
    text: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    """{name: message} of answers that do not stand."""
    labels: Mapping[str, str] = field(default_factory=dict)


def counts(campaign_ids: Collection[int], user_id: int) -> dict[int, tuple[int, int]]:
    """campaign → (interviews that arrived from this person, from all)."""
    found = db.session.execute(
        select(
            Interview.campaign_id,
            func.count().filter(Interview.user_id == user_id),
            func.count(),
        )
        .where(Interview.campaign_id.in_(campaign_ids), Interview.state == KEPT)
        .group_by(Interview.campaign_id)
    ).all()
    return {campaign: (own, everybody) for campaign, own, everybody in found}


def refusal(campaign: Campaign) -> LazyText | None:
    """Why no interview can count for a campaign now; None: it can."""
    if campaign.secrecy == "anonymous":
        return _l(
            "This survey is anonymous: an interviewer who hears the answers knows whose they are. "
            "People must answer it themselves by its link."
        )
    if drawing.of(campaign.id) is not None:
        # Whoever is met in the street has no known probability.
        return _l(
            "This survey goes to a random sample. An interview without a name cannot belong to it."
        )
    now = clock.now()
    is_open = (
        campaign.state in campaigns.RUNNING
        and campaign.built_in is None
        and not (campaign.closes_at and campaign.closes_at <= now)
        and not (campaign.opens_at and now < campaign.opens_at)
    )
    if not is_open:
        return _l(
            "This campaign takes no answers now. Interviews can arrive until its last day for "
            "answers; it can be put off while the campaign runs."
        )
    return None


def receive(upload: Upload, user_id: int) -> Receipt:
    """Take an interview. The same one a second time gives what came of it the first time."""
    # Two uploads of one interview follow each other: the second finds what the first stored.
    key = upload.uuid.int % 2**63
    db.session.execute(select(func.pg_advisory_xact_lock(key)))
    known = db.session.scalar(select(Interview).where(Interview.uuid == upload.uuid))
    if known is not None:
        if known.user_id != user_id or known.campaign_id != upload.campaign_id:
            return Receipt(REFUSED, _("An interview with this number came from somebody else."))
        return _receipt(known.state)
    campaign = campaigns.get(upload.campaign_id)
    if campaign is None:
        return Receipt(REFUSED, _("There is no such campaign."))
    if wrong := refusal(campaign):
        return Receipt(REFUSED, str(wrong))
    version = _version(campaign, upload.version_id)
    if version is None:
        return Receipt(REFUSED, _("This questionnaire does not belong to the campaign."))
    q = load_version(version.id)
    if upload.language not in offline.languages(q):
        return Receipt(REFUSED, _("The questionnaire is not in this language."))
    now = clock.now()
    begun, ended = _by_our_clock(upload, now)
    answers, errors = _checked(q, upload, begun, ended)
    if errors:
        return _not_standing(q, answers, errors, ended)
    kept = flow.prune(q, answers, ended)
    return _store(campaign, version, upload, kept, user_id)


def _receipt(state: str) -> Receipt:
    if state == FULL:
        return Receipt(
            FULL, _("Enough people like this person have answered: the interview does not count.")
        )
    return Receipt(KEPT, _("The interview has arrived and counts."))


def _version(campaign: Campaign, version_id: int) -> SurveyVersion | None:
    """A version of the campaign's survey: it may have gone over to another one meanwhile, and
    whoever saw a version has answered it."""
    survey = select(SurveyVersion.survey_id).where(SurveyVersion.id == campaign.version_id)
    return db.session.scalar(
        select(SurveyVersion).where(
            SurveyVersion.id == version_id, SurveyVersion.survey_id == survey.scalar_subquery()
        )
    )


def _by_our_clock(upload: Upload, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Beginning and end: a clock that is wrong is as wrong when it sends."""

    def moment(said: dt.datetime) -> dt.datetime:
        ago = upload.sent_at - said
        return now - min(max(ago, dt.timedelta(0)), LONGEST)

    return moment(upload.started_at), moment(upload.ended_at)


def _checked(
    q: Questionnaire, upload: Upload, begun: dt.datetime, ended: dt.datetime
) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers as page after page takes them; with errors what is wrong with all of them."""
    lang, own = upload.language, current_language()
    answers = flow.initial_answers(q, begun)
    errors: dict[str, str] = {}
    page = flow.next_page(q, None, answers, ended)
    while page is not None:
        found = flow.validate_page(q, page, upload.answers, answers, lang, at=ended)
        if found.errors:
            said = flow.validate_page(q, page, upload.answers, answers, own, at=ended).errors
            errors |= {name: said.get(name, text) for name, text in found.errors.items()}
        answers = {**answers, **found.values}
        page = flow.next_page(q, page, answers, ended)
    if not errors and (unfinished := flow.unfinished(q, answers, own, ended)):
        errors = dict(unfinished[1])
    return answers, errors


def _not_standing(
    q: Questionnaire, answers: Mapping[str, Any], errors: Mapping[str, str], at: dt.datetime
) -> Receipt:
    lang = current_language()
    state = flow.State(q, answers, at, lang)
    labels = {name: flow.fill(pick(q.by_name[name].label), state, lang) for name in errors}
    return Receipt(
        REFUSED, _("These answers do not stand. Correct them and send again."), errors, labels
    )


def _store(
    campaign: Campaign,
    version: SurveyVersion,
    upload: Upload,
    answers: Mapping[str, Any],
    user_id: int,
) -> Receipt:
    invitation_id, token = invitations.make(
        campaign.id, language=upload.language, channel="interview"
    )
    link = responses.find(token)
    if link is None or link.status(clock.now()) != "open":
        return Receipt(REFUSED, str(refusal(campaign) or _("This campaign is not running.")))
    link = replace(link, mode="interview", version_id=version.id, version_number=version.number)
    outcome = responses.complete(link, answers, upload.language)
    interview = Interview(
        uuid=upload.uuid,
        campaign_id=campaign.id,
        version_id=version.id,
        invitation_id=invitation_id,
        user_id=user_id,
        state=KEPT if outcome == "done" else FULL,
        device_started_at=upload.started_at,
        device_ended_at=upload.ended_at,
        device_sent_at=upload.sent_at,
    )
    db.session.add(interview)
    db.session.flush()
    audit.record(
        "interview.received",
        "campaign",
        campaign.id,
        interview=interview.id,
        invitation=invitation_id,
        kept=outcome == "done",
    )
    return _receipt(interview.state)
