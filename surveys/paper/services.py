"""Sheets from the printer to one answer each. Flushes, never commits.

What was typed is kept only until a sheet counts or is void, and never stands in the audit trail.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import insert, select, update

from portal import audit, clock
from portal.db import db
from portal.i18n import LazyText, _l
from surveys.campaigns import invitations
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.paper import blanks, keying
from surveys.paper.models import (
    COMPLETE,
    DIFFERS,
    FIRST,
    PRINTED,
    SECOND,
    VOID,
    PaperBatch,
    PaperSheet,
    ended,
)
from surveys.questionnaires import display
from surveys.questionnaires.services import load_version
from surveys.responses import anonymity
from surveys.responses import services as responses
from surveys.sampling import drawing

MOST_SHEETS: Final = 500
MAX_REASON: Final = 200
DOUBLE_PRESS: Final = dt.timedelta(minutes=1)
"""A sheet that counts keeps nothing to compare with: the same person within this time means it."""
FULL: Final = "quota"
"""Reason of a sheet that came when the group of its person was full."""

_NOT_RUNNING = _l(
    "This campaign takes no answers now. Sheets can be typed until its last day for answers; it "
    "can be put off while the campaign runs."
)


def refusal(campaign: Campaign) -> LazyText | None:
    """Why no sheets can be printed for a campaign; None: they can."""
    if campaign.built_in or campaign.state not in campaigns.RUNNING:
        return _l("Sheets can be printed while a campaign runs.")
    if drawing.of(campaign.id) is not None:
        # A sheet names nobody: whoever fills it in has no known probability.
        return _l(
            "This survey goes to a random sample. A sheet without a name cannot belong to it."
        )
    return None


def print_batch(campaign_id: int, *, language: str, sheets: int, user_id: int) -> PaperBatch:
    """Numbers for so many sheets. CampaignError: not_running, language, number."""
    campaign = campaigns.locked(campaign_id)
    if wrong := refusal(campaign):
        raise CampaignError("not_running", wrong)
    q = load_version(campaign.version_id)
    if language not in display.languages(q, q.default_language):
        raise CampaignError("language", _l("The questionnaire is not in this language."))
    if not 1 <= sheets <= MOST_SHEETS:
        raise CampaignError("number", _l("Print 1 to 500 sheets at once."))
    batch = PaperBatch(
        campaign_id=campaign_id,
        version_id=campaign.version_id,
        language=language,
        sheets=sheets,
        created_by=user_id,
    )
    db.session.add(batch)
    db.session.flush()
    row = {"batch_id": batch.id, "campaign_id": campaign_id, "state": PRINTED}
    fresh = {**row, "compared": 0, "differing": 0, "first_wrong": 0, "second_wrong": 0}
    values = {**fresh, "void_reason": "", "state_at": clock.now()}
    db.session.execute(insert(PaperSheet), [values] * sheets)
    audit.record(
        "paper.printed",
        "campaign",
        campaign_id,
        batch=batch.id,
        language=language,
        sheets=sheets,
        version=campaign.version_id,
    )
    return batch


def numbers(batch_id: int) -> Sequence[int]:
    """The ids of all sheets of a batch that may still be printed, in order."""
    return db.session.scalars(
        select(PaperSheet.id)
        .where(PaperSheet.batch_id == batch_id, PaperSheet.state != VOID)
        .order_by(PaperSheet.id)
    ).all()


def locked(sheet_id: int) -> PaperSheet:
    """The sheet, read anew and held until the transaction ends. NoResultFound."""
    return db.session.get_one(
        PaperSheet, sheet_id, with_for_update={"of": PaperSheet}, populate_existing=True
    )


def refusal_to_type(sheet: PaperSheet, user_id: int) -> LazyText | None:
    """Why this person cannot type this sheet now; None: they can."""
    if sheet.state == VOID:
        return _l("This sheet is void: it does not count.")
    if sheet.state not in {PRINTED, FIRST}:
        return _l("This sheet was typed twice already.")
    if sheet.first_by == user_id:
        return _l("You typed this sheet the first time; somebody else types it the second time.")
    return None


def enter(sheet_id: int, entry: Mapping[str, Any], *, user_id: int) -> PaperSheet:
    """Take an entry: the first one, or the second one by somebody else, which is compared.

    CampaignError: refused, empty, not_running.
    """
    sheet = locked(sheet_id)
    if _is_pressed_again(sheet, entry, user_id):
        return sheet
    if wrong := refusal_to_type(sheet, user_id):
        raise CampaignError("refused", wrong)
    if not entry:
        raise CampaignError(
            "empty", _l("Nothing was typed. If the sheet came back empty, have it made void.")
        )
    campaign = campaigns.get(sheet.campaign_id)
    if campaign is None or not _takes_answers(campaign):
        raise CampaignError("not_running", _NOT_RUNNING)
    sheet.state_at = clock.now()
    if sheet.state == PRINTED:
        sheet.state, sheet.first, sheet.first_by = FIRST, dict(entry), user_id
        _note("paper.typed", sheet)
        return sheet
    q, batch = load_version(sheet.batch.version_id), sheet.batch
    blank = blanks.of(q)
    first = sheet.first or {}
    found = keying.differing(blank, first, entry, batch.language)
    sheet.second, sheet.second_by = dict(entry), user_id
    sheet.compared, sheet.differing = keying.compared(first, entry), len(found)
    sheet.state = DIFFERS if found else SECOND
    _note("paper.typed", sheet)
    if not found and not keying.objections(q, blank, first, batch.language, clock.now()):
        count(sheet, first)
    return sheet


def _is_pressed_again(sheet: PaperSheet, entry: Mapping[str, Any], user_id: int) -> bool:
    """Twice pressed is typed once: the second press sees what came of the first."""
    if sheet.state == FIRST:
        return sheet.first_by == user_id and sheet.first == dict(entry)
    if sheet.second_by != user_id:
        return False
    if sheet.state in {SECOND, DIFFERS}:
        return sheet.second == dict(entry)
    return sheet.decided_by is None and clock.now() - sheet.state_at < DOUBLE_PRESS


def _takes_answers(campaign: Campaign) -> bool:
    now = clock.now()
    return (
        campaign.state in campaigns.RUNNING
        and not (campaign.closes_at and campaign.closes_at <= now)
        and not (campaign.opens_at and now < campaign.opens_at)
    )


def count(sheet: PaperSheet, entry: Mapping[str, Any]) -> None:
    """The sheet becomes one answer, or is void where the group of its person is full.

    The sheet must be locked. CampaignError not_running.
    """
    batch = sheet.batch
    q = load_version(batch.version_id)
    sheet_id, now = sheet.id, clock.now()
    _invitation, token = invitations.make(
        sheet.campaign_id, language=batch.language, channel="paper"
    )
    link = responses.find(token)
    if link is None or link.status(now) != "open":
        raise CampaignError("not_running", _NOT_RUNNING)
    link = replace(
        link, mode="paper", version_id=batch.version_id, version_number=batch.version.number
    )
    kept = keying.answers(q, blanks.of(q), entry)
    told = anonymity.told_moment(link, now)
    outcome = responses.complete(link, keying.final(q, kept, told), batch.language)
    if outcome == "stopped":
        # The transaction was rolled back: the box of the campaign was shut at this moment.
        raise CampaignError("not_running", _NOT_RUNNING)
    if outcome == "screened":
        sheet.void_reason = FULL
    ended(now, sheet, VOID if outcome == "screened" else COMPLETE)
    audit.record(
        "paper.completed", "campaign", sheet.campaign_id, sheet=sheet_id, kept=outcome == "done"
    )
    db.session.flush()


def void(sheet_id: int, reason: str) -> PaperSheet:
    """The sheet does not count: spoilt, lost, empty. CampaignError: reason_missing, done."""
    reason = " ".join(reason.split())[:MAX_REASON]
    if not reason:
        raise CampaignError("reason_missing", _l("Say why the sheet is void."))
    sheet = locked(sheet_id)
    if sheet.state == COMPLETE:
        raise CampaignError("done", _l("This sheet counts already, and that never changes."))
    if sheet.state == VOID:
        raise CampaignError("done", _l("This sheet is void already."))
    sheet.void_reason = reason
    ended(clock.now(), sheet, VOID)
    audit.record("paper.voided", "campaign", sheet.campaign_id, sheet=sheet_id, reason=reason)
    db.session.flush()
    return sheet


def _note(action: str, sheet: PaperSheet) -> None:
    db.session.flush()
    audit.record(action, "campaign", sheet.campaign_id, sheet=sheet.id, state=sheet.state)


def forget_ended(limit: int) -> int:
    """Sheets that were never finished when their campaign ended: what was typed is erased, and
    they are void. How many; at most `limit`, so call again until 0."""
    found = (
        select(PaperSheet.id)
        .join(Campaign, Campaign.id == PaperSheet.campaign_id)
        .where(
            PaperSheet.state.in_((FIRST, SECOND, DIFFERS)),
            Campaign.state.in_(("closed", "cancelled")),
        )
        .limit(limit)
        .with_for_update(of=PaperSheet, skip_locked=True)
    )
    done = db.session.execute(
        update(PaperSheet)
        .where(PaperSheet.id.in_(db.session.scalars(found).all()))
        .values(state=VOID, first=None, second=None, void_reason=OVER, state_at=clock.now())
        .returning(PaperSheet.id, PaperSheet.campaign_id)
        .execution_options(synchronize_session=False)
    ).all()
    for sheet_id, campaign_id in done:
        audit.record("paper.voided", "campaign", campaign_id, sheet=sheet_id, reason=OVER)
    db.session.flush()
    return len(done)


OVER: Final = "over"
"""Reason of a sheet that was not finished when its campaign ended."""
