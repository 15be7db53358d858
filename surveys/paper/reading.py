"""Lists and figures of sheets; in a fixed number of queries, whatever their number."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import aliased, contains_eager

from portal.accounts.models import User
from portal.db import db
from surveys.campaigns import services as campaigns
from surveys.campaigns.models import Campaign
from surveys.paper.models import PaperBatch, PaperSheet
from surveys.questionnaires.models import SurveyVersion

PAGE: Final = 50
MOST: Final = 100

Counts = dict[str, int]
"""State of a sheet → number."""


def of_sheet(sheet_id: int) -> PaperSheet | None:
    """A sheet with its batch and campaign."""
    return db.session.scalars(
        select(PaperSheet)
        .join(PaperSheet.batch)
        .join(PaperBatch.campaign)
        .options(contains_eager(PaperSheet.batch).contains_eager(PaperBatch.campaign))
        .where(PaperSheet.id == sheet_id)
    ).one_or_none()


def batch(batch_id: int) -> PaperBatch | None:
    return db.session.get(PaperBatch, batch_id)


def with_paper() -> Sequence[Campaign]:
    """Campaigns that run or have sheets, the newest first, with their surveys."""
    printed = select(PaperBatch.campaign_id)
    return db.session.scalars(
        select(Campaign)
        .join(Campaign.version)
        .join(SurveyVersion.survey)
        .options(contains_eager(Campaign.version).contains_eager(SurveyVersion.survey))
        .where(
            Campaign.built_in.is_(None),
            Campaign.state.in_(campaigns.RUNNING) | Campaign.id.in_(printed),
        )
        .order_by(Campaign.id.desc())
        .limit(MOST)
    ).all()


def counts(campaign_ids: Collection[int]) -> dict[int, Counts]:
    """campaign → state → number of sheets."""
    found: dict[int, Counts] = {each: {} for each in campaign_ids}
    for campaign_id, state, number in db.session.execute(
        select(PaperSheet.campaign_id, PaperSheet.state, func.count())
        .where(PaperSheet.campaign_id.in_(campaign_ids))
        .group_by(PaperSheet.campaign_id, PaperSheet.state)
    ):
        found[campaign_id][state] = number
    return found


def batches(campaign_id: int) -> Sequence[PaperBatch]:
    return db.session.scalars(
        select(PaperBatch)
        .join(PaperBatch.version)
        .options(contains_eager(PaperBatch.version))
        .where(PaperBatch.campaign_id == campaign_id)
        .order_by(PaperBatch.id.desc())
        .limit(MOST)
    ).all()


@dataclass(frozen=True)
class Line:
    """A sheet in the list and who typed it."""

    sheet: PaperSheet
    first: str
    second: str


def page(campaign_id: int, state: str = "", after: int = 0) -> tuple[list[Line], bool]:
    """Sheets in the order of their numbers, behind the id `after`; whether more follow."""
    first, second = aliased(User), aliased(User)
    query = (
        select(PaperSheet, _name(first), _name(second))
        .outerjoin(first, first.id == PaperSheet.first_by)
        .outerjoin(second, second.id == PaperSheet.second_by)
        .where(PaperSheet.campaign_id == campaign_id, PaperSheet.id > after)
        .order_by(PaperSheet.id)
        .limit(PAGE + 1)
    )
    if state:
        query = query.where(PaperSheet.state == state)
    found = db.session.execute(query).all()
    return [Line(*row) for row in found[:PAGE]], len(found) > PAGE


def _name(user: Any) -> Any:
    return func.coalesce(func.nullif(user.name, ""), user.email, "")


@dataclass(frozen=True)
class Typist:
    """What one person typed of a campaign, over sheets that were typed twice."""

    name: str
    sheets: int
    compared: int
    """Fields in which the person or the other one typed something."""
    differing: int
    wrong: int
    """Differing fields that were decided against this person."""

    @property
    def share(self) -> float:
        return self.differing / self.compared if self.compared else 0.0


def typists(campaign_id: int) -> list[Typist]:
    """Those who differ most often first."""

    def side(who: Any, wrong: Any) -> Any:
        return select(
            who.label("user_id"),
            PaperSheet.compared,
            PaperSheet.differing,
            wrong.label("wrong"),
            literal(1).label("one"),
        ).where(PaperSheet.campaign_id == campaign_id, PaperSheet.second_by.is_not(None))

    both = union_all(
        side(PaperSheet.first_by, PaperSheet.first_wrong),
        side(PaperSheet.second_by, PaperSheet.second_wrong),
    ).subquery()
    columns = (both.c.one, both.c.compared, both.c.differing, both.c.wrong)
    found = [
        Typist(name, *(int(number) for number in numbers))
        for name, *numbers in db.session.execute(
            select(_name(User), *(func.sum(column) for column in columns))
            .join(User, User.id == both.c.user_id)
            .group_by(User.id)
        )
    ]
    return sorted(found, key=lambda each: (-each.share, each.name))
