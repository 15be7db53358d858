"""Schemes in every phase, made by the services the pages use."""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal import clock, links
from portal.db import db
from portal.units.models import Unit
from surveys.ballots.models import BallotProposal, BallotVoter
from surveys.ballots.services import opening, proposals, schemes
from surveys.ballots.services.voting import PURPOSE
from tests.factories.contacts import make_contact
from tests.factories.context import application
from tests.factories.units import make_unit

_numbers = itertools.count(1)
PROJECTS = (
    ("زمین بازی کودکان", "ملعب أطفال", "Playground", 400_000_000),
    ("روشنایی کوچه‌ها", "إنارة الأزقة", "Street lights", 300_000_000),
    ("درخت‌کاری خیابان", "تشجير الشارع", "Trees along the street", 200_000_000),
    ("کتابخانهٔ محله", "مكتبة الحي", "Library", 700_000_000),
)
"""Names in three languages, cost in toman."""
TEXTS = {
    "fa": "رأی شما برای محله:\n{link}",
    "ar": "صوّت لحيّك:\n{link}",
    "en": "Vote for your neighbourhood:\n{link}",
}


@dataclass(frozen=True)
class Made:
    """Ids and codes of a scheme with one neighbourhood."""

    scheme_id: int
    code: str
    area_id: int
    slug: str
    name: str
    projects: tuple[int, ...]


def make_scheme(
    *,
    state: str = "proposals",
    budget: int = 1_000_000_000,
    projects: Sequence[tuple[str, str, str, int]] = PROJECTS,
    unit: Unit | None = None,
    **values: Any,
) -> Made:
    """A committed scheme, its projects accepted; `budget` in toman. State draft or proposals."""
    number = next(_numbers)
    name = f"محلهٔ {number}"
    with application():
        unit_id = (
            unit
            or make_unit(
                kind="neighbourhood",
                names={"fa": name, "ar": f"حي {number}", "en": f"Quarter {number}"},
            )
        ).id
        scheme = schemes.create(
            f"MAYOR-{number}",
            user_id=None,
            year=1405,
            names={"fa": "من شهردارم", "ar": "أنا رئيس البلدية", "en": "I am Mayor"},
            **{"kind": "approval", "max_choices": 2, **values},
        )
        area = schemes.add_area(scheme.id, unit_id, budget * 10)
        if state != "draft":
            schemes.publish(scheme.id)
        ids = []
        for fa, ar, en, cost in projects:
            project = proposals.add(
                area.id,
                language="fa",
                titles={"fa": fa, "ar": ar, "en": en},
                descriptions={
                    "fa": "برای همهٔ همسایه‌ها",
                    "ar": "لجميع الجيران",
                    "en": "For all neighbours",
                },
                place="میدان اصلی",
                cost=cost * 10,
            )
            proposals.accept(project.id, user_id=None)
            ids.append(project.id)
        made = Made(scheme.id, scheme.code, area.id, area.slug, area.names["fa"], tuple(ids))
        db.session.commit()
        return made


def make_voters(made: Made, count: int, language: str = "fa") -> list[int]:
    """Contacts of the neighbourhood; returns their ids."""
    return [
        make_contact(neighbourhood=made.name, language=language, name=f"شهروند {n}").id
        for n in range(count)
    ]


def open_vote(made: Made, days: int = 7) -> list[str]:
    """Open the vote; returns the tokens of the voters in the order of their contacts."""
    with application():
        opening.open_vote(made.scheme_id, texts=TEXTS, until=clock.now() + dt.timedelta(days=days))
        db.session.commit()
        return tokens(made)


def tokens(made: Made) -> list[str]:
    with application():
        ids = db.session.scalars(
            select(BallotVoter.id)
            .where(BallotVoter.scheme_id == made.scheme_id, BallotVoter.token_digest.is_not(None))
            .order_by(BallotVoter.contact_id)
        ).all()
        return [links.token_for(PURPOSE, voter_id) for voter_id in ids]


def running(count: int = 3, language: str = "fa", **values: Any) -> tuple[Made, list[str]]:
    """A vote that is open, with so many voters; and their tokens."""
    made = make_scheme(**values)
    make_voters(made, count, language)
    return made, open_vote(made)


def proposal(proposal_id: int) -> BallotProposal:
    with application():
        return db.session.get_one(BallotProposal, proposal_id, populate_existing=True)
